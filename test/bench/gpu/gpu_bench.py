#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Times models and matrix products on a CUDA card, products beside cuBLASLt: see README.md."""
import argparse
import datetime
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx

import cublaslt
import cuda

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.join(ROOT, "test", "models"))
import zoo  # noqa: E402

SIZES = [1024, 2048, 4096, 8192]
TYPES = {"float32": (np.float32, onnx.TensorProto.FLOAT, 1e-4), "float16": (np.float16, onnx.TensorProto.FLOAT16, 2e-2)}


class Simulated(RuntimeError):
    """Times were asked for of a driver that is played."""


def product_model(size, element):
    h = onnx.helper
    tensors = [h.make_tensor_value_info(name, element, [size, size]) for name in ("a", "b", "c")]
    graph = h.make_graph([h.make_node("MatMul", ["a", "b"], ["c"])], "product", tensors[:2], tensors[2:])
    return h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8)


class Kernel:
    """The one kernel that Adze makes of a model, to be launched by itself: without the copies that a run begins and ends with."""

    def __init__(self, card, model, chip, adze):
        with tempfile.TemporaryDirectory() as folder:
            path, report = os.path.join(folder, "m.onnx"), os.path.join(folder, "report.json")
            onnx.save(model, path)
            subprocess.run([adze, "compile", path, "-o", folder, "--emit", "ptx", "--target", "nvptx:" + chip, "--report-json", report],
                           check=True)
            with open(report) as f:
                (self.report,) = json.load(f)["kernels"]
            with open(os.path.join(folder, chip + ".ptx"), "rb") as f:
                text = f.read()
        self.card = card
        self.function = card.function(text, "adze_" + self.report["name"], self.report["shared_bytes"])
        self.scratch, self.error = card.memory(0), card.memory(8)

    def launcher(self, *buffers):
        """As runtime/abi.h says: items, the site (the sizes are in the code), buffers, scratch memory, the error."""
        blocks = self.report["blocks"]
        return self.card.launcher(self.function, blocks, self.report["threads"], self.report["dynamic_shared_bytes"],
                                  [blocks, 0, *buffers, self.scratch, self.error])


def difference(card, address, a, b, dtype):
    """How far some rows of the result are from the product, of its greatest element."""
    rows = np.linspace(0, len(a) - 1, 5).astype(int)
    wanted = a[rows].astype(np.float64) @ b.astype(np.float64)
    got = card.download(address, a.shape, dtype)[rows].astype(np.float64)
    return float(np.max(np.abs(got - wanted)) / np.max(np.abs(wanted)))


def measure_product(card, chip, adze, library, size, type_name, timed):
    dtype, element, tolerance = TYPES[type_name]
    generator = np.random.default_rng(size)
    a, b = (generator.standard_normal((size, size), np.float32).astype(dtype) for _ in range(2))
    kernel = Kernel(card, product_model(size, element), chip, adze)
    left, right, result = card.upload(a), card.upload(b), card.memory(a.nbytes)
    entry = {"size": size, "type": type_name, "kind": kernel.report["kind"], "matrix_units": kernel.report["matrix_units"]}
    launch = kernel.launcher(left, right, result)
    launch()
    card.wait()
    entry["difference"] = difference(card, result, a, b, dtype)
    entry["right"] = entry["difference"] <= tolerance
    if timed:
        entry["seconds"] = card.seconds(launch)[1]
        entry["teraflops"] = 2 * size**3 / entry["seconds"] / 1e12
        if library:
            theirs = cublaslt.Product(library, card, size, dtype, left, right, result)
            entry["cublaslt_seconds"] = card.seconds(theirs.launcher())[1]
            entry["cublaslt_right"] = difference(card, result, a, b, dtype) <= tolerance
            entry["cublaslt"] = theirs.version
            entry["fraction"] = entry["cublaslt_seconds"] / entry["seconds"]
            theirs.close()
    card.free(left, right, result)
    return entry


def measure_model(name, chip, size):
    """A whole run, copies from and to the host included, as adze bench and Model.profile time it."""
    import adze

    model = zoo.MODELS[name]
    size = size or model.sizes[0]
    given, dims = model.pinned(size)
    compiled = adze.compile(given, dims=dims, target="nvptx:" + chip, cache=False)
    feeds = model.inputs(size)
    profile = compiled.profile(feeds)
    wanted, got = adze.compile(given, dims=dims, cache=False).run(feeds), compiled.run(feeds)
    apart = max((float(np.max(np.abs(got[n].astype(np.float64) - v)) / max(1.0, np.ptp(v))) for n, v in wanted.items() if v.size), default=0)
    return {"model": name, "dims": size, "median_ms": profile.median_ms, "p10_ms": profile.p10_ms, "p90_ms": profile.p90_ms,
            "runs": profile.runs, "difference": apart, "right": apart <= 1e-3}


def markdown(result):
    lines = [f"{result['card']} ({result['machine']}, {result['multiprocessors']} multiprocessors), driver for CUDA {result['driver']}, "
             f"code for {result['code_for']}, {result['date']}", ""]
    if result["products"]:
        lines += ["| matrices | type | units | ms | TFLOP/s | of cuBLASLt | difference |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for p in result["products"]:
        fraction = f"{p['fraction']:.1%}" if "fraction" in p else "n/a"
        lines.append(f"| {p['size']} | {p['type']} | {'matrix' if p['matrix_units'] else 'scalar'} | {p['seconds'] * 1e3:.3f} | "
                     f"{p['teraflops']:.1f} | {fraction} | {p['difference']:.1e}{'' if p['right'] else ' WRONG'} |")
    if result["models"]:
        lines += ["", "| model | dims | median ms | p10 | p90 | runs | difference |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for m in result["models"]:
        lines.append(f"| {m['model']} | {m['dims']} | {m['median_ms']:.3f} | {m['p10_ms']:.3f} | {m['p90_ms']:.3f} | {m['runs']} | "
                     f"{m['difference']:.1e}{'' if m['right'] else ' WRONG'} |")
    return "\n".join(lines) + "\n"


def best_chip(card, asked):
    if asked:
        return asked
    known = [75, 80, 86, 89, 90, 120]
    return f"sm_{max(n for n in known if n <= int(card.machine[3:]))}"


def parse(words):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=lambda text: [int(word) for word in text.split(",")], default=SIZES)
    parser.add_argument("--types", type=lambda text: text.split(","), default=list(TYPES))
    parser.add_argument("--models", type=lambda text: [w for w in text.split(",") if w], default=["minilm_l6"])
    parser.add_argument("--chip", help="what to compile for (default: the best that the card runs)")
    parser.add_argument("--check", action="store_true", help="no times: only whether the products are right")
    parser.add_argument("--json", help="write all figures to a file")
    parser.add_argument("--markdown", help="write the tables to a file")
    parser.add_argument("--adze", default=os.path.join(ROOT, "build", "bin", "adze"))
    return parser.parse_args(words)


def run(options):
    card = cuda.Card()
    if card.simulated and not options.check:
        raise Simulated("the driver is simulated (ADZE_CUDA_DRIVER): its times mean nothing, so there are none; --check runs without")
    chip, library = best_chip(card, options.chip), cublaslt.find()
    result = {"card": card.name, "machine": card.machine, "multiprocessors": card.multiprocessors, "driver": card.driver, "code_for": chip,
              "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "products": [], "models": []}
    for size in options.sizes:
        for type_name in options.types:
            result["products"].append(measure_product(card, chip, options.adze, library, size, type_name, not options.check))
            print(result["products"][-1], file=sys.stderr, flush=True)
    for name in [] if options.check else options.models:
        result["models"].append(measure_model(name, chip, None))
        print(result["models"][-1], file=sys.stderr, flush=True)
    return result


def main(words):
    options = parse(words)
    try:
        result = run(options)
    except (Simulated, cuda.CudaError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if options.json:
        with open(options.json, "w") as f:
            json.dump(result, f, indent=1)
    if not options.check:
        text = markdown(result)
        print(text)
        if options.markdown:
            with open(options.markdown, "w") as f:
                f.write(text)
    return 0 if all(entry["right"] for entry in result["products"] + result["models"]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
