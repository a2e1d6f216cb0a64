# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is said of bad models, bad arrays and bad files."""
import pickle

import adze
import numpy as np
import pytest
import small


@pytest.fixture(scope="module")
def add():
    return adze.compile(small.add())


def test_all_unknown_nodes_are_named():
    with pytest.raises(adze.CompileError) as caught:
        adze.compile(small.unknown_nodes())
    found = {(d.node, d.op, d.opset): d for d in caught.value.diagnostics}
    assert set(found) == {("first", "Frobnicate", 17), ("second", "my.ops::Grumble", 2), ("third", "Zork", 17)}
    for d in found.values():
        assert d.severity == "error" and "not supported" in d.message
    assert found["third", "Zork", 17].types == "tensor<?x4xf32>, tensor<?x4xf32>"
    text = str(caught.value)
    assert "error: node 'second' (my.ops::Grumble, opset 2): " in text and text.count("\n") == 5
    assert text.endswith("\n  inputs: tensor<?x4xf32>, tensor<?x4xf32>")


@pytest.mark.parametrize("bad", [b"", b"not a model", small.relu().SerializeToString()[:-5]])
def test_bytes_that_are_no_model(bad):
    with pytest.raises(adze.CompileError) as caught:
        adze.compile(bad)
    assert caught.value.diagnostics[0].message


def test_files_that_are_not_there():
    with pytest.raises(adze.CompileError, match="No such file"):
        adze.compile("there/is/no.onnx")
    with pytest.raises(FileNotFoundError):
        adze.load("there/is/no.so")


def test_the_class_says_what_is_wrong():
    """By the names of ONNX Runtime's exceptions."""
    for model, kind in (("there/is/no.onnx", adze.NoSuchFile), (b"not a model", adze.InvalidProtobuf), (b"", adze.InvalidProtobuf),
                        (small.model([small.h.make_node("Relu", ["q"], ["y"])], [small.tensor("x", ["n"])], [small.tensor("y", ["n"])]),
                         adze.InvalidGraph),
                        (small.unknown_nodes(), adze.Fail)):
        with pytest.raises(kind) as caught:
            adze.compile(model)
        assert isinstance(caught.value, adze.CompileError) and caught.value.diagnostics
        again = pickle.loads(pickle.dumps(caught.value))
        assert type(again) is type(caught.value) and again.diagnostics == caught.value.diagnostics


def test_bad_options():
    with pytest.raises(adze.CompileError, match="optimisation level 7"):
        adze.compile(small.relu(), opt_level=7)
    with pytest.raises(adze.CompileError, match="no-such-cpu"):
        adze.compile(small.relu(), cpu="no-such-cpu")
    with pytest.raises(adze.CompileError, match="no-such-target"):
        adze.compile(small.relu(), target="no-such-target")
    with pytest.raises(adze.CompileError, match="no_such_dim"):
        adze.compile(small.relu(), dims={"no_such_dim": 3})


@pytest.mark.parametrize("call, message", [
    (lambda m, x: m.run({"x": x}), "inputs without a value: y"),
    (lambda m, x: m.run({"x": x, "y": x, "z": x}), "there is no input 'z'; inputs: x, y"),
    (lambda m, x: m(x, x, x), "found 3 inputs, expected 2"),
    (lambda m, x: m(x, x, y=x), "found 2|given twice"),
    (lambda m, x: m(x, x.astype(np.float64)), "input 'y': found dtype float64, expected float32"),
    (lambda m, x: m(x, x.astype(">f4")), "input 'y': found dtype >f4, expected float32"),
    (lambda m, x: m(np.int64(3), x), "input 'x': found dtype int64, expected float32"),
    (lambda m, x: m(x, np.array(["a", "b"])), "input 'y': found dtype <U1, expected float32"),
    (lambda m, x: m(x, "text"), "input 'y': no array of float32"),
    (lambda m, x: m(x, x[0]), "input 'y': found rank 1, expected 2"),
    (lambda m, x: m(x, x[:1]), "input 'y': dimension 0 .'batch'. is 1, expected 2"),
])
def test_values_that_do_not_fit(add, call, message):
    with pytest.raises(adze.RunError, match=message) as caught:
        call(add, np.ones((2, 3), np.float32))
    assert caught.value.status == "INVALID_ARGUMENT"


def test_index_out_of_range_names_the_node():
    index_out_of_range("cpu")


def test_index_out_of_range_on_a_device(device_target):
    index_out_of_range(device_target)


def index_out_of_range(target):
    m = adze.compile(small.gather(), target=target)
    data = np.arange(4, dtype=np.float32)
    assert m(data, np.array([3, 0, -1])).tolist() == [3, 0, 3]
    for bad in (4, -5, 2**62):
        with pytest.raises(adze.RunError, match="gather1.*out of range") as caught:
            m(data, np.array([0, bad]))
        assert caught.value.status == "INDEX_OUT_OF_RANGE"
    assert m(data, np.array([1])).tolist() == [1]


def test_files_that_are_no_artifact(tmp_path):
    path = tmp_path / "m.so"
    adze.compile(small.relu()).save(path)
    whole = path.read_bytes()
    for bad in (b"", b"\x7fELF", whole[:-1], whole[:4000], whole[:2000] + b"x" + whole[2001:], whole + b"\0"):
        other = tmp_path / "bad.so"
        other.write_bytes(bad)
        with pytest.raises(adze.RunError) as caught:
            adze.load(other)
        assert caught.value.status == "BAD_ARTIFACT"
    with pytest.raises(adze.RunError, match="regular file"):
        adze.load(tmp_path)
