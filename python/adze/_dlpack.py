# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""DLPack for all element types: numpy has no name for bfloat16 and floats of 8 bits, so their bits travel as unsigned integers and the
type that the capsule names is set before and after."""
from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from adze._dtypes import dtypes

#: DLPack's type codes (DLDataTypeCode) by ONNX's numbers, of the types that numpy lacks.
_CODES = {16: 4, 17: 10, 18: 11, 19: 12, 20: 13, 24: 14}
_NUMBERS = {code: number for number, code in _CODES.items()}
_UNSIGNED = 1
#: Where in the struct that a capsule holds its type code lies: DLTensor is {data, device, ndim, dtype, ...}; DLManagedTensor begins with
#: it, DLManagedTensorVersioned has {version, context, deleter, flags} before it.
_OFFSETS = {b"dltensor": 20, b"dltensor_versioned": 52}

_name = ctypes.pythonapi.PyCapsule_GetName
_name.restype, _name.argtypes = ctypes.c_char_p, [ctypes.py_object]
_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


def _code(capsule: Any) -> ctypes.c_uint8:
    """The type code in a capsule that nobody has taken yet. Raises BufferError for any other."""
    name = _name(capsule)
    if name not in _OFFSETS:
        raise BufferError(f"found a capsule named {name!r}, expected 'dltensor' or 'dltensor_versioned'")
    return ctypes.c_uint8.from_address(_pointer(capsule, name) + _OFFSETS[name])


def to_dlpack(array: np.ndarray[Any, Any], number: int, **arguments: Any) -> Any:
    """A capsule of an array whose elements are of ONNX's type `number`; arguments as of numpy's __dlpack__. Raises BufferError."""
    if number not in _CODES:
        return array.__dlpack__(**arguments)
    capsule = array.view(f"u{array.dtype.itemsize}").__dlpack__(**arguments)
    _code(capsule).value = _CODES[number]
    return capsule


class _Bits:
    """An object with __dlpack__ as numpy can take it; `number` is then the type that its elements really are of, or 0."""

    def __init__(self, value: Any):
        self._value = value
        self.number = 0

    def __dlpack__(self, **arguments: Any) -> Any:
        capsule = self._value.__dlpack__(**arguments)
        code = _code(capsule)
        if code.value in _NUMBERS:
            self.number = _NUMBERS[code.value]
            code.value = _UNSIGNED
        return capsule

    def __dlpack_device__(self) -> Any:
        return self._value.__dlpack_device__()


def from_dlpack(value: Any) -> tuple[np.ndarray[Any, Any], int]:
    """An array on the memory of an object with __dlpack__, and ONNX's number of its type where numpy lacks it, else 0. Raises what
    numpy.from_dlpack raises."""
    bits = _Bits(value)
    array = np.from_dlpack(bits)
    dtype = dtypes(bits.number)[0]
    return (array if dtype is None else array.view(dtype)), bits.number
