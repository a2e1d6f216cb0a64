# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The models that mutants are made of: some of our own for what ONNX's cases have little of, and all of ONNX's own cases."""
import os
import sys
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import TensorProto
from onnx import helper as h
from onnx import numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "suite"))
import cases  # noqa: E402

#: Bytes of a base; ONNX has cases of whole models, which take seconds to compile as they are.
LARGEST = 1 << 15

F, I, B = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


@dataclass
class Base:
    name: str
    model: bytes
    files: dict = field(default_factory=dict)  #: external data: name -> bytes
    feeds: list = field(default_factory=list)  #: inputs that the unchanged model takes


def value(name, shape, dtype=F):
    return h.make_tensor_value_info(name, dtype, shape)


def ramp(name, shape):
    return numpy_helper.from_array((np.arange(np.prod(shape), dtype=np.float32).reshape(shape) % 17 - 8) / 8, name)


def constant(name, values, dtype=np.int64):
    return numpy_helper.from_array(np.array(values, dtype), name)


def make(nodes, inputs, outputs, initializers=(), opset=21, functions=(), domains=()):
    graph = h.make_graph(nodes, "g", inputs, outputs, list(initializers))
    imports = [h.make_opsetid("", opset), *(h.make_opsetid(d, 1) for d in domains)]
    return h.make_model(graph, opset_imports=imports, functions=list(functions), ir_version=10)


def loop():
    """A state that changes, one that grows, and a collected output."""
    body = h.make_graph(
        [h.make_node("Add", ["s", "x"], ["s2"]), h.make_node("Unsqueeze", ["s2", "zero"], ["row"]),
         h.make_node("Concat", ["grown", "row"], ["grown2"], axis=0),
         h.make_node("ReduceSum", ["s2"], ["total"], keepdims=0), h.make_node("Less", ["total", "limit"], ["on"]),
         h.make_node("Mul", ["s2", "s2"], ["square"])],
        "body", [value("i", [], I), value("go", [], B), value("s", ["n"]), value("grown", None)],
        [value("on", [], B), value("s2", ["n"]), value("grown2", None), value("square", ["n"])])
    return make([h.make_node("Loop", ["trips", "", "x", "start"], ["last", "all", "squares"], body=body)],
                [value("x", ["n"]), value("trips", [], I), value("start", [0, "n"])],
                [value("last", ["n"]), value("all", None), value("squares", None)],
                [constant("zero", [0]), constant("limit", 1e6, np.float32)])


def branches():
    """If in If, with different sizes, and values of the outer graph."""
    def leaf(name, op):
        return h.make_graph([h.make_node(op, ["x"], [name])], name, [], [value(name, None)])
    inner = h.make_graph([h.make_node("If", ["d"], ["w"], then_branch=leaf("a", "Exp"), else_branch=leaf("b", "Neg"))],
                         "inner", [], [value("w", None)])
    short = h.make_graph([h.make_node("Slice", ["x", "zero", "two"], ["u"])], "short", [], [value("u", None)])
    return make([h.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=short), h.make_node("Relu", ["y"], ["z"])],
                [value("x", ["n"]), value("c", [], B), value("d", [], B)], [value("z", None)],
                [constant("zero", [0]), constant("two", [2])])


def scan():
    body = h.make_graph([h.make_node("Add", ["s", "e"], ["s2"]), h.make_node("Identity", ["s2"], ["o"])], "body",
                        [value("s", [2]), value("e", [2])], [value("s2", [2]), value("o", [2])])
    return make([h.make_node("Scan", ["s0", "xs"], ["last", "all"], body=body, num_scan_inputs=1, scan_input_axes=[0])],
                [value("s0", [2]), value("xs", ["t", 2])], [value("last", [2]), value("all", ["t", 2])])


def external():
    """Weights in a file beside the model, in two pieces."""
    model = make([h.make_node("MatMul", ["x", "w"], ["m"]), h.make_node("Add", ["m", "b"], ["y"])], [value("x", ["n", 64])],
                 [value("y", ["n", 32])], [ramp("w", (64, 32)), ramp("b", (32,))])
    offset, data = 0, b""
    for tensor in model.graph.initializer:
        for key, text in (("location", "weights.bin"), ("offset", offset), ("length", len(tensor.raw_data))):
            tensor.external_data.add(key=key, value=str(text))
        tensor.data_location = TensorProto.EXTERNAL
        data += tensor.raw_data
        offset = len(data)
        tensor.ClearField("raw_data")
    return model, {"weights.bin": data}


def convolutions():
    return make([h.make_node("Conv", ["x", "w"], ["c"], kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2]),
                 h.make_node("BatchNormalization", ["c", "g", "g", "g", "v"], ["n"]), h.make_node("Relu", ["n"], ["r"]),
                 h.make_node("Conv", ["r", "dw"], ["d"], group=8), h.make_node("MaxPool", ["d"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
                 h.make_node("GlobalAveragePool", ["p"], ["a"]), h.make_node("Flatten", ["a"], ["y"], axis=1)],
                [value("x", ["b", 3, "h", "w_"])], [value("y", ["b", 8])],
                [ramp("w", (8, 3, 3, 3)), ramp("g", (8,)), constant("v", np.ones(8), np.float32), ramp("dw", (8, 1, 2, 2))])


def transformer():
    """A shape chain, a norm, attention by hand, GELU by its formula."""
    return make([h.make_node("Shape", ["x"], ["shape"]), h.make_node("Gather", ["shape", "one"], ["s"]),
                 h.make_node("Concat", ["minus", "s", "heads"], ["split"], axis=0),
                 h.make_node("LayerNormalization", ["x", "g", "g"], ["n"], axis=-1),
                 h.make_node("MatMul", ["n", "w"], ["q0"]), h.make_node("Reshape", ["q0", "split"], ["q1"]),
                 h.make_node("Transpose", ["q1"], ["q"], perm=[0, 2, 1, 3]),
                 h.make_node("Transpose", ["q1"], ["k"], perm=[0, 2, 3, 1]),
                 h.make_node("MatMul", ["q", "k"], ["scores"]), h.make_node("Softmax", ["scores"], ["p"], axis=-1),
                 h.make_node("MatMul", ["p", "q"], ["o"]), h.make_node("Transpose", ["o"], ["o1"], perm=[0, 2, 1, 3]),
                 h.make_node("Reshape", ["o1", "shape"], ["o2"]), h.make_node("Add", ["o2", "x"], ["r"]),
                 h.make_node("Div", ["r", "root2"], ["e0"]), h.make_node("Erf", ["e0"], ["e1"]), h.make_node("Add", ["e1", "onef"], ["e2"]),
                 h.make_node("Mul", ["r", "e2"], ["e3"]), h.make_node("Mul", ["e3", "half"], ["y"])],
                [value("x", ["b", "t", 16])], [value("y", None)],
                [constant("one", [1]), constant("minus", [-1]), constant("heads", [2, 8]), ramp("g", (16,)), ramp("w", (16, 16)),
                 constant("root2", 1.4142135, np.float32), constant("onef", 1, np.float32), constant("half", 0.5, np.float32)])


def quantised():
    scale, point = constant("s", 0.05, np.float32), constant("z", 3, np.uint8)
    return make([h.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]), h.make_node("DequantizeLinear", ["q", "s", "z"], ["d"]),
                 h.make_node("DequantizeLinear", ["wq", "ws", "wz"], ["w"], axis=1), h.make_node("MatMul", ["d", "w"], ["m"]),
                 h.make_node("QuantizeLinear", ["m", "s", "z"], ["mq"]), h.make_node("DequantizeLinear", ["mq", "s", "z"], ["y"]),
                 h.make_node("DynamicQuantizeLinear", ["x"], ["a", "as", "az"]), h.make_node("MatMulInteger", ["a", "wi", "az"], ["i"])],
                [value("x", ["n", 16])], [value("y", ["n", 8]), value("i", ["n", 8], TensorProto.INT32)],
                [scale, point, constant("wq", np.arange(128).reshape(16, 8) - 64, np.int8), constant("ws", np.full(8, 0.1), np.float32),
                 constant("wz", np.zeros(8), np.int8), constant("wi", np.arange(128).reshape(16, 8), np.int8)])


def recurrent():
    return make([h.make_node("LSTM", ["x", "w", "r", "b"], ["y", "h", "c"], hidden_size=8, direction="bidirectional"),
                 h.make_node("GRU", ["x", "gw", "gr"], ["", "h1"], hidden_size=8), h.make_node("Squeeze", ["h1", "first"], ["s"])],
                [value("x", ["t", "b", 4])], [value("y", None), value("c", None), value("s", None)],
                [ramp("w", (2, 32, 4)), ramp("r", (2, 32, 8)), ramp("b", (2, 64)), ramp("gw", (1, 24, 4)), ramp("gr", (1, 24, 8)),
                 constant("first", [0])])


def high_rank():
    shape = [1, 2] * 4
    return make([h.make_node("Transpose", ["x"], ["t"], perm=[7, 6, 5, 4, 3, 2, 1, 0]), h.make_node("ReduceMean", ["t", "axes"], ["m"]),
                 h.make_node("Expand", ["m", "big"], ["e"]), h.make_node("Tile", ["e", "times"], ["y"])],
                [value("x", shape)], [value("y", None)],
                [constant("axes", [0, -3]), constant("big", [1, 1, 2, 1, 2, 1, 2, 1]), constant("times", [1, 2, 1, 1, 1, 1, 1, 2])])


def functions():
    """A function that calls another, with an attribute handed down."""
    inner = h.make_function("f", "Inner", ["a"], ["b"], [h.make_node("LeakyRelu", ["a"], ["b"])], [h.make_opsetid("", 21)], ["alpha"])
    inner.node[0].attribute.add(name="alpha", ref_attr_name="alpha", type=onnx.AttributeProto.FLOAT)
    outer = h.make_function("f", "Outer", ["a"], ["c"], [h.make_node("Inner", ["a"], ["b"], domain="f"), h.make_node("Exp", ["b"], ["c"])],
                            [h.make_opsetid("", 21), h.make_opsetid("f", 1)], ["alpha"])
    outer.node[0].attribute.add(name="alpha", ref_attr_name="alpha", type=onnx.AttributeProto.FLOAT)
    return make([h.make_node("Outer", ["x"], ["y"], domain="f", alpha=0.5), h.make_node("Inner", ["y"], ["z"], domain="f", alpha=2.0)],
                [value("x", ["n"])], [value("z", ["n"])], functions=[inner, outer], domains=["f"])


def sequences():
    return make([h.make_node("SplitToSequence", ["x", "two"], ["s"], axis=0), h.make_node("SequenceAt", ["s", "zero"], ["a"]),
                 h.make_node("SequenceInsert", ["s", "x"], ["s2"]), h.make_node("SequenceLength", ["s2"], ["n"]),
                 h.make_node("ConcatFromSequence", ["s2"], ["y"], axis=0)],
                [value("x", ["n", 3])], [value("a", None), value("y", None), value("n", [], I)],
                [constant("two", 2), constant("zero", 0)])


def strings():
    words = h.make_tensor("words", TensorProto.STRING, [3], [b"a", b"bc", b""])
    return make([h.make_node("StringConcat", ["words", "words"], ["w"]), h.make_node("Equal", ["w", "words"], ["e"]),
                 h.make_node("Cast", ["e"], ["f"], to=F), h.make_node("Add", ["f", "x"], ["y"])],
                [value("x", [3])], [value("y", [3])], [words])


def data_driven():
    """Sizes, axes and indices that come as inputs."""
    return make([h.make_node("Reshape", ["x", "shape"], ["r"]), h.make_node("Slice", ["r", "starts", "ends", "axes", "steps"], ["s"]),
                 h.make_node("Pad", ["s", "pads"], ["p"]), h.make_node("Gather", ["p", "index"], ["g"]), h.make_node("NonZero", ["g"], ["nz"]),
                 h.make_node("TopK", ["x", "k"], ["top", "at"]), h.make_node("Range", ["from", "to", "by"], ["range"])],
                [value("x", ["n"]), value("shape", [2], I), value("starts", [1], I), value("ends", [1], I), value("axes", [1], I),
                 value("steps", [1], I), value("pads", [4], I), value("index", ["k"], I), value("k", [1], I), value("from", [], I),
                 value("to", [], I), value("by", [], I)],
                [value("nz", None, I), value("top", None), value("at", None, I), value("range", None, I)])


def sparse():
    dense = h.make_tensor("w", F, [3], [1.0, 2.0, 3.0])
    model = make([h.make_node("MatMul", ["x", "w"], ["y"])], [value("x", ["n", 4])], [value("y", None)])
    model.graph.sparse_initializer.append(h.make_sparse_tensor(dense, h.make_tensor("i", I, [3, 2], [0, 1, 2, 0, 3, 1]), [4, 2]))
    return model


OWN = {f.__name__: f for f in (loop, branches, scan, external, convolutions, transformer, quantised, recurrent, high_rank, functions,
                               sequences, strings, data_driven, sparse)}


def own(name):
    made = OWN[name]()
    model, files = made if isinstance(made, tuple) else (made, {})
    return Base(name, model.SerializeToString(), files)


def from_case(folder, name, dims):
    case = cases.load(folder, name)
    return Base(f"{name}/{dims}", case.models[dims], feeds=[feeds for feeds, _ in case.data_sets])


class Bases:
    """All of them; `folder` and `index` are what cases.cache gives."""

    def __init__(self, folder, index):
        self.folder = folder
        self.groups = {}
        for name, (_, group) in index.items():
            self.groups.setdefault(group, []).append(name)

    def pick(self, rng):
        """One of our own, or a case: each operator is as likely as any other."""
        if rng.random() < 0.35:
            return own(rng.choice(list(OWN)))
        group = rng.choice(sorted(self.groups))
        base = from_case(self.folder, rng.choice(self.groups[group]), rng.choice(["known", "unknown"]))
        return base if len(base.model) < LARGEST else own(rng.choice(list(OWN)))
