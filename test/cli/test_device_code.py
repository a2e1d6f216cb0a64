# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the command line makes of a device's code: texts, code for machines, artifacts with both, reports."""
import glob
import json
import os
import shutil
import stat

import numpy as np
import pytest
import small

ALL = ["sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_120"]
SIMULATED = os.path.join("lib", "libadze_sim_cuda.so")


def has_assembler():
    folders = [os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH"), "/usr/local/cuda"]
    return bool(os.environ.get("ADZE_PTXAS") or shutil.which("ptxas")
                or any(folder and os.path.exists(os.path.join(folder, "bin", "ptxas")) for folder in folders))


needs_assembler = pytest.mark.skipif(not has_assembler(), reason="no ptxas of a CUDA toolkit")


@pytest.fixture
def product(tmp_path):
    return small.save(small.product(), tmp_path)


def script(path, text):
    """A program that stands in for the assembler."""
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {"ADZE_PTXAS": str(path)}


def test_unknown_machines_are_told_the_known(adze, product):
    done = adze("compile", product, "-o", "a.so", "--target", "nvptx:sm_80,sm_81")
    assert done.status == 1 and f"chip 'sm_81' is none of {', '.join(ALL)}" in done.err
    assert "NAME:MACHINE,MACHINE" in adze("compile", "--help").out


def test_texts_one_file_a_machine(adze, product, tmp_path):
    done = adze("compile", product, "-o", "made/here", "--emit", "ptx", "--target", "nvptx:" + ",".join(ALL))
    assert done.status == 0 and done.out == "", done.err
    assert sorted(os.listdir(tmp_path / "made/here")) == sorted(f"{chip}.ptx" for chip in ALL)
    for chip in ALL:
        text = (tmp_path / "made/here" / f"{chip}.ptx").read_text()
        assert f".target {chip}" in text and ".visible .entry adze_k0" in text


@pytest.mark.parametrize("arguments, message", [
    (("--emit", "ptx"), "a form of a device that --target names"),
    (("--emit", "gold", "--target", "nvptx"), "target 'nvptx' has no form 'gold'; forms: object, llvm, asm, mlir, ptx, cubin"),
    (("--emit", "ptx", "--target", "cpu"), "target 'cpu' has no form 'ptx'; forms: object, llvm, asm, mlir\n"),
    (("--assemble",), "nothing to assemble without a target that is a device"),
    (("--report",), "the target is none"),
    (("--report", "v100", "--target", "nvptx"), "card 'v100' is none of rtx4090, a100, a100-80gb, h100, rtx5090"),
    (("--report", "a100", "--target", "nvptx:sm_89"), "NVIDIA A100 40GB (sm_80) runs no code for sm_89")])
def test_what_cannot_be_had(adze, product, tmp_path, arguments, message):
    done = adze("compile", product, "-o", "out", *arguments)
    assert done.status in (1, 2) and message in done.err and done.out == ""
    assert sorted(os.listdir(tmp_path)) == ["model.onnx"]


def test_texts_do_not_go_to_standard_output(adze, product):
    assert adze("compile", product, "-o", "-", "--emit", "ptx", "--target", "nvptx").status == 2


def test_a_model_without_kernels_of_the_device(adze, tmp_path):
    path = small.save(small.model([small.h.make_node("Shape", ["x"], ["y"])], [small.tensor("x", ["n", 4])],
                                  [small.tensor("y", [2], small.TensorProto.INT64)]), tmp_path)
    done = adze("compile", path, "-o", "out", "--emit", "ptx", "--target", "nvptx")
    assert done.status != 0 and "no kernel of the model is the device's" in done.err and not os.path.exists(tmp_path / "out")


def test_all_files_or_none(adze, product, tmp_path):
    os.makedirs(tmp_path / "out/sm_80.ptx")  # a folder in a file's place
    done = adze("compile", product, "-o", "out", "--emit", "ptx", "--target", "nvptx:sm_75,sm_80")
    assert done.status == 1 and "sm_80.ptx" in done.err
    assert os.listdir(tmp_path / "out") == ["sm_80.ptx"]


@needs_assembler
def test_code_for_machines(adze, product, tmp_path):
    done = adze("compile", product, "-o", "out", "--emit", "cubin", "--target", "nvptx:sm_75,sm_89")
    assert done.status == 0, done.err
    assert sorted(os.listdir(tmp_path / "out")) == ["sm_75.cubin", "sm_89.cubin"]
    assert all((tmp_path / "out" / name).read_bytes()[:4] == b"\x7fELF" for name in os.listdir(tmp_path / "out"))


@needs_assembler
def test_an_artifact_with_both(adze, build, product, tmp_path):
    assert adze("compile", product, "-o", "a.so", "--assemble", "--target", "nvptx:sm_80,sm_89").status == 0
    found = json.loads(adze("inspect", "a.so", "--json").out)["code_objects"]
    assert [(o["machine"], o["form"]) for o in found] == [("sm_80", "cubin"), ("sm_89", "cubin"), ("sm_80", "ptx")]
    assert all(o["bytes"] > 1000 for o in found)
    # A device of another major version takes the text, which the machine of the tests can run.
    np.save(tmp_path / "x.npy", np.ones((2, 64), np.float32))
    environment = {"ADZE_CUDA_DRIVER": os.path.join(build, SIMULATED), "ADZE_SIM_DEVICES": "sm_90"}
    done = adze("run", "a.so", "--input", "x=x.npy", "--output-dir", "y", env=environment)
    assert done.status == 0, done.err


@pytest.mark.parametrize("chip", ALL)
def test_the_machine_plays_each_chip(adze, build, product, tmp_path, chip):
    """Its text runs on a simulated device of this chip, which finds nothing to report."""
    x = np.random.default_rng(1).standard_normal((5, 64), np.float32)
    np.save(tmp_path / "x.npy", x)
    environment = {"ADZE_CUDA_DRIVER": os.path.join(build, SIMULATED), "ADZE_SIM_DEVICES": chip,
                   "ADZE_SIM_REPORT": str(tmp_path / "report")}
    assert adze("compile", product, "-o", "a.so", "--target", f"nvptx:{chip}").status == 0
    assert adze("compile", product, "-o", "host.so").status == 0
    for artifact, folder in (("a.so", "y"), ("host.so", "wanted")):
        done = adze("run", artifact, "--input", "x=x.npy", "--output-dir", folder, env=environment)
        assert done.status == 0, done.err
    np.testing.assert_allclose(np.load(tmp_path / "y/y.npy"), np.load(tmp_path / "wanted/y.npy"), rtol=1e-4, atol=1e-4)
    assert not os.path.exists(tmp_path / "report") or not (tmp_path / "report").read_text()


def test_without_an_assembler(adze, product, tmp_path):
    """One that is missing, or fails, is an error; what does not need it goes on."""
    missing = {"ADZE_PTXAS": str(tmp_path / "nothing")}
    for asked in (("--assemble",), ("--emit", "cubin")):
        done = adze("compile", product, "-o", "a", *asked, "--target", "nvptx", env=missing)
        assert done.status == 1 and "ADZE_PTXAS names" in done.err and not os.path.exists(tmp_path / "a")
    assert adze("compile", product, "-o", "a.so", "--target", "nvptx", env=missing).status == 0
    done = adze("compile", product, "-o", "a.so", "--target", "nvptx", "--report", env=missing)
    assert done.status == 0 and "No assembler was found" in done.out and "n/a" in done.out


def test_what_the_assembler_complains_of(adze, product, tmp_path):
    refusing = script(tmp_path / "refuse", 'last=$(wc -l < "$4"); echo "ptxas $4, line $last; error   : no such thing"; exit 255\n')
    done = adze("compile", product, "-o", "a.so", "--assemble", "--target", "nvptx:sm_80", env=refusing)
    assert done.status == 1 and "for sm_80, kernel 'adze_k0': ptxas" in done.err and "no such thing" in done.err
    assert not os.path.exists(tmp_path / "a.so")


def test_the_assembler_leaves_no_files(adze, product, tmp_path):
    (tmp_path / "tmp").mkdir()
    writing = script(tmp_path / "write", 'echo code > "$6"\n')
    writing["TMPDIR"] = str(tmp_path / "tmp")
    done = adze("compile", product, "-o", "out", "--emit", "cubin", "--target", "nvptx", env=writing)
    assert done.status == 0, done.err
    assert (tmp_path / "out/sm_80.cubin").read_text() == "code\n"
    assert glob.glob(str(tmp_path / "tmp/adze-*/kernels.*")) == []


def test_inspect_says_who_runs_what(adze, tmp_path):
    path = small.save(small.picked(), tmp_path)
    assert adze("compile", path, "-o", "a.so", "--target", "nvptx").status == 0
    metadata = json.loads(adze("inspect", "a.so", "--json").out)
    kernels = {k["nodes"]: k for k in metadata["kernels"] if "host_reason" not in k}
    assert kernels["relu1"]["device"] == {"name": "adze_" + kernels["relu1"]["name"], "threads": 256, "shared_bytes": 0}
    out = adze("inspect", "a.so").out
    assert "\n  sm_80: " in out and " of ptx\n" in out
    assert ": device, 256 threads, 0 bytes shared: relu1\n" in out
    assert any("host_reason" in kernel for kernel in metadata["kernels"])
    for kernel in metadata["kernels"]:
        if "host_reason" in kernel:
            assert "device" not in kernel and f": host ({kernel['host_reason']}): {kernel['nodes']}\n" in out
    assert adze("compile", path, "-o", "b.so").status == 0
    assert "code_objects" not in json.loads(adze("inspect", "b.so", "--json").out)


def report_of(adze, tmp_path, *arguments):
    done = adze("compile", *arguments, "-o", "a.so", "--report-json", "r.json")
    assert done.status == 0, done.err
    return json.loads((tmp_path / "r.json").read_text())


def test_a_report(adze, product, tmp_path):
    report = report_of(adze, tmp_path, product, "--target", "nvptx:sm_80,sm_89", "--dim", "n=1024", "--report", "a100")
    assert report["card"]["name"] == "a100" and report["card"]["source"] and report["code_for"] == "sm_80"
    assert report["note"] == "times are predicted, not measured"
    (kernel,) = report["kernels"]
    rows, columns, depth = 1024, 64, 64
    assert kernel["runs_on"] == "device" and kernel["kind"] == "tiles" and kernel["launches"] == 1
    assert kernel["flops"] == 2 * rows * columns * depth + 2 * rows * columns  # bias and relu
    assert kernel["bytes"] == 4 * (rows * depth + depth * columns + rows * columns)  # the bias is one number in the code
    assert kernel["bound_by"] == "arithmetic" and kernel["bound_seconds"] == pytest.approx(kernel["flops"] / 19.5e12)
    assert kernel["bound_seconds"] > kernel["bytes"] / 1555e9
    assert kernel["predicted_seconds"] > kernel["bound_seconds"] and kernel["blocks"] > 0
    assert report["predicted_seconds"] == pytest.approx(kernel["predicted_seconds"])
    if has_assembler():
        assert 0 < kernel["registers"] <= 255 and kernel["spill_store_bytes"] == 0 and 0 < kernel["occupancy"] <= 1
    else:
        assert kernel["registers"] is None and kernel["occupancy"] is None


def test_a_report_as_a_table(adze, product):
    done = adze("compile", product, "-o", "a.so", "--target", "nvptx", "--dim", "n=32", "--report")
    assert done.status == 0, done.err
    assert "Predicted, not measured" in done.out and "NVIDIA GeForce RTX 4090 (sm_89), code for sm_80" in done.out
    assert "MatMul#0;Add#1;Relu#2" in done.out and "(memory)" in done.out


def test_what_depends_on_sizes_is_not_known(adze, product, tmp_path):
    report = report_of(adze, tmp_path, product, "--target", "nvptx")
    (kernel,) = report["kernels"]
    assert [kernel[key] for key in ("bytes", "flops", "blocks", "bound_seconds", "predicted_seconds")] == [None] * 5
    assert report["not_counted"] == 1
