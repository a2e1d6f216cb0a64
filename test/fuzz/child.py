# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One long-lived process of the pool: makes mutants, compiles and runs them, and says what happened. Reads jobs as lines of JSON from
stdin, answers in lines on the descriptor given.

usage: child.py DESCRIPTOR CASES_FOLDER CLI"""
import json
import os
import resource
import signal
import subprocess
import sys
import time

import artifacts
import bases
import element_types
import mutants
import numpy as np
import processes
import sandbox

import adze

SECONDS = 10  #: of CPU for a compilation and for a run
PATIENCE = 6 * SECONDS  #: on the clock, where other programs take the CPU, or nothing happens at all
MEMORY = 6 << 30
LARGEST_INPUT = 1 << 20


class TooLong(Exception):
    pass


class Limit:
    """Raises TooLong in the block when it has taken too long, if the block can be interrupted."""

    def __enter__(self):
        self.clock, self.cpu = time.monotonic(), self.spent()
        signal.signal(signal.SIGALRM, self.look)
        signal.setitimer(signal.ITIMER_REAL, SECONDS, 1)

    def __exit__(self, *error):
        signal.setitimer(signal.ITIMER_REAL, 0)

    @staticmethod
    def spent():
        return time.process_time() + sum(map(processes.cpu_seconds, processes.workers()))

    def look(self, number, frame):
        if self.spent() - self.cpu > SECONDS or time.monotonic() - self.clock > PATIENCE:
            raise TooLong


def random_values(rng, info, sizes):
    """A value of an input's type: small where the model leaves a size open. None: too large, or of a type that cannot be passed."""
    shape = [d if isinstance(d, int) else sizes.setdefault(d or object(), int(rng.integers(1, 6))) for d in info.shape]
    if info.dtype is None or np.prod(shape, dtype=float) > LARGEST_INPUT:
        return None
    bits = rng.integers(0, 256, int(np.prod(shape)) * info.dtype.itemsize, np.uint8)
    if info.dtype.kind == "b":
        return (bits & 1).astype(bool).reshape(shape)
    if info.dtype.kind in "iu" and rng.random() < 0.8:
        return (bits[::info.dtype.itemsize].astype(np.int64) % 7 - (2 if info.dtype.kind == "i" else 0)).astype(info.dtype).reshape(shape)
    if info.dtype.kind == "f" and rng.random() < 0.8:
        return rng.standard_normal(shape).astype(info.dtype)
    return bits.view(info.dtype).reshape(shape)  # anything: NaN, infinity, far indices


def feeds_for(model, given, rng):
    """The base's own inputs where they fit, random ones else."""
    sizes, feeds = {}, {}
    for info in model.inputs:
        value = given.get(info.name)
        fits = isinstance(value, np.ndarray) and value.dtype == info.dtype and value.ndim == len(info.shape)
        feeds[info.name] = value if fits and rng.random() < 0.8 else random_values(rng, info, sizes)
        if feeds[info.name] is None:
            return None
    return feeds


def run_model(model, mutant):
    """How runs of a compiled mutant ended."""
    rng = np.random.default_rng(mutant.seed)
    how = "not run"
    for given in (mutant.feeds[:1] or [{}]) + [{}]:
        feeds = feeds_for(model, given, rng)
        if feeds is None:
            continue
        try:
            with Limit():
                model.run(feeds)
            how = "ran"
        except TooLong:
            return "cancelled"
        except adze.RunError as error:
            if error.status == "INTERNAL":
                return f"FAILED: the run ended with {error}"
            how = "stopped"
    return how


def compile_and_run(path, mutant):
    try:
        with Limit():
            model = adze.compile(path, threads=1 + mutant.seed % 2, opt_level=0 if mutant.seed % 4 == 0 else 2, cache=False)
    except TooLong:
        return f"FAILED: compiling takes more than {SECONDS} s"
    except adze.CompileError as error:
        text = str(error)
        if not text.strip():
            return "FAILED: no message"
        ours = "the compiler process " in text or "defect of the compiler" in text or "without a reason" in text
        return f"FAILED: {text[-1500:]}" if ours else "refused"
    except adze.RunError as error:
        return f"FAILED: cannot be loaded: {error}" if "strings" not in str(error) and "not supported" not in str(error) else "not run"
    return run_model(model, mutant)


def command_line(cli, path, mutant):
    """The same by the command line. Its outputs appear complete or not at all."""
    def adze_cli(*arguments):
        return subprocess.run([cli, *arguments], capture_output=True, timeout=PATIENCE, env=dict(os.environ, NO_COLOR="1"))

    os.mkdir("out")
    try:
        done = adze_cli("compile", path, "-o", "out/model.so")
        if done.returncode not in (0, 1) or b"the compiler process " in done.stderr or b"defect of the compiler" in done.stderr:
            return f"FAILED: adze compile: status {done.returncode}: {done.stderr[-1500:].decode(errors='replace')}"
        if done.returncode == 1:
            if not done.stderr.startswith(b"error: ") or os.listdir("out"):
                return f"FAILED: adze compile failed and left {os.listdir('out')}, and said {done.stderr[-500:]!r}"
            return "refused"
        if os.listdir("out") != ["model.so"]:
            return f"FAILED: adze compile left {os.listdir('out')}"
    except subprocess.TimeoutExpired:
        return f"FAILED: adze compile takes more than {PATIENCE} s"
    try:
        done = adze_cli("run", "out/model.so", "--random", str(mutant.seed), "--output-dir", "out/results")
    except subprocess.TimeoutExpired:
        return "cancelled"
    if done.returncode not in (0, 1) or (done.returncode == 1 and not done.stderr.startswith(b"error: ")):
        return f"FAILED: adze run: status {done.returncode}: {done.stderr[-1500:].decode(errors='replace')}"
    left = sorted(os.listdir("out"))
    if left not in (["model.so"], ["model.so", "results"]):
        return f"FAILED: adze run left {left}"
    return "ran" if done.returncode == 0 else "stopped"


def snapshot(folder):
    return {os.path.join(where, name) for where, folders, files in os.walk(folder) for name in [*folders, *files]}


class Child:
    def __init__(self, folder, cli):
        self.bases = bases.Bases(*bases.cases.cache(folder))
        self.cli, self.sweep = cli, None
        self.box = os.path.join(os.environ["FUZZ_BOX"], str(os.getpid()))
        self.layers = os.environ.get("FUZZ_LAYERS")
        for name in ("case", "tmp", "home", "cache"):
            os.makedirs(os.path.join(self.box, name))
        os.environ.update(TMPDIR=self.box + "/tmp", HOME=self.box + "/home", ADZE_CACHE_DIR=self.box + "/cache", XDG_CACHE_HOME=self.box + "/home")

    def model(self, job):
        return self.try_model(mutants.model_mutant(self.bases, job["seed"], job["index"]), job)

    def types(self, job):
        if not self.sweep or self.sweep.seed != job["seed"]:
            self.sweep = element_types.Sweep(self.bases, job["seed"])
        return self.try_model(self.sweep.mutant(job["index"]), job)

    def try_model(self, mutant, job):
        path = "model.onnx"
        for name, content in [(path, mutant.model), *mutant.files.items()]:
            with open(name, "wb") as f:
                f.write(content)
        os.symlink("/etc/passwd", "link")
        os.mkfifo("fifo")
        before = snapshot(self.box)
        how = command_line(self.cli, path, mutant) if job["index"] % 8 == 7 else compile_and_run(path, mutant)
        if os.path.isdir("out"):
            subprocess.run(["rm", "-r", "out"], check=True)
        more = sorted(snapshot(self.box) ^ before)
        if more and not how.startswith("FAILED"):
            how = f"FAILED: files have changed: {more}"
        return mutant.what, how

    def artifact(self, job):
        what, how = artifacts.try_mutant(self.cli, job["seed"], job["index"])
        return what, how

    def answer(self, job):
        folder = os.path.join(self.box, "case")
        subprocess.run(["rm", "-rf", folder], check=True)
        os.mkdir(folder)
        os.chdir(folder)
        start = time.perf_counter()
        what, how = getattr(self, job["kind"])(job)
        outside = sandbox.written(self.layers) if self.layers else []
        if outside and not how.startswith("FAILED"):
            how = f"FAILED: written outside: {outside}"
        return {"status": "done", "what": what, "how": how, "seconds": time.perf_counter() - start}


def main():
    descriptor, folder, cli = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    child = Child(folder, cli)
    with os.fdopen(descriptor, "w") as out:
        for line in sys.stdin:
            print(json.dumps(child.answer(json.loads(line))), file=out, flush=True)


if __name__ == "__main__":
    main()
