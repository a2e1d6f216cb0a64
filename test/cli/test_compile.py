# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""adze compile, adze check, and the command line as a whole."""
import os
import pty
import re
import subprocess

import onnx
import pytest
import small


def test_help_and_version(adze):
    assert re.fullmatch(r"adze \d+\.\d+\.\d+\n", adze("--version").out)
    for command in ([], ["compile"], ["run"], ["bench"], ["check"], ["inspect"]):
        done = adze(*command, "--help")
        assert done.status == 0 and "--help" in done.out and done.err == ""
    assert "worker" not in adze("--help").out
    assert re.search(r"--target NAME\s+What runs the kernels: \w+", adze("compile", "--help").out)


@pytest.mark.parametrize("arguments", [
    (), ("nothing",), ("compile",), ("compile", "m.onnx"), ("compile", "m.onnx", "-o", "a.so", "-O1"),
    ("compile", "m.onnx", "-o", "a.so", "--emit", "gold"), ("compile", "m.onnx", "-o", "a.so", "--dim", "n"),
    ("compile", "m.onnx", "-o", "a.so", "--dim", "n=-1"), ("compile", "m.onnx", "-o", "a.so", "--dim", "n=x"),
    ("compile", "m.onnx", "-o", "a.so", "--jobs", "many")])
def test_wrong_command_lines(adze, arguments, tmp_path):
    done = adze(*arguments)
    assert done.status == 2 and done.err and os.listdir(tmp_path) == []


def test_summary(adze, tmp_path):
    done = adze("compile", small.save(small.add(), tmp_path), "-o", "add.so")
    assert done.status == 0 and done.err == ""
    assert re.fullmatch(r"add\.so: \d+ kernels, [\d.]+ \w+ code, [\d.]+ \w+ weights, .*arena.*, [\d.]+ s\n", done.out)
    assert sorted(os.listdir(tmp_path)) == ["add.so", "model.onnx"]


def test_peak_arena_is_told_where_sizes_are_known(adze, tmp_path):
    path = small.save(small.three_softmaxes(), tmp_path)
    assert "peak arena depends on sizes" in adze("compile", path, "-o", "free.so").out
    # Two intermediate results of 100 x 64 floats live at the same time.
    out = adze("compile", path, "-o", "pinned.so", "--dim", "n=100").out
    assert "51.2 KB peak arena" in out, out
    out = adze("compile", path, "-o", "device.so", "--dim", "n=100", "--target", "nvptx").out
    assert " 0 bytes peak arena, " in out and re.search(r"arena, [\d.]+ KB on the device", out), out
    static = small.save(small.relu((5, 3)), tmp_path, "static.onnx")
    assert ", 0 bytes peak arena" in adze("compile", static, "-o", "static.so").out


def test_the_same_bytes_from_anywhere(adze, tmp_path):
    made = small.add()
    for folder in ("one", "another"):
        (tmp_path / folder).mkdir()
        small.save(made, tmp_path / folder)
    assert adze("compile", "one/model.onnx", "-o", "a.so", "--jobs", 1).status == 0
    assert adze("compile", tmp_path / "another/model.onnx", "-o", "another/b.so", "--jobs", 4).status == 0
    assert (tmp_path / "a.so").read_bytes() == (tmp_path / "another/b.so").read_bytes()


def test_failure_leaves_the_output_alone(adze, tmp_path):
    (tmp_path / "a.so").write_text("precious")
    done = adze("compile", small.save(small.unknown_nodes(), tmp_path), "-o", "a.so")
    assert done.status == 1 and done.out == ""
    assert (tmp_path / "a.so").read_text() == "precious"
    assert sorted(os.listdir(tmp_path)) == ["a.so", "model.onnx"]


def test_outputs_that_cannot_be_written(adze, tmp_path):
    path = small.save(small.relu(), tmp_path)
    done = adze("compile", path, "-o", "no/such/folder/a.so")
    assert done.status == 1 and "no/such/folder/a.so" in done.err


def test_stages_go_out_and_come_back(adze, tmp_path):
    path = small.save(small.relu(), tmp_path)
    for stage, word in (("onnx", 'onnx.node "Relu"'), ("core", "core.unary relu"), ("kernels", "kernel.func")):
        done = adze("compile", path, "-o", f"{stage}.mlir", "--stop-after", stage)
        assert done.status == 0, done.err
        assert word in (tmp_path / f"{stage}.mlir").read_text()
        assert adze("compile", path, "-o", "-", "--stop-after", stage).out == (tmp_path / f"{stage}.mlir").read_text()
    again = adze("compile", "core.mlir", "-o", "-", "--start-at", "kernels", "--stop-after", "kernels")
    assert again.status == 0 and "kernel.func" in again.out
    assert adze("compile", "onnx.mlir", "-o", "a.so", "--start-at", "core").status == 0
    assert (tmp_path / "a.so").read_bytes()[:4] == b"\x7fELF"


def test_unknown_stages_and_bad_text(adze, tmp_path):
    path = small.save(small.relu(), tmp_path)
    done = adze("compile", path, "-o", "-", "--stop-after", "lunch")
    assert done.status == 1 and "error: there is no stage 'lunch'; stages: onnx, core" in done.err
    (tmp_path / "bad.mlir").write_text("func.func @main( {\n")
    done = adze("compile", "bad.mlir", "-o", "-", "--start-at", "core")
    assert done.status == 1 and "bad.mlir:1:" in done.err


@pytest.mark.parametrize("form, expected", [("llvm", b"define "), ("asm", b".globl"), ("object", b"\x7fELF"),
                                            ("mlir", b"module")])
def test_other_forms(adze, tmp_path, form, expected):
    done = adze("compile", small.save(small.relu(), tmp_path), "-o", "out", f"--emit={form}")
    assert done.status == 0, done.err
    assert expected in (tmp_path / "out").read_bytes()


def test_check_names_every_node(adze, tmp_path):
    done = adze("check", small.save(small.unknown_nodes(), tmp_path))
    assert done.status == 1 and done.out == ""
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert [line.split(":")[1] for line in errors] == [
        " node 'first' (Frobnicate, opset 17)", " node 'second' (my.ops", " node 'third' (Zork, opset 17)"]
    assert "inputs: tensor<?x4xf32>, tensor<?x4xf32>" in done.err
    done = adze("check", small.save(small.relu(), tmp_path, "fine.onnx"))
    assert done.status == 0 and "compiles" in done.out


def test_check_names_nodes_in_branches(adze, tmp_path):
    done = adze("check", small.save(small.unknown_inner_nodes(), tmp_path))
    errors = [line for line in done.err.splitlines() if line.startswith("error: ")]
    assert done.status == 1
    expected = "the operator is not supported; expected one of ONNX's that Adze knows, or a function of the model"
    assert errors == [f"error: node '{name}' ({op}, opset 17): {expected}"
                      for name, op in (("first", "Frobnicate"), ("second", "Zork"), ("third", "Grumble"))]


def test_names_bring_no_escape_sequences(adze, tmp_path):
    made = small.unknown_nodes()
    made.graph.node[1].name = "\033[2Jevil\x07"
    done = adze("check", small.save(made, tmp_path))
    assert done.status == 1 and "evil" in done.err and "\x07" not in done.err


def test_a_terminal_gets_colour_and_progress(adze_cli, tmp_path):
    path = small.save(small.unknown_nodes(), tmp_path)
    master, slave = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
    process = subprocess.Popen([adze_cli, "check", path], stderr=slave, stdout=subprocess.DEVNULL, env=environment)
    os.close(slave)
    text = b""
    try:
        while chunk := os.read(master, 4096):
            text += chunk
    except OSError:
        pass  # the other end is closed
    os.close(master)
    assert process.wait() == 1
    assert b"\033[1;31merror:" in text and b"\033[K" in text and b"import" in text


def test_a_dead_worker_is_a_message(adze, tmp_path):
    done = adze("check", small.save(small.relu(), tmp_path), env={"ADZE_WORKER": "/bin/false"})
    assert done.status == 1 and "error: the compiler process ended with status 1" in done.err


def test_a_large_bad_file(adze, tmp_path):
    (tmp_path / "bad.onnx").write_bytes(os.urandom(100000))
    for command in (("check", "bad.onnx"), ("compile", "bad.onnx", "-o", "a.so"), ("run", "bad.onnx", "--output-dir", "o")):
        done = adze(*command)
        assert done.status == 1 and done.err.startswith("error: ")
    onnx.load(small.save(small.relu(), tmp_path))  # the good one is one
