# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How many multiplications and additions a model asks for: those of its contractions, as direct sums count them."""
from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from adze.bench._cases import Array
from adze.bench._shapes import Shapes, Unknown


def count(model: Any, feeds: Mapping[str, Array]) -> float | None:
    """Operations (a multiplication and an addition are two) of one run of an onnx.ModelProto on these inputs; None where the graph does
    not tell the shape of an operand, loops, or has operators that are not ONNX's."""
    import onnx.inliner

    shapes = Shapes(model.opset_import)
    for name, value in feeds.items():
        shapes.add_value(name, value)
    try:
        inlined = onnx.inliner.inline_local_functions(_without_weights(model, shapes)) if model.functions else model
        return _graph(inlined.graph, shapes)
    except Unknown:
        return None


def _without_weights(model: Any, shapes: Shapes) -> Any:
    """The same model without initializers, which are told to `shapes`."""
    import onnx

    light = onnx.ModelProto(ir_version=model.ir_version)
    light.opset_import.extend(model.opset_import)
    light.functions.extend(model.functions)
    light.graph.name = model.graph.name
    light.graph.node.extend(model.graph.node)
    light.graph.output.extend(model.graph.output)
    light.graph.input.extend(model.graph.input)
    for tensor in model.graph.initializer:
        shapes.add_tensor(tensor)
        light.graph.input.append(onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims)))
    return light


def _graph(graph: Any, shapes: Shapes) -> float:
    for tensor in graph.initializer:
        shapes.add_tensor(tensor)
    total = 0.0
    for node in graph.node:
        shapes.add_node(node)
        total += _node(node, shapes)
    return total


def _node(node: Any, shapes: Shapes) -> float:
    if node.domain not in ("", "ai.onnx"):
        raise Unknown
    if node.op_type == "If":
        return max(_graph(a.g, shapes.inner()) for a in node.attribute if a.name.endswith("_branch"))  # the one that costs more
    counter = _COUNTS.get(node.op_type)
    return counter(_Node(node, shapes)) if counter else 0.0


class _Node:
    """A node with the shapes of what it takes and gives."""

    def __init__(self, node: Any, shapes: Shapes):
        self.attributes = {a.name: a for a in node.attribute}
        self._node, self._shapes = node, shapes

    def input(self, i: int) -> list[int]:
        return self._shapes.shape(self._node.input[i])

    def output(self, i: int = 0) -> list[int]:
        return self._shapes.shape(self._node.output[i])

    def has_input(self, i: int) -> bool:
        return len(self._node.input) > i and self._node.input[i] != ""

    def number(self, name: str, default: int) -> int:
        found: int = self.attributes[name].i if name in self.attributes else default
        return found


def _matmul(node: _Node) -> int:
    return 2 * math.prod(node.output()) * node.input(0)[-1]


def _gemm(node: _Node) -> int:
    a = node.input(0)
    return 2 * math.prod(node.output()) * a[0 if node.number("transA", 0) else 1]



def _conv(weight: int) -> Callable[[_Node], int]:
    def count_conv(node: _Node) -> int:
        return 2 * math.prod(node.output()) * math.prod(node.input(weight)[1:])
    return count_conv


def _conv_transpose(node: _Node) -> int:
    return 2 * math.prod(node.input(0)) * math.prod(node.input(1)[1:])


def _recurrent(node: _Node) -> int:
    x, w, r = node.input(0), node.input(1), node.input(2)
    steps_and_batch = x[0] * x[1]
    return 2 * steps_and_batch * (math.prod(w) + math.prod(r))


def _einsum(node: _Node) -> int:
    equation = node.attributes["equation"].s.decode().replace(" ", "")
    terms = equation.split("->")[0].split(",")
    if "." in equation or len(terms) < 2:
        return 0 if len(terms) < 2 else _unknown()
    sizes = {letter: size for i, term in enumerate(terms) for letter, size in zip(term, node.input(i))}
    return len(terms) * math.prod(sizes.values())


def _attention(node: _Node) -> int:
    q, k, v = node.input(0), node.input(1), node.input(2)
    if len(q) == 4:
        batch, heads, rows, size = q
        columns, value_size = k[2], v[3]
    else:
        heads = node.number("q_num_heads", 1)
        batch, rows, size = q[0], q[1], q[2] // heads
        columns, value_size = k[1], v[2] // max(node.number("kv_num_heads", heads), 1)
    if node.has_input(4):
        columns += node.input(4)[2]
    return 2 * batch * heads * rows * columns * (size + value_size)


def _unknown() -> int:
    raise Unknown


_COUNTS: dict[str, Callable[[_Node], int]] = {
    "MatMul": _matmul, "MatMulInteger": _matmul, "QLinearMatMul": _matmul, "Gemm": _gemm,
    "Conv": _conv(1), "ConvInteger": _conv(1), "QLinearConv": _conv(3), "ConvTranspose": _conv_transpose, "DeformConv": _conv(1),
    "LSTM": _recurrent, "GRU": _recurrent, "RNN": _recurrent, "Einsum": _einsum, "Attention": _attention,
    "Loop": lambda node: _unknown(), "Scan": lambda node: _unknown(),
}
