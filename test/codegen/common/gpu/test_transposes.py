# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Transposes on a device, which go through tiles of shared memory: by vectors and by elements, of sizes that are known when the model is
compiled and that are not."""
import adze
import numpy as np
import onnx
import pytest
from onnx import helper as h

RANDOM = np.random.default_rng(0)


def check(target, nodes, feeds, expected, free):
    def info(name, array):
        sizes = [f"{name}{i}" for i in range(array.ndim)] if free else array.shape
        return h.make_tensor_value_info(name, h.np_dtype_to_tensor_dtype(array.dtype), sizes)

    graph = h.make_graph(nodes, "transposes", [info(*item) for item in feeds.items()], [onnx.ValueInfoProto(name="y")])
    made = h.make_model(graph, opset_imports=[h.make_opsetid("", 20)])
    made.ir_version = 9
    model = adze.compile(made, target=target)
    assert model.summary["host_kernels"] == []
    assert np.array_equal(model.run(feeds)["y"], expected)


#: Whole tiles, broken ones, sizes that no vector divides, groups of dimensions, dimensions of one element, few elements along one side.
CASES = {"whole": ((256, 128), [1, 0]), "broken": ((208, 272), [1, 0]), "odd": ((131, 67), [1, 0]), "to_last": ((3, 48, 5, 16), [0, 2, 3, 1]),
         "from_last": ((2, 9, 9, 32), [0, 3, 1, 2]), "reversed": ((16, 9, 32), [2, 1, 0]), "ones": ((1, 40, 1, 48), [3, 2, 1, 0]),
         "heads": ((2, 20, 3, 16), [0, 2, 3, 1]), "thin": ((3, 500), [1, 0]), "thin_result": ((500, 3), [1, 0]), "rank_five": ((2, 3, 16, 4, 8), [4, 1, 3, 0, 2])}


@pytest.mark.parametrize("free", [False, True], ids=["known", "unknown"])
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int8, np.float64, bool])
def test_copies(device_target, dtype, name, free):
    shape, order = CASES[name]
    x = RANDOM.integers(0, 2 if dtype is bool else 100, shape).astype(dtype)
    check(device_target, [h.make_node("Transpose", ["x"], ["y"], perm=order)], {"x": x}, x.transpose(order), free)


@pytest.mark.parametrize("free", [False, True], ids=["known", "unknown"])
@pytest.mark.parametrize("shape", [(64, 96), (67, 33)])
def test_of_what_is_computed(device_target, shape, free):
    """What comes before is computed on the way in, of the whole shape or broadcast."""
    x, b = (RANDOM.integers(0, 9, s).astype(np.float32) for s in (shape, shape[1:]))
    transpose = h.make_node("Transpose", ["t"], ["y"], perm=[1, 0])
    check(device_target, [h.make_node("Neg", ["x"], ["t"]), transpose], {"x": x}, -x.T, free)
    check(device_target, [h.make_node("Add", ["x", "b"], ["t"]), transpose], {"x": x, "b": b}, (x + b).T, free)


def test_of_another_type(device_target):
    x = RANDOM.integers(0, 9, (80, 48)).astype(np.float32)
    for wider in (onnx.TensorProto.DOUBLE, onnx.TensorProto.FLOAT16):
        nodes = [h.make_node("Cast", ["x"], ["t"], to=wider), h.make_node("Transpose", ["t"], ["y"], perm=[1, 0])]
        check(device_target, nodes, {"x": x}, x.T.astype(h.tensor_dtype_to_np_dtype(wider)), False)
