# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""adze run --dump."""
import json
import os

import numpy as np
import onnx
import pytest
import small
from small import h

LEVELS = (0, 2)


def read(folder):
    """{name: entry} of a dump's index, with the arrays of those that have a file under "array"."""
    with open(folder / "index.json") as f:
        index = json.load(f)
    assert index["format"] == "adze dump 1" and index["producer"].startswith("adze ")
    entries = {}
    for entry in index["values"]:
        assert entry["name"] not in entries and ("file" in entry) != ("reason" in entry), entry
        entries[entry["name"]] = entry
        if "file" in entry:
            entry["array"] = np.load(folder / entry["file"])
            assert list(entry["array"].shape) == entry["shape"]
    files = [e["file"] for e in index["inputs"] + index["values"] if "file" in e]
    assert sorted(os.listdir(folder)) == sorted([*files, "index.json"]) and len(set(f.lower() for f in files)) == len(files)
    return entries


def chain(names):
    """x -> Neg -> Abs -> Neg ... with these names of values."""
    nodes = [h.make_node("Abs" if i % 2 else "Neg", [source], [name], name=f"node{i}")
             for i, (source, name) in enumerate(zip(["x", *names], names))]
    return small.model(nodes, [small.tensor("x", ["n"])], [small.tensor(names[-1], ["n"])])


@pytest.mark.parametrize("level", LEVELS)
def test_every_value_of_a_fused_chain(adze, tmp_path, level):
    small.save(small.product(8), tmp_path)
    done = adze("run", "model.onnx", "--random", 1, "--dim", "n=3", "--dump", "dump", "--output-dir", "out", "-O", level)
    assert done.status == 0 and "3 values in dump\n" in done.out, done.err
    assert os.listdir(tmp_path / "out") == ["y.npy"]
    values = read(tmp_path / "dump")
    assert [(v["node"], v["op"], v["opset"]) for v in values.values()] == [("MatMul#0", "MatMul", 17), ("Add#1", "Add", 17),
                                                                          ("Relu#2", "Relu", 17)]
    p, s, y = (values[name]["array"] for name in "psy")
    w = np.array([((7 * i) % 23 - 11) / 8 for i in range(64)], np.float32).reshape(8, 8)
    np.testing.assert_allclose(p, np.load(tmp_path / "dump/x.npy") @ w, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(s, p + 1)
    np.testing.assert_array_equal(y, np.maximum(s, 0))
    np.testing.assert_array_equal(y, np.load(tmp_path / "out/y.npy"))


@pytest.mark.parametrize("level", LEVELS)
def test_names_are_hostile(adze, tmp_path, level):
    names = ["../../etc/x", "/etc/passwd", "..", ".", "index.json", "index", "Equal", "equal", "EQUAL", "n" * 10000, "n" * 9999, "\u00e4\n\t", "y"]
    os.mkdir(tmp_path / "deep")
    small.save(chain(names), tmp_path)
    done = adze("run", "model.onnx", "--random", 1, "--dim", "n=2", "--dump", "deep/dump", "-O", level)
    assert done.status == 0, done.err
    values = read(tmp_path / "deep/dump")
    assert list(values) == names and all(len(v["file"]) < 255 and not v["file"].startswith(".") for v in values.values())
    x = np.load(tmp_path / "deep/dump/x.npy")
    for i, name in enumerate(names):
        np.testing.assert_array_equal(values[name]["array"], np.abs(x) if i % 2 else -np.abs(x) if i else -x)
    assert sorted(os.listdir(tmp_path)) == ["deep", "model.onnx"] and os.listdir(tmp_path / "deep") == ["dump"]


@pytest.mark.parametrize("level", LEVELS)
def test_shapes_that_depend_on_data(adze, tmp_path, level):
    nodes = [h.make_node("NonZero", ["x"], ["where"], name="nonzero"), h.make_node("Transpose", ["where"], ["pairs"]),
             h.make_node("Shape", ["pairs"], ["size"]), h.make_node("ReduceSum", ["size"], ["y"], keepdims=0)]
    small.save(small.model(nodes, [small.tensor("x", ["a", "b"])], [small.tensor("y", [], onnx.TensorProto.INT64)]), tmp_path)
    np.save(tmp_path / "x.npy", np.array([[0, 1, 0], [2, 0, 3]], np.float32))
    done = adze("run", "model.onnx", "--input", "x=x.npy", "--dump", "dump", "-O", level)
    assert done.status == 0, done.err
    values = read(tmp_path / "dump")
    assert values["where"]["array"].tolist() == [[0, 1, 1], [1, 0, 2]] and values["pairs"]["shape"] == [3, 2]
    assert values["size"]["array"].tolist() == [3, 2] and values["y"]["array"] == 5 and values["where"]["dtype"] == "int64"


@pytest.mark.parametrize("level", LEVELS)
def test_values_without_an_array_are_named_with_the_reason(adze, tmp_path, level):
    then = h.make_graph([h.make_node("Neg", ["a"], ["inner"], name="in_then")], "then", [], [small.tensor("inner", ["n"])])
    otherwise = h.make_graph([h.make_node("Exp", ["a"], ["other"])], "else", [], [small.tensor("other", ["n"])])
    text = h.make_tensor("t", onnx.TensorProto.STRING, [2], [b"one", b"two"])
    nodes = [h.make_node("Abs", ["x"], ["a"]), h.make_node("Constant", [], ["text"], value=text, name="words"),
             h.make_node("If", ["c"], ["chosen"], then_branch=then, else_branch=otherwise), h.make_node("Abs", ["chosen"], ["y"])]
    small.save(small.model(nodes, [small.tensor("x", ["n"]), small.tensor("c", [], onnx.TensorProto.BOOL)], [small.tensor("y", ["n"])]),
               tmp_path)
    done = adze("run", "model.onnx", "--random", 2, "--dim", "n=3", "--dump", "dump", "-O", level)
    assert done.status == 0 and "3 values in dump, 3 more are none that can be written; index.json says why" in done.out, done.err
    values = read(tmp_path / "dump")
    assert list(values) == ["a", "text", "other", "inner", "chosen", "y"]
    assert values["text"]["node"] == "words" and "string" in values["text"]["reason"]
    assert values["inner"]["node"] == "in_then" and values["inner"]["reason"] == "it is a value of a subgraph"
    assert "array" in values["chosen"]


def test_calls_of_functions_are_nodes(adze, tmp_path):
    function = h.make_function("my", "Twice", ["v"], ["w"], [h.make_node("Add", ["v", "v"], ["w"])], [h.make_opsetid("", 17)])
    made = small.model([h.make_node("Twice", ["x"], ["t"], name="call", domain="my"), h.make_node("Neg", ["t"], ["y"])],
                       [small.tensor("x", ["n"])], [small.tensor("y", ["n"])], opsets=(("", 17), ("my", 1)), functions=[function])
    small.save(made, tmp_path)
    assert adze("run", "model.onnx", "--random", 1, "--dump", "dump").status == 0
    values = read(tmp_path / "dump")
    assert list(values) == ["t", "y"] and (values["t"]["node"], values["t"]["op"], values["t"]["opset"]) == ("call", "my::Twice", 1)


def test_artifacts(adze, tmp_path):
    small.save(small.product(8), tmp_path)
    for arguments, status in (((), 1), (("--expose-values",), 0)):
        assert adze("compile", "model.onnx", "-o", "m.so", *arguments).status == 0
        done = adze("run", "m.so", "--random", 1, "--dump", "dump", "--output-dir", "out")
        assert done.status == status and (status == 0 or "adze compile --expose-values" in done.err)
        assert os.listdir(tmp_path / "out") == ["y.npy"]
    assert list(read(tmp_path / "dump")) == ["p", "s", "y"]


def test_what_cannot_be(adze, tmp_path):
    small.save(small.relu(), tmp_path)
    assert adze("run", "model.onnx", "--random", 1).status == 2
    (tmp_path / "file").write_text("")
    done = adze("run", "model.onnx", "--random", 1, "--dump", "file/dump")
    assert done.status == 1 and "file/dump" in done.err
