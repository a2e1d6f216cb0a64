# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""adze diff: against ONNX Runtime, the reference route and dumps."""
import json
import os
import sys

import ml_dtypes
import numpy as np
import onnx
import pytest
import small
from small import h


@pytest.fixture
def diff(adze):
    """diff(model, against, ...): its end, with a Python that has ONNX Runtime at hand."""
    return lambda *arguments: adze("diff", arguments[0], "--against", *arguments[1:],
                                   env={"ADZE_PYTHON": sys.executable, "PYTHONPATH": os.pathsep.join(sys.path)})


def block():
    """y = softmax(relu(x w + 1) * shrink), some of it through 16 bits."""
    weight = h.make_tensor("w", onnx.TensorProto.FLOAT, [8, 8], [((7 * i) % 23 - 11) / 8 for i in range(64)])
    one = h.make_tensor("one", onnx.TensorProto.FLOAT, [], [1.0])
    return small.model([h.make_node("MatMul", ["x", "w"], ["p"], name="product"), h.make_node("Add", ["p", "one"], ["s"], name="bias"),
                        h.make_node("Relu", ["s"], ["r"], name="rectify"),
                        h.make_node("Cast", ["r"], ["half"], name="narrow", to=onnx.TensorProto.FLOAT16),
                        h.make_node("Cast", ["half"], ["wide"], name="widen", to=onnx.TensorProto.FLOAT),
                        h.make_node("Softmax", ["wide"], ["y"], name="softmax")],
                       [small.tensor("x", ["n", 8])], [small.tensor("y", ["n", 8])], [weight, one])


@pytest.mark.parametrize("against", ["onnxruntime", "O0"])
@pytest.mark.parametrize("level", [0, 2])
def test_what_agrees(diff, tmp_path, against, level):
    small.save(block(), tmp_path)
    done = diff("model.onnx", against, "--dim", "n=5", "--random", 3, "-O", level)
    assert done.status == 0, done.out + done.err
    assert f"adze 0.1.0, -O{level} against " in done.out and ": 6 values compared, 0 differ, 0 not compared" in done.out
    assert os.listdir(tmp_path) == ["model.onnx"]


@pytest.mark.parametrize("level", [0, 2])
def test_a_planted_difference_is_found(adze, diff, tmp_path, level):
    """One element of one value of a reference dump is altered: that value and no other differs."""
    small.save(block(), tmp_path)
    assert adze("run", "model.onnx", "--random", 1, "--dim", "n=5", "--dump", "ref", "-O", level).status == 0
    assert diff("model.onnx", "ref", "-O", level, "--rtol", 0, "--atol", 0).status == 0
    r = np.load(tmp_path / "ref/r.npy")
    good = r[3, 2]
    r[3, 2] += 2
    np.save(tmp_path / "ref/r.npy", r)
    done = diff("model.onnx", "ref", "-O", level)
    assert done.status == 1 and "6 values compared, 1 differ" in done.out, done.out + done.err
    assert "first difference: node 'rectify' (Relu, opset 17), output 'r', float32[5,8]\n  1 of 40 elements" in done.out
    assert f"worst at [3,2]: {good:.9g} (" in done.out and f"{good + 2:.9g} (" in done.out
    assert diff("model.onnx", "ref", "-O", level, "--atol", 2.1).status == 0
    found = json.loads(diff("model.onnx", "ref", "-O", level, "--json", "-").out)
    assert found["first"]["node"] == "rectify" and found["first"]["worst"]["index"] == "[3,2]" and found["differing"] == 1
    assert found["first"]["max_abs"] == pytest.approx(2, rel=1e-6) and found["first"]["outside"] == 1
    assert [v["name"] for v in found["values"]] == ["p", "s", "r", "half", "wide", "y"]


def test_the_first_of_several_is_where_it_begins(adze, diff, tmp_path):
    """The same model but for one step through 16 bits, without tolerance: what is before it is equal, what follows is not."""
    made = block()
    small.save(made, tmp_path, "narrow.onnx")
    made.graph.node[4].input[0] = "r"
    small.save(made, tmp_path, "wide.onnx")
    assert adze("run", "wide.onnx", "--random", 1, "--dim", "n=5", "--dump", "ref", "-O", 0).status == 0
    done = diff("narrow.onnx", "ref", "-O", 0, "--rtol", 0, "--atol", 0, "--json", "numbers.json")
    assert done.status == 1 and "first difference: node 'widen' (Cast, opset 17), output 'wide', float32[5,8]" in done.out, done.out
    with open(tmp_path / "numbers.json") as f:
        numbers = json.load(f)
    assert [v["name"] for v in numbers["values"] if v["differs"]] == ["wide", "y"]
    assert diff("narrow.onnx", "ref").status == 0


def test_other_types_and_shapes_differ(adze, diff, tmp_path):
    small.save(block(), tmp_path)
    assert adze("run", "model.onnx", "--random", 1, "--dim", "n=5", "--dump", "ref").status == 0
    np.save(tmp_path / "ref/half.npy", np.load(tmp_path / "ref/half.npy").astype(np.float32))
    np.save(tmp_path / "ref/s.npy", np.load(tmp_path / "ref/s.npy")[:4])
    with open(tmp_path / "ref/index.json") as f:
        index = json.load(f)
    index["values"] = [v for v in index["values"] if v["name"] != "p"]
    (tmp_path / "ref/index.json").write_text(json.dumps(index))
    done = diff("model.onnx", "ref")
    assert done.status == 1 and "types differ: float32[5,8] and float32[4,8]" in done.out, done.out
    assert "half: float16[5,8] and float32[5,8], node 'narrow'" in done.out
    assert "5 values compared, 2 differ, 1 not compared" in done.out


def test_nan_and_infinity(adze, diff, tmp_path):
    small.save(small.relu(), tmp_path)
    made = small.model([h.make_node("Log", ["x"], ["y"], name="log")], [small.tensor("x", [4])], [small.tensor("y", [4])])
    small.save(made, tmp_path)
    np.save(tmp_path / "x.npy", np.array([-1, 0, 1, 2], np.float32))
    assert adze("run", "model.onnx", "--input", "x=x.npy", "--dump", "ref").status == 0
    assert diff("model.onnx", "ref").status == diff("model.onnx", "onnxruntime", "--input", "x=x.npy").status == 0
    y = np.load(tmp_path / "ref/y.npy")
    assert np.isnan(y[0]) and y[1] == -np.inf
    for place, value in ((0, 3), (1, np.inf), (1, 7), (2, np.nan)):
        other = y.copy()
        other[place] = value
        np.save(tmp_path / "ref/y.npy", other)
        first = json.loads(diff("model.onnx", "ref", "--rtol", 1e9, "--json", "-").out)["first"]
        assert first["worst"]["index"] == f"[{place}]" and first["max_abs"] == "inf" and first["outside"] == 1


def test_fortran_order_and_integers(adze, diff, tmp_path):
    made = small.model([h.make_node("Mul", ["x", "x"], ["y"])], [small.tensor("x", [3, 4], onnx.TensorProto.INT64)],
                       [small.tensor("y", [3, 4], onnx.TensorProto.INT64)])
    small.save(made, tmp_path)
    np.save(tmp_path / "x.npy", np.arange(12).reshape(3, 4) + 3 * 10**9)
    assert adze("run", "model.onnx", "--input", "x=x.npy", "--dump", "ref").status == 0
    y = np.load(tmp_path / "ref/y.npy")
    np.save(tmp_path / "ref/y.npy", np.asfortranarray(y))
    assert diff("model.onnx", "ref").status == 0
    y[2, 1] += 1  # which a double cannot tell
    np.save(tmp_path / "ref/y.npy", np.asfortranarray(y))
    found = json.loads(diff("model.onnx", "ref", "--json", "-").out)
    assert found["first"]["max_abs"] == 1 and found["first"]["worst"] == {"index": "[2,1]", "ours": str(y[2, 1] - 1), "theirs": str(y[2, 1])}


@pytest.mark.parametrize("number, name", [(16, "bfloat16"), (10, "float16"), (17, "float8_e4m3fn"), (18, "float8_e4m3fnuz"),
                                          (19, "float8_e5m2"), (20, "float8_e5m2fnuz")])
def test_short_floats_are_read(adze, diff, tmp_path, number, name):
    """Every kind of bit pattern, by the package ml_dtypes."""
    dtype = np.dtype(getattr(ml_dtypes, name) if name != "float16" else name)
    bits = f"u{dtype.itemsize}"
    small.save(small.cast(onnx.TensorProto.FLOAT, number), tmp_path)
    assert adze("compile", "model.onnx", "-o", "m.so", "--expose-values").status == 0
    np.save(tmp_path / "x.npy", np.array([1.0625], np.float32))
    assert adze("run", "m.so", "--input", "x=x.npy", "--dump", "ref").status == 0
    top = 1 << (8 * dtype.itemsize - 1)
    for code in (1, 3, top // 2 - 5, top - 1, top - 3, top - (top >> 5), top, top + 9, 2 * top - 1):
        coded = np.array([code], bits)
        value = float(coded.view(dtype)[0])
        np.save(tmp_path / "ref/y.npy", coded.view(dtype) if name == "float16" else coded)
        found = json.loads(diff("m.so", "ref", "--rtol", 0, "--atol", 0, "--json", "-").out)["values"][0]
        assert found["worst"]["theirs"].replace("-nan", "nan") == f"{value:.5g}", (code, found)


def test_onnxruntime_through_bfloat16(diff, tmp_path):
    """Values that numpy has no type for are compared as well."""
    small.save(small.model([h.make_node("Cast", ["x"], ["b"], to=16, name="narrow"), h.make_node("Cast", ["b"], ["y"], to=1)],
                           [small.tensor("x", ["n"])], [small.tensor("y", ["n"])]), tmp_path)
    done = diff("model.onnx", "onnxruntime", "--dim", "n=50", "--rtol", 0, "--atol", 0, "--keep", "ref")
    assert done.status == 0 and "2 values compared" in done.out, done.out + done.err
    with open(tmp_path / "ref/index.json") as f:
        index = json.load(f)
    assert index["producer"].startswith("onnxruntime ") and [v["dtype"] for v in index["values"]] == ["bfloat16", "float32"]


def test_what_is_no_reference(adze, diff, tmp_path):
    small.save(block(), tmp_path)
    assert adze("run", "model.onnx", "--random", 1, "--dim", "n=2", "--dump", "ref").status == 0
    os.symlink(tmp_path / "ref/p.npy", tmp_path / "ref/link.npy")
    np.save(tmp_path / "outside.npy", np.zeros(3))
    (tmp_path / "ref/short.npy").write_bytes((tmp_path / "ref/p.npy").read_bytes()[:-1])
    text = (tmp_path / "ref/index.json").read_text()

    def expect(message, against="ref"):
        done = diff("model.onnx", against)
        assert done.status == 2 and done.out == "" and message in done.err, done.err

    for name in ("../outside.npy", str(tmp_path / "outside.npy"), "link.npy", "none.npy", ".", "", "a\\u0000b"):
        (tmp_path / "ref/index.json").write_text(text.replace('"p.npy"', f'"{name}"'))
        expect("expected the name of a file in the folder")
    for before, after, message in (("p.npy", "short.npy", "short.npy': it holds"), ('"float32"', '"float31"', "'float31' as its dtype"),
                                   ("adze dump 1", "adze dump 9", "not JSON of the format 'adze dump 1'"), ("{", "[", "not JSON"),
                                   ('"name"', '"nom"', "no object with a name"), ('"values": [', '"values": [3,', "no object with a name")):
        (tmp_path / "ref/index.json").write_text(text.replace(before, after))
        expect(message)
    expect("there is no index.json in it; --against takes 'onnxruntime', 'O0' or the folder of a dump", "nowhere")


def test_what_cannot_be(adze, diff, tmp_path):
    small.save(block(), tmp_path)
    assert adze("diff", "model.onnx").status == 2
    assert diff("none.onnx", "O0").status == 2
    assert diff("model.onnx", "O0", "--rtol", -1).status == 2
    for python in ("/no/such/python", "/bin/false"):
        done = adze("diff", "model.onnx", "--against", "onnxruntime", env={"ADZE_PYTHON": python})
        assert done.status == 2 and "packages adze, onnx and onnxruntime" in done.err and python in done.err
    made = small.model([h.make_node("Erf", ["x"], ["e"]), h.make_node("Neg", ["e"], ["y"])],
                       [small.tensor("x", [3], onnx.TensorProto.BFLOAT16)], [small.tensor("y", [3], onnx.TensorProto.BFLOAT16)])
    small.save(made, tmp_path)  # which ONNX Runtime has no kernel for
    done = diff("model.onnx", "onnxruntime")
    assert done.status == 2 and "NotImplemented" in done.err and "exit status 1" in done.err, done.err
    assert sorted(os.listdir(tmp_path)) == ["model.onnx"]
