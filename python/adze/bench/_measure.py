# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures cases: each peer loads in processes of its own, then the peers take turns on the same CPUs."""
from __future__ import annotations

import dataclasses
import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from adze.bench import _flops, _machine, _peers
from adze.bench._cases import Array, Case, CaseError, Prepared, prepare, write_pinned
from adze.bench._process import Memory, PeerError, Process
from adze.bench._report import Row

#: A turn counts if the machine's peak before and after it is within this of the best of the run.
_LEAST_PEAK = 0.95
_MEMORY_RUNS = 5


@dataclasses.dataclass(frozen=True)
class Settings:
    """How to measure."""

    peers: tuple[str, ...] = ("onnxruntime", "openvino")  #: beside Adze
    threads: tuple[int, ...] = (1,)
    dims: tuple[str, ...] = ("free",)  #: "free", "pinned" or both
    runs: int = 50  #: of each peer, or as many as take
    seconds: float = 5.0
    rounds: int = 5  #: turns of each peer
    warm_seconds: float = 3.0  #: the most that is spent until runs are steady
    timeout: float = 600.0  #: of one answer of a peer


def measure(cases: Sequence[Case], settings: Settings, progress: Callable[[str], None] = lambda text: None) -> Iterator[list[Row]]:
    """The rows of each (case, dims, threads), as they are found. Raises CaseError before anything is measured."""
    most = len(os.sched_getaffinity(0))
    if max(settings.threads) > most:
        raise CaseError(f"{max(settings.threads)} threads on {most} CPUs: peers are pinned, a CPU for each thread")
    prepared = [prepare(case) for case in cases]
    for case in prepared:
        gflop = _flops.count(case.graph, case.feeds)
        for dims in settings.dims if not case.is_static else ("static",):
            with tempfile.TemporaryDirectory(prefix="adze-bench-") as folder:
                group = _Group(case, dims, settings, folder, None if gflop is None else gflop / 1e9, progress)
                for threads in settings.threads:
                    yield group.rows(threads)


class _Group:
    """One case with its dimensions free or pinned, for all peers."""

    def __init__(self, case: Prepared, dims: str, settings: Settings, folder: str, gflop: float | None,
                 progress: Callable[[str], None]):
        self._case, self._dims, self._settings, self._folder, self._gflop, self._progress = case, dims, settings, folder, gflop, progress
        self._feeds = self._path("feeds")
        with open(self._feeds, "wb") as f:
            pickle.dump(case.feeds, f)
        self._model, self._pins = case.path, None
        if dims == "pinned" and case.by_name:
            self._pins = case.sizes
        elif dims == "pinned":
            self._model = self._path("pinned.onnx")
            write_pinned(case, self._model)
        self._once: dict[str, dict[str, Any] | PeerError] = {}  # by peer: what does not depend on the number of threads

    def rows(self, threads: int) -> list[Row]:
        """Measures all peers on this number of threads."""
        rows = [Row(self._case.name, self._case.sizes, {n: list(s) for n, s in self._case.shapes.items()}, self._dims, threads, peer,
                    gflop=self._gflop) for peer in ("adze", *self._settings.peers)]
        processes: dict[str, Process] = {}
        try:
            for row in rows:
                if not _peers.is_installed(row.peer):
                    row.error, row.status = f"not installed: pip install {row.peer}", "missing"
                    continue
                self._attempt(row, lambda row=row: self._load(row, processes))  # type: ignore[misc]
            self._take_turns([row for row in rows if row.status == "ok"], processes)
        finally:
            for process in processes.values():
                process.stop()
        _compare(rows, lambda row: self._outputs(row.peer))
        return rows

    def _attempt(self, row: Row, action: Callable[[], None]) -> None:
        try:
            action()
        except PeerError as error:
            row.status, row.error = "error", str(error)

    def _load(self, row: Row, processes: dict[str, Process]) -> None:
        """Loads twice: into an empty cache, then from it in the process that takes turns."""
        if row.peer not in self._once:
            try:
                self._once[row.peer] = self._load_cold(row)
            except PeerError as error:
                self._once[row.peer] = error
        once = self._once[row.peer]
        if isinstance(once, PeerError):
            raise once
        for name, value in once.items():
            setattr(row, name, value)
        self._say(row, "loading")
        process = processes[row.peer] = self._start(row.peer)
        answer = self._ask_load(process, row, self._cpus(row.threads))
        row.cached_s, row.first_ms, row.version = answer["load_s"], answer["first_ms"], answer["version"]
        if not os.path.exists(self._outputs(row.peer)):
            process.ask("outputs", path=self._outputs(row.peer))
        row.steady = process.ask("warm", seconds=self._settings.warm_seconds)["steady"]

    def _load_cold(self, row: Row) -> dict[str, Any]:
        """From nothing, on all CPUs; then once more, from the cache, to look at the memory of runs."""
        self._say(row, "compiling")
        load, run = Memory(), Memory()
        process = self._start(row.peer)
        try:
            cold = self._ask_load(process, row, sorted(os.sched_getaffinity(0)), load.watch_anonymous)["load_s"]
            artifact = process.ask("artifact")["bytes"]
        finally:
            process.stop()
        process = self._start(row.peer)
        try:
            self._ask_load(process, row, self._cpus(row.threads), run.watch_private)
            for _ in range(_MEMORY_RUNS):
                process.ask("turn", watch=run.watch_private, runs=1, seconds=0)
        finally:
            process.stop()
        return {"cold_s": cold, "artifact_bytes": artifact, "load_peak_bytes": load.anonymous, "run_peak_bytes": run.private}

    def _take_turns(self, rows: list[Row], processes: dict[str, Process]) -> None:
        """Round after round until each peer has enough turns on a steady machine, at most twice as many as asked for."""
        settings = self._settings
        turns: dict[str, list[dict[str, Any]]] = {row.peer: [] for row in rows}
        for done in range(2 * settings.rounds):
            rows = [row for row in rows if row.status == "ok"]
            if not rows or done >= settings.rounds and all(len(_good(turns, row.peer)) >= settings.rounds for row in rows):
                break
            for row in rows:
                self._say(row, f"round {done + 1}")
                self._attempt(row, lambda row=row: turns[row.peer].append(processes[row.peer].ask(  # type: ignore[misc]
                    "turn", runs=-(-settings.runs // settings.rounds), seconds=settings.seconds / settings.rounds)))
        for row in rows:
            if row.status == "ok":
                _summarise(row, turns)

    def _ask_load(self, process: Process, row: Row, cpus: list[int], watch: Callable[[int], None] | None = None) -> dict[str, Any]:
        job = {"path": self._model, "threads": row.threads, "pins": self._pins, "shapes": self._case.shapes,
               "pinned": self._dims != "free", "cache": self._cache(row.peer)}
        return process.ask("load", watch, peer=row.peer, job=job, feeds=self._feeds, cpus=cpus)

    def _start(self, peer: str) -> Process:
        os.makedirs(self._cache(peer), exist_ok=True)
        path = os.pathsep.join([*sys.path, *filter(None, [os.environ.get("PYTHONPATH")])])  # it finds what this process finds
        return Process({**os.environ, "PYTHONPATH": path, "ADZE_CACHE_DIR": self._cache(peer)}, self._settings.timeout)

    def _cache(self, peer: str) -> str:
        return self._path(f"cache-{peer}")

    def _outputs(self, peer: str) -> str:
        return self._path(f"outputs-{peer}")

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, name)

    @staticmethod
    def _cpus(threads: int) -> list[int]:
        """The last ones: the first serves more interrupts."""
        return sorted(os.sched_getaffinity(0))[-threads:]

    def _say(self, row: Row, what: str) -> None:
        self._progress(f"{row.model} {row.dims}, {row.threads} threads, {row.peer}: {what}")


def _peak(turns: dict[str, list[dict[str, Any]]]) -> float:
    return max((turn["peak"][0] for all_turns in turns.values() for turn in all_turns), default=0.0)


def _good(turns: dict[str, list[dict[str, Any]]], peer: str) -> list[dict[str, Any]]:
    """The turns before and after which the machine had its peak."""
    least = _LEAST_PEAK * _peak(turns)
    return [turn for turn in turns[peer] if min(turn["peak"][1:]) >= least]


def _summarise(row: Row, turns: dict[str, list[dict[str, Any]]]) -> None:
    """Figures of the good turns; of all, and marked as noisy, where those are less than half of what was asked for."""
    every, good = turns[row.peer], _good(turns, row.peer)
    row.noisy = 2 * len(good) < len(every)
    used = every if row.noisy else good
    times = np.array([ms for turn in used for ms in turn["ms"]])
    row.runs, row.turns, row.turns_left_out = len(times), len(used), len(every) - len(used)
    row.min_ms = float(times.min())
    row.p10_ms, row.median_ms, row.p90_ms = (float(v) for v in np.percentile(times, [10, 50, 90]))
    row.peak_gflops = _peak(turns) / 1e9
    if row.gflop is not None:
        row.gflops = row.gflop / (row.median_ms * 1e-3)
        row.share_of_peak = row.gflops / row.peak_gflops


def _compare(rows: list[Row], path: Callable[[Row], str]) -> None:
    """Each row's outputs with those of the first peer that ran, and its time with Adze's."""
    ran = [row for row in rows if row.status == "ok"]
    reference = next((row for row in ran if row.peer != "adze"), None)
    adze = next((row for row in ran if row.peer == "adze"), None)
    for row in ran:
        if adze and row is not adze:
            row.times_of_adze = row.median_ms / adze.median_ms
        if reference and row is not reference:
            row.compared_with = reference.peer
            row.max_difference, row.max_relative_difference = difference(_read(path(row)), _read(path(reference)))


def _read(path: str) -> dict[str, Array]:
    with open(path, "rb") as f:
        found: dict[str, Array] = pickle.load(f)
    return found


def difference(found: dict[str, Array], expected: dict[str, Array]) -> tuple[float, float]:
    """The largest absolute difference of any output, and the largest in relation to its output's largest magnitude; infinite where shapes
    differ or only one is not a number."""
    largest, relative = 0.0, 0.0
    for name, value in expected.items():
        if name not in found or found[name].shape != value.shape:
            return float("inf"), float("inf")
        a, b = found[name].astype(np.float64), value.astype(np.float64)
        same = (a == b) | (np.isnan(a) & np.isnan(b))
        with np.errstate(invalid="ignore"):
            differences = np.where(same, 0.0, np.abs(a - b))
        most = float(np.max(np.where(np.isnan(differences), np.inf, differences), initial=0.0))
        scale = float(np.max(np.abs(b), initial=0.0, where=np.isfinite(b)))
        largest = max(largest, most)
        relative = max(relative, most / scale if scale else (0.0 if most == 0 else float("inf")))
    return largest, relative
