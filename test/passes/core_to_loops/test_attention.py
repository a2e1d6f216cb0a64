# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Attention in parts, as exporters write it, against numpy: sizes around those of tiles, masks, groups of heads, empty tensors."""
import adze
import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper
from onnx import helper as h

MASKED = np.float32(np.finfo(np.float32).min)


def attention(heads, key_heads, depth, mask_shape, zero_nan):
    """softmax(q k' * scale + mask) v with named sizes; keys and values are repeated for groups of heads."""
    nodes, constants = [], [numpy_helper.from_array(np.float32(0.3), "scale"), numpy_helper.from_array(np.float32(0), "zero")]

    def node(op, inputs, **attributes):
        out = f"t{len(nodes)}"
        nodes.append(h.make_node(op, inputs, [out], **attributes))
        return out

    def repeated(x):
        if heads == key_heads:
            return x
        one = node("Unsqueeze", [x, "axis"])
        wide = node("Expand", [one, "groups"])
        return node("Reshape", [wide, "merged"])

    constants += [numpy_helper.from_array(np.int64([2]), "axis"),
                  numpy_helper.from_array(np.int64([1, 1, heads // key_heads, 1, 1]), "groups"),
                  numpy_helper.from_array(np.int64([0, heads, -1, depth]), "merged")]
    keys = node("Transpose", [repeated("k")], perm=[0, 1, 3, 2])
    scores = node("Mul", [node("MatMul", ["q", keys]), "scale"])
    inputs = [("q", ["b", heads, "s", depth]), ("k", ["b", key_heads, "t", depth]), ("v", ["b", key_heads, "t", depth])]
    if mask_shape:
        scores = node("Add", [scores, "m"])
        inputs.append(("m", mask_shape))
    weights = node("Softmax", [scores], axis=-1)
    if zero_nan:
        weights = node("Where", [node("IsNaN", [weights]), "zero", weights])
    node("MatMul", [weights, repeated("v")])
    nodes[-1].output[0] = "y"
    graph = h.make_graph(nodes, "attention", [h.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs],
                         [h.make_tensor_value_info("y", TensorProto.FLOAT, ["b", heads, "s", depth])], constants)
    made = h.make_model(graph, opset_imports=[h.make_opsetid("", 18)])
    made.ir_version = 10
    onnx.checker.check_model(made)
    return made


def expected(q, k, v, m, zero_nan):
    group = q.shape[1] // k.shape[1]
    k, v = (np.repeat(x, group, 1).astype(np.float64) for x in (k, v))
    scores = np.float64(0.3) * (q.astype(np.float64) @ k.swapaxes(2, 3))
    if m is not None:
        scores = (scores + m).astype(np.float32).astype(np.float64)
    if not scores.shape[3]:
        return np.zeros(q.shape, np.float32)
    with np.errstate(invalid="ignore"):
        weights = np.exp(scores - scores.max(3, keepdims=True))
        weights /= weights.sum(3, keepdims=True)
    if zero_nan:
        weights[np.isnan(weights)] = 0
    return (weights @ v).astype(np.float32)


SIZES = [(1, 1), (1, 7), (1, 130), (2, 3), (15, 9), (16, 16), (17, 33), (31, 1), (32, 64), (33, 10), (70, 129), (5, 0), (0, 5)]


@pytest.mark.parametrize("level", [2, 0])
@pytest.mark.parametrize("mask", [None, ["b", 1, "s", "t"], [1, 1, 1, "t"], ["s", "t"]], ids=["none", "full", "keys", "plane"])
@pytest.mark.parametrize("heads,key_heads,depth", [(2, 2, 64), (4, 2, 16), (3, 1, 5), (2, 2, 40)])
def test_agrees(heads, key_heads, depth, mask, level):
    random = np.random.default_rng(depth)
    zero_nan = mask is not None
    compiled = adze.compile(attention(heads, key_heads, depth, mask, zero_nan), opt_level=level, threads=2)
    for s, t in SIZES:
        b = 2
        q, k, v = (random.standard_normal((b, n, length, depth)).astype(np.float32)
                   for n, length in ((heads, s), (key_heads, t), (key_heads, t)))
        feeds = {"q": q, "k": k, "v": v}
        m = None
        if mask:
            shape = [{"b": b, "s": s, "t": t}.get(d, d) for d in mask]
            m = np.where(random.random(shape) < 0.3, MASKED, 0).astype(np.float32)
            if m.size:
                m[..., -1, :] = -np.inf  # a query without keys
            feeds["m"] = m
        np.testing.assert_allclose(compiled.run(feeds)["y"], expected(q, k, v, m, zero_nan), rtol=1e-4, atol=1e-5,
                                   err_msg=f"{s} queries, {t} keys")


def from_one_tensor(heads, depth):
    """y = attention of the three parts of x [b, s, 3 * heads * depth], as models project query, key and value at once."""
    nodes = [h.make_node("Split", ["x"], ["q0", "k0", "v0"], axis=2, num_outputs=3)]
    for name, order in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])):
        nodes += [h.make_node("Reshape", [name + "0", "split"], [name + "1"]),
                  h.make_node("Transpose", [name + "1"], [name], perm=order)]
    nodes += [h.make_node("MatMul", ["q", "k"], ["scores"]), h.make_node("Mul", ["scores", "scale"], ["scaled"]),
              h.make_node("Softmax", ["scaled"], ["weights"], axis=-1), h.make_node("MatMul", ["weights", "v"], ["out"]),
              h.make_node("Transpose", ["out"], ["rows"], perm=[0, 2, 1, 3]), h.make_node("Reshape", ["rows", "merged"], ["y"])]
    constants = [numpy_helper.from_array(np.int64([0, 0, heads, depth]), "split"),
                 numpy_helper.from_array(np.int64([0, 0, heads * depth]), "merged"), numpy_helper.from_array(np.float32(0.3), "scale")]
    graph = h.make_graph(nodes, "attention", [h.make_tensor_value_info("x", TensorProto.FLOAT, ["b", "s", 3 * heads * depth])],
                         [h.make_tensor_value_info("y", TensorProto.FLOAT, ["b", "s", heads * depth])], constants)
    made = h.make_model(graph, opset_imports=[h.make_opsetid("", 18)])
    made.ir_version = 10
    return made


@pytest.mark.parametrize("level", [2, 0])
@pytest.mark.parametrize("heads,depth", [(3, 16), (2, 5)])
def test_parts_of_one_tensor(heads, depth, level):
    compiled = adze.compile(from_one_tensor(heads, depth), opt_level=level, threads=2)
    for b, s in ((1, 1), (2, 17), (1, 40), (3, 0), (0, 3)):
        x = np.random.default_rng(s).standard_normal((b, s, 3 * heads * depth)).astype(np.float32)
        q, k, v = (part.reshape(b, s, heads, depth).swapaxes(1, 2) for part in np.split(x, 3, axis=2))
        want = expected(q, k, v, None, False).swapaxes(1, 2).reshape(b, s, heads * depth)
        np.testing.assert_allclose(compiled.run({"x": x})["y"], want, rtol=1e-4, atol=1e-5, err_msg=f"{b} x {s}")
