# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The process of one peer: loads a model, then does what each line of standard input asks for and answers with a line of JSON.

    {"do": "load", ...}                     {"load_s", "first_ms", "version"}
    {"do": "warm", "seconds"}               {"steady"}
    {"do": "turn", "runs", "seconds"}       {"ms": [...], "peak": [best, mean, mean]}
    {"do": "outputs", "path"}               {}
    {"do": "artifact"}                      {"bytes"}

An answer {"error"} ends the process."""
from __future__ import annotations

import json
import os
import pickle
import sys
import time
from typing import Any, TextIO

import numpy as np

from adze.bench import _machine, _peers

#: Runs are steady when this many in a row differ by no more than this.
_STEADY_RUNS, _STEADY_DIFFERENCE = 3, 0.02
_SHORTEST_TURN = 0.1


class Peer:
    """A peer's model and what was asked of it."""

    def __init__(self) -> None:
        self._loaded: _peers.Loaded | None = None
        self._cpus: list[int] = []

    def load(self, peer: str, job: dict[str, Any], feeds: str, cpus: list[int]) -> dict[str, Any]:
        self._cpus = cpus
        os.sched_setaffinity(0, cpus)
        with open(feeds, "rb") as f:
            arrays = pickle.load(f)
        job["shapes"] = {name: tuple(shape) for name, shape in job["shapes"].items()}
        start = time.perf_counter()
        self._loaded = _peers.LOADERS[peer](_peers.Job(**job), arrays)
        load = time.perf_counter() - start
        return {"load_s": load, "first_ms": self._timed(), "version": _peers.version(peer)}

    def warm(self, seconds: float) -> dict[str, Any]:
        """Runs until the runs are steady, at most for so long."""
        end, last = time.perf_counter() + seconds, [self._timed()]
        while len(last) < _STEADY_RUNS or max(last) > min(last) * (1 + _STEADY_DIFFERENCE):
            if time.perf_counter() > end:
                return {"steady": False}
            last = [*last, self._timed()][-_STEADY_RUNS:]
        return {"steady": True}

    def turn(self, runs: int, seconds: float) -> dict[str, Any]:
        """So many runs, or those of so much time if that is less; never less than a tenth of a second."""
        before = _machine.fma_peak(self._cpus)
        self._timed()  # caches and clocks after another's turn
        start, times = time.perf_counter(), [self._timed()]
        while (elapsed := time.perf_counter() - start) < seconds and (len(times) < runs or elapsed < _SHORTEST_TURN):
            times.append(self._timed())
        after = _machine.fma_peak(self._cpus)
        return {"ms": times, "peak": [max(before.best, after.best), before.mean, after.mean]}

    def outputs(self, path: str) -> dict[str, Any]:
        assert self._loaded
        with open(path, "wb") as f:
            pickle.dump({name: np.array(value) for name, value in self._loaded.run().items()}, f)
        return {}

    def artifact(self) -> dict[str, Any]:
        assert self._loaded
        return {"bytes": self._loaded.artifact_bytes()}

    def _timed(self) -> float:
        assert self._loaded
        start = time.perf_counter()
        self._loaded.run()
        return 1000 * (time.perf_counter() - start)


def serve(requests: TextIO, answers: TextIO) -> None:
    peer = Peer()
    for line in requests:
        request = json.loads(line)
        try:
            answer = getattr(peer, request.pop("do"))(**request)
        except Exception as error:  # whatever a peer raises is its row's error
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)
        if "error" in answer:
            return


if __name__ == "__main__":
    answer_file = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    serve(sys.stdin, answer_file)
    os._exit(0)  # without a peer's clean-up, which nothing here waits for
