# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Eight threads run four models at once over a runtime built with ThreadSanitizer: no report, the bits of a run alone, and those are
right. For five seconds; with --full, a minute."""
import os
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import models  # noqa: E402

#: runtime/abi.h
STATUS = {"ok": 0, "out of range": 5}
DTYPES = {np.dtype(np.float32): 1, np.dtype(np.int32): 6, np.dtype(np.int64): 7, np.dtype(bool): 9}


def compile_model(build, path, output):
    done = subprocess.run([os.path.join(build, "bin", "adze-races-compile"), os.path.join(build, "lib", "races"), path, output],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def write_cases(manifest, path, cases, prefix):
    order = [i.name for i in onnx.load(path, load_external_data=False).graph.input]
    for number, (status, inputs) in enumerate(cases):
        print("case", STATUS[status], f"{prefix}.{number}", file=manifest)
        for name in order:
            value = inputs[name]
            file = f"{prefix}.{number}.{order.index(name)}.in"
            value.tofile(file)
            print("input", DTYPES[value.dtype], file, *value.shape, file=manifest)


def check_results(path, cases, prefix):
    """What the runs alone gave against ONNX Runtime."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    for number, (status, inputs) in enumerate(cases):
        if status != "ok":
            with pytest.raises(Exception):
                session.run(None, inputs)
            continue
        for output, expected in enumerate(session.run(None, inputs)):
            got = np.fromfile(f"{prefix}.{number}.{output}", expected.dtype).reshape(expected.shape)
            np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-4, err_msg=f"{prefix}.{number} output {output}")


def run(build, manifest, seconds):
    options = "halt_on_error=1:second_deadlock_stack=1:exitcode=66"
    return subprocess.run([os.path.join(build, "bin", "adze-races"), manifest, str(seconds)], capture_output=True, text=True,
                          env=dict(os.environ, TSAN_OPTIONS=options))


def test_races(build, full, tmp_path):
    subjects = models.all_models(str(tmp_path))
    manifest = tmp_path / "manifest"
    with open(manifest, "w") as f:
        for index, (path, cases) in enumerate(subjects):
            artifact = str(tmp_path / f"{index}.so")
            compile_model(build, path, artifact)
            print("model", artifact, file=f)
            write_cases(f, path, cases, str(tmp_path / str(index)))
    done = run(build, str(manifest), 60 if full else 5)
    assert done.returncode == 0, done.stdout + done.stderr[-8000:]
    assert "ThreadSanitizer" not in done.stderr, done.stderr[-8000:]
    assert int(done.stdout.split()[0]) >= 8 * len(subjects), done.stdout
    for index, (path, cases) in enumerate(subjects):
        check_results(path, cases, str(tmp_path / str(index)))
