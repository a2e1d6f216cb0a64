# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The compiler is killed at any moment: there is a clear error, nothing half-written, and the next compilation works."""
import os
import random
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import onnx
import pytest
from processes import alive, eventually, workers

import adze

#: What a compilation may be set up with besides; each is one more run of the tests that kill the command line.
SETUPS = {"plain": {}}


class Compilation:
    """`adze compile` into a folder of its own, with a temporary folder that shall be empty afterwards."""

    def __init__(self, cli, model, folder, setup):
        self.cli, self.model, self.out, self.tmp = cli, model, folder / "out", folder / "tmp"
        self.out.mkdir()
        self.tmp.mkdir()
        self.environment = dict(os.environ, TMPDIR=str(self.tmp), ADZE_CACHE_DIR=str(folder / "cache"), **setup)

    def start(self):
        return subprocess.Popen([self.cli, "compile", self.model, "-o", self.out / "model.so"], stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True, env=self.environment)

    def finish(self):
        """Compiles undisturbed; answers the seconds it took."""
        start = time.time()
        process = self.start()
        assert process.communicate()[1] == "" and process.returncode == 0
        assert self.left() == ["model.so"]
        done = subprocess.run([self.cli, "inspect", "--verify", self.out / "model.so"], capture_output=True, text=True)
        assert done.returncode == 0 and "verified" in done.stdout, done.stderr
        return time.time() - start

    def left(self):
        assert os.listdir(self.tmp) == []
        return sorted(os.listdir(self.out))

    def check(self, before):
        """What was there is there, unless the new file is there as a whole."""
        assert self.left() in ([["model.so"]] if before else [[], ["model.so"]])
        if self.left():
            assert (self.out / "model.so").stat().st_ino == before or self.whole()

    def whole(self):
        return subprocess.run([self.cli, "inspect", "--verify", self.out / "model.so"], capture_output=True).returncode == 0


@pytest.fixture(params=SETUPS)
def compilation(request, adze_cli, heavy_model, tmp_path):
    return Compilation(adze_cli, heavy_model, tmp_path, SETUPS[request.param])


def moments(seed, longest, count=10):
    """Random moments in a compilation: in its first half, where it does not end by itself, and when it is about to end, where files are
    written, by turns."""
    rng = random.Random(seed)
    return [longest * (rng.uniform(0.8, 1.05) if i % 2 else rng.uniform(0, 0.5)) for i in range(count)]


def inode(path):
    return path.stat().st_ino if path.exists() else None


def test_killing_the_worker(compilation):
    longest = min(compilation.finish(), compilation.finish())  # one may have met a busy machine
    died = 0
    for i, moment in enumerate(moments(1, longest)):
        if i % 3 == 0:
            (compilation.out / "model.so").unlink(missing_ok=True)
        before = inode(compilation.out / "model.so")
        process = compilation.start()
        assert eventually(lambda: workers(of=process.pid) or process.poll() is not None)
        time.sleep(moment)
        for pid in workers(of=process.pid):
            os.kill(pid, signal.SIGKILL)
        _, error = process.communicate(timeout=60)
        compilation.check(before)
        if process.returncode == 0:  # it had done its work
            assert compilation.left() == ["model.so"] and error == ""
            continue
        died += 1
        assert process.returncode == 1 and inode(compilation.out / "model.so") == before
        assert error.startswith("error: ") and "the compiler process died of signal 9 (Killed)" in error
    assert died >= 3
    compilation.finish()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_killing_the_command(compilation, number):
    longest = min(compilation.finish(), compilation.finish())  # one may have met a busy machine
    died = 0
    for i, moment in enumerate(moments(int(number), longest, 10 if number == signal.SIGKILL else 4)):
        if i % 3 == 0:
            (compilation.out / "model.so").unlink(missing_ok=True)
        before = inode(compilation.out / "model.so")
        process = compilation.start()
        time.sleep(moment)
        mine = workers(of=process.pid)
        process.send_signal(number)
        process.communicate(timeout=60)
        assert eventually(lambda: not any(map(alive, mine))), "the worker has not ended with its client"
        died += process.returncode != 0
        compilation.check(before)
    assert died >= 2
    compilation.finish()


def test_killing_both_at_once(compilation):
    longest = min(compilation.finish(), compilation.finish())  # one may have met a busy machine
    for i, moment in enumerate(moments(3, longest, 6)):
        if i % 2:
            (compilation.out / "model.so").unlink(missing_ok=True)
        before = inode(compilation.out / "model.so")
        process = compilation.start()
        time.sleep(moment)
        for pid in [process.pid, *workers(of=process.pid)]:
            os.kill(pid, signal.SIGKILL)
        process.communicate(timeout=60)
        compilation.check(before)
    compilation.finish()


def test_killing_the_worker_of_a_program(heavy_model, tmp_path, monkeypatch):
    """In Python: a CompileError, no file in the temporary folder, and the next call compiles."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    start = time.time()
    model = adze.compile(heavy_model)
    longest = time.time() - start
    x = np.ones((2, model.inputs[0].shape[1]), np.float32)
    expected, died = model(x), 0
    for moment in moments(2, longest, 6):
        ended = []

        def work():
            try:
                ended.append(adze.compile(heavy_model)(x))
            except adze.CompileError as error:
                ended.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        time.sleep(moment)
        for pid in workers():
            os.kill(pid, signal.SIGKILL)
        thread.join(60)
        assert len(ended) == 1 and os.listdir(tmp_path) == []
        if isinstance(ended[0], adze.CompileError):
            assert "the compiler process died of signal 9 (Killed)" in str(ended[0])
            died += 1
        else:
            np.testing.assert_array_equal(ended[0], expected)
    assert died >= 1
    np.testing.assert_array_equal(adze.compile(onnx.load(heavy_model))(x), expected)


def test_killing_a_program(heavy_model, tmp_path):
    """The temporary folder is empty after a program was killed that compiled to memory."""
    environment = dict(os.environ, TMPDIR=str(tmp_path), PYTHONPATH=os.pathsep.join(sys.path))
    program = f"import adze, time; print('ready', flush=True); adze.compile({str(heavy_model)!r}); time.sleep(60)"
    for moment in moments(4, 1.5, 4):
        child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment)
        assert child.stdout.readline() == b"ready\n"
        time.sleep(moment)
        mine = workers(of=child.pid)
        child.kill()
        child.communicate()
        assert eventually(lambda: not any(map(alive, mine)))
        assert os.listdir(tmp_path) == []
