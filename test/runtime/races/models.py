# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The models that run at once, with the inputs of their cases: two that are in use, and two that take what those do not, memory whose
size is found in mid-run and failures."""
import os
import sys

import numpy as np
import onnx
import onnx.parser

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "models"))
import zoo  # noqa: E402

#: One step of attention over a cache of keys and values that grows.
DECODER = """
<ir_version: 8, opset_import: ["": 17]>
decoder (float[b, s, 64] x, float[b, 4, p, 16] past_key, float[b, 4, p, 16] past_value)
     => (float[b, s, 64] y, float[b, 4, t, 16] key, float[b, 4, t, 16] value)
<float[64] scale, float[64] bias, float[64, 192] project, float[64, 64] merge, int64[4] heads = {0, 0, 4, 16},
 int64[3] width = {0, 0, 64}, int64[3] thirds = {64, 64, 64}, float quarter = {0.25}> {
  n = LayerNormalization <axis = -1> (x, scale, bias)
  qkv = MatMul(n, project)
  q0, k0, v0 = Split <axis = -1> (qkv, thirds)
  q1 = Reshape(q0, heads)
  k1 = Reshape(k0, heads)
  v1 = Reshape(v0, heads)
  q = Transpose <perm = [0, 2, 1, 3]> (q1)
  k = Transpose <perm = [0, 2, 1, 3]> (k1)
  v = Transpose <perm = [0, 2, 1, 3]> (v1)
  key = Concat <axis = 2> (past_key, k)
  value = Concat <axis = 2> (past_value, v)
  kt = Transpose <perm = [0, 1, 3, 2]> (key)
  scores = MatMul(q, kt)
  scaled = Mul(scores, quarter)
  weights = Softmax <axis = -1> (scaled)
  mixed = MatMul(weights, value)
  rows = Transpose <perm = [0, 2, 1, 3]> (mixed)
  flat = Reshape(rows, width)
  merged = MatMul(flat, merge)
  y = Add(x, merged)
}
"""

#: A loop whose state grows from turn to turn, a choice, elements picked by data, which may lie outside, and a result whose size is
#: that of the data.
CONTROL = """
<ir_version: 8, opset_import: ["": 17]>
control (int64 turns, float[n] x, int64[m, 4] index) => (float[k] grown, float[m, 4] picked, int64[1, z] positive)
<bool yes = {1}, float zero = {0}, float half = {0.5}> {
  grown = Loop (turns, yes, x) <
    body = turn (int64 i, bool on, float[g] state) => (bool go, float[h] next) {
      go = Identity(on)
      halved = Mul(state, half)
      next = Concat <axis = 0> (halved, x)
    }
  >
  sum = ReduceSum <keepdims = 0> (x)
  above = Greater(sum, zero)
  chosen = If (above) <
    then_branch = longer () => (float[c] a) { a = Concat <axis = 0> (grown, x) },
    else_branch = plain () => (float[d] e) { e = Neg(grown) }
  >
  picked = Gather <axis = 0> (chosen, index)
  is_positive = Greater(x, zero)
  positive = NonZero(is_positive)
}
"""


def weights(model, seed):
    """Fills the initializers that have no values with random ones."""
    random = np.random.default_rng(seed)
    graph = model.graph
    given = {t.name for t in graph.initializer}
    for info in list(graph.value_info):
        if info.name not in given:
            shape = [d.dim_value for d in info.type.tensor_type.shape.dim]
            values = random.standard_normal(shape).astype(np.float32) / 8
            graph.initializer.append(onnx.numpy_helper.from_array(values, info.name))
            graph.value_info.remove(info)
    return model


def floats(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def packaged(name, key):
    """A model out of a package at several sizes, its second dimension on as in its description."""
    model = zoo.MODELS[name]
    return model.path(), [("ok", model.inputs({key: size})) for size in (1, 2, 3, 5)]


def decoder(folder):
    path = os.path.join(folder, "decoder.onnx")
    onnx.save(weights(onnx.parser.parse_model(DECODER), 1), path)
    sizes = [(1, 1, past) for past in range(24)] + [(2, 7, 0), (3, 2, 5), (1, 40, 3)]  # more plans than are remembered, with the others
    sizes += [(1, s, 0) for s in range(2, 20)]
    return path, [("ok", {"x": floats(b + s + p, b, s, 64), "past_key": floats(p, b, 4, p, 16),
                          "past_value": floats(p + 1, b, 4, p, 16)}) for b, s, p in sizes]


def control(folder):
    path = os.path.join(folder, "control.onnx")
    onnx.save(onnx.parser.parse_model(CONTROL), path)
    cases = []
    for turns, n, sign, rows, status in [(0, 3, 1, [[0, 5, -1, 2]], "ok"), (5, 100, 1, [[3, 600, 699, -700]] * 3, "ok"),
                                         (40, 1000, -1, [[40999, -41000, 0, 1]] * 5000, "ok"), (3, 10, 1, [[0, 1, 2, 50]], "out of range"),
                                         (2, 5000, -1, [[15000, 1, -15001, 2]] * 20000, "out of range"), (7, 1, 1, [], "ok")]:
        index = np.array(rows, np.int64).reshape(len(rows), 4)
        cases.append((status, {"turns": np.array(turns, np.int64), "x": sign * np.abs(floats(n, n)), "index": index}))
    return path, cases


def all_models(folder):
    """[(path of the model, [(status, inputs)])]"""
    return [packaged("ppocr_cls", "n"), packaged("magika", "n"), decoder(folder), control(folder)]
