# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How much memory a command takes."""
import subprocess
import time


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as f:
        return [int(child) for child in f.read().split()]


def anonymous(pid):
    """Bytes of a process and those that it started that no file holds (RssAnon); of one that has ended, none."""
    try:
        with open(f"/proc/{pid}/status") as f:
            kilobytes = [int(line.split()[1]) for line in f if line.startswith("RssAnon:")]
        return 1024 * sum(kilobytes) + sum(map(anonymous, children(pid)))
    except (FileNotFoundError, ProcessLookupError):
        return 0


def peak_of(command, interval=0.005, **options):
    """Runs a command, which must succeed: (its standard output, peak bytes of anonymous memory, looked at every few milliseconds)."""
    peak = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options) as process:
        while process.poll() is None:
            peak = max(peak, anonymous(process.pid))
            time.sleep(interval)
        output = process.stdout.read()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, output)
    return output, peak
