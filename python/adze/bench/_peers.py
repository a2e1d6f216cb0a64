# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How each peer loads a model and runs it: with its best settings at the model's own precision."""
from __future__ import annotations

import dataclasses
import importlib
import importlib.metadata
import importlib.util
import os
import tempfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclasses.dataclass(frozen=True)
class Job:
    """What a peer is to load."""

    path: str
    threads: int
    pins: dict[str, int] | None  #: sizes of named dimensions, where they are pinned by name
    shapes: dict[str, tuple[int, ...]]  #: of the inputs
    pinned: bool  #: all sizes are known
    cache: str  #: folder of what a peer keeps from one process to the next


@dataclasses.dataclass
class Loaded:
    """A model that is ready to run."""

    run: Callable[[], dict[str, Array]]
    artifact_bytes: Callable[[], int | None]  #: of the file that a user would ship


Feeds = Mapping[str, Array]
Loader = Callable[[Job, Feeds], Loaded]


def _adze(job: Job, feeds: Feeds) -> Loaded:
    import adze

    model = adze.compile(job.path, dims=job.pins or {}, threads=job.threads)

    def artifact_bytes() -> int:
        with tempfile.TemporaryDirectory(dir=job.cache) as folder:
            path = os.path.join(folder, "model.so")
            model.save(path)
            return os.path.getsize(path)

    return Loaded(lambda: model.run(feeds), artifact_bytes)


def _onnxruntime(job: Job, feeds: Feeds) -> Loaded:
    ort = importlib.import_module("onnxruntime")
    options = ort.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = job.threads, 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("session.intra_op.allow_spinning", "1")
    options.log_severity_level = 3
    for name, size in (job.pins or {}).items():
        options.add_free_dimension_override_by_name(name, size)
    session = ort.InferenceSession(job.path, options, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    return Loaded(lambda: dict(zip(names, session.run(names, dict(feeds)))), lambda: None)


def _openvino(job: Job, feeds: Feeds) -> Loaded:
    ov = importlib.import_module("openvino")
    core = ov.Core()
    # Its defaults compute f32 models in bf16 where the CPU can, and keep caches of keys and values in 8 bits.
    wanted = {"PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": job.threads, "ENABLE_CPU_PINNING": True,
              "INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": 0,
              "CACHE_DIR": job.cache}
    known = set(core.get_property("CPU", "SUPPORTED_PROPERTIES")) | {"CACHE_DIR"}
    core.set_property({"CACHE_DIR": job.cache})
    model = core.read_model(job.path)
    if job.pinned:
        model.reshape({port: ov.PartialShape(list(job.shapes[_port_name(port, job.shapes)])) for port in model.inputs})
    compiled = core.compile_model(model, "CPU", {k: v for k, v in wanted.items() if k in known})
    request = compiled.create_infer_request()
    inputs = {port: feeds[_port_name(port, feeds)] for port in compiled.inputs}
    outputs = [(_port_name(port, None), port) for port in compiled.outputs]

    def run() -> dict[str, Array]:
        results = request.infer(inputs, share_inputs=True, share_outputs=True)
        return {name: results[port] for name, port in outputs}

    return Loaded(run, lambda: None)


def _port_name(port: Any, known: Mapping[str, Any] | None) -> str:
    """The name of an input or output among those that OpenVINO has for it."""
    names: set[str] = port.get_names()
    return next((n for n in names if known is not None and n in known), min(names))


#: By the name that --peers takes. Adze is measured first.
LOADERS: dict[str, Loader] = {"adze": _adze, "onnxruntime": _onnxruntime, "openvino": _openvino}


def is_installed(peer: str) -> bool:
    return importlib.util.find_spec(peer) is not None


def version(peer: str) -> str:
    if peer == "adze":
        import adze
        return adze.__version__
    return importlib.metadata.version(peer)
