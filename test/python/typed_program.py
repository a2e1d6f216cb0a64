# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A program as a user writes it, for the type checker (test_types.py); it is not run."""
from typing import Any

import adze
import numpy as np

Array = np.ndarray[Any, Any]


def compiled(path: str, x: Array) -> Array:
    model: adze.Model = adze.compile(path, dims={"batch": 1}, threads=2, opt_level=2)
    outputs: dict[str, Array] = model.run({"x": x}, out={"y": np.empty((1, 3), np.float32)})
    size: int | str | None = model.inputs[0].shape[0]
    print(size, model.profile({"x": x}, runs=3).kernels[0].share.is_integer())
    model.save("model.so")
    return outputs["y"]


def session(path: str, x: Array) -> list[Array]:
    options = adze.SessionOptions()
    options.intra_op_num_threads = 2
    options.graph_optimization_level = adze.GraphOptimizationLevel.ORT_ENABLE_ALL
    made = adze.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    binding = made.io_binding()
    binding.bind_cpu_input(made.get_inputs()[0].name, x)
    binding.bind_output("y")
    made.run_with_iobinding(binding)
    results: list[Array] = binding.copy_outputs_to_cpu() + made.run(None, {"x": x})
    return results


def failing(path: str) -> list[str]:
    try:
        adze.load(path, device=0)
    except adze.RunError as error:
        return [error.status]
    except adze.CompileError as error:
        return [diagnostic.node for diagnostic in error.diagnostics]
    return []


adze.compile(3.5, threads="two")  # type: ignore[arg-type]
adze.compile("m.onnx").run(3)  # type: ignore[arg-type]
adze.load(b"m.so")  # type: ignore[arg-type]
