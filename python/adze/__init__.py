# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Adze compiles ONNX models to native code and runs them.

    m = adze.compile("model.onnx")         # a Model
    y = m(x)                               # numpy in, numpy out
    m.save("model.so"); m = adze.load("model.so")

A program that uses ONNX Runtime changes one line: `session = adze.InferenceSession("model.onnx")`; the names around it
(SessionOptions, GraphOptimizationLevel, ...) are here too.
"""
from adze import _adze
from adze._errors import CompileError, Diagnostic, RunError
from adze._model import Model, TensorInfo, compile, load
from adze._options import (ExecutionMode, GraphOptimizationLevel, RunOptions, SessionOptions, get_all_providers,
                           get_available_providers, get_device, set_default_logger_severity,
                           set_default_logger_verbosity)
from adze._session import InferenceSession, ModelMetadata, NodeArg

__version__: str = _adze.version

__all__ = [
    "CompileError", "Diagnostic", "ExecutionMode", "GraphOptimizationLevel", "InferenceSession", "Model", "ModelMetadata",
    "NodeArg", "RunError", "RunOptions", "SessionOptions", "TensorInfo", "compile", "get_all_providers",
    "get_available_providers", "get_device", "load", "set_default_logger_severity", "set_default_logger_verbosity",
]
