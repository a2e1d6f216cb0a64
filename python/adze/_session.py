# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A session that takes the place of onnxruntime.InferenceSession."""
from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from adze._errors import RunError
from adze._model import Model, ModelLike, TensorInfo, compile, load
from adze._options import GraphOptimizationLevel, SessionOptions, get_available_providers


class NodeArg:
    """An input or output of a session: name, type such as "tensor(float)", shape of sizes, names and None."""

    def __init__(self, info: TensorInfo):
        self.name = info.name
        self.type = f"tensor({info.onnx_type})"
        self.shape: list[int | str | None] = list(info.shape)

    def __repr__(self) -> str:
        return f"NodeArg(name='{self.name}', type='{self.type}', shape={self.shape})"


class ModelMetadata:
    """What the model's file says of itself."""

    def __init__(self, metadata: dict[str, Any]):
        model = metadata.get("model") or {}
        self.custom_metadata_map: dict[str, str] = dict(model.get("metadata") or {})
        self.description: str = model.get("doc_string", "")
        self.domain: str = model.get("domain", "")
        self.graph_description: str = model.get("graph_doc_string", "")
        self.graph_name: str = model.get("graph_name", "")
        self.producer_name: str = model.get("producer", "")
        self.version: int = int(model.get("version", 0))


def _is_artifact(model: ModelLike) -> bool:
    """True for the path of what `adze compile` wrote."""
    if not isinstance(model, (str, os.PathLike)):
        return False
    try:
        with open(model, "rb") as f:
            return f.read(4) == b"\x7fELF"
    except OSError:
        return False


class InferenceSession:
    """Compiles a model (or loads an artifact) and runs it, by the calls of ONNX Runtime's class of this name.

    path_or_bytes: as the first argument of adze.compile, or the path of an artifact.
    sess_options: adze.SessionOptions or onnxruntime.SessionOptions; see there for what is honoured.
    providers, provider_options and other arguments are taken and ignored: it runs on the CPU.

    Raises CompileError and RunError as adze.compile does; onnxruntime's own exceptions are never raised."""

    def __init__(self, path_or_bytes: ModelLike, sess_options: Any = None,
                 providers: Sequence[Any] | None = None, provider_options: Sequence[Any] | None = None,
                 **kwargs: Any):
        options = sess_options if sess_options is not None else SessionOptions()
        self._options = options
        threads = int(getattr(options, "intra_op_num_threads", 0))
        if _is_artifact(path_or_bytes):
            self._model: Model = load(path_or_bytes, threads=threads)
        else:
            level = int(getattr(options, "graph_optimization_level", GraphOptimizationLevel.ORT_ENABLE_ALL))
            self._model = compile(path_or_bytes, dims=getattr(options, "_dims", None), threads=threads,
                                  opt_level=0 if level == GraphOptimizationLevel.ORT_DISABLE_ALL else 2)
        self._inputs = [NodeArg(info) for info in self._model.inputs]
        self._outputs = [NodeArg(info) for info in self._model.outputs]
        self._output_index = {output.name: i for i, output in enumerate(self._outputs)}
        self._input_names = {i.name for i in self._inputs}

    @property
    def model(self) -> Model:
        """The compiled model."""
        return self._model

    def run(self, output_names: Sequence[str] | None, input_feed: Mapping[str, Any],
            run_options: Any = None) -> list[np.ndarray]:
        """Runs once. `output_names`: those to answer, in this order; None or empty: all.

        Raises ValueError if an input has no value or a name is unknown, RunError if a value does not fit or the run fails."""
        missing = [i.name for i in self._inputs if i.name not in input_feed]
        if missing:
            raise ValueError(f"Required inputs ({missing}) are missing from input feed ({list(input_feed)}).")
        unknown = [name for name in input_feed if name not in self._input_names]
        if unknown:
            raise ValueError(f"there is no input {unknown}; inputs: {sorted(self._input_names)}")
        for name in output_names or ():
            if name not in self._output_index:
                raise ValueError(f"there is no output '{name}'; outputs: {list(self._output_index)}")
        results = self._model._run([input_feed[i.name] for i in self._inputs])
        return [results[self._output_index[name]] for name in output_names] if output_names else results

    def get_inputs(self) -> list[NodeArg]:
        return list(self._inputs)

    def get_outputs(self) -> list[NodeArg]:
        return list(self._outputs)

    def get_overridable_initializers(self) -> list[NodeArg]:
        return []

    def get_modelmeta(self) -> ModelMetadata:
        return ModelMetadata(self._model.metadata)

    def get_session_options(self) -> Any:
        return self._options

    def get_providers(self) -> list[str]:
        return get_available_providers()

    def get_provider_options(self) -> dict[str, dict[str, str]]:
        return {name: {} for name in self.get_providers()}

    def set_providers(self, providers: Sequence[Any] | None = None,
                      provider_options: Sequence[Any] | None = None) -> None:
        """Changes nothing: it runs on the CPU."""

    def disable_fallback(self) -> None:
        """Changes nothing: there is no other session to fall back to."""

    def enable_fallback(self) -> None:
        """Changes nothing: there is no other session to fall back to."""

    def io_binding(self) -> Any:
        raise RunError("io_binding is not supported: pass arrays to run")
