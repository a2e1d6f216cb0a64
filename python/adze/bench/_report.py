# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What was measured: as a table, in JSON, in Markdown."""
from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adze.bench._machine import Machine


@dataclasses.dataclass
class Row:
    """One peer on one case. What is not known is None; times in milliseconds where the name says so."""

    model: str
    sizes: Mapping[str, int]  #: of the free dimensions
    shapes: Mapping[str, list[int]]  #: of the inputs
    dims: str  #: "free", "pinned", or "static" where the model has no free dimension
    threads: int
    peer: str
    version: str | None = None
    status: str = "ok"  #: "ok", "missing" or "error"
    error: str | None = None
    median_ms: float = math.nan
    p10_ms: float = math.nan
    p90_ms: float = math.nan
    min_ms: float = math.nan
    times_of_adze: float | None = None  #: its median over Adze's
    runs: int = 0
    turns: int = 0
    turns_left_out: int = 0  #: turns in which the machine's peak was more than 5 % below its best
    noisy: bool = False  #: that was so in most turns, and all count
    steady: bool | None = None  #: the last runs of the warm-up were within 2 %
    first_ms: float | None = None  #: the first run
    cold_s: float | None = None  #: loading or compiling into an empty cache, on all CPUs
    cached_s: float | None = None  #: the same in another process, on as many CPUs as threads
    load_peak_bytes: int | None = None  #: anonymous memory of that process and those it started, while loading cold
    run_peak_bytes: int | None = None  #: private memory of the process that loads from the cache and runs
    artifact_bytes: int | None = None
    compared_with: str | None = None
    max_difference: float | None = None  #: of any output's element
    max_relative_difference: float | None = None  #: that over the output's largest magnitude
    gflop: float | None = None  #: of a run's contractions
    gflops: float | None = None  #: a second, at the median
    peak_gflops: float | None = None  #: f32, of so many threads in this run
    share_of_peak: float | None = None


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of the tables."""

    title: str
    width: int
    text: Callable[[Row], str]
    left: bool = False


def _number(value: float | None, form: str, unit: float = 1.0) -> str:
    return "n/a" if value is None or math.isnan(value) else format(value / unit, form)


def _milliseconds(value: float | None) -> str:
    return _number(value, ".3f" if value is not None and value < 10 else ".2f" if value is not None and value < 100 else ".1f")


def _sizes(row: Row) -> str:
    return ", ".join(f"{name}={size}" for name, size in row.sizes.items())


_FIRST = [
    Column("model", 18, lambda r: r.model, left=True),
    Column("sizes", 26, _sizes, left=True),
    Column("dims", 6, lambda r: r.dims, left=True),
    Column("T", 2, lambda r: str(r.threads)),
    Column("peer", 11, lambda r: r.peer, left=True),
]
_FIGURES = [
    Column("median ms", 9, lambda r: _milliseconds(r.median_ms) + ("!" if r.noisy else "")),
    Column("p10", 8, lambda r: _milliseconds(r.p10_ms)),
    Column("p90", 8, lambda r: _milliseconds(r.p90_ms)),
    Column("x Adze", 6, lambda r: "1" if r.peer == "adze" else _number(r.times_of_adze, ".2f")),
    Column("first ms", 8, lambda r: _milliseconds(r.first_ms)),
    Column("cold s", 6, lambda r: _number(r.cold_s, ".2f")),
    Column("cached s", 8, lambda r: _number(r.cached_s, ".2f")),
    Column("load MB", 7, lambda r: _number(r.load_peak_bytes, ".0f", 1e6)),
    Column("run MB", 6, lambda r: _number(r.run_peak_bytes, ".0f", 1e6)),
    Column("artifact MB", 11, lambda r: _number(r.artifact_bytes, ".1f", 1e6)),
    Column("max diff", 8, lambda r: "-" if r.compared_with is None else _number(r.max_difference, ".1e")),
    Column("GFLOP", 6, lambda r: _number(r.gflop, ".2f")),
    Column("peak GF/s", 9, lambda r: _number(r.peak_gflops, ".0f")),
    Column("share", 5, lambda r: _number(r.share_of_peak, ".2f")),
]

NOTES = """\
x Adze: its median over Adze's, so more than 1 is slower than Adze. cold: loading or compiling into an empty cache, on all CPUs;
cached: the same in a new process afterwards, on T CPUs. load MB: the most anonymous memory of the cold process and those it started;
run MB: the most private memory (anonymous and of files) of the process that loaded from the cache and ran. max diff: the largest
difference of any output's element to the first peer's. share: GFLOP of the contractions, as direct sums count them, over the median and the f32 FMA
peak of T threads in the same run. !: most turns met a machine below 95 % of its peak."""


def printable(text: str) -> str:
    """Without control characters: a model's names reach no terminal as escape sequences."""
    return "".join(c if c.isprintable() else "?" for c in text)


def table_head() -> str:
    return "  ".join(c.title.ljust(c.width) if c.left else c.title.rjust(c.width) for c in _FIRST + _FIGURES)


def table_row(row: Row) -> str:
    """One line for a terminal."""
    def cells(columns: list[Column]) -> str:
        return "  ".join(_cut(c.text(row), c.width).ljust(c.width) if c.left else c.text(row).rjust(c.width) for c in columns)

    return printable(f"{cells(_FIRST)}  {cells(_FIGURES) if row.status == 'ok' else _failure(row)}")


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[:width - 1] + "…"


def _failure(row: Row) -> str:
    lines = (row.error or "").strip().splitlines() or [""]
    return lines[0] + (f" (and {len(lines) - 1} lines more)" if len(lines) > 1 else "")


def markdown(rows: Sequence[Row], before: Machine, after: Machine) -> str:
    """The machine, the table, what its columns mean."""
    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cells) + " |"

    columns = _FIRST + _FIGURES
    lines = [f"Before: {_escaped(str(before))}.", "", f"After: {_escaped(str(after))}.", "", _versions(rows), "",
             line([c.title for c in columns]), line(["---" if c.left else "--:" for c in columns])]
    for row in rows:
        cells = [c.text(row) for c in (columns if row.status == "ok" else _FIRST)]
        if row.status != "ok":
            cells += [_failure(row)] + [""] * (len(_FIGURES) - 1)
        lines.append(line([_escaped(cell) for cell in cells]))
    return "\n".join([*lines, "", NOTES, ""])


def _versions(rows: Sequence[Row]) -> str:
    found = {row.peer: row.version for row in rows if row.version}
    return "Versions: " + ", ".join(f"{peer} {version}" for peer, version in found.items()) + "."


def _escaped(text: str) -> str:
    """Text that is one cell, whatever a model's names hold."""
    return "".join("\\" + c if c in "\\|`*_<>[]" else c for c in printable(text))


def to_json(rows: Sequence[Row], before: Machine, after: Machine, settings: Mapping[str, Any]) -> str:
    def plain(value: Any) -> Any:
        if isinstance(value, float) and not math.isfinite(value):
            return None
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items()}
        return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value

    found = {"machine": {"before": dataclasses.asdict(before), "after": dataclasses.asdict(after)}, "settings": dict(settings),
             "rows": [dataclasses.asdict(row) for row in rows]}
    return json.dumps(plain(found), indent=1, allow_nan=False) + "\n"


def write(path: str, text: str) -> None:
    """Writes a file that is there as a whole or not at all. Raises OSError."""
    descriptor, temporary = tempfile.mkstemp(prefix=".adze-", dir=os.path.dirname(path) or ".")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(text)
            mask = os.umask(0)
            os.umask(mask)
            os.fchmod(out.fileno(), 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
