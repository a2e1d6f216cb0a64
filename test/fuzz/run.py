#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compiles and runs mutated models and operators with other element types, and opens mutated artifacts: none may crash or hang
anything, or write outside of its output.

usage: run.py [--seed N] [--models N] [--artifacts N] [--types N] [--full] [--only model:N] [--jobs N] [--unwatched]

Prints a line for each failure and how many ended in which way; the exit status is 1 after a failure."""
import argparse
import collections
import os
import random
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, "build")
CASES = os.path.join(BUILD, "suite-cache")
sys.path[:0] = [os.path.join(ROOT, "test", "suite"), os.path.join(ROOT, "test", "python"), os.path.join(BUILD, "python")]
import bases  # noqa: E402
import element_types  # noqa: E402
import pool  # noqa: E402
import sandbox  # noqa: E402

#: For a whole job; a child's own limits for its parts come first.
SECONDS = 200


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--models", type=int, default=60, help="how many mutated models")
    parser.add_argument("--artifacts", type=int, default=40, help="how many mutated artifacts")
    parser.add_argument("--types", type=int, default=150, help="how many operators with another type; all with --full")
    parser.add_argument("--full", action="store_true", help="500 models, 200 artifacts and every operator with every type")
    parser.add_argument("--only", help="one mutant, as a failure names it: model:117")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--unwatched", action="store_true", help="do not look for files written outside of the box")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.full:
        options.models, options.artifacts = 500, 200
    return options


def sampled_types(options):
    """Indices of the sweep over operators and types."""
    everything = range(len(element_types.Sweep(bases.Bases(*bases.cases.cache(CASES)), options.seed).mutants))
    return everything if options.full else random.Random(options.seed).sample(everything, options.types)


def jobs_of(options):
    if options.only:
        kind, index = options.only.split(":")
        return [{"kind": kind, "seed": options.seed, "index": int(index)}]
    indices = {"model": range(options.models), "artifact": range(options.artifacts), "types": sampled_types(options)}
    return [{"kind": kind, "seed": options.seed, "index": i} for kind, some in indices.items() for i in some]


class Report:
    def __init__(self, options):
        self.options = options
        self.ends = collections.Counter()
        self.slowest = (0.0, "")
        self.failures = []

    def done(self, job, answer):
        name = f"{job['kind']}:{job['index']}"
        if answer["status"] != "done":
            answer = {"what": "", "how": f"FAILED: {answer['status']}: {answer['reason']}", "seconds": answer["seconds"]}
        self.slowest = max(self.slowest, (answer["seconds"], name))
        how = answer["how"]
        if how.startswith("FAILED"):
            self.failures.append(name)
            print(f"{name} ({answer['what']}) {how}\n  again: test/fuzz/run.py --seed {job['seed']} --only {name}", flush=True)
            how = "FAILED"
        elif self.options.only:
            print(f"{name} ({answer['what']}): {how}")
        self.ends[f"{job['kind'].rstrip('s')}s {how}"] += 1

    def summary(self, seconds):
        ends = ", ".join(f"{count} {how}" for how, count in sorted(self.ends.items()))
        return f"seed {self.options.seed}: {ends}; slowest {self.slowest[0]:.1f} s ({self.slowest[1]}); {seconds:.0f} s"


def inside(options):
    """In the box: runs all jobs and reports."""
    box = os.environ["FUZZ_BOX"]
    os.chdir(box)
    tempfile.tempdir = box
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path[:3] + [HERE])
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    command = [sys.executable, os.path.join(HERE, "child.py"), "{}", CASES, os.path.join(BUILD, "bin", "adze")]
    report, start = Report(options), time.time()
    pool.run(command, jobs_of(options), options.jobs, SECONDS, report.done)
    print(report.summary(time.time() - start))
    return 1 if report.failures else 0


def main():
    options = arguments()
    if options.inside:
        return inside(options)
    bases.cases.cache(CASES)
    with tempfile.TemporaryDirectory(prefix="adze-fuzz-") as box:
        command = [sys.executable, os.path.abspath(__file__), "--inside", *sys.argv[1:]]
        watched, why = (None, "--unwatched") if options.unwatched else sandbox.command(box, command)
        if not watched:
            print(f"files written outside of the box are not looked for: {why}")
            os.environ["FUZZ_BOX"] = box
        sys.stdout.flush()
        return os.spawnvpe(os.P_WAIT, (watched or command)[0], watched or command, os.environ)


if __name__ == "__main__":
    sys.exit(main())
