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


class CompileError(RuntimeError):
    """A model cannot be compiled. `diagnostics` says all that was found; so does str()."""

    def __init__(self, diagnostics: list[Diagnostic]):
        super().__init__(diagnostics)
        self.diagnostics = diagnostics

    def __str__(self) -> str:
        return "\n".join(str(d) for d in self.diagnostics)


class RunError(RuntimeError):
    """A model cannot be loaded or run. `status` is the status of the C ABI, such as "INVALID_ARGUMENT"."""

    def __init__(self, message: str, status: str = "INVALID_ARGUMENT"):
        super().__init__(message, status)
        self.status = status

    def __str__(self) -> str:
        return self.args[0]
