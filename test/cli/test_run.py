# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""adze run and adze inspect."""
import json
import os
import signal
import subprocess
import time

import numpy as np
import pytest
import small


@pytest.fixture
def add(adze, tmp_path):
    assert adze("compile", small.save(small.add(), tmp_path, "add.onnx"), "-o", "add.so").status == 0
    return "add.so"


def test_models_and_artifacts_give_the_same(adze, add, tmp_path):
    x, y = np.arange(6, dtype=np.float32).reshape(2, 3), np.ones((2, 3), np.float32)
    np.save(tmp_path / "x.npy", x)
    np.save(tmp_path / "y=1.npy", np.asfortranarray(y))
    for model in ("add.onnx", add):
        for threads in (1, 2):
            done = adze("run", model, "--input", "x=x.npy", "--input", "y=y=1.npy", "--output-dir", "out", "--threads", threads)
            assert done.status == 0, done.err
            assert "sum: float32[2,3] in out/sum.npy" in done.out
            np.testing.assert_array_equal(np.load(tmp_path / "out/sum.npy"), x + y)
            np.testing.assert_array_equal(np.load(tmp_path / "out/difference.npy"), x - y)
            assert sorted(os.listdir(tmp_path / "out")) == ["difference.npy", "sum.npy"]


def test_a_device_that_there_is_no_code_for(adze, add):
    for command in ("run", "bench"):
        arguments = ("--output-dir", "out") if command == "run" else ("--runs", 1)
        done = adze(command, add, "--random", 1, "--device", "4090", *arguments)
        assert done.status == 1 and "device is '4090', but the artifact has no kernels for a device" in done.err


def test_random_values(adze, add, tmp_path):
    for seed in (1, 1, 2):
        assert adze("run", add, "--random", seed, "--dim", "batch=4", "--output-dir", f"out{seed}").status == 0
    one, two = (np.load(tmp_path / f"out{seed}/sum.npy") for seed in (1, 2))
    assert one.shape == two.shape == (4, 1) and not np.array_equal(one, two)
    assert np.all(np.abs(one) < 2)
    assert adze("run", add, "--random", 1, "--dim", "batch=4", "--output-dir", "again").status == 0
    np.testing.assert_array_equal(np.load(tmp_path / "again/sum.npy"), one)


def test_what_does_not_fit(adze, add, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((2, 3), np.float32))
    np.save(tmp_path / "wide.npy", np.zeros((2, 4), np.float32))
    np.save(tmp_path / "double.npy", np.zeros((2, 3)))
    for inputs, message in ((["x=x.npy"], "input 'y: float32[batch,width]' has no value"),
                            (["x=x.npy", "y=wide.npy"], "input 'y': dimension 1 ('width') is 4, expected 3"),
                            (["x=x.npy", "y=double.npy"], "input 'y': found type float64, expected float32"),
                            (["x=x.npy", "y=none.npy"], "input 'y': 'none.npy': cannot be opened: No such file"),
                            (["x=x.npy", "z=x.npy"], "expected NAME=FILE.npy with NAME one of 'x', 'y'"),
                            (["x"], "expected NAME=FILE.npy")):
        done = adze("run", add, *(a for i in inputs for a in ("--input", i)), "--output-dir", "out")
        assert done.status == 1 and message in done.err, done.err
    assert not os.path.exists(tmp_path / "out")


def test_names_become_file_names(adze, tmp_path):
    made = small.add()
    made.graph.output[0].name = made.graph.node[0].output[0] = "../../escape/..\0sum"[:16]
    made.graph.output[1].name = made.graph.node[1].output[0] = "......escape"
    done = adze("run", small.save(made, tmp_path), "--random", 1, "--output-dir", "deep/er/out")
    assert done.status == 0, done.err
    names = os.listdir(tmp_path / "deep/er/out")
    assert len(names) == 2 and all(n.endswith(".npy") and not n.startswith(".") for n in names)
    assert sorted(os.listdir(tmp_path)) == ["deep", "model.onnx"]


def test_inspect(adze, add, tmp_path):
    done = adze("inspect", add)
    assert done.status == 0 and "x: float32[batch,width]" in done.out and "kernels (" in done.out
    assert "difference: float32[" in done.out
    assert "verified" in adze("inspect", add, "--verify").out
    data = json.loads(adze("inspect", add, "--json").out)
    assert [i["name"] for i in data["inputs"]] == ["x", "y"]


def test_inspect_of_bad_files(adze, add, tmp_path):
    whole = (tmp_path / add).read_bytes()
    for bad in (b"", whole[:-1], whole[:1000], whole[:5000] + b"?" + whole[5001:], b"\x7fELF" + bytes(5000)):
        (tmp_path / "bad.so").write_bytes(bad)
        for command in (("inspect", "bad.so"), ("inspect", "bad.so", "--verify"), ("run", "bad.so", "--output-dir", "o")):
            done = adze(*command)
            assert done.status == 1 and done.err.startswith("error: "), command
    assert adze("inspect", "none.so").status == 1


def test_what_is_no_regular_file(adze, tmp_path):
    """A FIFO is not waited for, and a device is not read for ever."""
    os.mkfifo(tmp_path / "fifo")
    os.symlink("/dev/zero", tmp_path / "zero")
    for name in ("fifo", "zero", "."):
        for command in (("compile", name, "-o", "m.so"), ("check", name), ("run", name, "--random", 1, "--output-dir", "o"), ("inspect", name)):
            done = adze(*command)
            assert done.status == 1 and "is not a regular file" in done.err, (command, done.err)
    assert sorted(os.listdir(tmp_path)) == ["fifo", "zero"]


def test_an_output_that_is_no_regular_file(adze, tmp_path):
    """It is not replaced."""
    made = small.save(small.add(), tmp_path)
    os.mkdir(tmp_path / "folder")
    os.mkfifo(tmp_path / "fifo")
    for name in ("folder", "fifo"):
        done = adze("compile", made, "-o", name)
        assert done.status == 1 and f"{name}': it exists and is not a regular file" in done.err, done.err
    assert sorted(os.listdir(tmp_path)) == ["fifo", "folder", "model.onnx"]


def test_ctrl_c_ends_a_run(adze, adze_cli, tmp_path):
    assert adze("compile", small.save(small.endless(), tmp_path), "-o", "endless.so").status == 0
    np.save(tmp_path / "trips.npy", np.array(2**62))
    process = subprocess.Popen([adze_cli, "run", "endless.so", "--input", "trips=trips.npy", "--random", "1", "--output-dir", "out"], cwd=tmp_path)
    time.sleep(0.5)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == -signal.SIGINT and not (tmp_path / "out").exists()
