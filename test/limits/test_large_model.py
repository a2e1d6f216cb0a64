# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A model with 3 GB of weights beside it compiles in little memory and gives right results (--full)."""
import os
import shutil
import subprocess
import time

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from processes import anonymous_bytes, workers

import adze

WIDTH, WORDS, LAYERS = 8192, 12288, 10
GB = 10**9


def fill(path):
    """Writes the weights: a table of words, and LAYERS square matrices. Answers (name, shape, offset) of each."""
    rng = np.random.default_rng(1)
    block = rng.standard_normal((1024, WIDTH), np.float32) / np.float32(WIDTH**0.5)
    places = []
    with open(path, "wb") as out:
        for name, rows in [("words", WORDS)] + [(f"w{i}", WIDTH) for i in range(LAYERS)]:
            places.append((name, (rows, WIDTH), out.tell()))
            for at in range(0, rows, len(block)):  # each block other than all before, and cheap to make
                out.write(np.roll(block * rng.choice([-1, 1], WIDTH).astype(np.float32), int(rng.integers(1, 10**6))).tobytes())
    return places


def make_model(folder):
    places = fill(folder / "weights.bin")
    nodes, weights, value = [helper.make_node("Gather", ["words", "ids"], ["x"])], [], "x"
    for name, shape, offset in places:
        tensor = TensorProto(name=name, dims=shape, data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
        for key, text in (("location", "weights.bin"), ("offset", offset), ("length", 4 * shape[0] * shape[1])):
            tensor.external_data.add(key=key, value=str(text))
        weights.append(tensor)
        if name != "words":
            nodes += [helper.make_node("MatMul", [value, name], [f"m.{name}"]), helper.make_node("Tanh", [f"m.{name}"], [f"y.{name}"])]
            value = f"y.{name}"
    graph = helper.make_graph(nodes, "large", [helper.make_tensor_value_info("ids", TensorProto.INT64, ["n"])],
                              [helper.make_tensor_value_info(value, TensorProto.FLOAT, ["n", WIDTH])], weights)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    (folder / "large.onnx").write_bytes(made.SerializeToString())
    return places


def expected(folder, places, ids):
    """What numpy makes of it, one matrix after the other."""
    value = None
    for name, shape, offset in places:
        matrix = np.memmap(folder / "weights.bin", np.float32, "r", offset, shape)
        value = matrix[ids] if value is None else np.tanh(value @ matrix)
    return value


def compile_measured(command):
    """Runs the command; answers the highest sum of anonymous memory of it and its workers."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max(peak, anonymous_bytes(process.pid) + sum(map(anonymous_bytes, workers(of=process.pid))))
        time.sleep(0.01)
    assert process.returncode == 0
    return peak


def test_three_gigabytes(full, adze_cli, tmp_path, record_property):
    if not full:
        pytest.skip("takes 7 GB of disk: with --full")
    if shutil.disk_usage(tmp_path).free < 8 * GB:
        pytest.skip("there are no 8 GB of disk")
    try:
        places = make_model(tmp_path)
        assert os.path.getsize(tmp_path / "weights.bin") > 3 * GB
        start = time.time()
        peak = compile_measured([adze_cli, "compile", tmp_path / "large.onnx", "-o", tmp_path / "large.so"])
        record_property("peak_anonymous_bytes", peak)
        print(f"\n{peak / 1e6:.0f} MB of anonymous memory, {time.time() - start:.0f} s")
        assert peak < GB
        ids = np.array([0, WORDS - 1, 4321])
        got = adze.load(tmp_path / "large.so").run({"ids": ids})
        want = expected(tmp_path, places, ids)
        assert np.ptp(want) > 0.01
        np.testing.assert_allclose(next(iter(got.values())), want, atol=1e-4 * np.abs(want).max(), rtol=0)
    finally:
        shutil.rmtree(tmp_path)
