# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A pool of long-lived child processes that survives what happens to them: a crash, an abort or a hang costs one job its result
and the pool one child, which is replaced."""
import json
import os
import queue
import select
import signal
import subprocess
import tempfile
import threading


class Child:
    """One process: `command` with the number of the descriptor to answer on put in for "{}"."""

    def __init__(self, command):
        reader, writer = os.pipe()
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([part.replace("{}", str(writer)) for part in command], stdin=subprocess.PIPE,
                                        stdout=subprocess.DEVNULL, stderr=self.errors, pass_fds=[writer],
                                        start_new_session=True)
        os.close(writer)
        self.reader, self.buffer = reader, b""

    def last_error(self):
        """The last line that the child wrote to stderr."""
        self.errors.seek(0)
        lines = [line.strip() for line in self.errors.read()[-4000:].decode(errors="replace").splitlines()]
        return next((line for line in reversed(lines) if line), "")

    def ask(self, job, timeout):
        """The answer to a job, or what became of the child instead."""
        self.errors.seek(0)
        self.errors.truncate()
        try:
            self.process.stdin.write((json.dumps(job) + "\n").encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            return self.dead()
        while b"\n" not in self.buffer:
            if not select.select([self.reader], [], [], timeout)[0]:
                return {"status": "hang", "reason": f"no answer in {timeout} s", "seconds": timeout}
            data = os.read(self.reader, 65536)
            if not data:
                return self.dead()
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line)

    def dead(self):
        code = self.process.wait()
        how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        return {"status": "crash", "reason": f"{how}: {self.last_error()}"[:200], "seconds": 0.0}

    def close(self):
        """Ends the child and all that it started."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.process.stdin.close()
        os.close(self.reader)
        self.errors.close()


def run(command, jobs, workers, timeout, done):
    """Runs each job (a dict) on one of `workers` children and calls done(job, answer), from one thread at a time."""
    waiting = queue.SimpleQueue()
    for job in jobs:
        waiting.put(job)
    lock = threading.Lock()

    def work():
        child = None
        try:
            while True:
                try:
                    job = waiting.get_nowait()
                except queue.Empty:
                    return
                child = child or Child(command)
                answer = child.ask(job, timeout)
                if answer["status"] in ("crash", "hang"):
                    child.close()
                    child = None
                with lock:
                    done(job, answer)
        finally:
            if child:
                child.close()

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
