# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The exceptions of ONNX Runtime's module of this name. Those that adze raises are its own: subclasses of CompileError and RunError."""
from adze._errors import Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NoSuchFile
from adze._options import (ExecutionMode, ExecutionOrder, GraphOptimizationLevel, RunOptions, SessionOptions, get_all_providers,
                           get_available_providers, get_device)
from adze._session import ModelMetadata, NodeArg


class DeviceReset(Exception):
    """Never raised, as those below."""


class EngineError(Exception):
    pass


class EPFail(Exception):
    pass


class ModelLoadCanceled(Exception):
    pass


class ModelLoaded(Exception):
    pass


class ModelRequiresCompilation(Exception):
    pass


class NoModel(Exception):
    pass


class NotFound(Exception):
    pass


class NotImplemented(Exception):
    pass


class RuntimeException(Exception):
    pass


__all__ = [
    "DeviceReset", "EPFail", "EngineError", "ExecutionMode", "ExecutionOrder", "Fail", "GraphOptimizationLevel", "InvalidArgument",
    "InvalidGraph", "InvalidProtobuf", "ModelLoadCanceled", "ModelLoaded", "ModelMetadata", "ModelRequiresCompilation", "NoModel",
    "NoSuchFile", "NodeArg", "NotFound", "NotImplemented", "RunOptions", "RuntimeException", "SessionOptions", "get_all_providers",
    "get_available_providers", "get_device",
]
