# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Quantised models in pieces: what lies between one quantisation and the next is what a compiler makes one integer kernel of. Each
piece becomes a model of its own; ONNX Runtime's run of the whole model gives its inputs, and the results to compare with."""
import collections
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

QUANTISERS = {"QuantizeLinear", "DynamicQuantizeLinear"}
INTEGER_CONTRACTIONS = {"ConvInteger", "MatMulInteger"}
FLOAT_CONTRACTIONS = {"Conv", "MatMul", "Gemm"}


@dataclass
class Piece:
    """Some nodes of a model, and the names of the tensors that go in and come out."""
    nodes: list
    inputs: list
    outputs: list

    @property
    def name(self):
        return self.nodes[-1].name or self.outputs[0]

    def contractions(self):
        """How many products with weights are of quantised numbers, and how many are not."""
        dequantised = {name for node in self.nodes if node.op_type == "DequantizeLinear" for name in node.output}
        integer = rest = 0
        for node in self.nodes:
            is_integer = node.op_type in INTEGER_CONTRACTIONS or set(node.input[:2]) <= dequantised
            if node.op_type in INTEGER_CONTRACTIONS | FLOAT_CONTRACTIONS:
                integer, rest = integer + is_integer, rest + (not is_integer)
        return integer, rest


class Cutter:
    """Cuts a model at its quantised tensors."""

    def __init__(self, model):
        self.opsets, self.ir_version, self.graph = model.opset_import, model.ir_version, model.graph
        inferred = onnx.shape_inference.infer_shapes(model).graph
        self.infos = {info.name: info for info in [*inferred.value_info, *inferred.input, *inferred.output]}
        self.constants = {tensor.name: tensor for tensor in self.graph.initializer}
        self.readers = collections.defaultdict(list)
        for node in self.graph.node:
            for name in node.input:
                self.readers[name].append(node)

    def pieces(self):
        """A piece for each quantisation and each output of the model. Where a kernel may quantise in its middle, because only a sum reads
        those numbers, there is a piece for the whole of it too."""
        ends = [node for node in self.graph.node if node.op_type in QUANTISERS]
        outputs = {output.name for output in self.graph.output}
        ends += [node for node in self.graph.node if outputs & set(node.output)]
        found = {}
        for end in ends:
            for is_whole in (False, True):
                piece = self.piece(end, is_whole)
                found.setdefault((piece.name, *piece.inputs), piece)
        return list(found.values())

    def piece(self, end, is_whole):
        nodes = {end.output[0]: end}  # by first output, from the end to the begin
        for node in reversed(self.graph.node):
            readers = [reader for name in node.output for reader in self.readers[name]]
            inside = [reader for reader in readers if reader.output[0] in nodes]
            if inside and not self.is_border(node, len(inside) < len(readers), end, is_whole):
                nodes[node.output[0]] = node
        inside = {name for node in nodes.values() for name in node.output}
        inputs = {name for node in nodes.values() for name in node.input} - inside - set(self.constants) - {""}
        return Piece(list(reversed(nodes.values())), sorted(inputs), list(end.output))

    def is_border(self, node, is_shared, end, is_whole):
        """True for nodes whose results are in memory before a kernel of the piece begins: quantised numbers, and numbers that others read
        too. Dequantised ones and sizes are computed again."""
        if node.op_type in QUANTISERS:
            readers = self.readers[node.output[0]]
            return not (is_whole and len(readers) == 1 and self.is_summand(readers[0]))
        is_number = self.infos[node.output[0]].type.tensor_type.elem_type in (TensorProto.FLOAT, TensorProto.BOOL)
        return is_shared and is_number and node.op_type != "DequantizeLinear" and node.output[0] != end.input[0]

    def is_summand(self, reader):
        return reader.op_type == "DequantizeLinear" and all(r.op_type == "Add" for r in self.readers[reader.output[0]])

    def step(self, piece):
        """How many steps of its last quantisation are one step of those in its middle, or of itself: the most."""
        scales = [onnx.numpy_helper.to_array(self.constants[node.input[1]]).max() for node in piece.nodes
                  if node.op_type == "QuantizeLinear"]
        return max(1, *np.ceil(scales / scales[-1])) if scales else 1

    def model(self, piece):
        """The piece as a model."""
        used = {name for node in piece.nodes for name in node.input}
        outputs = [onnx.ValueInfoProto(name=name, type=self.infos[name].type) for name in piece.outputs]
        graph = helper.make_graph(piece.nodes, piece.name, [self.infos[name] for name in piece.inputs], outputs,
                                  [tensor for name, tensor in self.constants.items() if name in used])
        return helper.make_model(graph, opset_imports=self.opsets, ir_version=self.ir_version)


def record(path, feeds, names):
    """What ONNX Runtime computes for tensors inside of a model, {name: array}. Without optimisations it does what the standard says of each
    operator by itself."""
    model = onnx.load(path)
    model.graph.output.extend(onnx.ValueInfoProto(name=name)
                              for name in sorted(set(names) - set(feeds) - {info.name for info in model.graph.output}))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    outputs = sorted(set(names) - set(feeds))
    return {**feeds, **dict(zip(outputs, session.run(outputs, feeds)))}
