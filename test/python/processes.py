# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Finds the compiler's processes, for tests that kill and measure them."""
import os
import time


def workers(of=None):
    """Process ids of the workers of a process (None: of this one)."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as stat, open(f"/proc/{pid}/cmdline", "rb") as line:
                fields = stat.read().rsplit(")", 1)[1].split()
                if int(fields[1]) == (of or os.getpid()) and fields[0] != "Z" and line.read() == b"adze\0worker\0":
                    found.append(int(pid))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


def alive(pid):
    """False for a process that has ended, also if nobody has asked how."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def anonymous_bytes(pid):
    """Memory of a process that no file backs (RssAnon); 0 if there is no such process."""
    try:
        with open(f"/proc/{pid}/status") as status:
            return next((int(line.split()[1]) * 1024 for line in status if line.startswith("RssAnon:")), 0)
    except (FileNotFoundError, ProcessLookupError):
        return 0


def cpu_seconds(pid):
    """CPU time that a process has used; 0 if there is no such process."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def eventually(what, seconds=30):
    """True as soon as what() is; False after some time."""
    end = time.time() + seconds
    while time.time() < end:
        if what():
            return True
        time.sleep(0.002)
    return False
