# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How long the runs of a model take, and each kernel's share."""
from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from adze import _adze

_NS_PER_MS = 1e6
#: Without a number of runs: as many as fit into this time, within these limits.
_SECONDS = 2.0
_FEWEST, _MOST = 5, 1000


@dataclasses.dataclass(frozen=True)
class KernelProfile:
    """One kernel in the runs."""

    name: str
    nodes: tuple[str, ...]  #: the ONNX nodes in it
    launches: float  #: a run
    ms: float  #: a run, on average
    share: float  #: of the whole run, from 0 to 1


@dataclasses.dataclass(frozen=True)
class Profile:
    """Times in milliseconds. Whole runs are timed without the clock around each kernel, kernels in as many runs more."""

    load_ms: float  #: loading the artifact and setting it up
    first_ms: float  #: the first run after setting up: it takes memory and plans its use
    median_ms: float  #: of the runs after the first
    p10_ms: float
    p90_ms: float
    runs: int
    kernels: list[KernelProfile]  #: the longest first
    other_ms: float  #: a run outside its kernels, on average
    other_share: float

    def __str__(self) -> str:
        lines = [f"median {self.median_ms:.3f} ms, p10 {self.p10_ms:.3f} ms, p90 {self.p90_ms:.3f} ms ({self.runs} runs); "
                 f"first {self.first_ms:.3f} ms, load {self.load_ms:.3f} ms"]
        lines += [f"{k.share:6.1%} {k.ms:9.3f} ms {k.launches:6g} x {k.name}: {', '.join(k.nodes)}" for k in self.kernels]
        return "\n".join([*lines, f"{self.other_share:6.1%} {self.other_ms:9.3f} ms outside the kernels"])


def _timed(session: _adze.Session, values: list[Any], into: list[Any]) -> int:
    start = time.perf_counter_ns()
    session.run(values, into, None)
    return time.perf_counter_ns() - start


def measure(set_up: Callable[[bool], _adze.Session], values: list[Any], into: list[Any], names: list[str],
            nodes: list[tuple[str, ...]], load_seconds: float, runs: int | None) -> Profile:
    """Times a model's runs on the arrays `values`; `set_up` gives sessions, profiled or not."""
    session = set_up(False)
    first, second = _timed(session, values, into), _timed(session, values, into)
    if runs is None:
        runs = min(max(int(_SECONDS * 1e9 / 2 / max(second, 1)), _FEWEST), _MOST)
    if runs < 1:
        raise ValueError(f"runs is {runs}, expected at least 1")
    times = np.array([_timed(session, values, into) for _ in range(runs)]) / _NS_PER_MS

    session = set_up(True)
    session.run(values, into, None)
    session.take_profile()
    whole, spent, launches = 0, np.zeros(len(names), np.int64), np.zeros(len(names), np.int64)
    for _ in range(runs):
        whole += _timed(session, values, into)
        events = session.take_profile()
        np.add.at(spent, events[:, 0], events[:, 2] - events[:, 1])
        np.add.at(launches, events[:, 0], 1)
    kernels = [KernelProfile(names[k], nodes[k], float(launches[k] / runs), float(spent[k] / _NS_PER_MS / runs), float(spent[k] / whole))
               for k in np.argsort(-spent, kind="stable") if launches[k]]
    other = whole - int(spent.sum())
    p10, median, p90 = np.percentile(times, [10, 50, 90])
    return Profile(load_seconds * 1e3, first / _NS_PER_MS, float(median), float(p10), float(p90), runs, kernels,
                   other / _NS_PER_MS / runs, other / whole)
