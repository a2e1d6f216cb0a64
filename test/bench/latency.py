#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Latencies of the models beside ONNX Runtime's: one table, in Markdown.

usage: build/venv/bin/python test/bench/latency.py [--threads 1,2] [--dims free,pinned] [--rounds N] [MODEL ...]

Each (peer, threads, dims) is a process of its own, pinned to that many CPUs; they take turns, so that all meet the same machine.
A figure is the median of all runs. ONNX Runtime has all its optimisations on, one inter-op thread, and spins."""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "models"))
TURN_SECONDS = 0.4  # of one process in one round

CASES = {
    "resnet50": [{"height": 224, "width": 224}],
    "mobilenet_v2": [{"height": 224, "width": 224}],
    "minilm_l6": [{"batch": 1, "seq": 128}],
    "bert_base": [{"batch": 1, "seq": 128}],
    "bert_base_ts": [{"batch": 1, "seq": 128}],
    "gpt2": [{"batch": 1, "past": 0, "seq": 128}, {"batch": 1, "past": 128, "seq": 1}],
    "ppocr_det": [{"n": 1, "h": 480, "w": 640}],
    "ppocr_cls": [{"n": 6}],
    "ppocr_rec": [{"n": 1, "w": 320}, {"n": 6, "w": 320}],
    "magika": [{"n": 1}],
}


def make_runner(peer, model, size, threads, dims):
    """A function that runs once, and the seconds until the first result was there."""
    feeds = model.inputs(size)
    start = time.perf_counter()
    if peer == "adze":
        import adze
        source, pins = model.pinned(size) if dims == "pinned" else (model.free(), {})
        compiled = adze.compile(source, dims=pins, threads=threads)
        run = lambda: compiled.run(feeds)  # noqa: E731
    else:
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.log_severity_level = 3
        # Sizes are pinned in the graph for both peers where they are.
        source = model.free()
        if dims == "pinned":
            source, pins = model.pinned(size)
            for name, value in pins.items():
                options.add_free_dimension_override_by_name(name, value)
        source = source if isinstance(source, str) else source.SerializeToString()
        session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        run = lambda: session.run(None, feeds)  # noqa: E731
    run()
    return run, time.perf_counter() - start


def child(peer, name, size, threads, dims):
    """Answers each line of standard input with the milliseconds of a turn's runs."""
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[-threads:]))
    import zoo
    run, seconds = make_runner(peer, zoo.MODELS[name], json.loads(size), int(threads), dims)
    print(json.dumps({"ready": seconds}), flush=True)
    for _ in sys.stdin:
        times, end = [], time.perf_counter() + TURN_SECONDS
        run()  # caches and clocks after the other's turn
        while time.perf_counter() < end or len(times) < 2:
            start = time.perf_counter()
            run()
            times.append(1000 * (time.perf_counter() - start))
        print(json.dumps(times), flush=True)


class Peer:
    """One process that takes turns."""

    def __init__(self, peer, name, size, threads, dims):
        command = [sys.executable, os.path.abspath(__file__), "--child", peer, name, json.dumps(size), str(threads), dims]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.times = []

    def wait(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"a process ended with status {self.process.wait()}")
        return json.loads(line)

    def turn(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.times += self.wait()

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def measure(name, size, threads, dims, rounds):
    peers = []
    for peer in ("adze", "onnxruntime"):  # one after the other: loading uses all cores
        peers.append(Peer(peer, name, size, threads, dims))
        peers[-1].ready = peers[-1].wait()["ready"]
    for _ in range(rounds):
        for peer in peers:
            peer.turn()
    for peer in peers:
        peer.stop()
    return peers


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--dims", default="free,pinned")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print("| model | size | dims | threads | Adze ms | ONNX Runtime ms | ratio | first result s (Adze, ORT) |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in options.models or CASES:
        for size in CASES[name]:
            for dims in options.dims.split(","):
                for threads in map(int, options.threads.split(",")):
                    ours, theirs = measure(name, size, threads, dims, options.rounds)
                    a, b = statistics.median(ours.times), statistics.median(theirs.times)
                    text = ", ".join(f"{k}={v}" for k, v in size.items())
                    print(f"| {name} | {text} | {dims} | {threads} | {a:.2f} | {b:.2f} | {a / b:.2f} | "
                          f"{ours.ready:.1f}, {theirs.ready:.1f} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:5], int(sys.argv[5]), sys.argv[6])
    else:
        main()
