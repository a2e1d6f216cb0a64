# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Each message names node, operator and opset, the types that were found with their ranks, and what was expected."""
import subprocess

import adze
import onnx
import pytest
import small
from onnx import TensorProto as T
from small import h


def node(op, inputs, opset=17, domain="", weights=(), outputs=("y",), opsets=(), **attributes):
    """A model whose last node, "bad", is the one with something wrong. inputs: {name: shape or (shape, type)}."""
    infos = [small.tensor(name, *(value if isinstance(value, tuple) else (value,))) for name, value in inputs.items()]
    names = [*inputs, *(w.name for w in weights)]
    return small.model([h.make_node("Relu", ["fine"], ["unused"], name="good"),
                        h.make_node(op, names, list(outputs), name="bad", domain=domain, **attributes)],
                       [small.tensor("fine", [2]), *infos], [small.tensor(outputs[0], None)], list(weights), (("", opset), *opsets))


def ints(name, *values):
    return h.make_tensor(name, T.INT64, [len(values)], values)


def floats(name, *values):
    return h.make_tensor(name, T.FLOAT, [len(values)], values)


def branch(name, count):
    return h.make_graph([h.make_node("Identity", ["x"], [f"{name}{i}"]) for i in range(count)], name, [],
                        [small.tensor(f"{name}{i}", None) for i in range(count)])


X, WIDE = [2, 3], [1, 2, 8, 8]

#: (model, types of the bad node's inputs, message): what the lowering of a node says. The operator and opset are the model's own.
LOWERING = {
    "unknown operator": (node("Frobnicate", {"x": X}), "tensor<2x3xf32>", "the operator is not supported; expected"),
    "unknown domain": (node("Grumble", {"x": X}, domain="my.ops", opsets=[("my.ops", 3)]), "tensor<2x3xf32>",
                       "not supported: a domain other than ONNX's needs a function of this name"),
    "opset too old": (node("Round", {"x": X}, opset=10), "tensor<2x3xf32>", "supported from opset 11 on: onnx.version_converter"),
    "missing input": (node("Add", {"x": X}), "tensor<2x3xf32>", "input 1 is missing, expected a tensor"),
    "unknown rank": (node("Abs", {"x": None}), "tensor<*xf32>",
                     "input 0 is tensor<*xf32>, expected a tensor whose rank is known at compile time: give the model's inputs shapes"),
    "element type": (node("Exp", {"x": (X, T.INT32)}), "tensor<2x3xi32>", "input 0 has elements of type i32, expected one of f32, f16, f64, bf16"),
    "types differ": (node("Add", {"x": X, "z": (X, T.DOUBLE)}), "tensor<2x3xf32>, tensor<2x3xf64>",
                     "input 1 has elements of type f64, expected those of input 0, f32"),
    "no such data type": (node("Cast", {"x": X}, to=99), "tensor<2x3xf32>", "data type 99 is not supported, expected the number"),
    "cast to text": (node("Cast", {"x": X}, to=T.STRING), "tensor<2x3xf32>", "a cast from f32 to !core.string is not supported, expected numbers"),
    "axis out of range": (node("ReduceSum", {"x": X}, opset=11, axes=[2]), "tensor<2x3xf32>", "axis 2 is out of range for rank 2, expected -2 to 1"),
    "axis out of range of a free shape": (node("Softmax", {"x": ["n", "m"]}, axis=-3), "tensor<?x?xf32>",
                                          "axis -3 is out of range for rank 2, expected -2 to 1"),
    "axis named twice": (node("Squeeze", {"x": [1, 1]}, opset=11, axes=[1, -1]), "tensor<1x1xf32>", "axis -1 is named twice, expected each once"),
    "squeezed size": (node("Squeeze", {"x": X}, opset=11, axes=[0]), "tensor<2x3xf32>", "another size than 1: 2 and 1"),
    "flatten's axis": (node("Flatten", {"x": X}, axis=3), "tensor<2x3xf32>", "axis 3 is out of range for rank 2, expected -2 to 2"),
    "number of sizes unknown": (node("Reshape", {"x": X, "s": (["n"], T.INT64)}), "tensor<2x3xf32>, tensor<?xi64>",
                                "the shape is tensor<?xi64>, whose number of entries, the result's rank, is not known at compile time"),
    "two rests": (node("Reshape", {"x": X}, weights=[ints("s", -1, -1)]), "tensor<2x3xf32>, tensor<2xi64>", "the shape has -1 twice, expected"),
    "negative size": (node("Reshape", {"x": X}, weights=[ints("s", -5)]), "tensor<2x3xf32>, tensor<1xi64>", "the entry -5, expected a size, 0 or -1"),
    "other number of elements": (node("Reshape", {"x": X}, weights=[ints("s", 5)]), "tensor<2x3xf32>, tensor<1xi64>",
                                 "the input's number of elements is not that of the shape: 6 and 5"),
    "number of pads": (node("Pad", {"x": X}, opset=2, pads=[1, 1]), "tensor<2x3xf32>", "pads has 2 entries, expected 4"),
    "mode of a pad": (node("Pad", {"x": X}, opset=2, mode="mirror", pads=[1] * 4), "tensor<2x3xf32>", "mode is 'mirror', expected constant"),
    "attribute of another type: FLOAT": (node("Softmax", {"x": X}, axis=1.5), "tensor<2x3xf32>", "attribute 'axis' is of type FLOAT, expected INT"),
    "attribute of another type: INT": (node("Conv", {"x": WIDE, "w": [4, 2, 3, 3]}, strides=2), "tensor<1x2x8x8xf32>, tensor<4x2x3x3xf32>",
                                       "attribute 'strides' is of type INT, expected INTS"),
    "attribute of another type: STRING": (node("LeakyRelu", {"x": X}, alpha="small"), "tensor<2x3xf32>",
                                          "attribute 'alpha' is of type STRING, expected FLOAT"),
    "attribute of another type: INTS": (node("DepthToSpace", {"x": WIDE}, mode=[1], blocksize=1), "tensor<1x2x8x8xf32>",
                                        "attribute 'mode' is of type INTS, expected STRING"),
    "rank of a convolution": (node("Conv", {"x": X, "w": X}), "tensor<2x3xf32>, tensor<2x3xf32>", "input and filter have ranks 2 and 2, expected"),
    "channels": (node("Conv", {"x": WIDE, "w": [4, 3, 3, 3]}), "tensor<1x2x8x8xf32>, tensor<4x3x3x3xf32>", "2 and 3"),
    "inner sizes": (node("MatMul", {"x": X, "w": [4, 5]}), "tensor<2x3xf32>, tensor<4x5xf32>", "3 and 4"),
    "rank of Gemm": (node("Gemm", {"x": [2, 3, 4], "w": X}), "tensor<2x3x4xf32>, tensor<2x3xf32>", "operands have ranks 3 and 2, expected 2"),
    "ranks of Concat": (node("Concat", {"x": X, "z": [3]}, axis=0), "tensor<2x3xf32>, tensor<3xf32>", "tensor<2x3xf32> and tensor<3xf32>, expected the same"),
    "entries of a permutation": (node("Transpose", {"x": X}, perm=[0]), "tensor<2x3xf32>", "permutation has 1 entries, expected 2, the input's rank"),
    "permutation": (node("Transpose", {"x": X}, perm=[0, 2]), "tensor<2x3xf32>", "permutation has the entry 2, expected each of the 2 dimensions"),
    "broadcast": (node("Add", {"x": X, "z": [4]}), "tensor<2x3xf32>, tensor<4xf32>", "size 3 meets size 4, expected equal sizes or 1"),
    "type of indices": (node("Gather", {"x": X, "i": [2]}), "tensor<2x3xf32>, tensor<2xf32>", "f32, expected one of i32, i64"),
    "axis of Gather": (node("Gather", {"x": X, "i": ([2], T.INT64)}, axis=2), "tensor<2x3xf32>, tensor<2xi64>", "axis 2 is out of range for rank 2, expected"),
    "type of a condition": (node("Where", {"c": X, "x": X, "z": X}), "tensor<2x3xf32>, tensor<2x3xf32>, tensor<2x3xf32>", "f32, expected i1"),
    "rank of a recurrence": (node("LSTM", {"x": X, "w": [1, 8, 3], "r": [1, 8, 2]}, hidden_size=2), "tensor<2x3xf32>, tensor<1x8x3xf32>, tensor<1x8x2xf32>",
                             "X, W and R have ranks 2, 3 and 3, expected 3"),
    "unknown activation": (node("RNN", {"x": [5, 1, 3], "w": [1, 2, 3], "r": [1, 2, 2]}, hidden_size=2, activations=["Sine"]), "tensor<5x1x3xf32>",
                           "activation 'sine' is not supported, expected one of relu, tanh"),
    "dimensions of an equation": (node("Einsum", {"x": X}, equation="ijk->ik"), "tensor<2x3xf32>", "names 3 dimensions of an input of rank 2, expected"),
    "mode of Resize": (node("Resize", {"x": WIDE}, weights=[floats("roi"), floats("s", 1, 1, 2, 2)], mode="lanczos"), "tensor<1x2x8x8xf32>",
                       "mode 'lanczos' is not supported, expected nearest, linear or cubic"),
    "parts of Split": (node("Split", {"x": X}, opset=11, outputs=["y", "z", "v"], split=[1, 1]), "tensor<2x3xf32>", "split has 2 entries for 3 outputs, expected"),
    "Constant without a value": (node("Constant", {}), "", "has no attribute that gives its value, expected value"),
    "outputs of branches": (node("If", {"c": ([], T.BOOL), "x": X}, then_branch=branch("a", 1), else_branch=branch("b", 2)), "tensor<i1>",
                            "the branches have 1 and 2 outputs, expected as many"),
    "integers into GridSample": (node("GridSample", {"x": (WIDE, T.INT32), "g": [1, 4, 4, 2]}), "tensor<1x2x8x8xi32>, tensor<1x4x4x2xf32>", "expected floats"),
    "slope of PRelu": (node("PRelu", {"x": [3], "s": X}), "tensor<3xf32>, tensor<2x3xf32>", "the slope has rank 2, expected 1 or less, as x has"),
    "rank of a scale": (node("QuantizeLinear", {"x": X, "s": X}, opset=13), "tensor<2x3xf32>, tensor<2x3xf32>", "has rank 2, expected 0 or 1"),
}
LOWERING["outputs of branches"][0].graph.node[1].input.pop()


@pytest.mark.parametrize("case", LOWERING)
def test_what_a_node_says(case):
    made, types, message = LOWERING[case]
    with pytest.raises(adze.CompileError) as caught:
        adze.compile(made)
    (found,) = [d for d in caught.value.diagnostics if d.severity == "error"]
    bad = made.graph.node[-1]
    versions = {o.domain: o.version for o in made.opset_import}
    assert (found.node, found.op.split("::")[-1], found.opset) == ("bad", bad.op_type, versions[bad.domain])
    assert found.op == (f"{bad.domain}::{bad.op_type}" if bad.domain else bad.op_type)
    assert found.types.startswith(types) and bool(found.types) == bool(bad.input), found.types
    assert message.replace("'", "") in found.message.replace("'", ""), found.message  # MLIR quotes types


def changed(change, made=None):
    """A model that `change` has done something to: y = relu(a), a = abs(x)."""
    made = made or small.model([h.make_node("Abs", ["x"], ["a"], name="first"), h.make_node("Relu", ["a"], ["y"], name="bad")],
                               [small.tensor("x", X)], [small.tensor("y", X)])
    change(made)
    return made


def twice(made):
    attribute = h.make_attribute("axis", 1)
    made.graph.node[1].attribute.extend([attribute, attribute])


def external(made):
    weight = floats("w", 1, 2)
    weight.ClearField("float_data")
    weight.data_location = T.EXTERNAL
    weight.external_data.add(key="location", value="none.bin")
    made.graph.initializer.append(weight)


def call(made):
    made.functions.append(h.make_function("my", "Twice", ["v"], ["w"], [h.make_node("Add", ["v", "v"], ["w"])], [h.make_opsetid("", 17)]))
    made.opset_import.append(h.make_opsetid("my", 1))
    made.graph.node[1].CopyFrom(h.make_node("Twice", ["a", "a"], ["y"], name="bad", domain="my"))


#: (change, operator, opset, message): what the import says, which knows no types yet.
IMPORT = {
    "missing tensor": (lambda m: m.graph.node[1].input.__setitem__(0, "q"), "Relu", 17, "input 'q' of operator Relu is not defined, expected an input"),
    "cycle": (lambda m: m.graph.node[1].input.__setitem__(0, "y"), "Relu", 17, "the graph is not sorted or has a cycle"),
    "duplicate name": (lambda m: m.graph.node[1].output.__setitem__(0, "a"), "Relu", 17, "tensor 'a' is defined twice, expected each name once"),
    "domain without opset": (lambda m: setattr(m.graph.node[1], "domain", "my"), "my::Relu", None, "which the model does not import: expected an entry"),
    "attribute twice": (twice, "Relu", 17, "attribute 'axis' is given twice, expected once"),
    "attribute of a function outside of one": (lambda m: m.graph.node[1].attribute.append(onnx.AttributeProto(name="a", ref_attr_name="b", type=2)),
                                               "Relu", 17, "refers to attribute 'b' of a function, but stands in none"),
    "call with too many inputs": (call, "my::Twice", 1, "with 2 inputs and 1 outputs, it has 1 and 1"),
}


@pytest.mark.parametrize("case", IMPORT)
def test_what_the_import_says(case):
    change, op, opset, message = IMPORT[case]
    with pytest.raises(adze.InvalidGraph) as caught:
        adze.compile(changed(change))
    (found,) = caught.value.diagnostics
    assert (found.node, found.op, found.opset) == ("bad", op, opset) and message in found.message, found


@pytest.mark.parametrize("change, message", [
    (external, "node 'w': tensor 'w': external data"),
    (lambda m: setattr(m.opset_import[0], "version", 99), "node 'first' (Abs, opset 99): the model imports opset 99, supported are 1 to"),
    (lambda m: m.graph.output.append(small.tensor("none", X)), "node 'none': output 'none' is not defined"),
    (lambda m: m.graph.input[0].ClearField("type"), "node 'x': has no type"),
])
def test_what_is_said_of_the_model(tmp_path, change, message):
    path = small.save(changed(change), tmp_path)
    with pytest.raises(adze.CompileError) as caught:
        adze.compile(path)
    assert message in str(caught.value)


def test_dimensions_are_named():
    with pytest.raises(adze.CompileError, match="no input has a dimension named 'b', expected one of batch, width"):
        adze.compile(small.add(), dims={"b": 1})
    with pytest.raises(adze.CompileError, match="expected none: all sizes are fixed"):
        adze.compile(small.relu(X), dims={"b": 1})


@pytest.mark.parametrize("made", [small.unknown_nodes(), LOWERING["broadcast"][0], changed(IMPORT["cycle"][0])])
def test_the_command_line_says_the_same(adze_cli, tmp_path, made):
    path = small.save(made, tmp_path)
    with pytest.raises(adze.CompileError) as caught:
        adze.compile(path)
    done = subprocess.run([adze_cli, "check", path], capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr == f"{caught.value}\n"
