# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs that would not end can be ended: by Ctrl-C, by a signal's handler, by RunOptions.terminate."""
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

ENDLESS = {"x": np.zeros(3, np.float32), "trips": np.array(2**62)}
SHORT = {"x": np.zeros(3, np.float32), "trips": np.array(5)}


@pytest.fixture(scope="module")
def session():
    return adze.InferenceSession(small.endless().SerializeToString())


def test_a_signal_handler_ends_a_run(session):
    class Alarm(Exception):
        pass

    def handler(number, frame):
        raise Alarm

    old = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(Alarm):
            session.run(None, ENDLESS)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert session.run(None, SHORT)[0].tolist() == [5, 5, 5]


def test_ctrl_c_ends_a_run():
    program = ("import adze, small, numpy as np; m = adze.compile(small.endless()); print('ready', flush=True)\n"
               "try: m.run({'x': np.zeros(3, np.float32), 'trips': np.array(2**62)})\n"
               "except KeyboardInterrupt: print('interrupted', flush=True)")
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, env=environment)
    assert child.stdout.readline() == "ready\n"
    time.sleep(0.3)
    child.send_signal(signal.SIGINT)
    assert child.communicate(timeout=30)[0] == "interrupted\n" and child.returncode == 0


def test_terminate_ends_the_run_that_it_was_given(session):
    options, ended = adze.RunOptions(), []

    def work(run_options):
        try:
            ended.append(session.run(None, ENDLESS, run_options))
        except adze.RunError as error:
            ended.append(error.status)

    other = adze.RunOptions()
    threads = [threading.Thread(target=work, args=(o,)) for o in (options, other)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    options.terminate = True
    threads[0].join(30)
    assert ended == ["CANCELLED"] and threads[1].is_alive()
    other.terminate = True
    threads[1].join(30)
    assert ended == ["CANCELLED", "CANCELLED"]
    with pytest.raises(adze.RunError, match="terminate"):
        session.run(None, SHORT, options)
    options.terminate = False
    assert session.run(None, SHORT, options)[0].tolist() == [5, 5, 5]
