# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is run: a model, the sizes of its dimensions, values of its inputs."""
from __future__ import annotations

import dataclasses
import os
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from adze._dtypes import dtypes

Array = np.ndarray[Any, Any]
#: protobuf holds no message of more.
_MOST_PROTOBUF_BYTES = 2**31 - 1
#: What some exporters write in the place of a dimension's name.
_NO_NAME = "?"


class CaseError(RuntimeError):
    """A model cannot be run as asked; says what to change."""


@dataclasses.dataclass
class Case:
    """A model and what to run it on."""

    model: str  #: path of an ONNX model
    name: str = ""  #: in the tables; empty: the file's name
    dims: Mapping[str, int] = dataclasses.field(default_factory=dict)  #: sizes of named dimensions; others are 1
    shapes: Mapping[str, tuple[int, ...]] = dataclasses.field(default_factory=dict)  #: whole shapes of inputs
    feeds: Mapping[str, Array] = dataclasses.field(default_factory=dict)  #: values of inputs; others are random


@dataclasses.dataclass
class Prepared:
    """A case with all that the processes need."""

    name: str
    path: str
    graph: Any  #: the onnx.ModelProto, external data left out
    feeds: dict[str, Array]
    sizes: dict[str, int]  #: of the dimensions that the model leaves free, as the tables show them
    by_name: bool  #: all free dimensions have names, each of one size

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: value.shape for name, value in self.feeds.items()}

    @property
    def is_static(self) -> bool:
        return not self.sizes


def prepare(case: Case) -> Prepared:
    """Reads the model's inputs and makes values for them. Raises CaseError."""
    name = case.name or os.path.splitext(os.path.basename(case.model))[0]
    graph = _load(case.model)
    made = Prepared(name, os.path.abspath(case.model), graph, {}, {}, True)
    for info in _inputs(graph):
        _add_input(made, case, info)
    return made


def names_of(case: Case) -> set[str]:
    """The names of the model's inputs and of their dimensions. Raises CaseError."""
    infos = _inputs(_load(case.model))
    return {info.name for info in infos} | {d.dim_param for info in infos for d in info.type.tensor_type.shape.dim if d.dim_param}


def _load(path: str) -> Any:
    import onnx

    try:
        return onnx.load(path, load_external_data=False)
    except Exception as error:  # protobuf's own classes differ from version to version
        raise CaseError(f"'{path}' cannot be read as an ONNX model: {error}") from None


def _inputs(model: Any) -> list[Any]:
    """Those that are no weights."""
    weights = {i.name for i in model.graph.initializer} | {i.values.name for i in model.graph.sparse_initializer}
    return [info for info in model.graph.input if info.name not in weights]


def _add_input(made: Prepared, case: Case, info: Any) -> None:
    where = f"{made.name}: input '{info.name}'"
    if not info.type.HasField("tensor_type"):
        raise CaseError(f"{where} is no tensor; only tensors can be given")
    tensor = info.type.tensor_type
    dtype = dtypes(tensor.elem_type)[0]
    if dtype is None:
        raise CaseError(f"{where} has an element type that numpy does not have")
    dims = list(tensor.shape.dim)
    if info.name in case.feeds:
        value = np.asarray(case.feeds[info.name])
        if value.dtype != dtype:
            raise CaseError(f"{where}: found values of {value.dtype}, expected {dtype}")
        shape = value.shape
    else:
        shape = tuple(case.shapes[info.name]) if info.name in case.shapes else \
            tuple(d.dim_value if _is_fixed(d) else case.dims.get(d.dim_param, 1) for d in dims)
        value = _random(info.name, shape, dtype)
    if tensor.HasField("shape") and len(dims) != len(shape):
        raise CaseError(f"{where}: found a shape of {len(shape)} sizes, expected {len(dims)}")
    for i, (dim, size) in enumerate(zip(dims, shape)):
        if _is_fixed(dim):
            if dim.dim_value != size:
                raise CaseError(f"{where}: found size {size} of dimension {i}, expected {dim.dim_value}")
        else:
            name = "" if dim.dim_param == _NO_NAME else dim.dim_param
            made.by_name &= name != "" and made.sizes.get(name, size) == size
            made.sizes[name if name and made.sizes.get(name, size) == size else f"{info.name}[{i}]"] = size
    made.feeds[info.name] = value


def _is_fixed(dim: Any) -> bool:
    """Some exporters write -1 for a size that is free."""
    return bool(dim.HasField("dim_value") and dim.dim_value >= 0)


def _random(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Floats of a normal distribution; integers 0 and 1, which are indices and masks of any model. By name, so the same each time."""
    generator = np.random.default_rng(zlib.crc32(name.encode()))
    if dtype.kind in "biu":
        return generator.integers(0, 2, shape).astype(dtype)
    return generator.standard_normal(shape, np.float32).astype(dtype)


def write_pinned(prepared: Prepared, path: str) -> None:
    """Writes the model with the sizes of this case in its inputs, for free dimensions that have no name. Raises CaseError."""
    import onnx

    model = onnx.load(prepared.path)
    set_shapes(model, prepared.shapes)
    del model.graph.value_info[:]  # what it says of the sizes in between may be of the free dimensions
    if model.ByteSize() > _MOST_PROTOBUF_BYTES:
        raise CaseError(f"{prepared.name}: dimensions without names cannot be pinned in a model of more than 2 GB")
    onnx.save(model, path)


def set_shapes(model: Any, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Gives inputs of an onnx.ModelProto these shapes."""
    for info in model.graph.input:
        if info.name in shapes:
            tensor = info.type.tensor_type
            tensor.shape.Clear()
            for size in shapes[info.name]:
                tensor.shape.dim.add().dim_value = size
