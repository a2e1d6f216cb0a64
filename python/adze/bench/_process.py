# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The other end of `_child`: starts a peer's process, asks it, watches its memory."""
from __future__ import annotations

import contextlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

_KB = 1024


class PeerError(RuntimeError):
    """A peer failed: what it said, or how its process ended."""


class Process:
    """A peer in a process of its own."""

    def __init__(self, environment: dict[str, str], timeout: float):
        """timeout: how long an answer may take, in seconds."""
        self._timeout, self._buffer, self._messages = timeout, b"", tempfile.TemporaryFile()
        self._child = subprocess.Popen([sys.executable, "-m", "adze.bench._child"], env=environment, stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, stderr=self._messages, start_new_session=True)

    def ask(self, what: str, watch: Callable[[int], None] | None = None, **arguments: Any) -> dict[str, Any]:
        """What the process answers; `watch` is called with its number every few milliseconds meanwhile. Raises PeerError."""
        assert self._child.stdin
        try:
            self._child.stdin.write(json.dumps({"do": what, **arguments}).encode() + b"\n")
            self._child.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None
        answer: dict[str, Any] = json.loads(self._line(what, watch))
        if "error" in answer:
            raise PeerError(answer["error"])
        return answer

    def _line(self, what: str, watch: Callable[[int], None] | None) -> bytes:
        assert self._child.stdout
        end = time.monotonic() + self._timeout
        while b"\n" not in self._buffer:
            if watch:
                watch(self._child.pid)
            if not select.select([self._child.stdout], [], [], 0.005 if watch else 1)[0]:
                if time.monotonic() > end:
                    self.stop()
                    raise PeerError(f"no answer to '{what}' within {self._timeout:g} s")
                continue
            read = os.read(self._child.stdout.fileno(), 1 << 16)
            if not read:
                raise self._ended()
            self._buffer += read
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line

    def _ended(self) -> PeerError:
        status = self._child.wait()
        self._messages.seek(0)
        last = self._messages.read().decode(errors="replace").strip().splitlines()[-1:]
        how = f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
        return PeerError(": ".join([f"the process ended {how}", *last]))

    def stop(self) -> None:
        """Ends it and what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout, self._messages):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


class Memory:
    """The most memory that was seen."""

    def __init__(self) -> None:
        self.private = 0  #: of the process: anonymous, and of files that no other process has mapped
        self.anonymous = 0  #: of the process and all that it started

    def watch_private(self, pid: int) -> None:
        """Walks the process's pages, which takes it time."""
        text = _read(pid, "smaps_rollup")
        self.private = max(self.private, _KB * sum(map(int, re.findall(r"^Private_(?:Clean|Dirty): +(\d+)", text, re.M))))

    def watch_anonymous(self, pid: int) -> None:
        """Reads counters only."""
        found = sum(sum(map(int, re.findall(r"^RssAnon:\s+(\d+)", _read(p, "status"), re.M))) for p in _tree(pid))
        self.anonymous = max(self.anonymous, _KB * found)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    with contextlib.suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):
            for child in _read(pid, f"task/{thread}/children").split():
                yield from _tree(int(child))


def _read(pid: int, name: str) -> str:
    """A file of a process, empty if the process is gone."""
    try:
        with open(f"/proc/{pid}/{name}") as f:
            return f.read()
    except OSError:
        return ""
