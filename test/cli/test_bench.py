# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""adze bench."""
import json
import os
import re

import numpy as np
import pytest
import small


@pytest.fixture
def add(adze, tmp_path):
    assert adze("compile", small.save(small.add(), tmp_path, "add.onnx"), "-o", "add.so").status == 0
    return "add.so"


def test_table(adze, add, tmp_path):
    for model in ("add.onnx", add):
        done = adze("bench", model, "--threads", 1, "--random", 3, "--dim", "batch=40", "--runs", 5)
        assert done.status == 0 and done.err == "", done.err
        sizes = r"x: float32\[40,(\d+)\], y: float32\[40,\1\]"
        assert re.match(re.escape(model) + ": 1 threads, " + sizes + "\n", done.out), done.out
        assert re.search(r"^median [\d.]+ ms, p10 [\d.]+ ms, p90 [\d.]+ ms \(5 runs\); first [\d.]+ ms, load [\d.]+ ms$", done.out, re.M)
        assert "add1" in done.out and "sub1" in done.out and done.out.endswith("outside the kernels\n")
        shares = [float(s) for s in re.findall(r"^ *([\d.]+)%", done.out, re.M)]
        assert len(shares) >= 2 and abs(sum(shares) - 100) < 0.1 * len(shares)
    assert sorted(os.listdir(tmp_path)) == ["add.onnx", "add.so"]


def test_numbers(adze, add, tmp_path):
    done = adze("bench", add, "--threads", 2, "--dim", "batch=30", "--dim", "width=20", "--runs", 9, "--json", "bench.json")
    assert done.status == 0 and "median" in done.out
    with open(tmp_path / "bench.json") as f:
        numbers = json.load(f)
    assert numbers["model"] == add and numbers["threads"] == 2 and numbers["runs"] == 9
    assert numbers["inputs"] == [{"name": n, "dtype": "float32", "shape": [30, 20]} for n in ("x", "y")]
    assert 0 < numbers["p10_ms"] <= numbers["median_ms"] <= numbers["p90_ms"]
    assert numbers["first_ms"] > 0 and numbers["load_ms"] > 0
    kernels = numbers["kernels"]
    assert {n for k in kernels for n in k["nodes"]} == {"add1", "sub1"} and all(k["launches"] == 1 for k in kernels)
    assert {o for k in kernels for o in k["operators"]} == {"Add", "Sub"}
    assert [k["ms"] for k in kernels] == sorted((k["ms"] for k in kernels), reverse=True)
    assert sum(k["share"] for k in kernels) + numbers["other_share"] == pytest.approx(1)
    assert json.loads(adze("bench", add, "--json", "-").out)["runs"] >= 5


def test_values_from_files(adze, tmp_path):
    small.save(small.gather(), tmp_path)
    np.save(tmp_path / "index.npy", np.array([0, 2, 1, 0]))
    np.save(tmp_path / "data.npy", np.arange(3, dtype=np.float32))
    inputs = ("--input", "index=index.npy", "--input", "data=data.npy")
    numbers = json.loads(adze("bench", "model.onnx", *inputs, "--json", "-").out)
    assert [i["shape"] for i in numbers["inputs"]] == [[3], [4]]
    np.save(tmp_path / "data.npy", np.arange(2, dtype=np.float32))
    done = adze("bench", "model.onnx", *inputs)
    assert done.status == 1 and "gather1" in done.err and "out of range" in done.err and done.out == ""


def test_many_kernels_are_cut(adze, tmp_path):
    """The longest kernels, and one line for the rest."""
    nodes = []
    for i in range(6):
        nodes += [small.h.make_node("Softmax", [f"t{i}"], [f"t{i + 1}"], name=f"softmax{i}", axis=i % 2)]
    path = small.save(small.model(nodes, [small.tensor("t0", [3, "n"])], [small.tensor("t6", [3, "n"])]), tmp_path)
    shown = adze("bench", path, "--runs", 2, "--top", 1, "-O", 0).out
    assert re.search(r"%.* 1 more \(--top 0 shows all\)", shown), shown
    everything = adze("bench", path, "--runs", 2, "--top", 0, "-O", 0).out
    assert "more" not in everything and all(f"softmax{i}" in everything for i in range(6))


def test_what_cannot_be(adze, add, tmp_path):
    assert adze("bench").status == 2
    assert adze("bench", add, "--runs", -1).status == 2
    assert adze("bench", add, "--dim", "batch").status == 2
    for arguments, message in ((("none.onnx",), "No such file"), ((add, "--json", "no/such/folder.json"), "no/such/folder.json"),
                               ((add, "--input", "z=z.npy"), "NAME one of 'x', 'y'")):
        done = adze("bench", *arguments, "--runs", 1)
        assert done.status == 1 and message in done.err, done.err
    assert sorted(os.listdir(tmp_path)) == ["add.onnx", "add.so"]
