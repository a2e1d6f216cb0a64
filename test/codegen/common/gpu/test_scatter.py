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


def test_few_lines_are_for_the_host(device_target):
    x, indices = numbers(100), np.zeros((5, 1), np.int64)
    compiled = adze.compile(model("ScatterND", x, indices, numbers(5)), target=device_target)
    assert [k["reason"] for k in compiled.summary["host_kernels"]] == ["core.scatter_nd: updates of one element are joined in their order"]


def test_an_index_that_is_wrong_is_found(device_target):
    x, indices = numbers(6, 40), np.array([[3], [6]])
    compiled = adze.compile(model("ScatterND", x, indices, numbers(2, 40)), target=device_target)
    with pytest.raises(adze.RunError, match="out of range") as caught:
        compiled.run({"x": x, "i": indices, "u": numbers(2, 40)})
    assert caught.value.status == "INDEX_OUT_OF_RANGE"
