# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""ONNX Runtime's IOBinding: inputs and outputs bound to memory once, for any number of runs."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from adze._errors import run_error
from adze._values import Array, OrtValue, array_at, expect_cpu

if TYPE_CHECKING:
    from adze._session import InferenceSession


class IOBinding:
    """Made by InferenceSession.io_binding. Buffers given by address are the caller's to keep alive."""

    def __init__(self, session: InferenceSession):
        self._input_names = [i.name for i in session.get_inputs()]
        self._output_names = [o.name for o in session.get_outputs()]
        self._inputs: dict[str, Array] = {}
        self._into: dict[str, Array | None] = {}  # the bound outputs; None: new memory in each run
        self._results: dict[str, OrtValue] = {}

    def bind_cpu_input(self, name: str, arr_on_cpu: Any) -> None:
        """An input's value in a numpy array, or in what numpy can see."""
        self._check("input", name, self._input_names)
        self._inputs[name] = arr_on_cpu if isinstance(arr_on_cpu, np.ndarray) else np.asarray(arr_on_cpu)

    def bind_input(self, name: str, device_type: str, device_id: int, element_type: Any, shape: Sequence[int],
                   buffer_ptr: int) -> None:
        """An input's value in memory at an address. element_type: a numpy type, or a number of ONNX's."""
        expect_cpu(device_type)
        self.bind_cpu_input(name, array_at(buffer_ptr, element_type, shape))

    def bind_ortvalue_input(self, name: str, ortvalue: OrtValue) -> None:
        self.bind_cpu_input(name, ortvalue.numpy())

    def bind_output(self, name: str, device_type: str = "cpu", device_id: int = 0, element_type: Any = None,
                    shape: Sequence[int] | None = None, buffer_ptr: int | None = None) -> None:
        """An output to write to memory at an address, of this type and shape; without an address, to new memory in each run."""
        expect_cpu(device_type)
        self._check("output", name, self._output_names)
        if buffer_ptr is None:
            self._into[name] = None
        elif element_type is None or shape is None:
            raise run_error(f"output '{name}': a buffer needs element_type and shape")
        else:
            self._into[name] = array_at(buffer_ptr, element_type, shape)

    def bind_ortvalue_output(self, name: str, ortvalue: OrtValue) -> None:
        self._check("output", name, self._output_names)
        self._into[name] = ortvalue.numpy()

    def synchronize_inputs(self) -> None:
        """There is nothing to wait for."""

    def synchronize_outputs(self) -> None:
        """There is nothing to wait for."""

    def get_outputs(self) -> list[OrtValue]:
        """What the last run gave, in the order of binding."""
        return [self._results[name] for name in self._into if name in self._results]

    def copy_outputs_to_cpu(self) -> list[Array]:
        """The same, as arrays that no later run changes."""
        found = [(name, self._results[name].numpy()) for name in self._into if name in self._results]
        return [array if self._into[name] is None else array.copy() for name, array in found]

    def clear_binding_inputs(self) -> None:
        self._inputs.clear()

    def clear_binding_outputs(self) -> None:
        self._into.clear()
        self._results.clear()

    def _check(self, kind: str, name: str, known: list[str]) -> None:
        if name not in known:
            raise run_error(f"there is no {kind} '{name}'; {kind}s: {', '.join(known)}")

    def _feeds(self) -> tuple[dict[str, Array], dict[str, Array | None]]:
        """Values of all inputs, and where the bound outputs go. Raises RunError if anything is not bound."""
        missing = [name for name in self._input_names if name not in self._inputs]
        if missing:
            raise run_error(f"inputs that are not bound: {', '.join(missing)}")
        if not self._into:
            raise run_error("no output is bound")
        return self._inputs, self._into

    def _finish(self, results: dict[str, Array]) -> None:
        self._results = {name: OrtValue(results[name]) for name in self._into}
