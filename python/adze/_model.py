# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models: compiled, saved, loaded, run."""
from __future__ import annotations

import dataclasses
import json
import os
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO, Union

import numpy as np

from adze import _adze
from adze._device import is_on_device, view_on_device
from adze._dlpack import from_dlpack
from adze._dtypes import dtypes, onnx_name, widened
from adze._errors import Diagnostic, RunError, compile_error, run_error
from adze._profile import Profile, measure

#: A path, the bytes of a model, or an onnx.ModelProto.
ModelLike = Union[str, "os.PathLike[str]", bytes, bytearray, memoryview, Any]

Array = np.ndarray[Any, Any]


@dataclasses.dataclass(frozen=True)
class TensorInfo:
    """Name and type of an input or output."""

    name: str
    dtype: np.dtype[Any] | None  #: None: strings, which cannot be passed yet
    shape: tuple[int | str | None, ...]  #: a size; or the name of a size known only at run time, None if it has none
    onnx_type: str = dataclasses.field(default="", repr=False)  #: such as "float"


def _infos(tensors: list[tuple[str, int, tuple[int | str | None, ...]]]) -> list[TensorInfo]:
    return [TensorInfo(name, dtypes(number)[0], shape, onnx_name(number)) for name, number, shape in tensors]


def _as_array(value: Any, info: TensorInfo) -> Array:
    """The value of an input as numpy's array: without a copy where it lets numpy see its memory. What has an element type keeps it."""
    if isinstance(value, np.ndarray):
        return value
    try:
        if hasattr(value, "__dlpack__"):
            try:
                return from_dlpack(value)[0]
            except (BufferError, RuntimeError, TypeError):
                if not hasattr(value, "__array__"):
                    raise
        return np.asarray(value) if hasattr(value, "dtype") else np.asarray(value, dtype=info.dtype)
    except (BufferError, RuntimeError, TypeError, ValueError, OverflowError) as error:
        raise run_error(f"input '{info.name}': no array of {info.dtype} can be made of it: {error}") from None


def check_names(kind: str, given: Iterable[str], known: Mapping[str, int]) -> None:
    """Raises InvalidArgument for a name that is not known."""
    for name in given:
        if name not in known:
            raise run_error(f"there is no {kind} '{name}'; {kind}s: {', '.join(known)}")


class Model:
    """A compiled model, ready to run. Made by `adze.compile` and `adze.load`. Any number of threads may use it."""

    def __init__(self, artifact: _adze.Artifact, descriptors: tuple[int, ...], threads: int | None, device: int | str | None,
                 diagnostics: list[Diagnostic], summary: dict[str, Any] | None, load_seconds: float):
        self._descriptors: tuple[int, ...] = ()  # of the artifact and, where they are apart, of its weights
        self._artifact = artifact
        self._threads = threads or 0
        self._device = None if device is None else str(device)
        self.inputs: list[TensorInfo] = _infos(artifact.inputs)
        self.outputs: list[TensorInfo] = _infos(artifact.outputs)
        self.diagnostics = diagnostics  #: warnings of the compilation
        self.summary = summary  #: figures of the compilation: kernels, code_bytes, ..., host_kernels, cached; None after adze.load
        for output in self.outputs:
            if output.dtype is None:
                raise run_error(f"output '{output.name}': type {output.onnx_type} is not supported")
        self._input_index = {info.name: i for i, info in enumerate(self.inputs)}
        self._output_index = {info.name: i for i, info in enumerate(self.outputs)}
        start = time.perf_counter()
        self._session = self._set_up()
        self.load_seconds = load_seconds + time.perf_counter() - start  #: what it took to load it and set it up
        self._descriptors = descriptors  # from here on this object's to close

    def __del__(self) -> None:
        for descriptor in self._descriptors:
            os.close(descriptor)

    def __repr__(self) -> str:
        def text(infos: list[TensorInfo]) -> str:
            return ", ".join(f"{i.name}: {i.dtype}{list(i.shape)}" for i in infos)

        return f"<adze.Model ({text(self.inputs)}) -> ({text(self.outputs)})>"

    @property
    def metadata(self) -> dict[str, Any]:
        """What the artifact says of itself."""
        found: dict[str, Any] = json.loads(self._artifact.metadata)
        return found

    @property
    def kernels(self) -> list[str]:
        """The names of the model's kernels."""
        return [name for name, _ in self._artifact.kernels]

    @property
    def kernel_nodes(self) -> list[tuple[str, ...]]:
        """For each kernel the names of the ONNX nodes in it."""
        return [tuple(filter(None, nodes.split(";"))) for _, nodes in self._artifact.kernels]

    @property
    def arena_bytes(self) -> int:
        """Bytes of memory that the runs hold now, weights and outputs apart."""
        return self._session.arena_bytes

    def run(self, feeds: Mapping[str, Any], out: Mapping[str, Any] | None = None, *, device_outputs: bool = False) -> dict[str, Any]:
        """Runs once: {input name: array} to {output name: array}.

        Arrays must have the dtypes of `inputs`, and sizes that fit its shapes; any strides do. What is no numpy array is taken by
        __dlpack__ or as numpy.asarray takes it, and becomes one of the input's dtype only if it has none (a number, a list).
        out: arrays to write outputs to, of the dtype and shape that the run finds; any strides do. The others are new.
        Inputs and `out` may be in the memory of the model's device: what has __dlpack__ there or __cuda_array_interface__. An input that is
        contiguous and aligned to 256 bytes is read where it lies.
        device_outputs: whether the new ones are DeviceArray, on the device, in place of numpy's arrays.

        Raises RunError, which names the input, what was found and what was expected. Ctrl-C ends the run between two kernels."""
        check_names("input", feeds, self._input_index)
        missing = [name for name in self._input_index if name not in feeds]
        if missing:
            raise run_error(f"inputs without a value: {', '.join(missing)}")
        into: list[Any] = [None] * len(self.outputs)
        if out:
            check_names("output", out, self._output_index)
            into = [out.get(output.name) for output in self.outputs]
        if device_outputs:
            into = [... if array is None else array for array in into]
        return dict(zip(self._output_index, self._run(self._ordered(feeds), into)))

    def __call__(self, *args: Any, **feeds: Any) -> Array | tuple[Array, ...]:
        """Runs once on values by position or name. One output comes as an array, several as a tuple."""
        if len(args) > len(self.inputs):
            raise run_error(f"found {len(args)} inputs, expected {len(self.inputs)}")
        for info, value in zip(self.inputs, args):
            if info.name in feeds:
                raise run_error(f"input '{info.name}' is given twice")
            feeds[info.name] = value
        results = tuple(self.run(feeds).values())
        return results[0] if len(results) == 1 else results

    def profile(self, feeds: Mapping[str, Any], runs: int | None = None) -> Profile:
        """Runs on the same values again and again and says how long runs and their kernels take, as `adze bench` does.

        runs: how often; None: as often as fits into about two seconds."""
        self.run(feeds)  # which checks the feeds
        values = self._arrays(self._ordered(feeds))
        return measure(self._set_up, values, [None] * len(self.outputs), self.kernels, self.kernel_nodes, self.load_seconds, runs)

    def _set_up(self, profiled: bool = False) -> _adze.Session:
        """The model, ready to run; the runs of one that is profiled are recorded kernel by kernel."""
        return _adze.Session(self._artifact, self._threads, self._device, [dtypes(n) for _, n, _ in self._artifact.inputs],
                             [dtypes(n) for _, n, _ in self._artifact.outputs], profiled)

    def _ordered(self, feeds: Mapping[str, Any]) -> list[Any]:
        return [feeds[name] for name in self._input_index]

    def _arrays(self, values: list[Any], session: _adze.Session | None = None) -> list[Any]:
        return [self._view("input", value, info, session) if is_on_device(value) else widened(_as_array(value, info))
                for value, info in zip(values, self.inputs)]

    def _view(self, kind: str, value: Any, info: TensorInfo, session: _adze.Session | None) -> _adze.DeviceArray:
        try:
            return view_on_device(value, session or self._session)
        except (BufferError, TypeError, ValueError, KeyError) as error:
            raise run_error(f"{kind} '{info.name}': no array on the device can be made of it: {error}") from None

    def _run(self, values: list[Any], into: list[Any], session: _adze.Session | None = None, options: Any = None) -> list[Any]:
        """Runs on values in the order of `inputs`; `into`: for each output None or an array; `options`: None or RunOptions."""
        places = [self._view("output", array, info, session) if array is not ... and is_on_device(array) else array
                  for array, info in zip(into, self.outputs)]
        results = (session or self._session).run(self._arrays(values, session), places, options)
        return [result if array is None or array is ... else array for array, result in zip(into, results)]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the artifact, a shared library that `adze.load` and C programs take. There is never half a file. Raises OSError."""
        path = os.fspath(path)
        descriptor, temporary = tempfile.mkstemp(prefix=".adze-", dir=os.path.dirname(path) or ".")
        try:
            with os.fdopen(descriptor, "wb") as out:
                self._write(out)
                mask = os.umask(0)
                os.umask(mask)
                os.fchmod(out.fileno(), 0o666 & ~mask)
            os.replace(temporary, path)
        except BaseException as error:
            os.unlink(temporary)
            if isinstance(error, OSError):
                error.filename = path  # a full disk does not say where
            raise

    def _write(self, out: BinaryIO) -> None:
        if len(self._descriptors) > 1:
            try:
                _adze.join(f"/proc/self/fd/{self._descriptors[0]}", self._descriptors[1], f"/proc/self/fd/{out.fileno()}")
            except RunError as error:
                raise OSError(str(error)) from None
            return
        offset = 0
        while chunk := os.pread(self._descriptors[0], 1 << 22, offset):
            out.write(chunk)
            offset += len(chunk)


def _source(model: ModelLike) -> str | os.PathLike[str] | bytes:
    """A path or bytes, as the extension takes them."""
    if isinstance(model, (bytearray, memoryview)):
        return bytes(model)
    if isinstance(model, (bytes, str, os.PathLike)):
        return model
    serialize = getattr(model, "SerializeToString", None)
    if serialize is None:
        raise TypeError(f"a model is a path, bytes or an onnx.ModelProto, not {type(model).__name__}")
    made: bytes = serialize()
    return made


def compile(model: ModelLike, *, dims: Mapping[str, int] | None = None, target: str = "cpu", cpu: str = "native",
            threads: int | None = None, device: int | str | None = None, opt_level: int = 2,
            allow: Sequence[str] = (), jobs: int = 0, assemble: bool = False,
            base_dir: str | os.PathLike[str] | None = None, cache: bool | str | os.PathLike[str] = True) -> Model:
    """Compiles an ONNX model and makes it ready to run.

    model: a path, the bytes of a model, or an onnx.ModelProto.
    dims: sizes for named dimensions of the inputs; the others stay free.
    target: what runs the kernels: "cpu", or a device such as "nvptx", "nvptx:sm_89", "nvptx:sm_80,sm_90" (for several machines).
    assemble: for a device, also carry code of its machines, which needs tools of its vendor (of a CUDA toolkit).
    cpu: "native", a level such as "x86-64-v3", or a CPU's name as LLVM knows it.
    threads: to run on; None: one for each CPU that this process may use. Models with as many threads share them.
    device: for models with kernels for one: its number, or a part of its name; None: the first that the code runs on.
    opt_level: 2, or 0 for the slow numeric reference.
    allow: what results may lose: "tf32", products of f32 by units that read mantissas of 10 bits; "bf16x3", the same as three products
      of bf16, which together have 16 bits (operands must be finite). Of both, "tf32" is taken.
    jobs: threads of the compiler; 0: one for each CPU.
    base_dir: the folder of external data, for models that are not given as a path; None: such data is an error.
    cache: whether to take it from the user's cache and put it there (`adze cache --help`), or the folder of another cache.

    Raises CompileError with all that is wrong with the model, RunError if it compiles but cannot be set up here (it was compiled for
    another CPU). The compiler runs in a process of its own: whatever a model does to it, this process lives."""
    source = _source(model)
    descriptor, weights, found, summary = _adze.compile(
        source, base_dir=os.fsencode(base_dir) if base_dir is not None else b"", dims=dict(dims or {}), target=target,
        machine=cpu, opt_level=opt_level, allow=list(allow), jobs=jobs, assemble=assemble,
        cache=None if cache is False else b"" if cache is True else os.fsencode(cache))
    diagnostics = [Diagnostic._of(fields) for fields in found]
    if descriptor < 0:
        raise compile_error(diagnostics, missing_file=not isinstance(source, bytes) and not os.path.exists(source))
    descriptors = (descriptor,) if weights < 0 else (descriptor, weights)
    return _open(f"/proc/self/fd/{descriptor}", descriptors, threads, device, diagnostics, summary)


def load(path: str | os.PathLike[str], *, threads: int | None = None, device: int | str | None = None) -> Model:
    """Loads what `Model.save` or `adze compile` wrote. It is native code: load only what you trust.

    threads, device: as for `compile`. Raises RunError for a file that is truncated, altered or no artifact, that this CPU cannot run,
    or whose kernels run on no device here (status "NO_DEVICE"); OSError for one that cannot be opened."""
    path = os.fspath(path)
    return _open(path, (os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK),), threads, device, [], None)


def _open(path: str, descriptors: tuple[int, ...], threads: int | None, device: int | str | None, diagnostics: list[Diagnostic],
          summary: dict[str, Any] | None) -> Model:
    """A model from an artifact; `descriptors`, the same file and that of its weights where they are apart, are kept for `save`."""
    try:
        start = time.perf_counter()
        artifact = _adze.Artifact(os.fsencode(path), *descriptors[1:])
        return Model(artifact, descriptors, threads, device, diagnostics, summary, time.perf_counter() - start)
    except BaseException:
        for descriptor in descriptors:
            os.close(descriptor)
        raise
