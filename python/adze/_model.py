# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models: compiled, saved, loaded, run."""
from __future__ import annotations

import dataclasses
import json
import os
import tempfile
from collections.abc import Mapping
from typing import Any, Union

import numpy as np

from adze import _adze
from adze._dtypes import dtypes, onnx_name, widened
from adze._errors import CompileError, Diagnostic, RunError

#: A path, the bytes of a model, or an onnx.ModelProto.
ModelLike = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, Any]


@dataclasses.dataclass(frozen=True)
class TensorInfo:
    """Name and type of an input or output."""

    name: str
    dtype: np.dtype | None  #: None: strings, which cannot be passed yet
    shape: tuple[int | str | None, ...]  #: a size; or the name of a size known only at run time, None if it has none
    onnx_type: str = dataclasses.field(default="", repr=False)  #: such as "float"


def _infos(tensors: list[tuple[str, int, tuple[int | str | None, ...]]]) -> list[TensorInfo]:
    return [TensorInfo(name, dtypes(number)[0], shape, onnx_name(number)) for name, number, shape in tensors]


class Model:
    """A compiled model, ready to run. Made by `adze.compile` and `adze.load`. Any number of threads may use it."""

    def __init__(self, artifact: _adze.Artifact, descriptor: int, threads: int | None, diagnostics: list[Diagnostic],
                 summary: dict[str, Any] | None):
        self._descriptor = -1
        self._artifact = artifact
        self.inputs: list[TensorInfo] = _infos(artifact.inputs)
        self.outputs: list[TensorInfo] = _infos(artifact.outputs)
        self.diagnostics = diagnostics  #: warnings of the compilation
        self.summary = summary  #: figures of the compilation: kernels, code_bytes, ...; None after adze.load
        for output in self.outputs:
            if output.dtype is None:
                raise RunError(f"output '{output.name}': type {output.onnx_type} is not supported")
        self._names = {info.name: i for i, info in enumerate(self.inputs)}
        self._session = _adze.Session(artifact, threads or 0, [dtypes(n) for _, n, _ in artifact.inputs],
                                      [dtypes(n)[0] for _, n, _ in artifact.outputs])
        self._descriptor = descriptor  # from here on this object's to close

    def __del__(self):
        if self._descriptor >= 0:
            os.close(self._descriptor)

    def __repr__(self) -> str:
        def text(infos):
            return ", ".join(f"{i.name}: {i.dtype}{list(i.shape)}" for i in infos)

        return f"<adze.Model ({text(self.inputs)}) -> ({text(self.outputs)})>"

    @property
    def metadata(self) -> dict[str, Any]:
        """What the artifact says of itself."""
        return json.loads(self._artifact.metadata)

    @property
    def kernels(self) -> list[str]:
        """The names of the model's kernels."""
        return self._artifact.kernels

    @property
    def arena_bytes(self) -> int:
        """Bytes of memory that the runs hold now, weights and outputs apart."""
        return self._session.arena_bytes

    def run(self, feeds: Mapping[str, Any]) -> dict[str, np.ndarray]:
        """Runs once: {input name: array} to {output name: array}.

        Arrays must have the dtypes of `inputs`, and sizes that fit its shapes; any strides do. Nothing is converted, but what is no
        array (a number, a list) becomes one. Raises RunError, which names the input, what was found and what was expected."""
        for name in feeds:
            if name not in self._names:
                raise RunError(f"there is no input '{name}'; inputs: {', '.join(self._names)}")
        missing = [name for name in self._names if name not in feeds]
        if missing:
            raise RunError(f"inputs without a value: {', '.join(missing)}")
        return dict(zip((o.name for o in self.outputs), self._run([feeds[name] for name in self._names])))

    def __call__(self, *args: Any, **feeds: Any) -> np.ndarray | tuple[np.ndarray, ...]:
        """Runs once, inputs by position or name. The output, or a tuple if there are several. Errors are those of `run`."""
        if len(args) > len(self.inputs):
            raise RunError(f"found {len(args)} inputs, expected {len(self.inputs)}")
        for info, value in zip(self.inputs, args):
            if info.name in feeds:
                raise RunError(f"input '{info.name}' is given twice")
            feeds[info.name] = value
        results = tuple(self.run(feeds).values())
        return results[0] if len(results) == 1 else results

    def _run(self, values: list[Any]) -> list[np.ndarray]:
        """Runs on values in the order of `inputs`."""
        for i, (value, info) in enumerate(zip(values, self.inputs)):
            if not isinstance(value, np.ndarray):
                # A scalar of numpy's has a dtype that its owner chose: it stays, and must fit.
                typed = isinstance(value, np.generic)
                try:
                    values[i] = np.asarray(value) if typed else np.asarray(value, dtype=info.dtype)
                except (TypeError, ValueError, OverflowError) as error:
                    raise RunError(f"input '{info.name}': no array of {info.dtype} can be made of it: {error}") from None
        return self._session.run([widened(value) for value in values])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the artifact, a shared library that `adze.load` and C programs take. There is never half a file. Raises OSError."""
        path = os.fspath(path)
        descriptor, temporary = tempfile.mkstemp(prefix=".adze-", dir=os.path.dirname(path) or ".")
        try:
            with os.fdopen(descriptor, "wb") as out:
                offset = 0
                while chunk := os.pread(self._descriptor, 1 << 22, offset):
                    out.write(chunk)
                    offset += len(chunk)
                mask = os.umask(0)
                os.umask(mask)
                os.fchmod(out.fileno(), 0o666 & ~mask)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise


def _source(model: ModelLike) -> Any:
    """A path or bytes, as the extension takes them."""
    if isinstance(model, (bytearray, memoryview)):
        return bytes(model)
    if isinstance(model, (bytes, str, os.PathLike)):
        return model
    serialize = getattr(model, "SerializeToString", None)
    if serialize is None:
        raise TypeError(f"a model is a path, bytes or an onnx.ModelProto, not {type(model).__name__}")
    return serialize()


def compile(model: ModelLike, *, dims: Mapping[str, int] | None = None, target: str = "cpu", cpu: str = "native",
            threads: int | None = None, opt_level: int = 2, jobs: int = 0,
            base_dir: str | os.PathLike[str] | None = None) -> Model:
    """Compiles an ONNX model and makes it ready to run.

    model: a path, the bytes of a model, or an onnx.ModelProto.
    dims: sizes for named dimensions of the inputs; the others stay free.
    cpu: "native", a level such as "x86-64-v3", or a CPU's name as LLVM knows it.
    threads: to run on; None: one for each CPU that this process may use. Models with as many threads share them.
    opt_level: 2, or 0 for the slow numeric reference.
    jobs: threads of the compiler; 0: one for each CPU.
    base_dir: the folder of external data, for models that are not given as a path; None: such data is an error.

    Raises CompileError with all that is wrong with the model, RunError if it compiles but cannot be set up here (it was compiled for
    another CPU). The compiler runs in a process of its own: whatever a model does to it, this process lives."""
    descriptor, found, summary = _adze.compile(
        _source(model), base_dir=os.fsencode(base_dir) if base_dir is not None else b"", dims=dict(dims or {}), target=target,
        machine=cpu, opt_level=opt_level, jobs=jobs)
    diagnostics = [Diagnostic._of(fields) for fields in found]
    if descriptor < 0:
        raise CompileError(diagnostics)
    return _open(f"/proc/self/fd/{descriptor}", descriptor, threads, diagnostics, summary)


def load(path: str | os.PathLike[str], *, threads: int | None = None) -> Model:
    """Loads what `Model.save` or `adze compile` wrote. It is native code: load only what you trust.

    threads: as for `compile`. Raises RunError for a file that is truncated, altered or no artifact, or that this CPU cannot run; OSError
    for one that cannot be opened."""
    path = os.fspath(path)
    return _open(path, os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK), threads, [], None)


def _open(path: str, descriptor: int, threads: int | None, diagnostics: list[Diagnostic],
          summary: dict[str, Any] | None) -> Model:
    """A model from an artifact; `descriptor`, the same file, is kept for `save`."""
    try:
        return Model(_adze.Artifact(os.fsencode(path)), descriptor, threads, diagnostics, summary)
    except BaseException:
        os.close(descriptor)
        raise
