# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Adze compiles ONNX models to native code and runs them.

    m = adze.compile("model.onnx")         # a Model
    y = m(x)                               # numpy in, numpy out
    m.save("model.so"); m = adze.load("model.so")

A program that uses ONNX Runtime changes one line: `session = adze.InferenceSession("model.onnx")`; the names around it
(SessionOptions, GraphOptimizationLevel, ...) are here too.
"""
from adze import _adze
from adze._adze import DeviceArray
from adze._binding import IOBinding
from adze._errors import (CompileError, CompileFail, Diagnostic, Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NoSuchFile,
                          RunError, RunFail)
from adze._model import Model, TensorInfo, compile, load
from adze._options import (ExecutionMode, ExecutionOrder, GraphOptimizationLevel, RunOptions, SessionOptions,
                           disable_telemetry_events, enable_telemetry_events, get_all_providers, get_available_providers,
                           get_build_info, get_device, get_version_string, preload_dlls, set_default_logger_severity,
                           set_default_logger_verbosity, set_seed)
from adze._profile import KernelProfile, Profile
from adze._session import InferenceSession, ModelMetadata, NodeArg
from adze._values import OrtDevice, OrtValue
from adze.capi import onnxruntime_pybind11_state as _  # so that adze.capi is there without an import of its own

SessionIOBinding = IOBinding
__version__: str = _adze.version

__all__ = [
    "CompileError", "CompileFail", "DeviceArray", "Diagnostic", "ExecutionMode", "ExecutionOrder", "Fail", "GraphOptimizationLevel", "IOBinding",
    "InferenceSession", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "KernelProfile", "Model", "ModelMetadata", "NoSuchFile",
    "NodeArg", "OrtDevice", "OrtValue", "Profile", "RunError", "RunFail", "RunOptions", "SessionIOBinding", "SessionOptions",
    "TensorInfo", "compile", "disable_telemetry_events", "enable_telemetry_events", "get_all_providers", "get_available_providers",
    "get_build_info", "get_device", "get_version_string", "load", "preload_dlls", "set_default_logger_severity",
    "set_default_logger_verbosity", "set_seed",
]
