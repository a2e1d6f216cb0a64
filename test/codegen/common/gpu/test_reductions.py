# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reductions on a device, in which threads work together: every way in which they are shared out, of sizes that are known when the model is
compiled and that are not."""
import adze
import numpy as np
import onnx
import pytest
from onnx import helper as h
from onnx import numpy_helper

RANDOM = np.random.default_rng(0)


def numbers(dtype, *shape):
    if dtype == bool:
        return RANDOM.integers(0, 2, shape).astype(bool)
    if np.dtype(dtype).kind in "iu":
        return RANDOM.integers(0 if np.dtype(dtype).kind == "u" else -9, 9, shape).astype(dtype)
    return RANDOM.standard_normal(shape).astype(dtype)


def compiled(target, nodes, x, constants, free):
    def sizes(name, array):
        return [f"{name}{i}" for i in range(array.ndim)] if free else array.shape

    graph = h.make_graph(nodes, "reductions", [h.make_tensor_value_info("x", h.np_dtype_to_tensor_dtype(x.dtype), sizes("x", x))],
                         [onnx.ValueInfoProto(name="y")], [numpy_helper.from_array(np.asarray(a), name) for name, a in constants.items()])
    made = h.make_model(graph, opset_imports=[h.make_opsetid("", 20)])
    made.ir_version = 9
    model = adze.compile(made, target=target)
    assert model.summary["host_kernels"] == [] or not x.size
    return model


#: Rows of one thread, of parts of a warp, of a warp, of a block; columns that are many or few; a range in two pieces; all; nothing.
SHAPES = {
    "tiny_rows": ((300, 3), [1]), "short_rows": ((301, 8), [1]), "half_rows": ((77, 50), [1]), "warp_rows": ((130, 640), [1]),
    "odd_rows": ((130, 641), [1]), "long_rows": ((3, 9000), [1]), "odd_long_rows": ((3, 9001), [1]), "two_dims": ((5, 9, 32), [1, 2]),
    "columns": ((50, 4096), [0]), "few_columns": ((700, 8), [0]), "three_columns": ((700, 3), [0]), "one_column": ((999, 1), [0]),
    "middle": ((3, 40, 24), [1]), "odd_middle": ((3, 41, 25), [1]), "pool": ((2, 7, 7, 96), [1, 2]), "pieces": ((5, 12, 36), [0, 2]),
    "outer_pieces": ((5, 12, 9, 8), [0, 2]), "all": ((17, 41, 53), [0, 1, 2]), "all_long": ((70000,), [0]), "one": ((1, 1), [0]),
    "empty_range": ((4, 0), [1]), "nothing": ((0, 4), [1]), "long_dim_of_ones": ((1, 600, 1), [1])}


@pytest.mark.parametrize("free", [False, True], ids=["known", "unknown"])
@pytest.mark.parametrize("name", SHAPES)
def test_sums(device_target, name, free):
    shape, axes = SHAPES[name]
    x = numbers(np.float32, *shape)
    for keepdims in (0, 1):
        nodes = [h.make_node("ReduceSum", ["x", "a"], ["s"], keepdims=keepdims), h.make_node("Neg", ["s"], ["y"])]
        got = compiled(device_target, nodes, x, {"a": np.array(axes)}, free).run({"x": x})["y"]
        expected = -x.astype(np.float64).sum(tuple(axes), keepdims=bool(keepdims))
        assert got.shape == expected.shape
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5 * np.sqrt(max(x.size, 1)))


@pytest.mark.parametrize("free", [False, True], ids=["known", "unknown"])
@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("op", ["ArgMax", "ArgMin"])
def test_places(device_target, op, name, free):
    shape, axes = SHAPES[name]
    if len(axes) > 1 or not all(shape):
        pytest.skip("one axis, with elements")
    x = RANDOM.integers(0, 5, shape).astype(np.float32)  # many that are equal
    pick, sign = (np.argmax, 1) if op == "ArgMax" else (np.argmin, -1)
    for last in (0, 1):
        nodes = [h.make_node(op, ["x"], ["y"], axis=axes[0], keepdims=0, select_last_index=last)]
        got = compiled(device_target, nodes, x, {}, free).run({"x": x})["y"]
        expected = shape[axes[0]] - 1 - pick(np.flip(x, axes[0]), axes[0]) if last else pick(x, axes[0])
        assert np.array_equal(got, expected)


@pytest.mark.parametrize("axis", [0, 1])
def test_the_first_that_is_no_number_is_the_place(device_target, axis):
    x = numbers(np.float32, 300, 300)
    x[7, 20] = x[7, 250] = x[211, 20] = np.nan
    for op, pick in (("ArgMax", np.argmax), ("ArgMin", np.argmin)):
        got = compiled(device_target, [h.make_node(op, ["x"], ["y"], axis=axis, keepdims=0)], x, {}, False).run({"x": x})["y"]
        assert np.array_equal(got, pick(x, axis))
    x[:, 3] = -np.inf
    got = compiled(device_target, [h.make_node("ArgMax", ["x"], ["y"], axis=axis, keepdims=0)], x, {}, False).run({"x": x})["y"]
    assert np.array_equal(got, np.argmax(x, axis))


TYPES = [np.float64, np.float16, np.int64, np.int32, np.int8, np.uint8]


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("dtype", TYPES)
def test_types(device_target, dtype, axis):
    x = numbers(dtype, 96, 112)
    for op, join in (("ReduceMax", np.max), ("ReduceMin", np.min), ("ReduceSum", np.sum), ("ReduceProd", np.prod)):
        if op in ("ReduceSum", "ReduceProd") and dtype in (np.int8, np.uint8):
            continue
        x[x == 0] = 1
        given = np.sign(x) if op == "ReduceProd" else x
        got = compiled(device_target, [h.make_node(op, ["x", "a"], ["y"], keepdims=0)], given, {"a": np.array([axis])}, False)
        np.testing.assert_allclose(got.run({"x": given})["y"], join(given.astype(np.float64), axis), rtol=2e-3, atol=2e-3)
    got = compiled(device_target, [h.make_node("ArgMax", ["x"], ["y"], axis=axis, keepdims=0)], x, {}, False).run({"x": x})["y"]
    assert np.array_equal(got, np.argmax(x, axis))


@pytest.mark.parametrize("axis", [0, 1])
def test_bools(device_target, axis):
    x = numbers(bool, 6, 64) & numbers(bool, 6, 64) & numbers(bool, 6, 64)
    for op, join in (("ReduceMax", np.max), ("ReduceMin", np.min)):
        got = compiled(device_target, [h.make_node(op, ["x", "a"], ["y"], keepdims=0)], x, {"a": np.array([axis])}, False)
        assert np.array_equal(got.run({"x": x})["y"], join(x, axis))


@pytest.mark.parametrize("op", ["ReduceMean", "ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceSumSquare", "ReduceMax"])
@pytest.mark.parametrize("axes", [[0], [2], [0, 1, 2]])
def test_composed(device_target, op, axes):
    x = numbers(np.float32, 9, 23, 40)
    wide = x.astype(np.float64)
    expected = {"ReduceMean": wide.mean, "ReduceL1": np.abs(wide).sum, "ReduceMax": wide.max, "ReduceSumSquare": (wide ** 2).sum,
                "ReduceL2": lambda a: np.sqrt((wide ** 2).sum(a)), "ReduceLogSumExp": lambda a: np.log(np.exp(wide).sum(a))}[op](tuple(axes))
    for free in (False, True):
        got = compiled(device_target, [h.make_node(op, ["x", "a"], ["y"], keepdims=0)], x, {"a": np.array(axes)}, free).run({"x": x})["y"]
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-4)


#: Few elements of many, which are joined in two steps: along axes, along one that is cut in two, of sizes that are not known.
LONG = [((512, 40, 16), ["a", "b", "c"], [0, 1, 2]), ((1 << 17,), [1 << 17], [0]), ((2, 1 << 16), [2, 1 << 16], [1]),
        ((1 << 16, 2), [1 << 16, 2], [0]), ((8, 150, 300), [8, 150, 300], [1, 2])]


@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize("shape,sizes,axes", LONG)
def test_two_steps(device_target, shape, sizes, axes, keepdims):
    x = RANDOM.random(shape).astype(np.float32)
    graph = h.make_graph([h.make_node("ReduceSum", ["x", "a"], ["y"], keepdims=keepdims)], "steps",
                         [h.make_tensor_value_info("x", onnx.TensorProto.FLOAT, sizes)], [onnx.ValueInfoProto(name="y")],
                         [numpy_helper.from_array(np.array(axes), "a")])
    made = h.make_model(graph, opset_imports=[h.make_opsetid("", 20)])
    made.ir_version = 9
    model = adze.compile(made, target=device_target)
    assert model.summary["kernels"] == 2
    np.testing.assert_allclose(model.run({"x": x})["y"], x.astype(np.float64).sum(tuple(axes), keepdims=bool(keepdims)), rtol=1e-5)


def test_of_what_is_broadcast(device_target):
    """A range whose elements are computed on the way, from parts that are not of its shape."""
    x, w = numbers(np.float32, 40, 72), numbers(np.float32, 72)
    for axis in (0, 1):
        nodes = [h.make_node("Mul", ["x", "w"], ["p"]), h.make_node("ReduceSum", ["p", "a"], ["y"], keepdims=0)]
        for free in (False, True):
            got = compiled(device_target, nodes, x, {"w": w, "a": np.array([axis])}, free).run({"x": x})["y"]
            np.testing.assert_allclose(got, (x * w).sum(axis), rtol=1e-5, atol=1e-4)
