# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small ONNX models for the tests of the package and the command line."""
import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx import helper as h


def tensor(name, shape, dtype=TensorProto.FLOAT):
    return h.make_tensor_value_info(name, dtype, shape)


def model(nodes, inputs, outputs, initializers=(), opsets=(("", 17),), **fields):
    made = h.make_model(h.make_graph(nodes, "small", inputs, outputs, list(initializers)),
                        opset_imports=[h.make_opsetid(*o) for o in opsets], **fields)
    made.ir_version = 10
    return made


def relu(shape=("batch", 3), dtype=TensorProto.FLOAT):
    return model([h.make_node("Relu", ["x"], ["y"], name="relu1")], [tensor("x", shape, dtype)], [tensor("y", shape, dtype)],
                 producer_name="small.py", model_version=7, doc_string="a small model", domain="test.small")


def cast(source, target):
    """y = x of one element type in another"""
    return model([h.make_node("Cast", ["x"], ["y"], to=target)], [tensor("x", ["n"], source)], [tensor("y", ["n"], target)],
                 opsets=(("", 25),))


def reduce_sum(axes):
    """y = x of three dimensions summed along some"""
    return model([h.make_node("ReduceSum", ["x", "axes"], ["y"], keepdims=0)], [tensor("x", ["a", "b", "c"])], [tensor("y", None)],
                 [h.make_tensor("axes", TensorProto.INT64, [len(axes)], axes)])


def lstm(inputs=4, hidden=8, seed=0):
    """Y = an LSTM in both directions over X of unknown length"""
    rng = np.random.default_rng(seed)
    weights = {"W": (2, 4 * hidden, inputs), "R": (2, 4 * hidden, hidden), "B": (2, 8 * hidden)}
    return model([h.make_node("LSTM", ["X", "W", "R", "B"], ["Y"], name="lstm1", hidden_size=hidden, direction="bidirectional")],
                 [tensor("X", ["seq", "batch", inputs])], [tensor("Y", ["seq", 2, "batch", hidden])],
                 [numpy_helper.from_array(rng.standard_normal(shape, dtype=np.float32), name) for name, shape in weights.items()])


def add(shape=("batch", "width")):
    """sum = x + y, difference = x - y"""
    return model([h.make_node("Add", ["x", "y"], ["sum"], name="add1"),
                  h.make_node("Sub", ["x", "y"], ["difference"], name="sub1")],
                 [tensor("x", shape), tensor("y", shape)], [tensor("sum", shape), tensor("difference", shape)])


def gather():
    """picked = data[index]"""
    return model([h.make_node("Gather", ["data", "index"], ["picked"], name="gather1", axis=0)],
                 [tensor("data", ["n"]), tensor("index", ["k"], TensorProto.INT64)], [tensor("picked", ["k"])])


def picked(name="find"):
    """Rows of which few numbers are not zero: for a device, three kernels of it, and the count for the host."""
    nodes = [h.make_node("Relu", ["x"], ["r"], name="relu1"), h.make_node("NonZero", ["n"], ["m"], name=name),
             h.make_node("Gather", ["r", "m"], ["y"], name="pick")]
    return model(nodes, [tensor("x", [4, 8]), tensor("n", [3], TensorProto.INT64)], [tensor("y", [1, None, 8])])


def three_softmaxes():
    """What the second one takes and gives is in memory at the same time."""
    return model([h.make_node("Softmax", ["x"], ["a"], axis=1), h.make_node("Softmax", ["a"], ["b"], axis=0),
                  h.make_node("Softmax", ["b"], ["y"], axis=1)], [tensor("x", ["n", 64])], [tensor("y", ["n", 64])])


def product(size=64):
    """y = relu(x w + 1) with a weight of size * size floats"""
    weight = h.make_tensor("w", TensorProto.FLOAT, [size, size], [((7 * i) % 23 - 11) / 8 for i in range(size * size)])
    one = h.make_tensor("one", TensorProto.FLOAT, [], [1.0])
    return model([h.make_node("MatMul", ["x", "w"], ["p"]), h.make_node("Add", ["p", "one"], ["s"]),
                  h.make_node("Relu", ["s"], ["y"])], [tensor("x", ["n", size])], [tensor("y", ["n", size])], [weight, one])


def endless():
    """last = x + 1 + 1 ..., `trips` times"""
    body = h.make_graph([h.make_node("Add", ["s", "one"], ["s2"]), h.make_node("Identity", ["go"], ["on"])], "body",
                        [tensor("i", [], TensorProto.INT64), tensor("go", [], TensorProto.BOOL), tensor("s", ["n"])],
                        [tensor("on", [], TensorProto.BOOL), tensor("s2", ["n"])])
    return model([h.make_node("Loop", ["trips", "", "x"], ["last"], name="loop", body=body)],
                 [tensor("x", ["n"]), tensor("trips", [], TensorProto.INT64)], [tensor("last", ["n"])],
                 [h.make_tensor("one", TensorProto.FLOAT, [], [1.0])])


def long_chain(nodes=3000):
    """A model that takes a while to compile."""
    names = ["x"] + [f"t{i}" for i in range(nodes)]
    return model([h.make_node("Sin" if i % 2 else "Sqrt", [names[i]], [names[i + 1]], name=f"node{i}") for i in range(nodes)],
                 [tensor("x", ["n"])], [tensor(names[-1], ["n"])])


def unknown_nodes():
    """Three nodes that nobody knows, among others."""
    nodes = [h.make_node("Relu", ["x"], ["a"], name="fine"),
             h.make_node("Frobnicate", ["a"], ["b"], name="first"),
             h.make_node("Grumble", ["x"], ["c"], name="second", domain="my.ops"),
             h.make_node("Zork", ["x", "a"], ["d"], name="third"),
             h.make_node("Add", ["b", "c"], ["e"], name="almost"),
             h.make_node("Add", ["e", "d"], ["y"], name="last")]
    return model(nodes, [tensor("x", ["n", 4])], [tensor("y", ["n", 4])], opsets=(("", 17), ("my.ops", 2)))


def unknown_inner_nodes():
    """Nodes that nobody knows in the branches of another, and one after it."""
    then = h.make_graph([h.make_node("Frobnicate", ["x"], ["t"], name="first")], "then", [], [tensor("t", ["n", 4])])
    otherwise = h.make_graph([h.make_node("Zork", ["x"], ["u"], name="second"), h.make_node("Relu", ["u"], ["v"], name="almost")],
                             "otherwise", [], [tensor("v", ["n", 4])])
    nodes = [h.make_node("If", ["c"], ["a"], name="choice", then_branch=then, else_branch=otherwise),
             h.make_node("Grumble", ["a"], ["y"], name="third")]
    return model(nodes, [tensor("x", ["n", 4]), tensor("c", [], TensorProto.BOOL)], [tensor("y", ["n", 4])])


def save(made, folder, name="model.onnx"):
    path = str(folder / name)
    onnx.save(made, path)
    return path
