# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A session that takes the place of onnxruntime.InferenceSession."""
from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard

from adze._binding import IOBinding
from adze._errors import run_error
from adze._model import Array, Model, ModelLike, TensorInfo, check_names, compile, load
from adze._options import GraphOptimizationLevel, SessionOptions, get_available_providers
from adze._trace import Trace
from adze._values import OrtValue


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


def _is_artifact(model: ModelLike) -> TypeGuard[str | os.PathLike[str]]:
    """True for the path of what `adze compile` wrote."""
    if not isinstance(model, (str, os.PathLike)):
        return False
    try:
        with open(model, "rb", opener=lambda path, flags: os.open(path, flags | os.O_NONBLOCK)) as f:  # a FIFO would wait for a writer
            return f.read(4) == b"\x7fELF"
    except OSError:
        return False


def _check_providers(providers: Sequence[Any] | None, provider_options: Sequence[Any] | None) -> None:
    """Says, as ONNX Runtime does, what of the arguments is no provider. Raises ValueError for what is not even a name."""
    for provider in providers or ():
        pair = isinstance(provider, (tuple, list)) and len(provider) == 2 and isinstance(provider[1], Mapping)
        name = provider[0] if pair else provider
        if not isinstance(name, str):
            raise ValueError(f"providers are names or (name, options), found {provider!r}")
        if name not in get_available_providers():
            warnings.warn(f"there is no provider '{name}'; it runs on {get_available_providers()}", stacklevel=3)
    if providers and provider_options and len(providers) != len(provider_options):
        raise ValueError(f"found {len(providers)} providers and {len(provider_options)} provider_options, expected as many")


class InferenceSession:
    """Compiles a model (or loads an artifact) and runs it, by the calls of ONNX Runtime's class of this name.

    path_or_bytes: as the first argument of adze.compile, or the path of an artifact.
    sess_options: adze.SessionOptions or onnxruntime.SessionOptions; see there for what is honoured. (Those of onnxruntime do not tell
    which dimensions they pin, so they pin none here.)
    providers, provider_options: it runs on the CPU; any other name gives a warning, as there where it is not available.
    Other keyword arguments are taken and ignored.

    Raises CompileError and RunError as adze.compile does, by the names that ONNX Runtime's exceptions have (adze.capi)."""

    def __init__(self, path_or_bytes: ModelLike, sess_options: Any = None,
                 providers: Sequence[Any] | None = None, provider_options: Sequence[Any] | None = None,
                 **kwargs: Any):
        _check_providers(providers, provider_options)
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
        self._trace = Trace(self._model, str(options.profile_file_prefix)) if getattr(options, "enable_profiling", False) else None

    @property
    def model(self) -> Model:
        """The compiled model."""
        return self._model

    def run(self, output_names: Sequence[str] | None, input_feed: Mapping[str, Any],
            run_options: Any = None) -> list[Array]:
        """Runs once. `output_names`: those to answer, in this order; None or empty: all. Values are arrays or OrtValues.

        `run_options`: setting its `terminate` on another thread ends the run between two kernels.

        Raises ValueError if an input has no value, InvalidArgument if a name is unknown or a value does not fit, RunError if the run fails."""
        results = self._run(output_names, input_feed, {}, run_options)
        return [results[name] for name in output_names or results]

    def run_async(self, output_names: Sequence[str] | None, input_feed: Mapping[str, Any],
                  callback: Callable[[list[Array], Any, str], None], user_data: Any, run_options: Any = None) -> None:
        """Runs on a thread of its own, which calls callback(results, user_data, error) at the end: error is "" if all went well."""
        def work() -> None:
            try:
                results, error = self.run(output_names, input_feed, run_options), ""
            except Exception as caught:
                results, error = [], str(caught) or type(caught).__name__
            callback(results, user_data, error)

        threading.Thread(target=work, daemon=True).start()

    def run_with_ort_values(self, output_names: Sequence[str] | None, input_dict_ort_values: Mapping[str, OrtValue],
                            run_options: Any = None) -> list[OrtValue]:
        """As run, on OrtValues."""
        return [OrtValue(array) for array in self.run(output_names, input_dict_ort_values, run_options)]

    def io_binding(self) -> IOBinding:
        return IOBinding(self)

    def run_with_iobinding(self, iobinding: IOBinding, run_options: Any = None) -> None:
        """Runs on what is bound; the results are the binding's."""
        feeds, into = iobinding._feeds()
        iobinding._finish(self._run(list(into), feeds, into, run_options))

    def _run(self, names: Sequence[str] | None, feeds: Mapping[str, Any], into: Mapping[str, Array | None],
             run_options: Any) -> dict[str, Array]:
        """All outputs by name; `names`: those that must be there, `into`: the arrays to write to."""
        model = self._model
        missing = [name for name in model._input_index if name not in feeds]
        if missing:
            raise ValueError(f"Required inputs ({missing}) are missing from input feed ({list(feeds)}).")
        check_names("input", feeds, model._input_index)
        check_names("output", names or (), model._output_index)
        session = self._trace.session if self._trace else None
        options = run_options if hasattr(run_options, "terminate") else None
        if options is not None and options.terminate:
            raise run_error("the run was cancelled before it began: its options say terminate", "CANCELLED")
        values = [value.numpy() if isinstance(value, OrtValue) else value for value in model._ordered(feeds)]
        results = model._run(values, [into.get(name) for name in model._output_index], session, options)
        return dict(zip(model._output_index, results))

    def get_inputs(self) -> list[NodeArg]:
        return list(self._inputs)

    def get_outputs(self) -> list[NodeArg]:
        return list(self._outputs)

    def get_overridable_initializers(self) -> list[NodeArg]:
        """None: initializers are constants of the compiled code."""
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
        _check_providers(providers, provider_options)

    def disable_fallback(self) -> None:
        """Changes nothing: there is no other session to fall back to."""

    def enable_fallback(self) -> None:
        """Changes nothing: there is no other session to fall back to."""

    def end_profiling(self) -> str:
        """With SessionOptions.enable_profiling: writes what was recorded since the start as a JSON file that trace viewers read (one
        event a kernel), ends the recording and answers the file's name. Else ""."""
        trace, self._trace = self._trace, None
        return trace.write() if trace else ""

    def get_profiling_start_time_ns(self) -> int:
        """When the recording began, on the clock of time.monotonic_ns; 0 if there is none."""
        return self._trace.start_ns if self._trace else 0
