# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""An artifact stands for itself: a C program runs it without Adze, and compiling again gives the same bytes."""
import os
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "models"))
import zoo  # noqa: E402

if not os.path.exists(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools", "adze")):
    pytest.skip("the CLI is not written yet", allow_module_level=True)


@pytest.fixture
def model(tmp_path):
    """y = relu(x @ w + b) of shapes [n, 3] x [3, 4]."""
    w = np.arange(12, dtype=np.float32).reshape(3, 4) - 5
    b = np.array([1, -2, 0.5, 100], np.float32)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["m"], name="product"), helper.make_node("Add", ["m", "b"], ["s"]),
         helper.make_node("Relu", ["s"], ["y"])], "affine",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])],
        [numpy_helper.from_array(w, "w"), numpy_helper.from_array(b, "b")])
    path = tmp_path / "affine.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), path)
    return path, lambda x: np.maximum(x @ w + b, 0)


def compile_model(cli, source, target, *options, cwd=None):
    subprocess.run([cli, "compile", str(source), "-o", str(target), *options], check=True, cwd=cwd)


@pytest.fixture
def program(root, tmp_path):
    """The C program; only libc is linked."""
    binary = tmp_path / "use_artifact"
    source = os.path.join(root, "test", "compiler", "Inputs", "use_artifact.c")
    subprocess.run(["clang-22", "-std=c11", "-Wall", "-Werror", "-I", root, source, "-o", str(binary)], check=True)
    return binary


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_c_program(adze_cli, model, program, tmp_path, rows):
    path, expected = model
    compile_model(adze_cli, path, tmp_path / "affine.so")
    result = subprocess.run([program, tmp_path / "affine.so", str(rows)], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    name, _, numbers = result.stdout.partition(":")
    assert name == "y"
    x = (np.arange(rows * 3) - rows * 3 // 2).astype(np.float32).reshape(rows, 3)
    np.testing.assert_allclose(np.array(numbers.split(), np.float32), expected(x).ravel(), rtol=1e-5)


def test_c_program_reports(adze_cli, model, program, tmp_path):
    """A file that is no artifact is an error of dlopen or dlsym, not a crash."""
    (tmp_path / "no.so").write_bytes(b"\x7fELF" + bytes(100))
    result = subprocess.run([program, tmp_path / "no.so"], capture_output=True, text=True)
    assert result.returncode == 1 and result.stderr


def test_needs_only_libc(adze_cli, model, tmp_path):
    compile_model(adze_cli, model[0], tmp_path / "affine.so")
    dynamic = subprocess.run(["readelf", "-d", tmp_path / "affine.so"], check=True, capture_output=True, text=True).stdout
    needed = [line.split("[")[1].rstrip("]") for line in dynamic.splitlines() if "(NEEDED)" in line]
    assert set(needed) <= {"libc.so.6", "libdl.so.2", "libpthread.so.0", "ld-linux-x86-64.so.2"}


def test_same_bytes(adze_cli, model, tmp_path):
    """Neither the directory nor the number of jobs changes a byte."""
    other = tmp_path / "other"
    other.mkdir()
    compile_model(adze_cli, model[0], tmp_path / "a.so", "--jobs", "1")
    compile_model(adze_cli, os.path.join("..", model[0].name), "b.so", "--jobs", "2", cwd=other)
    assert (tmp_path / "a.so").read_bytes() == (other / "b.so").read_bytes()


def test_resnet50(adze_cli, program, tmp_path):
    """A whole model: the same bytes from other folders, by other paths and numbers of jobs, and a C program gets ONNX Runtime's numbers."""
    source = zoo.MODELS["resnet50"].path()
    here, there = tmp_path / "here", tmp_path / "there" / "deeper"
    here.mkdir()
    there.mkdir(parents=True)
    compile_model(adze_cli, source, "a.so", "--jobs", "1", cwd=here)
    compile_model(adze_cli, os.path.relpath(source, there), "another.so", "--jobs", "2", cwd=there)
    assert (here / "a.so").read_bytes() == (there / "another.so").read_bytes()
    result = subprocess.run([program, here / "a.so"], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    count = 3 * 224 * 224
    ramp = (np.arange(count) - count // 2).astype(np.float32).reshape(1, 3, 224, 224)
    session = onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"])
    (expected,) = session.run(None, {session.get_inputs()[0].name: ramp})
    got = np.array(result.stdout.partition(":")[2].split(), np.float32)
    assert np.all(np.isfinite(expected)) and np.ptp(expected) > 0
    np.testing.assert_allclose(got, expected.ravel(), rtol=1e-3, atol=1e-4 * np.abs(expected).max())
