#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the cases of onnx's own test suite: each by route (O0, default) and with known and unknown input dimensions, against the
list of known gaps. Run with build/venv/bin/python."""
import argparse
import json
import os
import re
import sys
import tempfile
import time
from collections import Counter, defaultdict

import cases
import devices
import gaps
import pool

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build")
ROUTES, DIMS = ("O0", "default"), ("known", "unknown")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--filter", metavar="RE", default="", help="only cases whose name matches")
    parser.add_argument("--routes", default=",".join(ROUTES))
    parser.add_argument("--dims", default=",".join(DIMS))
    parser.add_argument("--sample", metavar="K/N", help="only cases K, K+N, K+2N, ...")
    parser.add_argument("--jobs", type=int, default=2, help="number of child processes")
    parser.add_argument("--timeout", type=float, help="seconds before a case counts as hanging (60; 300 on a device that is played)")
    parser.add_argument("--target", default="cpu", help="the target to compile for")
    parser.add_argument("--gaps", help="default: gaps/TARGET.txt")
    parser.add_argument("--update-gaps", action="store_true", help="rewrite the list of gaps from this run")
    parser.add_argument("--backend", default="adze", choices=("adze", "onnxruntime"))
    parser.add_argument("--json", default=os.path.join(BUILD, "suite.json"))
    parser.add_argument("-v", "--verbose", action="store_true", help="print every failure, known gaps too")
    options = parser.parse_args()
    options.gaps = options.gaps or os.path.join(HERE, "gaps", f"{options.target.partition(':')[0]}.txt")
    options.timeout = options.timeout or (300 if options.target.partition(":")[0] in devices.SIMULATED else 60)
    options.routes, options.dims = options.routes.split(","), options.dims.split(",")
    if not set(options.routes) <= set(ROUTES) or not set(options.dims) <= set(DIMS):
        parser.error(f"routes are {', '.join(ROUTES)}; dims are {', '.join(DIMS)}")
    options.whole = set(options.routes) == set(ROUTES) and set(options.dims) == set(DIMS)
    return options


def pick(names, options, known):
    picked = [n for n in names if re.search(options.filter, n) and not known.get(n, "").startswith(gaps.NOT_RUN)]
    if options.sample:
        first, step = map(int, options.sample.split("/"))
        picked = picked[first % step::step]
    return picked


def short(reason):
    """A reason without what differs from run to run."""
    reason = re.sub(r"0x[0-9a-f]+", "0x..", reason)
    return reason[:160]


def kind_of_reason(reason):
    """Reasons that differ only in names and numbers are one."""
    reason = re.sub(r"^[^ ]*: (?=wrong values|shape|dtype|sequence|error)", "", reason)
    reason = re.sub(r"(wrong values|shape|dtype).*", r"\1", reason)
    return re.sub(r"\d+", "N", reason)[:100]


class Results:
    """All answers, and what they mean against the list of gaps."""

    def __init__(self, options, index):
        self.options, self.index = options, index
        self.known = gaps.read(options.gaps) if options.backend == "adze" else {}
        self.answers = defaultdict(dict)  # name -> {(route, dims): answer}
        self.total, self.start = 0, time.time()

    def add(self, job, answer):
        self.answers[job["name"]][job["route"], job["dims"]] = answer
        self.total += 1
        bad = answer["status"] in ("crash", "hang")
        if bad or self.options.verbose or (answer["status"] == "fail" and job["name"] not in self.known
                                           and not self.options.update_gaps):
            if answer["status"] != "pass":
                print(f"{answer['status'].upper()} {job['route']}/{job['dims']} {job['name']}: {answer['reason']}")
        if self.total % 1000 == 0:
            print(f"  {self.total} runs, {time.time() - self.start:.0f} s", flush=True)

    def failing(self):
        """{case: reason}; a reason that holds for some variants only names them."""
        out = {}
        for name, variants in self.answers.items():
            failed = {v: a for v, a in variants.items() if a["status"] != "pass"}
            if failed:
                reason = short(next(iter(failed.values()))["reason"])
                some = "" if len(failed) == len(variants) else \
                    " (" + ", ".join(f"{r}/{d}" for r, d in sorted(failed)) + " only)"
                out[name] = reason + some
        return out

    def tests(self):
        """What counts as a test: every run, but for known gaps that fail; and a line of the list that is not true any more."""
        for name, variants in self.answers.items():
            for (route, dims), answer in variants.items():
                ok = answer["status"] == "pass"
                if ok or name not in self.known or answer["status"] in ("crash", "hang"):
                    yield {"name": f"{route}/{dims} {name}", "ok": ok, "seconds": answer["seconds"]}
            if name in self.known and self.options.whole and all(a["status"] == "pass" for a in variants.values()):
                yield {"name": f"{name} passes: remove its line from {os.path.basename(self.options.gaps)}",
                       "ok": False, "seconds": 0}
        for name in self.known:
            if name not in self.index:
                yield {"name": f"gap {name} is no case", "ok": False, "seconds": 0}

    def summary(self):
        for route in self.options.routes:
            for dims in self.options.dims:
                answers = {n: v[route, dims] for n, v in self.answers.items() if (route, dims) in v}
                count = Counter(a["status"] for a in answers.values())
                small = [a["seconds"] for n, a in answers.items() if self.index[n][0] != "real" and a["seconds"]]
                real = [a["seconds"] for n, a in answers.items() if self.index[n][0] == "real"]
                print(f"{route:8} {dims:8} " + ", ".join(f"{s} {count[s]}" for s in ("pass", "fail", "crash", "hang"))
                      + f"; {1000 * sum(small) / max(1, len(small)):.0f} ms a case"
                      + (f", real models {sum(real) / len(real):.2f} s each" if real else ""))
        everywhere = sum(all(a["status"] == "pass" for a in v.values()) for v in self.answers.values())
        print(f"pass in every variant: {everywhere} of {len(self.answers)}; known gaps: {len(self.known)}")
        reasons = Counter(kind_of_reason(r) for r in self.failing().values())
        for reason, count in reasons.most_common(40 if self.options.verbose else 15):
            print(f"  {count:5}  {reason}")

    def placement(self):
        """Of the runs that passed: which kernels the target left to the host, and why."""
        passed = [a for v in self.answers.values() for a in v.values() if a["status"] == "pass" and "kernels" in a]
        reasons = Counter(reason for a in passed for reason in a["host_reasons"])
        if not reasons:
            return
        alone = sum(0 < a["kernels"] == len(a["host_reasons"]) for a in passed)
        print(f"on the host: {reasons.total()} of {sum(a['kernels'] for a in passed)} kernels, all of them in {alone} of "
              f"{len(passed)} runs that pass")
        for reason, count in reasons.most_common(40 if self.options.verbose else 8):
            print(f"  {count:5}  {reason}")

    def write(self):
        runs = [{"name": n, "route": r, "dims": d, **a} for n, v in self.answers.items() for (r, d), a in v.items()]
        os.makedirs(os.path.dirname(self.options.json), exist_ok=True)
        with open(self.options.json, "w") as f:
            json.dump({"tests": list(self.tests()), "runs": runs}, f, indent=0)


def main():
    options = arguments()
    folder, index = cases.cache(os.path.join(BUILD, "suite-cache"))
    results = Results(options, index)
    names = pick(index, options, results.known)
    jobs = [{"name": n, "route": r, "dims": d} for n in names for r in options.routes for d in options.dims]
    jobs.sort(key=lambda job: index[job["name"]][0] != "real")  # the long ones first
    with tempfile.TemporaryDirectory(prefix="adze-suite-") as reports:
        command = [sys.executable, os.path.join(HERE, "child.py"), "{}", folder, options.backend, options.target, BUILD, reports]
        pool.run(command, jobs, options.jobs, options.timeout, results.add)
    if options.update_gaps:
        # What a run of some cases, routes or dims does not cover stays as it stands.
        ran = set(names) if options.whole else set()
        kept = {n: reason for n, reason in results.known.items() if n in index and n not in ran}
        gaps.write(options.gaps, {**kept, **results.failing()}, {n: group for n, (_, group) in index.items()})
        results.known = gaps.read(options.gaps)
    results.write()
    results.summary()
    results.placement()
    bad = [t for t in results.tests() if not t["ok"]]
    for test in bad[:50]:
        print(f"FAILED {test['name']}")
    print(f"suite: {len(jobs)} runs in {time.time() - results.start:.0f} s, {len(bad)} not as the list of gaps says")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
