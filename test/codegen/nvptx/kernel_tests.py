# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the tests of this folder share: models that run on the played driver, which reports what a card would let pass, and the assembler."""
import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

BUILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "build")
DRIVER = os.path.abspath(os.path.join(BUILD, "lib", "libadze_sim_cuda.so"))
PTXAS = shutil.which("ptxas") or shutil.which("ptxas", path="/usr/local/cuda/bin")

TYPES = {"f32": TensorProto.FLOAT, "f16": TensorProto.FLOAT16, "bf16": TensorProto.BFLOAT16, "i8": TensorProto.INT8,
         "u8": TensorProto.UINT8, "f64": TensorProto.DOUBLE}
#: The most that a result may be off, relative to the sum of the products' magnitudes.
TOLERANCE = {"f32": 1e-5, "f16": 2e-3, "bf16": 1e-2}


def save(path, nodes, inputs, outputs, initializers=()):
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(initializers))
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return str(path)


def value(name, kind, shape):
    return helper.make_tensor_value_info(name, TYPES[kind], shape)


#: Runs in a process of its own: a process has one driver.
RUN = """
import sys, numpy as np, adze
model, target, feeds, out, allow = sys.argv[1:6]
feeds = dict(np.load(feeds))
types = {"bf16": "bfloat16"}
made = adze.compile(model, target=target, allow=[word for word in allow.split(",") if word])
result = next(iter(made.run({n.split("/")[0]: v.view(__import__("ml_dtypes").bfloat16) if n.endswith("/bf16") else v
                             for n, v in feeds.items()}).values()))
np.save(out, np.asarray(result).astype(np.float64))
"""


class Device:
    """Runs models in processes of their own; `counts` are those of the kernels of the last run."""

    def __init__(self, folder):
        self.folder = folder

    def run(self, model, feeds, target="nvptx", allow=""):
        paths = {name: os.path.join(self.folder, name) for name in ("feeds.npz", "out.npy", "report", "counts")}
        for path in paths.values():
            if os.path.exists(path):
                os.remove(path)
        packed = {name + "/bf16" if a.dtype.name == "bfloat16" else name: a.view(np.uint16) if a.dtype.name == "bfloat16" else a
                  for name, a in feeds.items()}
        np.savez(paths["feeds.npz"], **packed)
        environment = dict(os.environ, ADZE_CUDA_DRIVER=DRIVER, ADZE_SIM_REPORT=paths["report"], ADZE_SIM_COUNTS=paths["counts"],
                           PYTHONPATH=os.pathsep.join(sys.path))
        subprocess.run([sys.executable, "-c", RUN, model, target, paths["feeds.npz"], paths["out.npy"], allow], check=True,
                       env=environment, timeout=600)
        report = open(paths["report"]).read() if os.path.exists(paths["report"]) else ""
        assert report == ""
        self.counts = [json.loads(line) for line in open(paths["counts"])] if os.path.exists(paths["counts"]) else []
        return np.load(paths["out.npy"])


def dtype(kind):
    if kind == "bf16":
        return pytest.importorskip("ml_dtypes").bfloat16
    return {"f64": np.float64, "f32": np.float32, "f16": np.float16, "i8": np.int8, "u8": np.uint8}[kind]


def random(kind, shape, seed):
    rng = np.random.default_rng(seed)
    if kind in ("i8", "u8"):
        return rng.integers(np.iinfo(dtype(kind)).min, np.iinfo(dtype(kind)).max + 1, shape).astype(dtype(kind))
    return rng.standard_normal(shape).astype(dtype(kind))


def assert_product(found, a, b, tolerance):
    a, b = a.astype(np.float64), b.astype(np.float64)
    expected, size = a @ b, np.abs(a) @ np.abs(b)
    assert found.shape == expected.shape
    assert not np.any(np.abs(found - expected) > tolerance * size + 1e-30)


def ptx_of(adze_cli, model, chip, folder, *more):
    """The text of a model's kernels for one chip; `more` words go to the command line."""
    out = os.path.join(folder, chip + ".so")
    subprocess.run([adze_cli, "compile", model, "--target", "nvptx:" + chip, "-o", out, *more], check=True, capture_output=True)
    data = open(out, "rb").read()
    begin = data.index(b".version")
    return data[begin:data.index(b"\0", begin)].decode()


def assemble(text, chip, folder):
    """What the assembler says of a text in which nothing spills."""
    path = os.path.join(folder, "k.ptx")
    with open(path, "w") as out:
        out.write(text)
    log = subprocess.run([PTXAS, "-O3", "-v", "-arch=" + chip, path, "-o", os.path.join(folder, "k.cubin")], check=True,
                         capture_output=True, text=True).stderr
    spills = re.findall(r"(\d+) bytes spill stores, (\d+) bytes spill loads", log)
    assert spills and all(pair == ("0", "0") for pair in spills), log
    return log


def matmul(folder, kind, a_shape, b_shape):
    """c = a x b"""
    return save(os.path.join(folder, "matmul.onnx"), [helper.make_node("MatMul", ["a", "b"], ["c"])],
                [value("a", kind, a_shape), value("b", kind, b_shape)], [value("c", kind, None)])


def check_exact_product(device, folder, element, a_shape, b_shape):
    """Of whole numbers in a type that holds them."""
    rng = np.random.default_rng(1)
    a, b = (rng.integers(-1000, 1000, shape).astype(helper.tensor_dtype_to_np_dtype(element)) for shape in (a_shape, b_shape))
    info = helper.make_tensor_value_info
    model = save(os.path.join(folder, "exact.onnx"), [helper.make_node("MatMul", ["a", "b"], ["c"])],
                 [info("a", element, a_shape), info("b", element, b_shape)], [info("c", element, None)])
    assert np.array_equal(device.run(model, {"a": a, "b": b}), a.astype(np.float64) @ b.astype(np.float64))
