# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Each operator with each element type: a case of ONNX's where all inputs of one of the operator's type variables have another type."""
import random

import bases
import mutants
import numpy as np
import onnx
from bases import F, h, ramp, value
from onnx import TensorProto, defs, numpy_helper

TYPES = sorted(set(TensorProto.DataType.values()) - {TensorProto.UNDEFINED})


def own(node, *inputs):
    """A base of one node; its inputs are given by their values."""
    graph = h.make_graph([node], "g", [value(t.name, t.dims) for t in inputs], [value(name, None) for name in node.output])
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 21)], ir_version=10)
    return bases.Base(node.op_type, model.SerializeToString(), feeds=[{t.name: numpy_helper.to_array(t) for t in inputs}])


#: Operators that ONNX has no cases of.
OWN = {"GlobalLpPool": lambda: own(h.make_node("GlobalLpPool", ["x"], ["y"], p=2), ramp("x", (1, 2, 3, 4))),
       "MaxRoiPool": lambda: own(h.make_node("MaxRoiPool", ["x", "rois"], ["y"], pooled_shape=[2, 2]), ramp("x", (1, 2, 4, 4)),
                                 ramp("rois", (1, 5)))}


def base_of(all_bases, rng, operator):
    """One of the operator's cases, as a model of one node."""
    if operator in OWN:
        return OWN[operator]()
    names = [name for name in all_bases.groups[operator] if "_expanded" not in name]
    return bases.from_case(all_bases.folder, rng.choice(names), rng.choice(["known", "unknown"]))


def operators(all_bases):
    """Those with a base. (Groups of graphs have no capital at the beginning of a name.)"""
    return sorted({group for group in all_bases.groups if group.split(".")[-1][0].isupper()} | set(OWN))


def variables(model):
    """Names of values that are inputs of the model's node, by what the standard calls their type."""
    node, = model.graph.node
    opset, = (o.version for o in model.opset_import if o.domain == node.domain)
    formals = defs.get_schema(node.op_type, opset, node.domain).inputs
    found = {}
    for i, name in enumerate(node.input):
        if name:
            found.setdefault(formals[min(i, len(formals) - 1)].type_str, []).append(name)
    return found


def converted(given, number):
    """The value with elements of this type."""
    if given is None or isinstance(given, list):
        return given and [converted(v, number) for v in given]
    if number == TensorProto.STRING:
        return np.array([str(v) for v in given.flat], object).reshape(given.shape)
    try:
        return given.astype(h.tensor_dtype_to_np_dtype(number))
    except (TypeError, ValueError):  # from strings
        return np.zeros(given.shape, h.tensor_dtype_to_np_dtype(number))


def retype(model, feeds, names, number):
    """Gives inputs of the model and their values another type."""
    for graph_input in model.graph.input:
        if graph_input.name in names:
            for tensor in bases.cases.tensor_types(graph_input.type):
                tensor.elem_type = number
    for name in names & feeds.keys():
        feeds[name] = converted(feeds[name], number)


def fix(model, feeds):
    """Makes constants of all inputs but the node's first."""
    for name in list(feeds):
        if name != model.graph.node[0].input[0] and isinstance(feeds[name], np.ndarray):
            model.graph.initializer.append(numpy_helper.from_array(feeds.pop(name), name))
            model.graph.input.remove(next(i for i in model.graph.input if i.name == name))


class Sweep:
    """All mutants of a seed, which chooses each operator's case."""

    def __init__(self, all_bases, seed):
        self.seed, self.bases, self.mutants = seed, {}, []
        for operator in operators(all_bases):
            base = self.bases[operator] = base_of(all_bases, random.Random(f"{operator} {seed}"), operator)
            of_node = variables(onnx.ModelProto.FromString(base.model))
            self.mutants += [(operator, variable, set(names), number) for variable, names in sorted(of_node.items()) for number in TYPES]

    def mutant(self, index):
        operator, variable, names, number = self.mutants[index]
        rng, base = random.Random(f"types {self.seed} {index}"), self.bases[operator]
        model = onnx.ModelProto.FromString(base.model)
        feeds = dict(base.feeds[0]) if base.feeds else {}
        retype(model, feeds, names, number)
        if rng.random() < 0.5:
            fix(model, feeds)
        for output in model.graph.output:
            output.ClearField("type")
        what = f"{base.name}: {variable} is {TensorProto.DataType.Name(number).lower()}"
        return mutants.Mutant(what, model.SerializeToString(), {}, [feeds], rng.randrange(2**32))
