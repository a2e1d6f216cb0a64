# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A model's twin in half precision: weights, inputs, outputs and all values between them are float16 instead of float32."""
import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

#: Inputs that the standard wants in float32 whatever the data are.
FLOAT_INPUTS = {"Resize": (1, 2), "QuantizeLinear": (1,), "DequantizeLinear": (1,)}
LARGEST = float(np.finfo(np.float16).max)


def half_tensor(tensor):
    if tensor.data_type == TensorProto.FLOAT:
        values = np.clip(numpy_helper.to_array(tensor), -LARGEST, LARGEST).astype(np.float16)
        tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))


def half_type(value):
    if value.type.tensor_type.elem_type == TensorProto.FLOAT:
        value.type.tensor_type.elem_type = TensorProto.FLOAT16


def half_node(node):
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.TENSOR:
            half_tensor(attribute.t)
        elif attribute.type == onnx.AttributeProto.GRAPH:
            half_graph(attribute.g)
        elif attribute.name in ("to", "dtype") and attribute.i == TensorProto.FLOAT:
            attribute.i = TensorProto.FLOAT16


def half_graph(graph):
    kept = {node.input[i] for node in graph.node for i in FLOAT_INPUTS.get(node.op_type, ()) if i < len(node.input)}
    for tensor in graph.initializer:
        if tensor.name not in kept:
            half_tensor(tensor)
    for value in [*graph.input, *graph.output]:
        half_type(value)
    del graph.value_info[:]
    for node in graph.node:
        if not (node.op_type == "Constant" and node.output[0] in kept):
            half_node(node)


def half(model):
    """A copy of a ModelProto in half precision."""
    twin = onnx.ModelProto()
    twin.CopyFrom(model)
    half_graph(twin.graph)
    for function in twin.functions:
        for node in function.node:
            half_node(node)
    return twin
