# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The cases of ONNX's own backend test suite, in the two forms that are run: input dimensions as the case has them, and
every input dimension symbolic. Nothing of a declared output shape or intermediate type is left in either."""
import glob
import os
import pickle
import re
import warnings
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import numpy_helper

KINDS = ("node", "simple", "pytorch-converted", "pytorch-operator", "real")
EXPECTED = 2033  # of the pinned onnx


@dataclass
class Case:
    name: str
    kind: str
    group: str  # the operator, or the kind where a case is a graph of many
    rtol: float
    atol: float
    models: dict = field(default_factory=dict)  # "known" and "unknown": bytes
    data_sets: list = field(default_factory=list)  # ({input name: value}, [(output name, value)])


def to_value(item):
    """A value as the backend takes and gives it: array, list of values (sequence) or None (empty optional)."""
    if item is None:
        return None
    if isinstance(item, (list, tuple)):
        return [to_value(v) for v in item]
    if isinstance(item, onnx.TensorProto):
        item = numpy_helper.to_array(item)
    array = np.asarray(item)
    if array.dtype.kind in "SU":
        array = array.astype(object)
    if array.dtype == object:
        decode = np.vectorize(lambda s: s.decode() if isinstance(s, bytes) else s, otypes=[object])
        array = decode(array) if array.size else array
    return array


def load_value(path, value_type):
    """The value in a data file, which holds a message of the kind that the graph declares."""
    with open(path, "rb") as f:
        data = f.read()
    kind = value_type.WhichOneof("value")
    if kind == "sequence_type":
        return to_value(numpy_helper.to_list(onnx.SequenceProto.FromString(data)))
    if kind == "optional_type":
        return to_value(numpy_helper.to_optional(onnx.OptionalProto.FromString(data)))
    return to_value(onnx.TensorProto.FromString(data))


def tensor_types(value_type):
    """The tensor types inside a type: itself, or those of a sequence or an optional."""
    kind = value_type.WhichOneof("value")
    if kind == "tensor_type":
        yield value_type.tensor_type
    elif kind in ("sequence_type", "optional_type"):
        yield from tensor_types(getattr(value_type, kind).elem_type)


def strip_results(model):
    """Removes declared shapes of outputs and the types of all values between."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    del model.graph.value_info[:]
    for output in model.graph.output:
        for tensor in tensor_types(output.type):
            tensor.ClearField("shape")
    return model


def free_inputs(model):
    """The model with a fresh symbol for each dimension of each input that the caller gives."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    constants = {i.name for i in model.graph.initializer}
    for i, graph_input in enumerate(model.graph.input):
        if graph_input.name in constants:
            continue
        for tensor in tensor_types(graph_input.type):
            for d, dim in enumerate(tensor.shape.dim):
                dim.Clear()
                dim.dim_param = f"unk_{i}_{d}"
    return model


def given_inputs(model):
    constants = {i.name for i in model.graph.initializer}
    return [i for i in model.graph.input if i.name not in constants]


def data_sets_from(folder, model):
    for data in sorted(glob.glob(os.path.join(folder, "test_data_set_*"))):
        inputs = [load_value(os.path.join(data, f"input_{i}.pb"), v.type)
                  for i, v in enumerate(given_inputs(model)) if os.path.exists(os.path.join(data, f"input_{i}.pb"))]
        outputs = [load_value(os.path.join(data, f"output_{i}.pb"), v.type)
                   for i, v in enumerate(model.graph.output) if os.path.exists(os.path.join(data, f"output_{i}.pb"))]
        yield inputs, outputs


def light_data_set(path, model):
    """The data of a light real model: a ramp as input, outputs from the file beside the model (as onnx's runner has it)."""
    inputs = []
    for value in given_inputs(model):
        shape = [d.dim_value or 1 for d in value.type.tensor_type.shape.dim]
        count = int(np.prod(shape))
        inputs.append((np.arange(count).reshape(shape) / count).astype(np.float32))
    outputs = [load_value(f"{os.path.splitext(path)[0]}_output_{i}.pb", v.type)
               for i, v in enumerate(model.graph.output)]
    return inputs, outputs


def group_of(name, kind, model):
    """Operator that a node case is about: that of its only node, or the case of which it is the expanded form."""
    if kind != "node":
        return kind
    domain = model.graph.node[0].domain if model.graph.node else ""
    if len(model.graph.node) == 1:
        return (domain + "." if domain else "") + model.graph.node[0].op_type
    return ""


def convert(test, onnx_root):
    if test.kind == "node":
        model, sets = test.model, test.data_sets
    elif test.model_dir:
        model = onnx.load(os.path.join(test.model_dir, "model.onnx"))
        sets = list(data_sets_from(test.model_dir, model))
    else:
        path = os.path.join(os.path.dirname(onnx_root), test.url)
        model = onnx.load(path)
        sets = [light_data_set(path, model)]
    case = Case(test.name, test.kind, group_of(test.name, test.kind, model), test.rtol, test.atol)
    if "densenet" in test.name:
        case.rtol = 2e-3
    known = strip_results(model)
    case.models = {"known": known.SerializeToString(), "unknown": free_inputs(known).SerializeToString()}
    names = [i.name for i in given_inputs(model)]
    for inputs, outputs in sets:
        feeds = dict(zip(names, map(to_value, inputs)))
        results = list(zip((o.name for o in model.graph.output), map(to_value, outputs)))
        case.data_sets.append((feeds, results))
    return case


def collect():
    """All cases; takes some seconds."""
    from onnx.backend.test.loader import load_model_tests
    warnings.simplefilter("ignore")
    cases = [convert(test, os.path.dirname(onnx.__file__)) for kind in KINDS for test in load_model_tests(kind=kind)]
    by_name = {case.name: case for case in cases}
    for case in cases:  # expanded forms belong to the operator that they expand
        if not case.group:
            plain = by_name.get(re.sub(r"_expanded(_ver\d+)?$", "", case.name))
            case.group = (plain.group if plain and plain.group else "") or "several operators"
    return cases


def cache(folder):
    """Writes the cases to `folder`, once; answers {name: (kind, group)} in a fixed order."""
    folder = os.path.join(folder, onnx.__version__)
    index = os.path.join(folder, "index.pkl")
    newest = os.path.getmtime(os.path.abspath(__file__))
    if not os.path.exists(index) or os.path.getmtime(index) < newest:
        os.makedirs(folder, exist_ok=True)
        cases = collect()
        assert len(cases) == EXPECTED and len({c.name for c in cases}) == EXPECTED, f"{len(cases)} cases"
        for case in cases:
            with open(os.path.join(folder, case.name + ".pkl"), "wb") as f:
                pickle.dump(case, f)
        with open(index + ".new", "wb") as f:
            pickle.dump({case.name: (case.kind, case.group) for case in cases}, f)
        os.replace(index + ".new", index)
    with open(index, "rb") as f:
        return folder, pickle.load(f)


def load(folder, name):
    with open(os.path.join(folder, name + ".pkl"), "rb") as f:
        return pickle.load(f)
