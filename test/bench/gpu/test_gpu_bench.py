# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The measuring program on a simulated driver: it takes no times there, and its launches are right."""
import ctypes
import json
import os
import subprocess
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)


def bench(build, *words):
    environment = dict(os.environ, ADZE_CUDA_DRIVER=os.path.join(build, "lib", "libadze_sim_cuda.so"))
    return subprocess.run([sys.executable, os.path.join(HERE, "gpu_bench.py"), *map(str, words)], env=environment, capture_output=True,
                          text=True, timeout=600)


def test_no_times_of_a_driver_that_is_played(build, tmp_path):
    done = bench(build, "--json", tmp_path / "f.json", "--markdown", tmp_path / "t.md")
    assert done.returncode == 2 and "simulated" in done.stderr and done.stdout == ""
    assert os.listdir(tmp_path) == []


def test_products_are_launched_rightly(build, tmp_path):
    done = bench(build, "--check", "--sizes", "48", "--json", tmp_path / "f.json")
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "f.json").read_text())
    assert [(p["type"], p["right"]) for p in figures["products"]] == [("float32", True), ("float16", True)]
    assert not any("seconds" in p or "fraction" in p for p in figures["products"]) and figures["models"] == []


def test_tables():
    import gpu_bench

    product = {"size": 1024, "type": "float32", "matrix_units": False, "seconds": 1e-3, "teraflops": 2.1, "difference": 1e-6, "right": True}
    model = {"model": "m", "dims": {}, "median_ms": 1.0, "p10_ms": 0.9, "p90_ms": 1.1, "runs": 10, "difference": 1.0, "right": False}
    text = gpu_bench.markdown({"card": "A card", "machine": "sm_80", "multiprocessors": 108, "driver": "13.0", "code_for": "sm_80",
                               "date": "2026-01-01", "products": [product, {**product, "fraction": 0.5}], "models": [model]})
    assert "| 1024 | float32 | scalar | 1.000 | 2.1 | n/a | 1.0e-06 |" in text and "| 50.0% |" in text and "WRONG" in text


def test_the_library_describes_products():
    """As far as that goes without a card: the structures are those of the library."""
    import cublaslt

    path = cublaslt.find()
    if path is None:
        pytest.skip("no cuBLASLt of a CUDA toolkit")
    library, description, layout = ctypes.CDLL(path), ctypes.c_void_p(), ctypes.c_void_p()
    assert library.cublasLtMatmulDescCreate(ctypes.byref(description), 68, 0) == 0
    assert library.cublasLtMatrixLayoutCreate(ctypes.byref(layout), 2, ctypes.c_uint64(8), ctypes.c_uint64(8), ctypes.c_int64(8)) == 0
    assert ctypes.sizeof(cublaslt._Found) == 64 + 8 + 4 + 4 + 16
