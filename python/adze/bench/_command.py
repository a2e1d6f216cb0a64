# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command line of adze.bench."""
from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adze.bench import _machine, _measure, _peers, _report
from adze.bench._cases import Case, CaseError, names_of

_DESCRIPTION = """\
Runs models in Adze and in its peers, side by side: each in a process of its own with its best settings at the model's
own precision, all on the same CPUs, taking turns."""


def _list_of(kind: Callable[[str], Any]) -> Callable[[str], tuple[Any, ...]]:
    def parse(text: str) -> tuple[Any, ...]:
        return tuple(kind(word) for word in text.split(",") if word)
    return parse


def _count(text: str) -> int:
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"found {text}, expected at least 1")
    return int(text)


def _one_of(*words: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            raise argparse.ArgumentTypeError(f"found '{text}', expected one of {', '.join(words)}")
        return text
    return parse


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.rpartition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"found '{text}', expected NAME=VALUE")
    return name, value


def _parser(with_models: bool) -> argparse.ArgumentParser:
    defaults = _measure.Settings()
    parser = argparse.ArgumentParser(prog="python -m adze.bench" if with_models else None, description=_DESCRIPTION,
                                     epilog=_report.NOTES, formatter_class=argparse.RawDescriptionHelpFormatter)
    if with_models:
        parser.add_argument("models", nargs="+", metavar="MODEL", help="ONNX model")
        parser.add_argument("--dim", type=_assignment, action="append", default=[], metavar="NAME=SIZE",
                            help="size of a named dimension (repeat for each); 1 for the others")
        parser.add_argument("--shape", type=_assignment, action="append", default=[], metavar="INPUT=1,3,224,224",
                            help="whole shape of an input, where dimensions have no names")
        parser.add_argument("--input", type=_assignment, action="append", default=[], metavar="INPUT=FILE.npy",
                            help="value of an input; the others are random: floats of a normal distribution, integers 0 and 1")
    else:
        parser.add_argument("models", nargs="*", metavar="NAME", help="cases by the names of their models; none: all")
    peers = [peer for peer in _peers.LOADERS if peer != "adze"]
    parser.add_argument("--peers", type=_list_of(_one_of(*peers)), default=defaults.peers, metavar="NAME,...",
                        help=f"of {', '.join(peers)} (default: {','.join(defaults.peers)})")
    parser.add_argument("--threads", type=_list_of(_count), default=defaults.threads, metavar="N,...", help="default: 1")
    parser.add_argument("--dims", type=_list_of(_one_of("free", "pinned")), default=defaults.dims, metavar="free,pinned",
                        help="whether models are compiled for all sizes or for those that are run (default: free)")
    parser.add_argument("--runs", type=_count, default=defaults.runs, metavar="N", help="timed runs of each peer (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=defaults.seconds, metavar="S",
                        help="or as many as fit into this time, if that is less (default: %(default)s)")
    parser.add_argument("--rounds", type=_count, default=defaults.rounds, metavar="N", help="turns of each peer (default: %(default)s)")
    parser.add_argument("--warm-seconds", type=float, default=defaults.warm_seconds, metavar="S",
                        help="the most that each peer runs until its runs are steady (default: %(default)s)")
    parser.add_argument("--timeout", type=float, default=defaults.timeout, metavar="S",
                        help="after which a peer's loading or turn is given up (default: %(default)s)")
    parser.add_argument("--json", metavar="FILE", help="write all figures")
    parser.add_argument("--markdown", metavar="FILE", help="write the table in Markdown")
    return parser


def _cases_of(options: argparse.Namespace) -> list[Case]:
    """Raises CaseError."""
    try:
        dims = {name: int(size) for name, size in options.dim}
        shapes = {name: tuple(int(size) for size in text.split(",")) for name, text in options.shape}
        feeds = {name: np.load(path, allow_pickle=False) for name, path in options.input}
    except (ValueError, OSError) as error:
        raise CaseError(f"--dim, --shape or --input: {error}") from None
    for name, size in [*dims.items(), *((name, size) for name, shape in shapes.items() for size in shape)]:
        if size < 0:
            raise CaseError(f"'{name}': found size {size}, expected at least 0")
    cases = [Case(path, dims=dims, shapes=shapes, feeds=feeds) for path in options.models]
    known = set().union(*(names_of(case) for case in cases))
    for name in (*dims, *shapes, *feeds):
        if name not in known:
            raise CaseError(f"no model has an input or dimension '{name}'; they have {', '.join(sorted(known))}")
    return cases


class _Progress:
    """A line on standard error that says what is under way, on a terminal only."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()

    def __call__(self, text: str) -> None:
        if self._terminal:
            print(f"\r\033[K{_report.printable(text)[:100]}", end="", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None, cases: Sequence[Case] | None = None) -> int:
    """Measures `cases`, or the models that the command line names; answers the exit status: 0, 1 after an error of Adze or of a model, 2
    after one of the command line."""
    options = _parser(cases is None).parse_args(arguments)
    names = [f.name for f in dataclasses.fields(_measure.Settings) if hasattr(options, f.name)]
    settings = _measure.Settings(**{name: getattr(options, name) for name in names})
    try:
        return _run(options, settings, _cases_of(options) if cases is None else
                    [c for c in cases if not options.models or c.name in options.models])
    except (CaseError, OSError) as error:
        print(f"error: {_report.printable(str(error))}", file=sys.stderr)
        return 1
    except ImportError as error:
        print(f"error: {error}: pip install onnx", file=sys.stderr)
        return 1


def _run(options: argparse.Namespace, settings: _measure.Settings, cases: Sequence[Case]) -> int:
    if not cases:
        raise CaseError("no case has one of these names")
    progress, rows = _Progress(), []
    ticks, before = _machine.cpu_times(), _machine.look()
    print(f"before: {before}\n{_report.table_head()}", flush=True)
    groups = _measure.measure(cases, settings, progress)
    try:
        for group in groups:
            rows += group
            progress("")
            print("\n".join(map(_report.table_row, group)), flush=True)
    except KeyboardInterrupt:
        print("interrupted: what follows is of the rows above", file=sys.stderr)
    after = _machine.look(ticks)
    print(f"after: {after}\n\n{_report.NOTES}", flush=True)
    if options.json:
        _report.write(options.json, _report.to_json(rows, before, after, dataclasses.asdict(settings)))
    if options.markdown:
        _report.write(options.markdown, _report.markdown(rows, before, after))
    return 0 if all(row.status == "ok" for row in rows if row.peer == "adze") else 1
