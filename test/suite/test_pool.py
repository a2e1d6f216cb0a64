# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The pool gives every job its result though children crash, abort and hang; the comparison and the list tell right from wrong."""
import os
import sys

import numpy as np
import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import compare  # noqa: E402
import gaps  # noqa: E402
import pool  # noqa: E402

CHILD = """
import ctypes, json, os, subprocess, sys, time
out = os.fdopen(int(sys.argv[1]), "w")
for line in sys.stdin:
    job = json.loads(line)
    if job["do"] == "segv": ctypes.string_at(0)
    if job["do"] == "abort": print("LLVM ERROR: out of luck", file=sys.stderr, flush=True); os.abort()
    if job["do"] == "exit": sys.exit(3)
    if job["do"] == "hang": subprocess.Popen(["sleep", "600"]); time.sleep(600)
    print(json.dumps({"status": "pass", "reason": "", "seconds": 0, "pid": os.getpid()}), file=out, flush=True)
"""


def test_survives():
    kinds = ["ok", "segv", "ok", "abort", "ok", "exit", "hang", "ok", "ok"]
    jobs = [{"name": i, "do": kind} for i, kind in enumerate(kinds)]
    answers = {}
    pool.run([sys.executable, "-c", CHILD, "{}"], jobs, 2, 1.5, lambda job, answer: answers.update({job["name"]: answer}))
    expected = {"ok": "pass", "segv": "crash", "abort": "crash", "exit": "crash", "hang": "hang"}
    assert [answers[i]["status"] for i in range(len(kinds))] == [expected[kind] for kind in kinds]
    assert "SIGSEGV" in answers[1]["reason"]
    assert answers[3]["reason"] == "SIGABRT: LLVM ERROR: out of luck"
    assert "exit status 3" in answers[5]["reason"]


def test_reuses_children():
    pids = set()
    jobs = [{"name": i, "do": "ok"} for i in range(20)]
    pool.run([sys.executable, "-c", CHILD, "{}"], jobs, 1, 10, lambda job, answer: pids.add(answer["pid"]))
    assert len(pids) == 1


X = np.array([1.0, np.nan, np.inf], np.float32)


@pytest.mark.parametrize("expected, got, message", [
    (X, X * np.float32(1.0005), None),
    (X, X * np.float32(1.002), "wrong values, 1 of 3"),
    (X, X.astype(np.float64), "dtype float64, expected float32"),
    (X, X[:, None], r"shape \(3, 1\), expected \(3,\)"),
    (X, -X, "wrong values, 2 of 3"),
    (np.array(True), np.array(False), "wrong values, 1 of 1"),
    (np.array(["a"], object), np.array(["b"], object), "wrong strings"),
    (np.array(["a"], object), np.array(["a"], object), None),
    ([X, X], [X], "sequence of 1, expected 2"),
    ([X], [X], None),
    (None, X, "a value where nothing is expected"),
    (None, None, None),
    (np.zeros((0, 3)), np.zeros((0, 3)), None),
])
def test_compare(expected, got, message):
    if message is None:
        compare.all_same([("y", expected)], {"y": got}, 1e-3, 1e-7)
    else:
        with pytest.raises(compare.Mismatch, match=message):
            compare.all_same([("y", expected)], {"y": got}, 1e-3, 1e-7)


def test_missing_output():
    with pytest.raises(compare.Mismatch, match="y: no such output"):
        compare.all_same([("y", X)], {"z": X}, 1e-3, 1e-7)


def test_gaps(tmp_path):
    path = str(tmp_path / "cpu.txt")
    listed = {"test_b": "one: two", "test_a": "no kernel"}
    gaps.write(path, listed, {"test_a": "Add", "test_b": "Cast"})
    assert gaps.read(path) == listed
    with open(path) as f:
        assert "# Add: 1\ntest_a: no kernel\n" in f.read()
