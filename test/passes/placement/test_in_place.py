# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Loops that change and collect what they carry: computed as by the reference route, which does nothing in place, on the CPU and on a
device; and a step costs what it adds, however much there is already."""
import os
import subprocess
import sys
import time

import adze
import numpy as np
import onnx
import pytest

DRIVER = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "build", "lib", "libadze_sim_cuda.so"))

SCAN = """
g (float[4] s, float[t, 4] xs) => (float[n] last, float[a, 4] ys, bool[b, 2] signs) {
  last, ys, signs = Scan <num_scan_inputs = 1, scan_output_directions = [0, 1], body = step (float[4] state, float[4] x)
      => (float[4] next, float[4] y, bool[2] sign) {
    next = Add (state, x)
    y = Mul (next, x)
    zero = Constant <value = float {0.0}> ()
    positive = Greater (next, zero)
    first = Constant <value_ints = [0]> ()
    two = Constant <value_ints = [2]> ()
    sign = Slice (positive, first, two)
  }> (s, xs)
}"""
# Ends when the sum is large; pieces of another length in each call; the old state is read behind its change, and carried on, too.
LOOP = """
g (float[8] x, int64 n, float limit, float[k] piece) => (float[8] state, float[8] before, float[m] sums, float[p, q] pieces, float[r, 8] olds) {
  yes = Constant <value = bool {1}> ()
  state, before, sums, pieces, olds = Loop <body = step (int64 i, bool go, float[8] a, float[8] b)
      => (bool on, float[8] c, float[8] old, float sum, float[k] out, float[8] was) {
    eight = Constant <value = int64 {8}> ()
    at = Mod (i, eight)
    shape = Constant <value_ints = [1, 1]> ()
    where = Reshape (at, shape)
    one = Constant <value_ints = [1]> ()
    value = Cast <to = 1> (i)
    update = Reshape (value, one)
    c = ScatterND (a, where, update)
    total = ReduceSum <keepdims = 0> (a)
    other = ReduceSum <keepdims = 0> (b)
    sum = Add (total, other)
    old = Identity (a)
    was = Identity (b)
    out = Mul (piece, value)
    on = Less (total, limit)
  }> (n, yes, x, x)
}"""
# A loop in a loop, which begins with what the outer one carries; both collect.
NESTED = """
g (float[6] x, int64 n, int64 m) => (float[6] state, float[o, p, 6] rows, float[6] start) {
  yes = Constant <value = bool {1}> ()
  start = Identity (x)
  state, rows = Loop <body = outer (int64 i, bool go, float[6] a) => (bool on, float[6] c, float[s, 6] all) {
    on = Identity (go)
    c, all = Loop <body = inner (int64 j, bool going, float[6] d) => (bool still, float[6] e, float[6] row) {
      still = Identity (going)
      six = Constant <value = int64 {6}> ()
      at = Mod (j, six)
      column = Constant <value_ints = [1, 1]> ()
      where = Reshape (at, column)
      one = Constant <value_ints = [1]> ()
      sum = Add (i, j)
      number = Cast <to = 1> (sum)
      update = Reshape (number, one)
      e = ScatterND <reduction = "add"> (d, where, update)
      row = Mul (e, e)
    }> (m, yes, a)
  }> (n, yes, x)
}"""
# Nothing is computed.
COPIES = """
g (float[k] s, int64 n) => (float[m, k] ys) {
  yes = Constant <value = bool {1}> ()
  ys = Loop <body = step (int64 i, bool go) => (bool on, float[k] y) {
    on = Identity (go)
    y = Identity (s)
  }> (n, yes)
}"""
RECURRENT = """
g (float[t, 2, 3] x, float[2, 20, 3] w, float[2, 20, 5] r, float[2, 40] b, int32[2] lengths) => (float[t, 2, 2, 5] y, float[2, 2, 5] h) {
  y, h = LSTM <direction = "bidirectional", hidden_size = 5> (x, w, r, b, lengths)
}"""
random = np.random.default_rng(1)


def floats(*shape):
    return random.standard_normal(shape).astype(np.float32)


def loop(n, limit, k):
    return {"x": floats(8), "n": np.int64(n), "limit": np.float32(limit), "piece": floats(k)}


def recurrent(t):
    return {"x": floats(t, 2, 3), "w": floats(2, 20, 3), "r": floats(2, 20, 5), "b": floats(2, 40), "lengths": np.array([t, t // 2], np.int32)}


CASES = {"scan": (SCAN, [{"s": floats(4), "xs": floats(t, 4)} for t in (70, 1, 0, 7)]),
         "loop": (LOOP, [loop(40, 1e9, 3), loop(40, 30, 5), loop(0, 1e9, 2), loop(1, 1e9, 0), loop(100, 1e9, 17)]),
         "nested": (NESTED, [{"x": floats(6), "n": np.int64(n), "m": np.int64(m)} for n, m in ((4, 9), (1, 1), (0, 3), (5, 2))]),
         "copies": (COPIES, [{"s": floats(k), "n": np.int64(n)} for k, n in ((2, 3), (5, 0), (0, 4), (3, 100))]),
         "recurrent": (RECURRENT, [recurrent(t) for t in (33, 1, 64)])}
#: In a process of its own, which has one driver.
ON_DEVICE = """
import sys, adze, numpy as np
model, count = sys.argv[1], int(sys.argv[2])
made = adze.compile(model, target="nvptx")
for turn in range(2): # a graph is launched from the second run on
    for i in range(count):
        np.savez(f"{model}.{i}.out.npz", **made.run(dict(np.load(f"{model}.{i}.npz"))))
"""


def parsed(text):
    return onnx.parser.parse_model('<ir_version: 9, opset_import: ["" : 17]>\n' + text)


@pytest.mark.parametrize("case", CASES)
def test_as_the_reference_route(tmp_path, case):
    text, feeds = CASES[case]
    model = parsed(text)
    expected = [adze.compile(model, opt_level=0).run(f) for f in feeds]
    for threads in (1, 2):
        made = adze.compile(model, threads=threads)
        for turn in range(2):
            for f, right in zip(feeds, expected):
                found = made.run(f)
                for name, value in right.items():
                    np.testing.assert_allclose(found[name], value, rtol=1e-5, atol=1e-5, err_msg=f"{case}, {name}, {threads} threads")


@pytest.mark.parametrize("case", CASES)
def test_on_a_device(tmp_path, case):
    if not os.path.exists(DRIVER):
        pytest.skip("the played driver is not built")
    text, feeds = CASES[case]
    model, report = str(tmp_path / "m.onnx"), str(tmp_path / "report")
    onnx.save(parsed(text), model)
    for i, f in enumerate(feeds):
        np.savez(f"{model}.{i}.npz", **f)
    environment = dict(os.environ, ADZE_CUDA_DRIVER=DRIVER, ADZE_SIM_REPORT=report)
    done = subprocess.run([sys.executable, "-c", ON_DEVICE, model, str(len(feeds))], env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert not os.path.exists(report) or not open(report).read(), open(report).read()
    for i, f in enumerate(feeds):
        found = np.load(f"{model}.{i}.out.npz")
        for name, value in adze.compile(model, opt_level=0).run(f).items():
            np.testing.assert_allclose(found[name], value, rtol=1e-5, atol=1e-5, err_msg=f"{case}, {name}, feeds {i}")


def seconds(made, f):
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        made.run(f)
        times.append(time.perf_counter() - begin)
    return min(times)


def test_a_step_costs_what_it_adds():
    """Sixteen times as many steps take about sixteen times as long; with copies of what there is it was more than a hundred times."""
    made = adze.compile(parsed(SCAN), threads=1)
    few, many = ({"s": floats(4), "xs": floats(t, 4)} for t in (2048, 32768))
    assert seconds(made, many) < 48 * seconds(made, few)
