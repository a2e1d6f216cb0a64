# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The .npy files that adze run reads (good and hostile) and writes."""
import struct

import numpy as np
import pytest
import small
from onnx import TensorProto

DTYPES = [("FLOAT", np.float32), ("DOUBLE", np.float64), ("FLOAT16", np.float16), ("INT8", np.int8), ("INT16", np.int16),
          ("INT32", np.int32), ("INT64", np.int64), ("UINT8", np.uint8), ("UINT16", np.uint16), ("UINT32", np.uint32),
          ("UINT64", np.uint64), ("BOOL", np.bool_)]


def identity(dtype, shape):
    return small.model([small.h.make_node("Identity", ["x"], ["y"], name="same")], [small.tensor("x", shape, dtype)],
                       [small.tensor("y", shape, dtype)])


@pytest.fixture
def run(adze, tmp_path):
    """Writes bytes or an array to x.npy, and runs the model on it."""
    small.save(identity(TensorProto.FLOAT, ["a", "b"]), tmp_path)
    assert adze("compile", "model.onnx", "-o", "m.so").status == 0

    def run(data, model="m.so"):
        if isinstance(data, bytes):
            (tmp_path / "x.npy").write_bytes(data)
        else:
            np.save(tmp_path / "x.npy", data)
        return adze("run", model, "--input", "x=x.npy", "--output-dir", "out")

    return run


@pytest.mark.parametrize("name, dtype", DTYPES)
def test_every_type_and_shape(adze, run, tmp_path, name, dtype):
    for shape in ((), (5,), (2, 3)):
        free = [f"d{i}" for i in range(len(shape))]
        path = small.save(identity(getattr(TensorProto, name), free), tmp_path, f"{name}{len(shape)}.onnx")
        x = (np.arange(np.prod(shape, dtype=int)) % 2).reshape(shape).astype(dtype)
        done = run(x, path)
        assert done.status == 0, done.err
        y = np.load(tmp_path / "out/y.npy")
        assert y.dtype == x.dtype and y.shape == x.shape
        np.testing.assert_array_equal(x, y)


def test_layouts_and_versions(run, tmp_path):
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    for version in ((1, 0), (2, 0), (3, 0)):
        for array in (x, np.asfortranarray(x), x[:0], x[:, :0]):
            with open(tmp_path / "made.npy", "wb") as f:
                np.lib.format.write_array(f, array, version)
            done = run((tmp_path / "made.npy").read_bytes())
            assert done.status == 0, done.err
            np.testing.assert_array_equal(np.load(tmp_path / "out/y.npy"), array)


def file(header, data=bytes(16), version=1, size=None):
    header = header.encode()
    length = struct.pack("<H" if version == 1 else "<I", len(header) if size is None else size)
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + data


GOOD = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }"


HOSTILE = [
    (b"", "no .npy file"), (b"\x93NUMP", "no .npy file"), (b"\x93NUMPY\x01\x00", "no .npy file"), (b"x" * 100, "no .npy file"),
    (file(GOOD, version=4), "version 4"), (file(GOOD, size=5000), "does not end"), (file(GOOD, version=2, size=2**31), "does not end"),
    (b"\x93NUMPY\x02\x00\xff", "no .npy file"),
    (file(""), "not as the format asks"), (file("{"), "not as the format asks"), (file("{}"), "a key is missing"),
    (file(GOOD + "x"), "text after the end"), (file("{'descr': '<f4'"), "not as the format asks"),
    (file(GOOD.replace("'descr'", "'shape'", 1)), "not as the format asks"),
    (file(GOOD.replace("'shape': (2, 2)", "'shape': (2, 2), 'shape': (2, 2)")), "a key stands twice"),
    (file(GOOD.replace("descr", "other")), "an unknown key"), (file(GOOD.replace("False", "Falsy")), "not as the format asks"),
    (file(GOOD.replace("False", "0")), "True or False"), (file(GOOD.replace("'<f4'", "[('a', '<f4')]")), "fields"),
    (file(GOOD.replace("(2, 2)", "(2, -2)")), "a size was expected"),
    (file(GOOD.replace("(2, 2)", "(2, 99999999999999999999)")), "too large"),
    (file(GOOD.replace("(2, 2)", "(" + "1, " * 33 + ")")), "too many dimensions"),
    (file(GOOD.replace("(2, 2)", f"({2**62}, {2**62})")), "which is not what its shape takes"),
    (file(GOOD.replace("(2, 2)", f"(0, {2**62})")), "which is not what its shape takes"),
    (file(GOOD.replace("(2, 2)", "(2, 3)")), "holds 16 bytes"), (file(GOOD, bytes(15)), "holds 15 bytes"),
    (file(GOOD.replace("<f4", "|O")), "element type '|O'"), (file(GOOD.replace("<f4", ">f4")), "element type '>f4'"),
    (file(GOOD.replace("<f4", "")), "element type ''"), (file(GOOD.replace("<f4", "<f4" * 1000)), "is not supported"),
    (file(GOOD.replace("'<f4'", "'<f4")), "not as the format asks"),
    (file(GOOD.replace("<f4", "<i4")), "found type int32, expected float32"),
    (file(GOOD.replace("(2, 2)", "(4, )")), "found rank 1, expected 2"),
    (file("\0" * 60000), "not as the format asks"),
]


@pytest.mark.parametrize("data, message", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_files(run, data, message):
    done = run(data)
    assert done.status == 1 and "input 'x'" in done.err and message in done.err, done.err


def test_folders_and_pipes_are_no_files(adze, run, tmp_path):
    import os
    os.mkfifo(tmp_path / "pipe")
    for name in (".", "pipe"):
        done = adze("run", "m.so", "--input", f"x={name}", "--output-dir", "out")
        assert done.status == 1 and "no regular file" in done.err


def test_booleans_are_zero_or_one(adze, run, tmp_path):
    path = small.save(identity(TensorProto.BOOL, ["a"]), tmp_path, "bool.onnx")
    done = run(file("{'descr': '|b1', 'fortran_order': False, 'shape': (4, ), }", bytes([0, 1, 2, 255])), path)
    assert done.status == 0, done.err
    assert np.load(tmp_path / "out/y.npy").view(np.uint8).tolist() == [0, 1, 1, 1]
