# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The compiler's process: it may be killed, interrupted and shared, and ends with its client."""
import os
import signal
import subprocess
import sys
import threading
import time

import adze
import numpy as np
import pytest
import small
from processes import eventually, workers


def kill_all():
    for pid in workers():
        os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not workers())


def test_a_worker_is_reused():
    kill_all()
    adze.compile(small.relu())
    first = workers()
    for _ in range(3):
        adze.compile(small.relu())
    assert len(first) == 1 and workers() == first


def test_one_that_died_while_idle_is_replaced():
    adze.compile(small.relu())
    before = workers()
    kill_all()
    assert adze.compile(small.relu())(np.ones((1, 3), np.float32)).shape == (1, 3)
    assert not set(before) & set(workers())


def test_one_that_dies_in_a_compilation_ends_it():
    kill_all()
    caught = []

    def work():
        try:
            adze.compile(small.long_chain())
        except adze.CompileError as error:
            caught.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert eventually(workers)
    for pid in workers():
        os.kill(pid, signal.SIGKILL)
    thread.join()
    assert "compiler process died of signal 9 (Killed)" in str(caught[0])
    assert adze.compile(small.relu())(np.ones((1, 3), np.float32)).shape == (1, 3)


def test_a_signal_handler_ends_a_compilation():
    class Alarm(Exception):
        pass

    def handler(number, frame):
        raise Alarm

    adze.compile(small.relu())
    model = small.long_chain(20000)
    old = signal.signal(signal.SIGALRM, handler)
    start = time.time()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        with pytest.raises(Alarm):
            adze.compile(model)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert time.time() - start < 20
    assert adze.compile(small.relu())(np.ones((1, 3), np.float32)).shape == (1, 3)


def test_threads_compile_at_the_same_time():
    wrong = []

    def work(width):
        x = -np.ones((2, width), np.float32)
        if adze.compile(small.relu(("n", width)))(x).tolist() != np.zeros((2, width)).tolist():
            wrong.append(width)

    threads = [threading.Thread(target=work, args=(width,)) for width in range(1, 7)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong and 1 <= len(workers()) <= 4


def test_workers_end_with_their_client():
    program = "import adze, small, time; adze.compile(small.relu()); print('ready', flush=True); time.sleep(60)"
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    client = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, env=environment)
    assert client.stdout.readline() == b"ready\n"
    mine = workers(of=client.pid)
    assert len(mine) == 1
    client.kill()
    client.wait()
    client.stdout.close()
    assert eventually(lambda: not os.path.exists(f"/proc/{mine[0]}") or "Z" in open(f"/proc/{mine[0]}/stat").read())


def open_files(pid):
    links = set()
    for number in os.listdir(f"/proc/{pid}/fd"):
        try:
            links.add(os.readlink(f"/proc/{pid}/fd/{number}"))
        except FileNotFoundError:
            pass  # closed meanwhile
    return links


def test_a_worker_inherits_nothing():
    """The model that it has just answered for is closed a moment after the answer."""
    adze.compile(small.relu())
    known = "socket:", "/dev/null", "/memfd:adze-worker-stderr"
    for pid in workers():
        assert eventually(lambda: all(link.startswith(known) for link in open_files(pid))), open_files(pid)


def test_a_worker_that_cannot_be_started(monkeypatch):
    kill_all()
    monkeypatch.setenv("ADZE_WORKER", "/dev/null/adze")
    with pytest.raises(adze.CompileError, match="cannot start the compiler process: ADZE_WORKER"):
        adze.compile(small.relu())
    monkeypatch.setenv("ADZE_WORKER", "/bin/false")
    with pytest.raises(adze.CompileError, match="the compiler process ended with status 1"):
        adze.compile(small.relu())
    monkeypatch.undo()
    adze.compile(small.relu())


def test_what_was_compiled_before_changes_nothing(tmp_path):
    """Compilations one after the other in the same worker give the same bytes: the linker between them resets LLVM's options."""
    kill_all()  # the first compilation of a worker is one of the two
    for i in range(2):
        adze.compile(small.product(), cache=False).save(tmp_path / f"{i}.so")
    assert (tmp_path / "0.so").read_bytes() == (tmp_path / "1.so").read_bytes()
