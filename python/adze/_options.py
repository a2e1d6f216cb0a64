# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX Runtime's options. What says how to run (threads, sizes, optimisation) is honoured; what tunes that program's own machinery is
kept and changes nothing."""
from __future__ import annotations

import enum

from adze import _adze


class GraphOptimizationLevel(enum.IntEnum):
    ORT_DISABLE_ALL = 0
    ORT_ENABLE_BASIC = 1
    ORT_ENABLE_EXTENDED = 2
    ORT_ENABLE_LAYOUT = 3
    ORT_ENABLE_ALL = 99


class ExecutionMode(enum.IntEnum):
    ORT_SEQUENTIAL = 0
    ORT_PARALLEL = 1


class ExecutionOrder(enum.IntEnum):
    DEFAULT = 0
    PRIORITY_BASED = 1
    MEMORY_EFFICIENT = 2


class SessionOptions:
    """Options of a session. Honoured: intra_op_num_threads (0: all CPUs), graph_optimization_level (ORT_DISABLE_ALL gives the numeric
    reference), enable_profiling with profile_file_prefix, and add_free_dimension_override_by_name. Runs do not fork into several
    operators at once, so inter_op_num_threads and execution_mode change nothing; nor do the others. What would change a model and
    cannot be done raises NotImplementedError."""

    def __init__(self) -> None:
        self.intra_op_num_threads = 0
        self.inter_op_num_threads = 0
        self.graph_optimization_level = GraphOptimizationLevel.ORT_ENABLE_ALL
        self.execution_mode = ExecutionMode.ORT_SEQUENTIAL
        self.execution_order = ExecutionOrder.DEFAULT
        self.enable_cpu_mem_arena = True
        self.enable_mem_pattern = True
        self.enable_mem_reuse = True
        self.enable_profiling = False
        self.log_severity_level = -1
        self.log_verbosity_level = 0
        self.logid = ""
        self.optimized_model_filepath = ""
        self.profile_file_prefix = "onnxruntime_profile_"
        self.use_deterministic_compute = False
        self.use_per_session_threads = True
        self._dims: dict[str, int] = {}
        self._entries: dict[str, str] = {}

    def add_free_dimension_override_by_name(self, name: str, size: int) -> None:
        """Pins a named dimension of the inputs."""
        self._dims[name] = int(size)

    def add_session_config_entry(self, key: str, value: str) -> None:
        self._entries[key] = value

    def get_session_config_entry(self, key: str) -> str:
        """Raises RuntimeError for a key that was not added."""
        return _entry(self._entries, key, "SessionOptions")

    def add_provider(self, name: str, options: dict[str, str] | None = None) -> None:
        """Changes nothing: it runs on the CPU."""

    def has_providers(self) -> bool:
        return False

    def add_free_dimension_override_by_denotation(self, denotation: str, size: int) -> None:
        raise NotImplementedError("dimensions are pinned by name: add_free_dimension_override_by_name")

    def add_initializer(self, name: str, value: object) -> None:
        raise NotImplementedError("weights come from the model: add_initializer is not supported")

    def add_external_initializers(self, names: list[str], values: list[object]) -> None:
        raise NotImplementedError("weights come from the model: add_external_initializers is not supported")

    def register_custom_ops_library(self, path: str) -> None:
        raise NotImplementedError("operators of another library are not supported")


class RunOptions:
    """Options of a run. Honoured: terminate, also when it is set while the run is under way; the others are kept, without effect."""

    def __init__(self) -> None:
        self.log_severity_level = -1
        self.log_verbosity_level = 0
        self.logid = ""
        self.only_execute_path_to_fetches = False
        self.terminate = False
        self.training_mode = False
        self._entries: dict[str, str] = {}

    def add_run_config_entry(self, key: str, value: str) -> None:
        self._entries[key] = value

    def get_run_config_entry(self, key: str) -> str:
        """Raises RuntimeError for a key that was not added."""
        return _entry(self._entries, key, "RunOptions")


def _entry(entries: dict[str, str], key: str, what: str) -> str:
    if key not in entries:
        raise RuntimeError(f"{what} have no configuration entry '{key}'")
    return entries[key]


def get_available_providers() -> list[str]:
    """ONNX Runtime's name for what Adze compiles to."""
    return ["CPUExecutionProvider"]


get_all_providers = get_available_providers


def get_device() -> str:
    return "CPU"


def get_version_string() -> str:
    """Adze's version."""
    return _adze.version


def get_build_info() -> str:
    return f"Adze {_adze.version}"


def set_seed(seed: int) -> None:
    """Changes nothing: nothing here draws random numbers."""


def enable_telemetry_events() -> None:
    """Changes nothing: there is no telemetry."""


def disable_telemetry_events() -> None:
    """Changes nothing: there is no telemetry."""


def preload_dlls(cuda: bool = True, cudnn: bool = True, msvc: bool = True, directory: str | None = None) -> None:
    """Changes nothing: there is no library to load."""


def set_default_logger_severity(severity: int) -> None:
    """Nothing is logged."""


def set_default_logger_verbosity(verbosity: int) -> None:
    """Nothing is logged."""
