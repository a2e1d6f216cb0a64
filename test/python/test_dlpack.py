# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""DLPack in and out: memory is shared, with strides, and what is read-only stays so. ONNX Runtime is the other side for types that
numpy lacks."""
import adze
import ml_dtypes
import numpy as np
import onnxruntime
import pytest
import small

NARROW = {16: ml_dtypes.bfloat16, 17: ml_dtypes.float8_e4m3fn, 18: ml_dtypes.float8_e4m3fnuz, 19: ml_dtypes.float8_e5m2,
          20: ml_dtypes.float8_e5m2fnuz}


class Producer:
    """Another library's tensor: an object with nothing but the protocol, of before version 1 if `old`."""

    def __init__(self, array, old=False):
        self.array, self.old = array, old

    def __dlpack__(self, stream=None, **arguments):
        if self.old and arguments:
            raise TypeError("unexpected keyword arguments")
        return self.array.__dlpack__(stream=stream, **arguments)

    def __dlpack_device__(self):
        return (1, 0)


@pytest.mark.parametrize("arguments", [{}, {"stream": None}, {"max_version": (1, 0)}, {"max_version": (9, 3)}, {"dl_device": (1, 0)},
                                       {"copy": False}, {"stream": None, "max_version": (1, 0), "dl_device": (1, 0), "copy": None}])
def test_keywords(arguments):
    """What a consumer may ask for; each capsule names the version that it is of."""
    value = adze.OrtValue.ortvalue_from_numpy(np.arange(6, dtype=np.float32))
    versioned = arguments.get("max_version", (0, 0)) >= (1, 0)
    assert f'"dltensor{"_versioned" if versioned else ""}"' in repr(value.__dlpack__(**arguments))


def test_what_cannot_be_asked_for():
    value = adze.OrtValue.ortvalue_from_numpy(np.arange(6, dtype=np.float32))
    with pytest.raises(RuntimeError):
        value.__dlpack__(stream=1)
    with pytest.raises(BufferError):
        value.__dlpack__(dl_device=(2, 0))
    with pytest.raises(TypeError):
        value.__dlpack__(None)
    assert value.__dlpack_device__() == (1, 0)


@pytest.mark.parametrize("array", [np.arange(6, dtype=np.float32).reshape(2, 3), np.arange(24, dtype=np.int64).reshape(2, 3, 4)[:, ::2].T,
                                   np.arange(5, dtype=np.float64)[::-1], np.array([True, False]), np.array(3, np.float16), np.zeros((0, 3), np.int8)])
def test_out_shares_memory_with_strides(array):
    taken = np.from_dlpack(adze.OrtValue(array))
    assert taken.strides == array.strides and taken.dtype == array.dtype and taken.tolist() == array.tolist()
    assert array.size == 0 or np.shares_memory(taken, array)
    assert not np.shares_memory(np.from_dlpack(adze.OrtValue(array), copy=True), array)


def test_read_only_memory_stays_so():
    array = np.arange(3, dtype=np.float32)
    array.flags.writeable = False
    value = adze.OrtValue.ortvalue_from_numpy(array)
    assert not np.from_dlpack(value).flags.writeable
    with pytest.raises(BufferError):  # which has no way to say so
        value.__dlpack__()
    assert adze.compile(small.relu(["n"]))(Producer(array)).tolist() == [0, 1, 2]


def test_outputs_of_runs_outlive_the_model():
    model = adze.compile(small.relu())
    taken = np.from_dlpack(model(np.full((2, 3), 4, np.float32)))
    del model
    assert taken.tolist() == [[4] * 3] * 2


@pytest.mark.parametrize("old", [False, True])
def test_in_by_strides(old):
    model = adze.compile(small.relu())
    wide = np.arange(24, dtype=np.float32).reshape(3, 8)[:, ::2].T - 9
    np.testing.assert_array_equal(model(Producer(wide[:, :3], old)), np.maximum(wide[:, :3], 0))
    assert np.shares_memory(adze.OrtValue.from_dlpack(Producer(wide, old)).numpy(), wide)
    with pytest.raises(adze.InvalidArgument, match="input 'x': found dtype float64, expected float32"):
        model(Producer(wide[:, :3].astype(float), old))


@pytest.mark.parametrize("number", NARROW)
def test_types_that_numpy_lacks(number):
    array = np.array([[0, 1, -2], [0.5, 16, -3]], NARROW[number])
    value = adze.OrtValue(array[:, ::-1].T, number)
    again = adze.OrtValue.from_dlpack(value)
    assert again.element_type() == number and again.numpy().dtype == NARROW[number]
    assert again.numpy().tolist() == array[:, ::-1].T.tolist() and np.shares_memory(again.numpy(), array)
    with pytest.raises(BufferError):
        np.from_dlpack(array)  # the reason for all this


def test_bfloat16_between_libraries():
    array = np.array([1, -2.5, 3], ml_dtypes.bfloat16)
    theirs = onnxruntime.OrtValue.from_dlpack(adze.OrtValue(array))
    assert theirs.data_type() == "tensor(bfloat16)" and theirs.data_ptr() == array.ctypes.data
    ours = adze.OrtValue.from_dlpack(theirs)
    assert ours.numpy().tolist() == [1, -2.5, 3] and ours.data_ptr() == array.ctypes.data
    model = adze.compile(small.relu(["n"], 16))
    assert model(theirs).tolist() == [1, 0, 3]
