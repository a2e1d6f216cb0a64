# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Shapes of all values of a graph whose inputs are known, node by node: also those that the graph computes."""
from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from adze.bench._cases import Array

#: What computes shapes is small; larger values are not computed.
_MOST_ELEMENTS = 4096


class Unknown(Exception):
    """A shape that the graph does not tell."""


class Shapes:
    """Types of values, and the small values themselves."""

    def __init__(self, opsets: Iterable[Any]):
        self._opsets = list(opsets)
        self._types: dict[str, Any] = {}  # onnx.TypeProto
        self._values: dict[str, Array] = {}

    def inner(self) -> Shapes:
        """The same, to which the values of a subgraph can be added."""
        made = Shapes(self._opsets)
        made._types, made._values = dict(self._types), dict(self._values)
        return made

    def shape(self, name: str) -> list[int]:
        """Raises Unknown."""
        dims = self._types[name].tensor_type.shape.dim if name in self._types and self._types[name].tensor_type.HasField("shape") else None
        if dims is None or not all(d.HasField("dim_value") for d in dims):
            raise Unknown
        return [d.dim_value for d in dims]

    def add_value(self, name: str, value: Array) -> None:
        import onnx

        self._types[name] = onnx.helper.make_tensor_type_proto(onnx.helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        if value.size <= _MOST_ELEMENTS:
            self._values[name] = value

    def add_tensor(self, tensor: Any) -> None:
        """An onnx.TensorProto."""
        import onnx

        self._types[tensor.name] = onnx.helper.make_tensor_type_proto(tensor.data_type, list(tensor.dims))
        external = tensor.data_location == onnx.TensorProto.EXTERNAL
        if not external and math.prod(tensor.dims) <= _MOST_ELEMENTS:
            try:
                self._values[tensor.name] = onnx.numpy_helper.to_array(tensor)
            except Exception:  # data of another size than it says: its shape is known all the same
                pass

    def add_node(self, node: Any) -> None:
        """What a node gives, as far as it can be known."""
        self._infer(node)
        if node.op_type == "Shape":
            self._add_shape_of(node)
        elif not any(a.HasField("g") for a in node.attribute) and all(i in self._values for i in node.input if i) \
                and not node.op_type.startswith(("Random", "Bernoulli", "Multinomial")):
            self._evaluate(node)

    def _infer(self, node: Any) -> None:
        import onnx

        domain = "" if node.domain == "ai.onnx" else node.domain
        try:
            version = next(o.version for o in self._opsets if o.domain in (domain, node.domain))
            schema = onnx.defs.get_schema(node.op_type, version, domain)
            types = {i: self._types[i] for i in node.input if i in self._types}
            values = {i: onnx.numpy_helper.from_array(self._values[i], i) for i in node.input if i in self._values}
            self._types.update(onnx.shape_inference.infer_node_outputs(schema, node, types, values, None, self._opsets))
        except Exception:  # whatever a model does to the inference: then nothing is known
            pass

    def _add_shape_of(self, node: Any) -> None:
        try:
            shape = self.shape(node.input[0])
        except Unknown:
            return
        ends = {a.name: a.i for a in node.attribute}
        self.add_value(node.output[0], np.array(shape[slice(ends.get("start"), ends.get("end"))], np.int64))

    def _evaluate(self, node: Any) -> None:
        """Computes a node whose inputs are all known, where its outputs are small."""
        import onnx
        import onnx.reference

        try:
            if any(math.prod(self.shape(o)) > _MOST_ELEMENTS for o in node.output if o):
                return
        except Unknown:
            return
        any_type = [onnx.helper.make_tensor_value_info(n, onnx.TensorProto.UNDEFINED, None) for n in (*node.input, *node.output)]
        inputs, outputs = any_type[:len(node.input)], any_type[len(node.input):]
        model = onnx.helper.make_model(onnx.helper.make_graph([node], "node", inputs, outputs), opset_imports=self._opsets)
        try:
            found = onnx.reference.ReferenceEvaluator(model).run(None, {i: self._values[i] for i in node.input if i})
        except Exception:  # the same
            return
        for name, value in zip(node.output, found):
            if isinstance(value, (np.ndarray, np.generic)):
                self.add_value(name, np.asarray(value))
