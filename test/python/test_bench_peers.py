# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""adze.bench: what it measures, what it writes, and peers that are missing or fail. No time is compared with another."""
import json
import math
import os
import signal
import stat
import subprocess
import sys

import numpy as np
import onnx
import pytest
import small
from onnx import helper as h

from adze import bench
from adze.bench import _cases, _flops, _measure, _peers, _process, _report

QUICK = ["--runs", "4", "--rounds", "2", "--seconds", "0.4", "--warm-seconds", "0.2"]
PEERS = [peer for peer in ("onnxruntime", "openvino") if _peers.is_installed(peer)]


def run(tmp_path, *arguments):
    """The exit status, the JSON and the Markdown of a run in this process."""
    files = [str(tmp_path / name) for name in ("bench.json", "bench.md")]
    status = bench.main([*map(str, arguments), *QUICK, "--json", files[0], "--markdown", files[1]])
    with open(files[0]) as numbers, open(files[1]) as text:
        return status, json.load(numbers), text.read()


def table(text):
    """The cells of a Markdown table, each as a reader sees it."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rows = []
    for line in lines:
        assert line.startswith("| ") and line.endswith(" |")
        cells, cell, escaped = [], "", False
        for c in line[1:]:
            if escaped or c not in "\\|":
                cell, escaped = cell + c, False
            elif c == "\\":
                escaped = True
            else:
                cells.append(cell.strip())
                cell = ""
        rows.append(cells)
    assert len({len(row) for row in rows}) == 1, "rows of different length"
    assert all(set(cell) <= set("-:") for cell in rows[1])
    return [dict(zip(rows[0], row)) for row in rows[2:]]


def test_figures(tmp_path, capsys):
    path = small.save(small.product(), tmp_path)
    status, numbers, text = run(tmp_path, path, "--dim", "n=40", "--threads", "1,2", "--dims", "free,pinned", "--peers", ",".join(PEERS))
    assert status == 0
    rows = numbers["rows"]
    assert [(r["dims"], r["threads"], r["peer"]) for r in rows] == \
        [(dims, threads, peer) for dims in ("free", "pinned") for threads in (1, 2) for peer in ("adze", *PEERS)]
    for row in rows:
        assert row["status"] == "ok" and row["error"] is None, row
        assert row["model"] == "model" and row["sizes"] == {"n": 40} and row["shapes"] == {"x": [40, 64]}
        assert 0 < row["min_ms"] <= row["p10_ms"] <= row["median_ms"] <= row["p90_ms"]
        assert row["first_ms"] > 0 and row["cold_s"] > 0 and row["cached_s"] > 0
        assert row["runs"] >= row["turns"] >= 1 and row["turns"] + row["turns_left_out"] <= 4
        assert 5e6 < row["load_peak_bytes"] < 4e9 and 5e6 < row["run_peak_bytes"] < 4e9
        assert row["gflop"] == pytest.approx(2 * 40 * 64 * 64 / 1e9)
        assert row["share_of_peak"] == pytest.approx(row["gflop"] / row["median_ms"] * 1e3 / row["peak_gflops"])
        if row["peer"] == "adze":
            assert 64 * 64 * 4 < row["artifact_bytes"] < 4e6 and row["times_of_adze"] is None
        else:
            assert row["artifact_bytes"] is None and row["times_of_adze"] > 0
        if row["peer"] == "onnxruntime":
            assert row["compared_with"] is None
        else:
            assert row["compared_with"] == "onnxruntime" and row["max_difference"] < 1e-4
    for machine in numbers["machine"].values():
        assert machine["fma_gflops"] > 1 and machine["clock_ghz"] > 0.3 and 0 <= machine["steal"] <= 1
    assert numbers["settings"]["threads"] == [1, 2]
    cells = table(text)
    assert [(c["dims"], c["T"], c["peer"]) for c in cells] == [(r["dims"], str(r["threads"]), r["peer"]) for r in rows]
    assert all(c["sizes"] == "n=40" and float(c["median ms"].rstrip("!")) > 0 for c in cells)
    assert [c["artifact MB"] == "n/a" for c in cells] == [r["peer"] != "adze" for r in rows]
    shown = capsys.readouterr().out
    assert shown.startswith("before: ") and "\nafter: " in shown and sum(line.startswith("model ") for line in shown.splitlines()) == 1 + len(rows)
    assert sorted(os.listdir(tmp_path)) == ["bench.json", "bench.md", "model.onnx"]
    assert stat.S_IMODE(os.stat(tmp_path / "bench.json").st_mode) & 0o600 == 0o600


def test_a_missing_peer_is_a_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(_peers, "is_installed", lambda peer: peer != "openvino")
    status, numbers, text = run(tmp_path, small.save(small.relu(), tmp_path), "--peers", "openvino,onnxruntime")
    assert status == 0
    missing = numbers["rows"][1]
    assert missing["peer"] == "openvino" and missing["status"] == "missing" and missing["median_ms"] is None
    assert missing["error"] == "not installed: pip install openvino"
    assert "openvino     not installed: pip install openvino\n" in capsys.readouterr().out
    assert table(text)[1]["median ms"] == missing["error"]
    assert [r["status"] for r in numbers["rows"]] == ["ok", "missing", "ok"]
    assert numbers["rows"][0]["compared_with"] == "onnxruntime"  # the first that ran


def test_a_peer_that_fails_is_a_row(tmp_path, capsys):
    """What the others say stays; Adze's failure is the exit status."""
    status, numbers, text = run(tmp_path, small.save(small.unknown_nodes(), tmp_path), "--peers", "onnxruntime", "--threads", "1,2")
    assert status == 1
    for row in numbers["rows"]:
        assert row["status"] == "error" and ("Frobnicate" if row["peer"] == "adze" else "Grumble") in row["error"], row
        assert row["median_ms"] is None
    assert "Frobnicate" in table(text)[0]["median ms"] and "Frobnicate" in capsys.readouterr().out
    # A model whose index is out of range in Adze as in ONNX Runtime: found by the first run.
    model = small.save(small.gather(), tmp_path)
    np.save(tmp_path / "index.npy", np.array([7]))
    status, numbers, _ = run(tmp_path, model, "--peers", "onnxruntime", "--dim", "n=3", "--input", f"index={tmp_path}/index.npy")
    assert status == 1 and all(r["status"] == "error" and "out of" in r["error"] for r in numbers["rows"]), numbers["rows"]


def test_a_process_that_dies_or_hangs_is_an_error():
    process = _process.Process(dict(os.environ), timeout=60)
    os.kill(process._child.pid, signal.SIGSEGV)
    with pytest.raises(_process.PeerError, match="ended by SIGSEGV"):
        process.ask("warm", seconds=1)
    process.stop()
    process = _process.Process(dict(os.environ), timeout=0.2)
    os.kill(process._child.pid, signal.SIGSTOP)
    with pytest.raises(_process.PeerError, match="no answer to 'warm' within 0.2 s"):
        process.ask("warm", seconds=1)
    assert process._child.poll() is not None


@pytest.mark.parametrize("free", [None, -1, "?"])
def test_dimensions_without_names_are_pinned_in_the_model(tmp_path, free):
    path = small.save(small.relu(shape=(free, 3)), tmp_path)
    status, numbers, _ = run(tmp_path, path, "--shape", "x=5,3", "--dims", "pinned", "--peers", "onnxruntime")
    assert status == 0
    assert all(r["sizes"] == {"x[0]": 5} and r["dims"] == "pinned" and r["status"] == "ok" for r in numbers["rows"])
    prepared = _cases.prepare(bench.Case(path, shapes={"x": (5, 3)}))
    _cases.write_pinned(prepared, str(tmp_path / "pinned.onnx"))
    assert _cases.prepare(bench.Case(str(tmp_path / "pinned.onnx"))).is_static


def test_a_model_of_one_size_is_measured_once(tmp_path):
    path = small.save(small.relu(shape=(4, 3)), tmp_path)
    _, numbers, _ = run(tmp_path, path, "--dims", "free,pinned", "--peers", "onnxruntime")
    assert [r["dims"] for r in numbers["rows"]] == ["static", "static"]


def test_integer_models(tmp_path):
    """Quantised weights: counted, run and compared like others."""
    nodes = [h.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]), h.make_node("MatMulInteger", ["q", "w", "z"], ["y"])]
    weight = onnx.numpy_helper.from_array((np.arange(64 * 16).reshape(64, 16) % 11 - 5).astype(np.int8), "w")
    path = small.save(small.model(nodes, [small.tensor("x", ["n", 64])], [small.tensor("y", ["n", 16], onnx.TensorProto.INT32)], [weight]),
                      tmp_path)
    status, numbers, _ = run(tmp_path, path, "--dim", "n=8", "--peers", "onnxruntime")
    assert status == 0 and numbers["rows"][0]["gflop"] == pytest.approx(2 * 8 * 64 * 16 / 1e9)
    assert numbers["rows"][0]["max_relative_difference"] < 0.02  # one step of the quantised input


@pytest.mark.parametrize("arguments, message", [
    (["none.onnx"], "cannot be read as an ONNX model"),
    (["model.onnx", "--shape", "x=1,2,3"], "input 'x': found a shape of 3 sizes, expected 2"),
    (["model.onnx", "--shape", "x=1,4"], "found size 4 of dimension 1, expected 3"),
    (["model.onnx", "--dim", "batch=many"], "many"),
    (["model.onnx", "--dim", "batch=-3"], "'batch': found size -3"),
    (["model.onnx", "--dim", "bach=3"], "no model has an input or dimension 'bach'"),
    (["model.onnx", "--input", "x=none.npy"], "none.npy"),
    (["model.onnx", "--threads", "4096"], "4096 threads on"),
])
def test_what_cannot_be_measured(tmp_path, capsys, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    small.save(small.relu(), tmp_path)
    assert bench.main(arguments) == 1
    assert message in capsys.readouterr().err


def test_the_command(tmp_path):
    done = subprocess.run([sys.executable, "-m", "adze.bench", "--help"], capture_output=True, text=True, cwd=tmp_path,
                          env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)))
    assert done.returncode == 0 and "--peers" in done.stdout, done.stderr
    for wrong in (["--peers", "nobody"], ["--dims", "some"], ["--threads", "0"], ["--dim", "=3"]):
        with pytest.raises(SystemExit) as status:
            bench.main(["model.onnx", *wrong])
        assert status.value.code == 2


def test_names_of_a_model_stay_text(capsys):
    """Neither escape sequences on the terminal nor Markdown or HTML of a model's making."""
    row = _report.Row("a|b\033[31m<img>`", {"x|\n": 2}, {"x": [2]}, "free", 1, "adze", status="error", error="a|b\nmore")
    assert "\033" not in _report.table_row(row) and "\n" not in _report.table_row(row)
    machine = _measure._machine.look()
    text = _report.markdown([row], machine, machine)
    (cells,) = table(text)
    assert cells["model"] == "a|b?[31m<img>`" and cells["sizes"] == "x|?=2" and cells["median ms"] == "a|b (and 1 lines more)"
    assert "<img>" not in text
    numbers = json.loads(_report.to_json([row], machine, machine, {}))
    assert numbers["rows"][0]["model"] == row.model and numbers["rows"][0]["median_ms"] is None


def test_turns_on_a_slow_machine_are_left_out():
    def turn(mean, ms):
        return {"ms": [ms] * 3, "peak": [100e9, mean, 99e9]}

    row = _report.Row("m", {}, {}, "free", 1, "adze", gflop=0.5)
    _measure._summarise(row, {"adze": [turn(99e9, 10), turn(94e9, 30), turn(97e9, 12)]})
    assert (row.median_ms, row.runs, row.turns, row.turns_left_out, row.noisy) == (11, 6, 2, 1, False)
    assert row.peak_gflops == 100 and row.share_of_peak == pytest.approx(0.5 / 0.011 / 100)
    row = _report.Row("m", {}, {}, "free", 1, "adze")
    _measure._summarise(row, {"adze": [turn(50e9, 10), turn(60e9, 30), turn(97e9, 12)]})
    assert row.noisy and row.runs == 9 and row.turns_left_out == 0 and row.share_of_peak is None


def test_differences():
    one = {"y": np.array([1.0, np.nan, np.inf, -4.0])}
    assert _measure.difference(one, one) == (0, 0)
    assert _measure.difference({"y": np.array([1.5, np.nan, np.inf, -4.0])}, one) == (0.5, 0.125)
    for other in (np.array([1.0, 1.0, np.inf, -4.0]), np.array([1.0, np.nan, 9.0, -4.0]), np.zeros(3)):
        assert _measure.difference({"y": other}, one)[0] == math.inf
    assert _measure.difference({}, one)[0] == math.inf
    assert _measure.difference({"y": np.array([True])}, {"y": np.array([False])}) == (1, math.inf)


def operations(nodes, inputs, outputs, feeds, **more):
    return _flops.count(small.model(nodes, inputs, outputs, opsets=(("", 21),), **more), feeds)


def test_operations_are_counted():
    x, f = np.ones((2, 3, 8, 8), np.float32), small.tensor("f", [6, 3, 3, 3])
    conv = [h.make_node("Conv", ["x", "f"], ["y"], strides=[2, 2], pads=[1, 1, 1, 1])]
    image, out = small.tensor("x", ["n", 3, "h", "w"]), small.tensor("y", None)
    feeds = {"x": x, "f": np.ones((6, 3, 3, 3), np.float32)}
    assert operations(conv, [image, f], [out], feeds) == 2 * (2 * 6 * 4 * 4) * 27
    # A reshape whose shape the graph computes from its input's.
    chain = [h.make_node("Shape", ["x"], ["s"]), h.make_node("Gather", ["s", "zero"], ["n"], axis=0),
             h.make_node("Concat", ["n", "rest"], ["t"], axis=0), h.make_node("Reshape", ["x", "t"], ["r"]),
             h.make_node("MatMul", ["r", "w"], ["y"])]
    known = [onnx.numpy_helper.from_array(np.array(v, np.int64), n) for n, v in (("zero", [0]), ("rest", [-1]))]
    weight = onnx.numpy_helper.from_array(np.zeros((192, 5), np.float32), "w")
    model = small.model(chain, [image], [out], [*known, weight])
    assert _flops.count(model, {"x": x}) == 2 * 2 * 192 * 5
    lstm = h.make_node("LSTM", ["x", "w", "r"], ["y"], hidden_size=4)
    shapes = {"x": (7, 2, 5), "w": (1, 16, 5), "r": (1, 16, 4)}
    assert operations([lstm], [small.tensor(n, s) for n, s in shapes.items()], [out],
                      {n: np.ones(s, np.float32) for n, s in shapes.items()}) == 2 * 7 * 2 * (16 * 5 + 16 * 4)
    assert _flops.count(small.relu(), {"x": np.ones((2, 3), np.float32)}) == 0
    assert _flops.count(small.unknown_nodes(), {"x": np.ones((2, 4), np.float32)}) is None  # of other domains nobody knows
