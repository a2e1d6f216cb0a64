# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One long-lived process of the pool: reads jobs as lines of JSON from stdin, answers in lines on the descriptor given.

usage: child.py DESCRIPTOR CASES_FOLDER BACKEND TARGET BUILD_FOLDER REPORTS_FOLDER"""
import json
import os
import sys
import time
import warnings

import cases
import compare
import devices

class Adze:
    LEVELS = {"O0": 0, "default": 2}

    def __init__(self, target):
        import adze
        self.adze, self.target = adze, target
        self.kernels = {}  # of the last model: their number, and the reasons of those that the target left to the host

    def run(self, model, feeds_of_sets, route):
        self.kernels = {}
        compiled = self.adze.compile(model, opt_level=self.LEVELS[route], target=self.target,
                                     cache=False)
        summary = compiled.summary
        self.kernels = {"kernels": summary["kernels"], "host_reasons": [k["reason"] for k in summary["host_kernels"]]}
        return [compiled.run(feeds) for feeds in feeds_of_sets]


class OnnxRuntime:
    """The judge of other tests, run over the suite for comparison."""
    kernels = {}

    def __init__(self, target):
        import onnxruntime
        onnxruntime.set_default_logger_severity(4)
        self.onnxruntime = onnxruntime

    def run(self, model, feeds_of_sets, route):
        session = self.onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        names = [o.name for o in session.get_outputs()]
        return [dict(zip(names, session.run(None, feeds))) for feeds in feeds_of_sets]


BACKENDS = {"adze": Adze, "onnxruntime": OnnxRuntime}


def first_line(error):
    """What went wrong, without the place in the model's text."""
    for diagnostic in getattr(error, "diagnostics", ()):
        if diagnostic.severity == "error":
            return diagnostic.message.splitlines()[0] if diagnostic.message else "no message"
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{lines[0] if lines else type(error).__name__}"


def answer(backend, folder, job):
    case = cases.load(folder, job["name"])
    start = time.perf_counter()
    stage = "compile"
    try:
        results = backend.run(case.models[job["dims"]], [feeds for feeds, _ in case.data_sets], job["route"])
        stage = "compare"
        seconds = time.perf_counter() - start
        if not results:
            return {"status": "fail", "reason": "the case has no data", "seconds": seconds}
        for (_, expected), got in zip(case.data_sets, results):
            compare.all_same(expected, got, case.rtol, case.atol)
        return {"status": "pass", "reason": "", "seconds": seconds, **backend.kernels}
    except compare.Mismatch as error:
        return {"status": "fail", "reason": str(error), "seconds": seconds}
    except Exception as error:
        died = "the compiler process " in str(error)
        return {"status": "crash" if died else "fail", "reason": first_line(error),
                "seconds": time.perf_counter() - start, "stage": stage}


def judged(answer, report):
    """The answer, which is a failure if the device has something to report."""
    if report and answer["status"] in ("pass", "fail"):
        return {**answer, "status": "fail", "reason": f"report: {report}"}
    return answer


def main():
    descriptor, folder, name, target = int(sys.argv[1]), *sys.argv[2:5]
    simulator = devices.Simulator(target, *sys.argv[5:7])
    warnings.simplefilter("ignore")
    backend = BACKENDS[name](target)
    with os.fdopen(descriptor, "w") as out:
        for line in sys.stdin:
            given = answer(backend, folder, json.loads(line))
            print(json.dumps(judged(given, simulator.new_report())), file=out, flush=True)


if __name__ == "__main__":
    main()
