# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Hostile things planted on purpose. Each planter takes a generator, a ModelProto, its external files and feeds; answers False where the
model has no place for it."""
import numpy as np
import onnx
from mutate_fields import INTEGERS, STRINGS
from onnx import AttributeProto, TensorProto, helper, numpy_helper

OPERATORS = sorted({s.name for s in onnx.defs.get_all_schemas() if s.domain == ""})
SIZES = [0, -1, -2, 1, 2, 5, 2**31, 2**32 + 1, 2**40, 2**62, 2**63 - 1, -2**63]


def graphs(graph):
    """A graph and all inside it."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from graphs(attribute.g)
            for inner in attribute.graphs:
                yield from graphs(inner)


def nodes(model):
    return [n for g in graphs(model.graph) for n in g.node] + [n for f in model.functions for n in f.node]


def tensors(model):
    found = [t for g in graphs(model.graph) for t in g.initializer]
    return found + [a.t for n in nodes(model) for a in n.attribute if a.type == AttributeProto.TENSOR]


def external_lies(rng, model, files, feeds):
    """Locations that lead elsewhere; offsets and lengths outside of the file, negative, or no numbers."""
    candidates = tensors(model)
    if not candidates:
        return False
    tensor = rng.choice(candidates)
    if not files:
        files["weights.bin"] = bytes(range(256)) * 16
    place = {e.key: e.value for e in tensor.external_data} or {"location": "weights.bin", "offset": "0"}
    lies = {"location": ["../weights.bin", "/etc/passwd", "/proc/self/mem", "/dev/zero", ".", "", "sub/../weights.bin", "weights.bin\0x", "n" * 5000,
                         "/".join(["a"] * 3000), "link", "fifo", "model.onnx", "nothing.bin", "//weights.bin", "~"],
            "offset": ["-1", "1", "4095", str(2**63), str(2**64), "1e3", "0x10", " 8", "", "9" * 100, "4294967296"],
            "length": ["-1", "0", "1", str(2**62), str(2**64), "nan", "9" * 100, ""]}
    for key in rng.sample(sorted(lies), rng.choice([1, 1, 2])):
        place[key] = rng.choice(lies[key])
    del tensor.external_data[:]
    for key, text in place.items():
        tensor.external_data.add(key=key, value=text)
    tensor.data_location = TensorProto.EXTERNAL
    if rng.random() < 0.7:
        tensor.ClearField("raw_data")


def weight_sizes(rng, model, files, feeds):
    candidates = tensors(model)
    if not candidates:
        return False
    tensor = rng.choice(candidates)
    how = rng.randrange(4)
    if how == 0 and tensor.dims:
        tensor.dims[rng.randrange(len(tensor.dims))] = rng.choice(SIZES)
    elif how == 1:
        tensor.dims.append(rng.choice(SIZES))
    elif how == 2:
        del tensor.dims[:]
        tensor.dims.extend([rng.choice([1, 2**16, 2**33])] * rng.choice([0, 4, 33, 3000]))
    else:
        tensor.data_type = rng.randrange(0, 28)


def weight_values(rng, model, files, feeds):
    """Sizes, axes and indices as weights hold them, out of range."""
    found = [t for t in tensors(model) if t.data_type in (TensorProto.INT64, TensorProto.INT32) and not t.external_data]
    if not found:
        return False
    tensor = rng.choice(found)
    try:
        array = np.array(numpy_helper.to_array(tensor))
    except Exception:  # an earlier planter was here
        return False
    if array.size == 0:
        return False
    limit = np.iinfo(array.dtype)
    for _ in range(rng.choice([1, 1, array.size])):
        array.flat[rng.randrange(array.size)] = np.clip(rng.choice(INTEGERS), limit.min, limit.max)
    tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def freeze(rng, model, files, feeds):
    """Inputs become weights, some with hostile values: what is constant takes other ways through the compiler."""
    given = dict(feeds[0]) if feeds else {}
    chosen = [v for v in model.graph.input if isinstance(given.get(v.name), np.ndarray) and given[v.name].dtype.kind in "fiub"]
    chosen = [v for v in chosen if rng.random() < 0.7]
    for v in chosen:
        model.graph.input.remove(v)
        model.graph.initializer.append(numpy_helper.from_array(given[v.name], v.name))
    if chosen and rng.random() < 0.7:
        weight_values(rng, model, files, feeds)
    return bool(chosen)


def attribute_values(rng, model, files, feeds):
    """Axes, permutations, pads, groups and the like, out of range."""
    found = [a for n in nodes(model) for a in n.attribute if a.type in (AttributeProto.INT, AttributeProto.INTS)]
    if not found:
        return False
    a = rng.choice(found)
    if a.type == AttributeProto.INT:
        a.i = rng.choice(INTEGERS)
    elif a.ints and rng.random() < 0.7:
        a.ints[rng.randrange(len(a.ints))] = rng.choice(INTEGERS)
    elif rng.random() < 0.5:
        a.ints.append(rng.choice(INTEGERS))
    else:
        del a.ints[rng.randrange(len(a.ints) + 1):]


def attributes_of_others(rng, model, files, feeds):
    """Attributes that the operator has by the standard, or none, of any type."""
    node = rng.choice(nodes(model) or [None])
    if node is None:
        return False
    known = onnx.defs.get_schema(node.op_type).attributes if node.op_type in OPERATORS and node.domain == "" else {}
    name = rng.choice(sorted(known) or ["axis"])
    del node.attribute[:]
    kind = rng.choice([AttributeProto.INT, AttributeProto.INTS, AttributeProto.FLOAT, AttributeProto.STRING, AttributeProto.FLOATS])
    if name in known and rng.random() < 0.8:
        kind = known[name].type.value
    made = {AttributeProto.INT: lambda: rng.choice(INTEGERS), AttributeProto.FLOAT: lambda: rng.choice([0.0, -1.0, float("nan"), 1e30]),
            AttributeProto.INTS: lambda: [rng.choice(INTEGERS) for _ in range(rng.choice([0, 1, 2, 4, 40]))],
            AttributeProto.FLOATS: lambda: [1.0, float("inf")], AttributeProto.STRING: lambda: rng.choice(STRINGS)}.get(kind)
    if made is None:
        return False
    node.attribute.append(helper.make_attribute(name, made(), attr_type=kind))


def other_operator(rng, model, files, feeds):
    node = rng.choice(nodes(model) or [None])
    if node is None:
        return False
    node.op_type = rng.choice(OPERATORS)
    node.domain = ""


def wiring(rng, model, files, feeds):
    """Operands swapped, dropped, added, read before they are made; results of one name; cycles."""
    graph = rng.choice(list(graphs(model.graph)))
    if not graph.node:
        return False
    node = rng.choice(graph.node)
    names = [o for n in graph.node for o in n.output] + [i.name for i in graph.input] + [t.name for t in graph.initializer] + [""]
    how = rng.randrange(6)
    if how == 0 and node.input:
        node.input[rng.randrange(len(node.input))] = rng.choice(names)
    elif how == 1:
        node.input.extend([rng.choice(names)] * rng.choice([1, 2, 300]))
    elif how == 2:
        del node.input[rng.randrange(len(node.input) + 1):]
    elif how == 3 and node.input and node.output:
        node.input[rng.randrange(len(node.input))] = rng.choice(list(node.output))
    elif how == 4:
        node.output.append(rng.choice(names))
    else:
        graph.output.add(name=rng.choice(names)).type.tensor_type.elem_type = 1


def input_types(rng, model, files, feeds):
    """Types and shapes of inputs that the nodes do not expect."""
    graph = rng.choice(list(graphs(model.graph)))
    found = [v for v in [*graph.input, *graph.output] if v.type.HasField("tensor_type")]
    if not found:
        return False
    tensor = rng.choice(found).type.tensor_type
    dims = tensor.shape.dim
    how = rng.randrange(5)
    if how == 0:
        tensor.elem_type = rng.randrange(0, 28)
    elif how == 1 and dims:
        dims[rng.randrange(len(dims))].dim_value = rng.choice(SIZES)
    elif how == 2 and dims:
        dims[rng.randrange(len(dims))].dim_param = rng.choice(["n", "b", "", "?", "-1", "n" * 1000, "\0", "a+b", "(n"])
    elif how == 3:
        dims.add().dim_value = rng.choice(SIZES)
        if rng.random() < 0.3:
            for _ in range(rng.choice([30, 33, 200])):
                dims.add().dim_value = 1
    else:
        del dims[rng.randrange(len(dims) + 1):]


def all_of_a_type(rng, model, files, feeds):
    """All inputs of one type become inputs of another, as of a model made for that."""
    found = [v.type.tensor_type for v in model.graph.input if v.type.HasField("tensor_type")]
    if not found:
        return False
    old, new = rng.choice(found).elem_type, rng.randrange(1, 28)
    for tensor in found:
        if tensor.elem_type == old:
            tensor.elem_type = new


def opset(rng, model, files, feeds):
    versions = [0, -1, 1, 5, 6, 7, 9, 11, 12, 13, 17, 18, 25, 30, 9000, 2**31, 2**63 - 1, -2**63]
    if model.opset_import and rng.random() < 0.8:
        rng.choice(model.opset_import).version = rng.choice(versions)
    else:
        model.opset_import.add(domain=rng.choice(["", "ai.onnx", "f", "\0"]), version=rng.choice(versions))


def recursion(rng, model, files, feeds):
    """Functions that call themselves, each other, or twice a level down to a bomb."""
    levels = rng.choice([1, 2, 30])
    for i in range(levels):
        last = i + 1 == levels
        callee = ("f0" if rng.random() < 0.5 else "Relu") if last else f"f{i + 1}"
        domain = "bomb" if callee.startswith("f") else ""
        body = [helper.make_node(callee, ["a"], ["t"], domain=domain), helper.make_node(callee, ["t"], ["b"], domain=domain)]
        model.functions.append(helper.make_function("bomb", f"f{i}", ["a"], ["b"], body,
                                                    [helper.make_opsetid("", 17), helper.make_opsetid("bomb", 1)]))
    model.opset_import.add(domain="bomb", version=1)
    if not model.graph.input:
        return False
    model.graph.node.append(helper.make_node("f0", [model.graph.input[0].name], ["bomb.y"], domain="bomb"))
    model.graph.output.append(helper.make_tensor_value_info("bomb.y", 1, None))


def names(rng, model, files, feeds):
    """One name everywhere replaced by one that hurts as a file's name, in text or as a symbol."""
    found = sorted({x for n in nodes(model) for x in [*n.input, *n.output] if x})
    if not found:
        return False
    old, new = rng.choice(found), rng.choice(STRINGS)
    for graph in graphs(model.graph):
        for v in [*graph.input, *graph.output, *graph.initializer]:
            if v.name == old:
                v.name = new
        for node in graph.node:
            for values in (node.input, node.output):
                for i, x in enumerate(values):
                    if x == old:
                        values[i] = new
            if rng.random() < 0.3:
                node.name = rng.choice(STRINGS)


ALL = [external_lies, weight_sizes, weight_values, freeze, attribute_values, attribute_values, attributes_of_others, other_operator,
       other_operator, wiring, wiring, input_types, input_types, all_of_a_type, opset, recursion, names]


def mutate(rng, model, files, feeds):
    """Plants one or more; answers their names."""
    done = []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        for _ in range(20):
            planter = rng.choice(ALL)
            if planter(rng, model, files, feeds) is not False:
                done.append(planter.__name__)
                break
    return "+".join(done) or "nothing"
