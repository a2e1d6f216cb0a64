# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""OrtValue and IOBinding: the same program on ONNX Runtime and on Adze gives the same answers."""
import adze
import numpy as np
import onnxruntime
import pytest
import small
from onnx import TensorProto

X = np.array([[1, -2, 3], [-4, 5, 6]], np.float32)
PACKAGES = pytest.mark.parametrize("ort", [onnxruntime, adze])


def session_of(ort, made):
    return ort.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])


@PACKAGES
def test_values(ort):
    x = X.copy()
    value = ort.OrtValue.ortvalue_from_numpy(x)
    assert value.shape() == [2, 3] and value.data_type() == "tensor(float)" and value.element_type() == 1
    assert value.device_name() == "cpu" and value.has_value() and value.is_tensor() and not value.is_sparse_tensor()
    assert not value.is_tensor_sequence() and value.data_ptr() == x.ctypes.data and value.tensor_size_in_bytes() == 24
    value.update_inplace(x * 2)
    assert value.numpy().tolist() == (X * 2).tolist() == x.tolist()
    with pytest.raises(RuntimeError):
        value.update_inplace(np.zeros((3, 3), np.float32))
    assert ort.OrtValue.ortvalue_from_numpy(X[:, ::2]).numpy().tolist() == X[:, ::2].tolist()
    assert np.asarray(value).tolist() == x.tolist() and np.from_dlpack(value).tolist() == x.tolist()
    made = ort.OrtValue.ortvalue_from_shape_and_type([4, 0], np.int64)
    assert made.shape() == [4, 0] and made.data_type() == "tensor(int64)"
    bits = ort.OrtValue.ortvalue_from_numpy_with_onnx_type(np.zeros(3, np.uint16), TensorProto.BFLOAT16)
    assert bits.data_type() == "tensor(bfloat16)" and bits.element_type() == TensorProto.BFLOAT16
    with pytest.raises(RuntimeError):
        ort.OrtValue.ortvalue_from_numpy(X, "cuda")


@PACKAGES
def test_runs_on_values(ort):
    session = session_of(ort, small.add())
    value = ort.OrtValue.ortvalue_from_numpy(X)
    (total,) = session.run_with_ort_values(["sum"], {"x": value, "y": value})
    assert total.numpy().tolist() == (X + X).tolist()
    assert session.run(None, {"x": value, "y": X})[0].tolist() == (X + X).tolist()


@PACKAGES
def test_binding(ort):
    session = session_of(ort, small.add())
    x, y, out = X.copy(), X * 10, np.full((2, 3), 99, np.float32)
    binding = session.io_binding()
    binding.bind_cpu_input("x", x)
    binding.bind_input("y", "cpu", 0, np.float32, y.shape, y.ctypes.data)
    binding.bind_output("difference", "cpu", 0, np.float32, out.shape, out.ctypes.data)
    binding.bind_output("sum")
    binding.synchronize_inputs()
    session.run_with_iobinding(binding)
    binding.synchronize_outputs()
    difference, total = binding.copy_outputs_to_cpu()
    assert difference.tolist() == (x - y).tolist() == out.tolist() and total.tolist() == (x + y).tolist()
    values = binding.get_outputs()
    assert values[0].data_ptr() == out.ctypes.data and values[1].shape() == [2, 3]
    x[...], y[...] = 1, 2  # what is bound is memory, not values
    session.run_with_iobinding(binding, None)
    assert out.tolist() == [[-1] * 3] * 2 and difference.tolist() == (X - X * 10).tolist()
    assert binding.copy_outputs_to_cpu()[1].tolist() == [[3] * 3] * 2
    binding.clear_binding_outputs()
    assert binding.get_outputs() == []
    value = ort.OrtValue.ortvalue_from_shape_and_type((2, 3), np.float32)
    binding.clear_binding_inputs()
    for name in ("x", "y"):
        binding.bind_ortvalue_input(name, ort.OrtValue.ortvalue_from_numpy(X))
    binding.bind_ortvalue_output("sum", value)
    session.run_with_iobinding(binding)
    assert value.numpy().tolist() == (X + X).tolist()


@PACKAGES
def test_binding_errors(ort):
    session = session_of(ort, small.add())
    binding = session.io_binding()
    with pytest.raises(RuntimeError):
        binding.bind_cpu_input("z", X)
    binding.bind_cpu_input("x", X)
    binding.bind_cpu_input("y", X)
    with pytest.raises(RuntimeError):
        session.run_with_iobinding(binding)  # no output is bound
    with pytest.raises(RuntimeError):
        binding.bind_input("x", "cuda", 0, np.float32, (2, 3), X.ctypes.data)
    wrong = np.zeros((3, 3), np.float32)
    binding.bind_output("sum", "cpu", 0, np.float32, wrong.shape, wrong.ctypes.data)
    with pytest.raises(RuntimeError):
        session.run_with_iobinding(binding)
    assert not wrong.any()
    binding.bind_output("sum")
    binding.bind_cpu_input("x", X.astype(np.float64))
    with pytest.raises(RuntimeError):
        session.run_with_iobinding(binding)


def test_binding_errors_are_clear():
    session = session_of(adze, small.add())
    binding = session.io_binding()
    for call, message in ((lambda: binding.bind_output("q"), "there is no output 'q'; outputs: sum, difference"),
                          (lambda: binding.bind_output("sum", buffer_ptr=X.ctypes.data), "needs element_type and shape"),
                          (lambda: binding.bind_input("x", "cpu", 0, np.float32, (2, -3), X.ctypes.data), "at least 0"),
                          (lambda: binding.bind_input("x", "cpu", 0, np.float32, (2, 3), 0), "address 0"),
                          (lambda: binding.bind_input("x", "cpu", 0, "datetime64[s]", (2, 3), 1), "is not supported"),
                          (lambda: session.run_with_iobinding(binding), "not bound: x, y")):
        with pytest.raises(adze.RunError, match=message):
            call()


@PACKAGES
def test_empty_and_scalar_buffers(ort):
    for shape in ((), (0, 3)):
        free = [f"d{i}" for i in range(len(shape))]
        session, x = session_of(ort, small.relu(free)), np.full(shape, -1, np.float32)
        out = np.full(shape, 7, np.float32)
        binding = session.io_binding()
        binding.bind_input("x", "cpu", 0, np.float32, shape, x.ctypes.data)
        binding.bind_output("y", "cpu", 0, np.float32, shape, out.ctypes.data)
        session.run_with_iobinding(binding)
        assert not out.any() and binding.copy_outputs_to_cpu()[0].shape == shape
