# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What goes wrong: a model that does not compile, a run that fails."""
from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Diagnostic:
    """What the compiler says of a model. Fields that it does not know are empty, `opset` is None."""

    severity: str  #: "error", "warning" or "remark"
    message: str
    node: str = ""  #: name of the ONNX node
    op: str = ""  #: its operator
    opset: int | None = None
    types: str = ""  #: of the node's inputs
    stage: str = ""  #: where in the compiler it was found
    text: str = dataclasses.field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.severity}: {self.text or self.message}"

    @staticmethod
    def _of(fields: dict[str, Any]) -> Diagnostic:
        return Diagnostic(**{**fields, "opset": fields["opset"] if fields["opset"] >= 0 else None})


class Fail(RuntimeError):
    """ONNX Runtime's name for what fails and has no name of its own; raised as CompileFail or RunFail."""


class CompileError(RuntimeError):
    """A model cannot be compiled. `diagnostics` says all that was found; so does str().

    What is raised is one of the classes below, named as in ONNX Runtime."""

    def __init__(self, diagnostics: list[Diagnostic]):
        super().__init__(diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return "\n".join(str(d) for d in self.diagnostics)


class NoSuchFile(CompileError):
    """There is no file of this name."""


class InvalidProtobuf(CompileError):
    """The file or the bytes are no ONNX model."""


class InvalidGraph(CompileError):
    """The model's graph does not hold together."""


class CompileFail(CompileError, Fail):
    """The compiler cannot do it: an operator that is not supported, types that do not fit, bad options."""


class RunError(RuntimeError):
    """A model cannot be loaded or run. `status` is the status of the C ABI, such as "INVALID_ARGUMENT"."""

    def __init__(self, message: str, status: str = "INVALID_ARGUMENT"):
        super().__init__(message, status)
        self.status = status

    def __str__(self) -> str:
        return str(self.args[0])


class InvalidArgument(RunError):
    """A value that the model does not take: unknown name, wrong dtype, rank or size, or an index in it that is out of range."""


class RunFail(RunError, Fail):
    """The run, or loading the artifact, failed for another reason."""


def run_error(message: str, status: str = "INVALID_ARGUMENT") -> RunError:
    """The RunError for a status of the C ABI."""
    return (InvalidArgument if status in ("INVALID_ARGUMENT", "INDEX_OUT_OF_RANGE") else RunFail)(message, status)


def compile_error(diagnostics: list[Diagnostic], missing_file: bool) -> CompileError:
    """The CompileError for what the compiler found. missing_file: the model is the path of a file that is not there."""
    if missing_file:
        return NoSuchFile(diagnostics)
    errors = [d for d in diagnostics if d.severity == "error"]
    if errors and all(d.stage == "import" for d in errors):
        whole = not errors[0].node and errors[0].message.startswith(("not an ONNX model", "the model is empty"))
        return (InvalidProtobuf if whole else InvalidGraph)(diagnostics)
    return CompileFail(diagnostics)
