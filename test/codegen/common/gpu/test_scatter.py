# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Scatters on a device: updates of one element are joined in their order, though many threads work."""
import adze
import numpy as np
import onnx
import pytest
from onnx import helper as h
from onnx.reference import ReferenceEvaluator

F32, I64 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64


def model(op, x, indices, updates, **attributes):
    info = h.make_tensor_value_info
    graph = h.make_graph([h.make_node(op, ["x", "i", "u"], ["y"], **attributes)], "scatter",
                         [info("x", F32, x.shape), info("i", I64, indices.shape), info("u", F32, updates.shape)], [info("y", F32, None)])
    made = h.make_model(graph, opset_imports=[h.make_opsetid("", 18)])
    made.ir_version = 10
    return made


def check(target, op, x, indices, updates, **attributes):
    made, feeds = model(op, x, indices, updates, **attributes), {"x": x, "i": indices, "u": updates}
    compiled = adze.compile(made, target=target)
    assert compiled.summary["host_kernels"] == []
    assert np.array_equal(compiled.run(feeds)["y"], ReferenceEvaluator(made).run(None, feeds)[0])


def numbers(*shape):
    return np.random.default_rng(0).integers(-9, 9, shape).astype(np.float32)


@pytest.mark.parametrize("reduction", ["none", "add", "mul", "max"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_elements(device_target, axis, reduction):
    # Fewer indices than elements in all dimensions, and many that are equal.
    indices = np.random.default_rng(1).integers(-4, 4, (7, 4, 8))
    check(device_target, "ScatterElements", numbers(9, 5, 8), indices, numbers(7, 4, 8), axis=axis, reduction=reduction)


@pytest.mark.parametrize("reduction", ["none", "add"])
@pytest.mark.parametrize("tuple_size", [1, 2])
def test_nd(device_target, tuple_size, reduction):
    indices = np.random.default_rng(2).integers(-4, 4, (3, 5, tuple_size))
    x = numbers(6, 4, 40)
    check(device_target, "ScatterND", x, indices, numbers(3, 5, *x.shape[tuple_size:]), reduction=reduction)


@pytest.mark.parametrize("reduction", ["none", "add"])
@pytest.mark.parametrize("size", [10, 5000])
def test_few_lines(device_target, size, reduction):
    """Each thread has elements of the result, of whatever line, and looks at all updates."""
    x, indices = numbers(size), np.random.default_rng(3).integers(-size, size, (700, 1))
    check(device_target, "ScatterND", x, indices, numbers(700), reduction=reduction)
    check(device_target, "ScatterND", x.reshape(-1, 5), indices // 5, numbers(700, 5), reduction=reduction)
    check(device_target, "ScatterElements", x, indices[:10, 0], numbers(10), axis=0, reduction="add")


@pytest.mark.parametrize("width", [3, 40])
def test_an_index_that_is_wrong_is_found(device_target, width):
    x, indices = numbers(6, width), np.array([[3], [6]])
    compiled = adze.compile(model("ScatterND", x, indices, numbers(2, width)), target=device_target)
    with pytest.raises(adze.RunError, match="out of range") as caught:
        compiled.run({"x": x, "i": indices, "u": numbers(2, width)})
    assert caught.value.status == "INDEX_OUT_OF_RANGE"
