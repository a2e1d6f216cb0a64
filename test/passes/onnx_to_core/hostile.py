# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models whose sizes, attributes or data do not fit: each run ends with a status that names the node, never with a read or
write outside a tensor. Sizes of inputs are unknown when they are compiled, so it is the program that finds out."""
import numpy as np
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper

F, I, B = T.FLOAT, T.INT64, T.BOOL
DTYPES = {F: np.float32, I: np.int64, B: np.bool_, T.INT32: np.int32, T.UINT8: np.uint8, T.INT8: np.int8}


def constant(name, value, dtype=np.int64):
    return numpy_helper.from_array(np.array(value, dtype), name)


class Hostile:
    """One node (and what it needs) with an input of each dtype and rank, run with arrays of `shapes` or these arrays."""

    def __init__(self, op, inputs, feeds, message, outputs=1, initializers=(), opset=21, status="SHAPE_MISMATCH", **attributes):
        names = [i if isinstance(i, str) else i[0] for i in inputs]
        nodes = [h.make_node(op, names, [f"out{i}" for i in range(outputs)], name="the_node", **attributes)]
        given = [i for i in inputs if not isinstance(i, str)]
        graph = h.make_graph(nodes, "hostile", [h.make_tensor_value_info(n, t, [f"{n}{d}" for d in range(r)]) for n, t, r in given],
                             [h.make_empty_tensor_value_info(f"out{i}") for i in range(outputs)], list(initializers))
        self.op = op
        self.model = h.make_model(graph, opset_imports=[h.make_opsetid("", opset)])
        self.model.ir_version = 10
        self.feeds = {n: self.array(feeds[n], t) for n, t, _ in given}
        self.message, self.status = message, status

    @staticmethod
    def array(given, dtype):
        if isinstance(given, tuple):
            return np.zeros(given, DTYPES[dtype])
        return np.array(given, DTYPES[dtype])


def lstm(shapes, message, **attributes):
    ranks = {"X": 3, "W": 3, "R": 3, "B": 2, "lengths": 1, "h": 3, "c": 3, "P": 2}
    good = {"X": (2, 3, 4), "W": (1, 20, 4), "R": (1, 20, 5), "B": (1, 40), "lengths": [2, 2, 2], "h": (1, 3, 5), "c": (1, 3, 5),
            "P": (1, 15)}
    inputs = [(n, T.INT32 if n == "lengths" else F, r) for n, r in ranks.items()]
    return Hostile("LSTM", inputs, good | shapes, message, outputs=3, **attributes)


X4 = ("x", F, 4)
OUT = "INDEX_OUT_OF_RANGE"
HOSTILE = [
    # sizes of operands
    Hostile("Add", [("x", F, 2), ("y", F, 2)], {"x": (3, 4), "y": (2, 4)}, "operands do not broadcast: 3 and 2"),
    Hostile("Less", [("x", F, 1), ("y", F, 2)], {"x": (3,), "y": (1, 4)}, "operands do not broadcast"),
    Hostile("Where", [("c", B, 1), ("x", F, 1), ("y", F, 1)], {"c": (4,), "x": (4,), "y": (5,)}, "operands do not broadcast"),
    Hostile("Concat", [("x", F, 2), ("y", F, 2)], {"x": (3, 4), "y": (3, 5)}, "inputs differ in dimension 1: 4 and 5", axis=0),
    Hostile("MatMul", [("x", F, 2), ("y", F, 2)], {"x": (3, 4), "y": (5, 4)}, "inner sizes differ: 4 and 5"),
    Hostile("MatMul", [("x", F, 3), ("y", F, 3)], {"x": (3, 1, 1), "y": (2, 1, 1)}, "operands do not broadcast: 3 and 2"),
    Hostile("Gemm", [("x", F, 2), ("y", F, 2), ("c", F, 1)], {"x": (3, 4), "y": (4, 5), "c": (3,)}, "operands do not broadcast"),
    Hostile("Conv", [X4, ("w", F, 4)], {"x": (1, 3, 5, 5), "w": (2, 4, 3, 3)}, "channels"),
    Hostile("Conv", [X4, ("w", F, 4)], {"x": (1, 3, 2, 5), "w": (2, 3, 3, 3)}, "the window is larger than the padded input"),
    Hostile("Conv", [X4, ("w", F, 4)], {"x": (1, 4, 5, 5), "w": (3, 2, 3, 3)}, "groups", group=2),
    Hostile("Conv", [X4, ("w", F, 4), ("b", F, 1)], {"x": (1, 3, 5, 5), "w": (2, 3, 3, 3), "b": (3,)}, "operands do not broadcast"),
    Hostile("ConvTranspose", [X4, ("w", F, 4)], {"x": (1, 3, 5, 5), "w": (4, 2, 3, 3)}, "channels"),
    Hostile("MaxPool", [X4], {"x": (1, 1, 2, 5)}, "the window is larger", kernel_shape=[3, 3]),
    Hostile("MaxPool", [X4], {"x": (1, 1, 0, 5)}, "without elements", outputs=2, kernel_shape=[2, 2], pads=[1, 1, 1, 1]),
    Hostile("BatchNormalization", [X4] + [(n, F, 1) for n in "sbmv"],
            {"x": (1, 3, 2, 2), "s": (2,), "b": (2,), "m": (2,), "v": (2,)}, "operands do not broadcast"),
    Hostile("LayerNormalization", [("x", F, 2), ("s", F, 1)], {"x": (3, 4), "s": (5,)}, "operands do not broadcast"),
    Hostile("InstanceNormalization", [X4, ("s", F, 1), ("b", F, 1)], {"x": (1, 3, 2, 2), "s": (3,), "b": (4,)}, "operands do not"),
    Hostile("GroupNormalization", [X4, ("s", F, 1), ("b", F, 1)], {"x": (1, 3, 2, 2), "s": (3,), "b": (3,)}, "num_groups", num_groups=2),
    Hostile("PRelu", [("x", F, 2), ("s", F, 1)], {"x": (3, 4), "s": (3,)}, "operands do not broadcast"),
    Hostile("Einsum", [("x", F, 2), ("y", F, 2)], {"x": (3, 4), "y": (5, 4)}, "differ", equation="ij,jk->ik"),
    Hostile("Einsum", [("x", F, 2)], {"x": (3, 4)}, "dimensions of one name differ in size", equation="ii->i"),
    Hostile("Det", [("x", F, 2)], {"x": (3, 4)}, "the matrices are not square"),
    # shapes that are data
    Hostile("Reshape", [("x", F, 2), "s"], {"x": (3, 4)}, "number of elements", initializers=[constant("s", [5, 2])]),
    Hostile("Reshape", [("x", F, 2), "s"], {"x": (3, 4)}, "number of elements|evenly", initializers=[constant("s", [5, -1])]),
    Hostile("Expand", [("x", F, 1), "s"], {"x": (3,)}, "broadcast", initializers=[constant("s", [2, 4])]),
    Hostile("Squeeze", [("x", F, 2), "a"], {"x": (3, 4)}, "squeezed", initializers=[constant("a", [0])]),
    Hostile("Split", [("x", F, 1), "s"], {"x": (5,)}, "add up", outputs=2, initializers=[constant("s", [2, 2])]),
    Hostile("Pad", [("x", F, 1), "p"], {"x": (0,)}, "nothing to pad with", initializers=[constant("p", [1, 1])], mode="edge"),
    Hostile("Pad", [("x", F, 1), "p"], {"x": (3,)}, "negative", initializers=[constant("p", [-5, 1])]),
    Hostile("Resize", [("x", F, 1), "", "", "s"], {"x": (0,)}, "size 0", initializers=[constant("s", [3])]),
    Hostile("DepthToSpace", [X4], {"x": (1, 3, 2, 2)}, "multiple", blocksize=2),
    Hostile("SpaceToDepth", [X4], {"x": (1, 3, 3, 2)}, "multiple", blocksize=2),
    Hostile("Trilu", [("x", F, 2), ("k", I, 1)], {"x": (3, 3), "k": [1, 2]}, "scalar"),
    Hostile("OneHot", [("i", I, 1), ("d", I, 1), ("v", F, 1)], {"i": [0], "d": [-3], "v": [0, 1]}, "negative"),
    Hostile("OneHot", [("i", I, 1), ("d", I, 1), ("v", F, 1)], {"i": [0], "d": [3], "v": [0, 1, 2]}, "values are not two"),
    Hostile("OneHot", [("i", I, 1), ("d", I, 1), ("v", F, 1)], {"i": [0], "d": [2**62], "v": [0, 1]}, "", status="OUT_OF_MEMORY"),
    Hostile("Range", [("s", I, 1), ("l", I, 1), ("d", I, 1)], {"s": [0], "l": [2**62], "d": [1]}, "", status="OUT_OF_MEMORY"),
    Hostile("Range", [("s", I, 1), ("l", I, 1), ("d", I, 1)], {"s": [0], "l": [5], "d": [0]}, "delta is zero"),
    Hostile("TopK", [("x", F, 1), ("k", I, 1)], {"x": (3,), "k": [4]}, "k is above", outputs=2),
    Hostile("TopK", [("x", F, 1), ("k", I, 1)], {"x": (3,), "k": [-1]}, "negative", outputs=2),
    Hostile("HannWindow", [("n", I, 1)], {"n": [-1]}, "negative"),
    # gathers and scatters: sizes
    Hostile("Gather", [("x", F, 2), ("i", I, 1)], {"x": (0, 1000), "i": [5]}, "dimension of size 0", axis=0),
    Hostile("GatherElements", [("x", F, 2), ("i", I, 2)], {"x": (2, 3), "i": (2, 4)}, "more indices", axis=0),
    Hostile("GatherElements", [("x", F, 2), ("i", I, 2)], {"x": (0, 3), "i": (2, 3)}, "dimension of size 0", axis=0),
    Hostile("ScatterElements", [("x", F, 2), ("i", I, 2), ("u", F, 2)], {"x": (2, 3), "i": (2, 3), "u": (2, 2)}, "updates differ"),
    Hostile("ScatterElements", [("x", F, 2), ("i", I, 2), ("u", F, 2)], {"x": (2, 3), "i": (2, 4), "u": (2, 4)}, "more indices"),
    Hostile("ScatterElements", [("x", F, 2), ("i", I, 2), ("u", F, 2)], {"x": (0, 3), "i": (2, 3), "u": (2, 3)}, "size 0"),
    Hostile("ScatterND", [("x", F, 2), ("i", I, 2), ("u", F, 1)], {"x": (4, 4), "i": (3, 2), "u": (2,)}, "updates"),
    Hostile("ScatterND", [("x", F, 2), ("i", I, 2), ("u", F, 2)], {"x": (4, 4), "i": (3, 1), "u": (3, 5)}, "updates"),
    Hostile("ScatterND", [("x", F, 2), ("i", I, 2), ("u", F, 2)], {"x": (0, 4), "i": (1, 1), "u": (1, 4)}, "size 0"),
    Hostile("TensorScatter", [("x", F, 3), ("u", F, 3), ("w", I, 1)], {"x": (2, 4, 1), "u": (2, 5, 1), "w": [0, 0]}, "update's sizes",
            opset=24, axis=1),
    Hostile("ReverseSequence", [("x", F, 2), ("l", I, 1)], {"x": (3, 2), "l": [1]}, "one length for each"),
    # gathers and scatters: data
    Hostile("Gather", [("x", F, 2), ("i", I, 1)], {"x": (3, 4), "i": [0, 3]}, "index out of range", status=OUT),
    Hostile("Gather", [("x", F, 2), ("i", I, 1)], {"x": (3, 4), "i": [-4]}, "index out of range", status=OUT),
    Hostile("Gather", [("x", F, 2), ("i", I, 1)], {"x": (3, 4), "i": [2**62]}, "index out of range", status=OUT, axis=1),
    Hostile("GatherElements", [("x", F, 2), ("i", I, 2)], {"x": (3, 4), "i": [[9]]}, "index out of range", status=OUT),
    Hostile("GatherND", [("x", F, 2), "i"], {"x": (3, 4)}, "index out of range", status=OUT, initializers=[constant("i", [[0, 4]])]),
    Hostile("ScatterElements", [("x", F, 1), ("i", I, 1), ("u", F, 1)], {"x": (3,), "i": [-2**63], "u": [1]}, "index", status=OUT),
    Hostile("ScatterND", [("x", F, 2), ("i", I, 2), ("u", F, 2)], {"x": (3, 4), "i": [[3]], "u": (1, 4)}, "index", status=OUT),
    Hostile("Compress", [("x", F, 2), ("c", B, 1)], {"x": (2, 3), "c": [True, False, True, True]}, "index", status=OUT, axis=0),
    Hostile("ReverseSequence", [("x", F, 2), ("l", I, 1)], {"x": (3, 2), "l": [1, 9]}, "index", status=OUT),
    Hostile("TensorScatter", [("x", F, 3), ("u", F, 3), ("w", I, 1)], {"x": (2, 4, 1), "u": (2, 3, 1), "w": [0, 2]}, "index",
            status=OUT, opset=24, axis=1),
    Hostile("MaxUnpool", [X4, ("i", I, 4)], {"x": (1, 1, 1, 1), "i": [[[[99]]]]}, "index", status=OUT, kernel_shape=[2, 2]),
    Hostile("MaxUnpool", [X4, ("i", I, 4)], {"x": (1, 1, 1, 2), "i": (1, 1, 1, 1)}, "differ in size", kernel_shape=[2, 2]),
    Hostile("NegativeLogLikelihoodLoss", [("x", F, 2), ("t", I, 1)], {"x": (2, 3), "t": [0, 3]}, "index", status=OUT),
    # recurrent cells
    lstm({"W": (1, 19, 4)}, "W does not have a row"),
    lstm({"R": (1, 21, 5)}, "R does not have a row"),
    lstm({"B": (1, 39)}, "B does not fit"),
    lstm({"P": (1, 14)}, "P does not fit"),
    lstm({"h": (1, 2, 5)}, "does not fit the batch"),
    lstm({"c": (1, 3, 4)}, "does not fit the hidden size"),
    lstm({"lengths": [2, 2]}, "one length for each"),
    lstm({n: (2,) + s for n, s in {"X": (3, 4)}.items()}, "outside its input", direction="bidirectional"),
    # attention
    Hostile("Attention", [("q", F, 4), ("k", F, 4), ("v", F, 4)], {"q": (2, 2, 3, 4), "k": (2, 2, 5, 3), "v": (2, 2, 5, 3)},
            "head sizes", opset=23),
    Hostile("Attention", [("q", F, 4), ("k", F, 4), ("v", F, 4)], {"q": (2, 2, 3, 4), "k": (1, 2, 5, 4), "v": (2, 2, 5, 4)},
            "batch", opset=23),
    Hostile("Attention", [("q", F, 4), ("k", F, 4), ("v", F, 4)], {"q": (2, 2, 3, 4), "k": (2, 2, 5, 4), "v": (2, 2, 6, 4)},
            "differ", opset=23),
    Hostile("Attention", [("q", F, 4), ("k", F, 4), ("v", F, 4)], {"q": (2, 3, 3, 4), "k": (2, 2, 5, 4), "v": (2, 2, 5, 4)},
            "split", opset=23),
    Hostile("Attention", [("q", F, 4), ("k", F, 4), ("v", F, 4), ("m", F, 2)],
            {"q": (2, 2, 3, 4), "k": (2, 2, 5, 4), "v": (2, 2, 5, 4), "m": (4, 5)}, "broadcast", opset=23),
    Hostile("Attention", [("q", F, 4), ("k", F, 4), ("v", F, 4), "", ("pk", F, 4), ("pv", F, 4)],
            {"q": (2, 2, 3, 4), "k": (2, 2, 5, 4), "v": (2, 2, 5, 4), "pk": (2, 2, 1, 3), "pv": (2, 2, 1, 4)}, "inputs differ",
            opset=23),
    Hostile("RotaryEmbedding", [("x", F, 4), ("c", F, 2), ("s", F, 2), ("p", I, 2)],
            {"x": (1, 1, 2, 4), "c": (8, 2), "s": (8, 2), "p": [[7, 8]]}, "index", status=OUT, opset=23),
    Hostile("RotaryEmbedding", [("x", F, 4), ("c", F, 2), ("s", F, 2), ("p", I, 2)],
            {"x": (1, 1, 2, 4), "c": (8, 3), "s": (8, 2), "p": [[0, 1]]}, "does not fit", opset=23),
    # signals
    Hostile("DFT", [("x", F, 3)], {"x": (1, 4, 0)}, "one part or two", opset=17, axis=1),
    Hostile("DFT", [("x", F, 3)], {"x": (1, 4, 3)}, "one part or two", opset=17, axis=1),
    Hostile("DFT", [("x", F, 3), "", ("a", I, 0)], {"x": (1, 4, 1), "a": 2}, "axis is out of range", opset=20),
    Hostile("DFT", [("x", F, 3), ("n", I, 0)], {"x": (1, 4, 1), "n": -4}, "not positive", opset=20),
    Hostile("STFT", [("x", F, 3), ("s", I, 0), ("w", F, 1)], {"x": (1, 8, 0), "s": 1, "w": (4,)}, "one part or two", opset=17),
    Hostile("STFT", [("x", F, 3), ("s", I, 0), ("w", F, 1)], {"x": (1, 8, 1), "s": 0, "w": (4,)}, "frame_step", opset=17),
    Hostile("STFT", [("x", F, 3), ("s", I, 0), ("w", F, 1)], {"x": (1, 8, 1), "s": 1, "w": (9,)}, "shorter than a frame", opset=17),
    # regions
    Hostile("RoiAlign", [X4, ("r", F, 2), ("b", I, 1)], {"x": (1, 1, 4, 4), "r": [[0, 0, 2, 2]], "b": [1]}, "index", status=OUT),
    Hostile("RoiAlign", [X4, ("r", F, 2), ("b", I, 1)], {"x": (0, 1, 4, 4), "r": [[0, 0, 2, 2]], "b": [0]}, "size 0"),
    Hostile("RoiAlign", [X4, ("r", F, 2), ("b", I, 1)], {"x": (1, 1, 4, 4), "r": (1, 3), "b": [0]}, "four numbers"),
    Hostile("RoiAlign", [X4, ("r", F, 2), ("b", I, 1)], {"x": (1, 1, 4, 4), "r": (2, 4), "b": [0]}, "differ in size"),
    Hostile("MaxRoiPool", [X4, ("r", F, 2)], {"x": (1, 1, 4, 4), "r": [[7, 0, 0, 2, 2]]}, "index", status=OUT, pooled_shape=[1, 1]),
    Hostile("MaxRoiPool", [X4, ("r", F, 2)], {"x": (0, 1, 4, 4), "r": [[0, 0, 0, 2, 2]]}, "size 0", pooled_shape=[1, 1]),
    Hostile("NonMaxSuppression", [("b", F, 3), ("s", F, 3)], {"b": (1, 3, 4), "s": (1, 1, 4)}, "differ in number", opset=11),
    Hostile("NonMaxSuppression", [("b", F, 3), ("s", F, 3)], {"b": (1, 3, 3), "s": (1, 1, 3)}, "four numbers", opset=11),
    Hostile("GridSample", [X4, ("g", F, 4)], {"x": (1, 1, 0, 4), "g": (1, 2, 2, 2)}, "size 0"),
    Hostile("GridSample", [X4, ("g", F, 4)], {"x": (1, 1, 4, 4), "g": (1, 2, 2, 3)}, "tuples"),
    Hostile("GridSample", [X4, ("g", F, 4)], {"x": (1, 1, 4, 4), "g": (2, 2, 2, 2)}, "batch"),
    Hostile("Col2Im", [("x", F, 3), "i", "b"], {"x": (1, 4, 3)}, "block position",
            initializers=[constant("i", [4, 4]), constant("b", [2, 2])]),
    Hostile("DeformConv", [X4, ("w", F, 4), ("o", F, 4)], {"x": (1, 1, 3, 3), "w": (1, 1, 2, 2), "o": (1, 8, 2, 1)}, "does not fit"),
]

# What fits, but only just: such a run must be clean.
ODD = [
    Hostile("Slice", [("x", F, 2), ("s", I, 1), ("e", I, 1)], {"x": (3, 4), "s": [-2**63, 3], "e": [2**63 - 1, 99]}, None),
    Hostile("Slice", [("x", F, 1), ("s", I, 1), ("e", I, 1), "", ("t", I, 1)], {"x": (5,), "s": [99], "e": [-99], "t": [-2]}, None),
    Hostile("Slice", [("x", F, 1), ("s", I, 1), ("e", I, 1), "", ("t", I, 1)], {"x": (0,), "s": [3], "e": [-9], "t": [-2**63]}, None),
    Hostile("OneHot", [("i", I, 1), ("d", I, 1), ("v", F, 1)], {"i": [0, 3, -4, 99, -2**63], "d": [3], "v": [0, 1]}, None),
    Hostile("OneHot", [("i", I, 1), ("d", I, 1), ("v", F, 1)], {"i": [0], "d": [0], "v": [0, 1]}, None),
    Hostile("Gather", [("x", F, 2), ("i", I, 1)], {"x": (3, 4), "i": [-3, 2]}, None),
    Hostile("Gather", [("x", F, 2), ("i", I, 1)], {"x": (0, 4), "i": (0,)}, None),
    Hostile("GatherElements", [("x", F, 2), ("i", I, 2)], {"x": (0, 3), "i": (0, 2)}, None),
    Hostile("ScatterElements", [("x", F, 2), ("i", I, 2), ("u", F, 2)], {"x": (2, 0), "i": (1, 0), "u": (1, 0)}, None),
    Hostile("ScatterND", [("x", F, 2), ("i", I, 2), ("u", F, 2)], {"x": (2, 3), "i": (0, 1), "u": (0, 3)}, None),
    Hostile("Compress", [("x", F, 2), ("c", B, 1)], {"x": (2, 3), "c": (0,)}, None, axis=1),
    Hostile("TopK", [("x", F, 1), ("k", I, 1)], {"x": (3,), "k": [0]}, None, outputs=2),
    Hostile("Unique", [("x", F, 2)], {"x": [[np.nan, 1], [np.nan, 1], [0, np.nan]]}, None, outputs=4, axis=0),
    Hostile("Unique", [("x", F, 1)], {"x": (0,)}, None, outputs=4),
    Hostile("NonZero", [("x", F, 2)], {"x": (0, 3)}, None),
    Hostile("ArgMax", [("x", F, 2)], {"x": (3, 0)}, None, axis=1),
    Hostile("CumSum", [("x", F, 2), ("a", I, 0)], {"x": (3, 0), "a": 1}, None),
    Hostile("Softmax", [("x", F, 2)], {"x": (3, 0)}, None),
    Hostile("MatMul", [("x", F, 2), ("y", F, 2)], {"x": (3, 0), "y": (0, 5)}, None),
    Hostile("Conv", [X4, ("w", F, 4)], {"x": (0, 3, 5, 5), "w": (2, 3, 3, 3)}, None),
    Hostile("Conv", [X4, ("w", F, 4)], {"x": (1, 0, 5, 5), "w": (2, 0, 3, 3)}, None),
    Hostile("MaxPool", [X4], {"x": (1, 2, 3, 3)}, None, outputs=2, kernel_shape=[2, 2], pads=[1, 1, 1, 1], strides=[2, 2], ceil_mode=1),
    Hostile("Resize", [X4, "", ("s", F, 1)], {"x": (1, 1, 3, 3), "s": [1, 1, 2.5, 0.4]}, None, mode="cubic", antialias=1),
    Hostile("Resize", [X4, "", ("s", F, 1)], {"x": (1, 1, 3, 3), "s": [1, 1, 0, 1]}, None, mode="linear"),
    Hostile("RoiAlign", [X4, ("r", F, 2), ("b", I, 1)], {"x": (1, 1, 4, 4), "r": [[-99, np.nan, 99, np.inf]], "b": [0]}, None),
    Hostile("RoiAlign", [X4, ("r", F, 2), ("b", I, 1)], {"x": (0, 1, 4, 4), "r": (0, 4), "b": (0,)}, None),
    Hostile("GridSample", [X4, ("g", F, 4)], {"x": (1, 1, 2, 3), "g": [[[[np.nan, np.inf], [-1e30, 1e30]]]]}, None, mode="cubic",
            padding_mode="reflection"),
    Hostile("NonMaxSuppression", [("b", F, 3), ("s", F, 3), ("m", I, 1)], {"b": (1, 0, 4), "s": (1, 1, 0), "m": [3]}, None, opset=11),
    Hostile("Col2Im", [("x", F, 3), "i", "b"], {"x": (1, 4, 0)}, None, initializers=[constant("i", [1, 4]), constant("b", [2, 2])]),
    lstm({"lengths": [-5, 0, 99]}, None),
    lstm({"X": (0, 3, 4)}, None),
    lstm({"X": (2, 0, 4), "lengths": (0,), "h": (1, 0, 5), "c": (1, 0, 5)}, None, direction="reverse"),
    Hostile("Attention", [("q", F, 4), ("k", F, 4), ("v", F, 4)], {"q": (1, 2, 0, 4), "k": (1, 2, 0, 4), "v": (1, 2, 0, 4)}, None,
            opset=23),
    # tiles and vectors that sizes do not fill
    Hostile("MatMul", [("x", F, 2), ("y", F, 2)], {"x": (7, 5), "y": (5, 33)}, None),
    Hostile("MatMul", [("x", F, 3), ("y", F, 2)], {"x": (3, 1, 17), "y": (17, 1)}, None),
    Hostile("MatMul", [("x", F, 2), "w"], {"x": (13, 19)}, None, initializers=[constant("w", np.ones((19, 21)), np.float32)]),
    Hostile("Gemm", [("x", F, 2), ("y", F, 2), ("c", F, 1)], {"x": (9, 3), "y": (50, 3), "c": (50,)}, None, transB=1),
    Hostile("MatMulInteger", [("x", T.UINT8, 2), ("y", T.INT8, 2)], {"x": (5, 7), "y": (7, 19)}, None),
    Hostile("Conv", [X4, "w"], {"x": (2, 3, 7, 9)}, None, initializers=[constant("w", np.ones((5, 3, 3, 3)), np.float32)],
            pads=[1, 1, 1, 1], strides=[2, 1]),
    Hostile("Conv", [X4, "w"], {"x": (1, 17, 5, 3)}, None, initializers=[constant("w", np.ones((17, 1, 3, 3)), np.float32)],
            group=17, pads=[1, 1, 1, 1]),
    Hostile("Conv", [X4, "w"], {"x": (1, 6, 1, 11)}, None, initializers=[constant("w", np.ones((4, 3, 1, 5)), np.float32)],
            group=2, pads=[0, 2, 0, 2], dilations=[1, 2]),
    Hostile("ConvTranspose", [X4, "w"], {"x": (1, 3, 3, 5)}, None, initializers=[constant("w", np.ones((3, 5, 3, 3)), np.float32)],
            strides=[2, 3]),
    Hostile("AveragePool", [X4], {"x": (1, 19, 5, 7)}, None, kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    Hostile("Softmax", [("x", F, 2)], {"x": (3, 37)}, None),
    Hostile("LayerNormalization", [("x", F, 2), ("s", F, 1)], {"x": (5, 23), "s": (23,)}, None),
    Hostile("ReduceSum", [("x", F, 3), "a"], {"x": (3, 19, 5)}, None, initializers=[constant("a", [1])]),
    Hostile("Transpose", [X4], {"x": (2, 17, 3, 9)}, None, perm=[0, 2, 3, 1]),
    Hostile("Attention", [("q", F, 4), ("k", F, 4), ("v", F, 4)], {"q": (1, 2, 5, 7), "k": (1, 2, 19, 7), "v": (1, 2, 19, 3)}, None,
            opset=23, is_causal=1),
    Hostile("Erf", [("x", F, 1)], {"x": (31,)}, None),
]
