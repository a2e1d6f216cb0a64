# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX Runtime's OrtValue and OrtDevice: tensors in host memory."""
from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from adze._dlpack import from_dlpack, to_dlpack
from adze._dtypes import dtypes, onnx_name, onnx_number
from adze._errors import run_error

Array = np.ndarray[Any, Any]


def expect_cpu(device_type: str) -> None:
    """Raises RunError for any device but the CPU."""
    if device_type.lower() != "cpu":
        raise run_error(f"device '{device_type}': memory is the CPU's here; expected 'cpu'")


def element_dtype(element_type: Any) -> np.dtype[Any]:
    """The dtype for a numpy type or an ONNX number of a type. Raises RunError."""
    dtype = dtypes(onnx_number(element_type))[0]
    if dtype is None:
        raise run_error(f"element type {element_type} is not supported")
    return dtype


def array_at(address: int, element_type: Any, shape: Sequence[int]) -> Array:
    """An array on memory that the caller keeps alive."""
    dtype = element_dtype(element_type)
    sizes = [int(size) for size in shape]
    if any(size < 0 for size in sizes):
        raise run_error(f"shape {sizes}: sizes are at least 0")
    if 0 in sizes:
        return np.empty(sizes, dtype)
    if not address:
        raise run_error(f"a buffer of shape {sizes} at address 0")
    buffer = (ctypes.c_char * (math.prod(sizes) * dtype.itemsize)).from_address(address)
    return np.frombuffer(memoryview(buffer), dtype).reshape(sizes)


class OrtDevice:
    """A device: always the CPU."""

    def __init__(self, device_type: str = "cpu", device_id: int = 0):
        expect_cpu(device_type)
        self._id = device_id

    @staticmethod
    def make(ort_device_name: str, device_id: int, vendor_id: int = -1) -> OrtDevice:
        return OrtDevice(ort_device_name, device_id)

    def device_id(self) -> int:
        return self._id

    def device_type(self) -> int:
        return 0

    def device_mem_type(self) -> int:
        return 0


class OrtValue:
    """A tensor. Holds an array, its own or its maker's."""

    def __init__(self, array: Array, number: int = 0):
        self._array = array
        self._number = number or onnx_number(array.dtype)
        if not dtypes(self._number)[0]:
            raise run_error(f"arrays of {array.dtype} are not supported")

    @classmethod
    def ortvalue_from_numpy(cls, numpy_obj: Array, /, device_type: str = "cpu", device_id: int = 0, vendor_id: int = -1) -> OrtValue:
        """On the memory of a contiguous array; on a copy of any other."""
        expect_cpu(device_type)
        return cls(numpy_obj if numpy_obj.flags.c_contiguous else numpy_obj.copy())

    @classmethod
    def ortvalue_from_numpy_with_onnx_type(cls, data: Array, /, onnx_element_type: int) -> OrtValue:
        """The bits of `data` as another element type of the same size: for types that numpy lacks."""
        dtype = element_dtype(onnx_element_type)
        if data.dtype.itemsize != dtype.itemsize:
            raise run_error(f"found {data.dtype}, expected an array of elements of {dtype.itemsize} bytes")
        return cls(data.view(dtype), onnx_element_type)

    @classmethod
    def ortvalue_from_shape_and_type(cls, shape: Sequence[int], element_type: Any, device_type: str = "cpu", device_id: int = 0,
                                     vendor_id: int = -1) -> OrtValue:
        """New memory, with any values in it."""
        expect_cpu(device_type)
        return cls(np.empty([int(size) for size in shape], element_dtype(element_type)), onnx_number(element_type))

    @classmethod
    def from_dlpack(cls, data: Any, /) -> OrtValue:
        return cls(*from_dlpack(data))

    def numpy(self) -> Array:
        """The array itself: writes go through."""
        return self._array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self._array, dtype=dtype, copy=copy)

    def __dlpack__(self, *, stream: Any = None, max_version: tuple[int, int] | None = None,
                   dl_device: tuple[int, int] | None = None, copy: bool | None = None) -> Any:
        """As the array API's standard says. Raises BufferError for another device, and for a consumer of DLPack before version 1 if the
        memory is read-only."""
        given = {"stream": stream, "max_version": max_version, "dl_device": dl_device, "copy": copy}
        # Before version 2.1 numpy knows the first only.
        return to_dlpack(self._array, self._number, **{name: value for name, value in given.items() if value is not None})

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._array.__dlpack_device__()

    def update_inplace(self, data: Any) -> None:
        """Copies an array of the same dtype and shape into this memory."""
        array = np.asarray(data)
        if array.dtype != self._array.dtype or array.shape != self._array.shape:
            raise run_error(f"found {array.dtype}{list(array.shape)}, expected {self._array.dtype}{list(self._array.shape)}")
        self._array[...] = array

    def data_ptr(self) -> int:
        return int(self._array.ctypes.data)

    def device_name(self) -> str:
        return "cpu"

    def shape(self) -> list[int]:
        return list(self._array.shape)

    def data_type(self) -> str:
        return f"tensor({onnx_name(self._number)})"

    def element_type(self) -> int:
        return self._number

    def tensor_size_in_bytes(self) -> int:
        return int(self._array.nbytes)

    def has_value(self) -> bool:
        return True

    def is_tensor(self) -> bool:
        return True

    def is_sparse_tensor(self) -> bool:
        return False

    def is_tensor_sequence(self) -> bool:
        return False
