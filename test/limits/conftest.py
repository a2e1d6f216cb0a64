# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What these tests share: the helpers beside the package's tests, and a model that takes a while to compile and to write."""
import os
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

sys.path[:0] = [os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "python")]


def chain(layers, width):
    """y = sin(... sin(x w0) ...): weights of layers * width * width floats, one kernel and more a layer."""
    nodes, weights, name = [], [], "x"
    for i in range(layers):
        values = np.arange(width * width, dtype=np.float32).reshape(width, width) % (13 + i) / (13 * width)
        weights.append(numpy_helper.from_array(values, f"w{i}"))
        nodes += [helper.make_node("MatMul", [name, f"w{i}"], [f"m{i}"]), helper.make_node("Sin", [f"m{i}"], [f"s{i}"]),
                  helper.make_node("Softmax", [f"s{i}"], [f"y{i}"], axis=-1)]
        name = f"y{i}"
    graph = helper.make_graph(nodes, "chain", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", width])],
                              [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width])], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


@pytest.fixture(scope="session")
def heavy_model(tmp_path_factory):
    """The path of a model with 24 MB of weights."""
    path = tmp_path_factory.mktemp("model") / "chain.onnx"
    onnx.save(chain(6, 1024), path)
    return path
