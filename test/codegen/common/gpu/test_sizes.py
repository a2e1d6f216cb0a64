# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Ops on tensors of more than a block, of sizes that no tile or vector divides, on a device and on the CPU: with sizes that are known when
the model is compiled, and that are not. (ONNX's own cases are small.)"""
import adze
import numpy as np
import onnx
import pytest
from onnx import helper as h
from onnx import numpy_helper

RANDOM = np.random.default_rng(0)


def reals(*shape, dtype=np.float32):
    return RANDOM.standard_normal(shape).astype(dtype)


def whole(low, high, *shape, dtype=np.int64):
    return RANDOM.integers(low, high, shape).astype(dtype)


def node(op, *inputs, outputs=("y",), **attributes):
    return [h.make_node(op, inputs, outputs, **attributes)]


X = reals(17, 41, 53)
#: Name: (nodes, inputs, constants).
CASES = {
    "elementwise": (node("Add", "x", "b", outputs=["t"]) + node("Tanh", "t"), {"x": X, "b": reals(41, 1)}, {}),
    "transpose": (node("Transpose", "x", perm=[2, 0, 1]), {"x": X}, {}),
    "transpose_add": (node("Transpose", "x", outputs=["t"]) + node("Add", "t", "b"), {"x": reals(301, 127), "b": reals(127, 301)}, {}),
    "concat": (node("Concat", "x", "b", axis=1), {"x": X, "b": reals(17, 13, 53)}, {}),
    **{f"reduce_{a}": (node("ReduceSum", "x", "a", keepdims=0), {"x": X}, {"a": np.array([a])}) for a in range(3)},
    "reduce_all": (node("ReduceMean", "x", keepdims=0), {"x": X}, {}),
    **{f"softmax_{a}": (node("Softmax", "x", axis=a), {"x": X}, {}) for a in range(3)},
    "softmax_long": (node("Softmax", "x"), {"x": reals(5, 7001)}, {}),
    "norm": (node("LayerNormalization", "x", "s", "b"), {"x": reals(67, 771), "s": reals(771), "b": reals(771)}, {}),
    "cumsum": (node("CumSum", "x", "a"), {"x": X}, {"a": np.array(1)}),
    "cumsum_last": (node("CumSum", "x", "a"), {"x": X}, {"a": np.array(2)}),
    "cumsum_long": (node("CumSum", "x", "a"), {"x": whole(-99, 99, 3, 1001)}, {"a": np.array(1)}),
    "cumsum_back": (node("CumSum", "x", "a", reverse=1, exclusive=1), {"x": whole(-99, 99, 5, 300, dtype=np.int32)}, {"a": np.array(1)}),
    "cumsum_only": (node("CumSum", "x", "a", outputs=["t"], exclusive=1) + node("Neg", "t"), {"x": reals(129, dtype=np.float64)}, {"a": np.array(0)}),
    "topk": (node("TopK", "x", "k", outputs=["v", "y"], axis=1), {"x": whole(0, 9, 17, 41, 23).astype(np.float32)}, {"k": np.array([5])}),
    "nonzero": (node("NonZero", "x"), {"x": whole(0, 3, 17, 41, 53)}, {}),
    "nonzero_few": (node("NonZero", "x"), {"x": np.eye(70, dtype=np.float32)}, {}),
    "nonzero_none": (node("NonZero", "x"), {"x": np.zeros((70, 80), np.float32)}, {}),
    "gather": (node("Gather", "x", "i", axis=1), {"x": X, "i": whole(-41, 41, 7, 9)}, {}),
    "matmul": (node("MatMul", "x", "w"), {"x": reals(129, 257), "w": reals(257, 65)}, {}),
    "matmul_batches": (node("MatMul", "x", "w"), {"x": reals(3, 5, 33, 70), "w": reals(5, 70, 19)}, {}),
    "matmul_f64": (node("MatMul", "x", "w"), {"x": reals(70, 57, dtype=np.float64), "w": reals(57, 65, dtype=np.float64)}, {}),
    "matmul_int8": (node("MatMulInteger", "x", "w", "z"),
                    {"x": whole(0, 255, 70, 57, dtype=np.uint8), "w": whole(-128, 127, 57, 65, dtype=np.int8)}, {"z": np.uint8(128)}),
    "row_times_matrix": (node("MatMul", "x", "w"), {"x": reals(1, 1000), "w": reals(1000, 333)}, {}),
    "conv": (node("Conv", "x", "w", "b", outputs=["t"], pads=[1, 1, 1, 1], strides=[2, 2]) + node("Relu", "t"), {"x": reals(2, 19, 33, 31)},
             {"w": reals(35, 19, 3, 3), "b": reals(35)}),
    "conv_groups": (node("Conv", "x", "w", pads=[1, 1, 1, 1], group=4), {"x": reals(2, 32, 17, 19)}, {"w": reals(64, 8, 3, 3)}),
    "conv_depthwise": (node("Conv", "x", "w", pads=[1, 1, 1, 1], group=32), {"x": reals(2, 32, 17, 19)}, {"w": reals(32, 1, 3, 3)}),
    "max_pool": (node("MaxPool", "x", outputs=["y", "i"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
                 {"x": reals(2, 13, 33, 31)}, {}),
    "attention": (node("Attention", "q", "k", "v"), {"q": reals(2, 3, 65, 40), "k": reals(2, 3, 77, 40), "v": reals(2, 3, 77, 24)}, {}),
    "no_elements": (node("Add", "x", "x"), {"x": reals(0, 5)}, {}),
    "no_terms": (node("MatMul", "x", "w"), {"x": reals(5, 0), "w": reals(0, 7)}, {}),
}


def model(nodes, inputs, constants, free):
    def info(name, array):
        shape = [f"{name}{i}" for i in range(array.ndim)] if free else array.shape
        return h.make_tensor_value_info(name, h.np_dtype_to_tensor_dtype(array.dtype), shape)

    outputs = [onnx.ValueInfoProto(name=name) for name in nodes[-1].output]
    graph = h.make_graph(nodes, "sizes", [info(*item) for item in inputs.items()], outputs,
                         [numpy_helper.from_array(np.asarray(a), name) for name, a in constants.items()])
    made = h.make_model(graph, opset_imports=[h.make_opsetid("", 23)])
    made.ir_version = 10
    return made


@pytest.mark.parametrize("free", [False, True], ids=["known", "unknown"])
@pytest.mark.parametrize("name", CASES)
def test_as_on_the_cpu(device_target, name, free):
    nodes, inputs, constants = CASES[name]
    made = model(nodes, inputs, constants, free)
    compiled = adze.compile(made, target=device_target)
    assert compiled.summary["host_kernels"] == [] or not all(array.size for array in inputs.values())
    expected, got = adze.compile(made).run(inputs), compiled.run(inputs)
    for output in expected:
        np.testing.assert_allclose(got[output], expected[output], rtol=2e-4, atol=2e-4)
