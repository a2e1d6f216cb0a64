# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The machine that is measured on: what it can do at the moment, and who else uses it."""
from __future__ import annotations

import concurrent.futures
import dataclasses
import os
import platform

from adze import _adze

_PIECES, _PIECE_SECONDS = 10, 0.002
_READ_BYTES = 1 << 28


@dataclasses.dataclass(frozen=True)
class Peak:
    """f32 operations a second of some cores together."""

    best: float  #: of several short pieces
    mean: float  #: of all of them: less if anything else had the cores


def fma_peak(cpus: list[int]) -> Peak:
    """Measures these CPUs at the same time, a thread on each."""
    def one(cpu: int) -> tuple[float, float]:
        os.sched_setaffinity(0, {cpu})  # of this thread
        rates = [_adze.probe_fma(_PIECE_SECONDS) for _ in range(_PIECES)]
        return max(rates), sum(rates) / len(rates)

    with concurrent.futures.ThreadPoolExecutor(len(cpus)) as threads:
        found = list(threads.map(one, cpus))
    return Peak(sum(best for best, _ in found), sum(mean for _, mean in found))


@dataclasses.dataclass(frozen=True)
class Machine:
    """One look at the machine."""

    cpu: str
    cpus: int  #: that this process may use
    clock_ghz: float
    fma_gflops: float  #: of one core
    read_gbytes: float  #: a second, one core, from memory
    load_average: float  #: of the last minute
    steal: float  #: the share of time since it started (or since another look) that other guests had the CPUs, 0 to 1

    def __str__(self) -> str:
        return (f"{self.cpu}, {self.cpus} CPUs, {self.clock_ghz:.2f} GHz, FMA peak {self.fma_gflops:.0f} GFLOP/s a core, "
                f"reads {self.read_gbytes:.1f} GB/s, load {self.load_average:.2f}, steal {self.steal:.1%}")


def look(since: tuple[int, int] = (0, 0)) -> Machine:
    """Measures for about a third of a second. `since`: an earlier `cpu_times`."""
    total, stolen = (now - then for now, then in zip(cpu_times(), since))
    cpus = sorted(os.sched_getaffinity(0))
    clock = max(_adze.probe_clock(_PIECE_SECONDS) for _ in range(_PIECES))
    return Machine(_cpu_name(), len(cpus), clock / 1e9, fma_peak(cpus[-1:]).best / 1e9, _adze.probe_read(_READ_BYTES) / 1e9,
                   os.getloadavg()[0], stolen / total if total > 0 else 0.0)


def cpu_times() -> tuple[int, int]:
    """Ticks of all CPUs since the system started: all, and those that other guests of the host had."""
    with open("/proc/stat") as f:
        ticks = [int(word) for word in f.readline().split()[1:9]]  # user nice system idle iowait irq softirq steal
    return sum(ticks), ticks[7] if len(ticks) > 7 else 0


def _cpu_name() -> str:
    with open("/proc/cpuinfo") as f:
        for line in f:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()
