# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`python -m adze.reference MODEL DIR`: the named values of a model as ONNX Runtime computes them, all its optimisations off.

DIR is a dump as `adze run --dump` writes it (tools/adze/README.md): its index.json names the files of the inputs, and the values are
put into it. `adze diff --against onnxruntime` calls this."""
from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from typing import Any

import numpy as np

from adze._values import array_at

#: Where ONNX's names of element types are not those of the index.
_INDEX_NAMES = {"float": "float32", "double": "float64"}
#: Types whose elements ONNX Runtime packs, so that its memory is no array.
_PACKED = ("int4", "uint4", "int2", "uint2", "float4e2m1")


class ReferenceError(Exception):
    """Why there is no reference."""


def _session(path: str) -> tuple[Any, list[str]]:
    """The model as a session of ONNX Runtime whose outputs are all named values of the graph, and their names in the graph's order."""
    import onnx
    import onnxruntime  # type: ignore[import-untyped]

    model = onnx.load(path, load_external_data=False)
    names = list(dict.fromkeys(name for node in model.graph.node for name in node.output if name))
    outputs = {output.name for output in model.graph.output}
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in outputs)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", os.path.dirname(os.path.abspath(path)))
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"]), names


def _array(value: Any) -> tuple[str, np.ndarray[Any, Any]]:
    """An OrtValue's element type, as the index names it, and its elements; those without a type in numpy as their bits. Raises
    ReferenceError."""
    if not value.is_tensor():
        raise ReferenceError(f"its type is {value.data_type()}, which no output can have")
    name = str(value.data_type())[len("tensor("):-1]
    if name == "string" or name in _PACKED:
        raise ReferenceError(f"its elements are of type {name}")
    array = array_at(value.data_ptr(), value.element_type(), value.shape())
    return _INDEX_NAMES.get(name, name), array if array.dtype.isbuiltin else array.view(f"u{array.dtype.itemsize}")


def _save(folder: str, name: str, array: np.ndarray[Any, Any]) -> None:
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        np.save(file, array, allow_pickle=False)
    os.replace(file.name, os.path.join(folder, name))


def _file_of(folder: str, entry: dict[str, Any]) -> str:
    """The path of an entry's file. Raises ReferenceError for what is no name of a file in the folder."""
    name = entry["file"]
    if not isinstance(name, str) or os.path.basename(name) != name or name in ("", ".", ".."):
        raise ReferenceError(f"the file of input {entry['name']!r} is {name!r}, expected the name of a file in {folder!r}")
    return os.path.join(folder, name)


def _feed(folder: str, entry: dict[str, Any], expected: str) -> Any:
    """An input's value as an OrtValue of the type that ONNX Runtime expects, such as "tensor(float)"."""
    import onnxruntime

    array = np.load(_file_of(folder, entry), allow_pickle=False)
    name = expected[len("tensor("):-1]
    numbers = {"bfloat16": 16, "float8e4m3fn": 17, "float8e4m3fnuz": 18, "float8e5m2": 19, "float8e5m2fnuz": 20}
    if name in numbers:
        return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(array.view(f"u{array.dtype.itemsize}"), numbers[name])
    return onnxruntime.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(array))


def dump(model: str, folder: str) -> None:
    """Runs the model on the inputs of the dump in `folder` and writes its values there. Raises ReferenceError."""
    try:
        import onnxruntime
    except ImportError as error:
        raise ReferenceError(f"{error}: install onnx and onnxruntime") from None
    index_path = os.path.join(folder, "index.json")
    with open(index_path, encoding="utf-8") as file:
        index = json.load(file)
    session, names = _session(model)
    types = {i.name: i.type for i in session.get_inputs()}
    feeds = {e["name"]: _feed(folder, e, types[e["name"]]) for e in index["inputs"] if e["name"] in types}
    values = session.run_with_ort_values(names, feeds)
    index["producer"] = f"onnxruntime {onnxruntime.__version__}"
    index["values"] = []
    for number, (name, value) in enumerate(zip(names, values)):
        entry: dict[str, Any] = {"name": name}
        try:
            dtype, array = _array(value)
            entry.update(dtype=dtype, shape=list(array.shape), file=f"value-{number}.npy")
            _save(folder, entry["file"], array)
        except ReferenceError as error:
            entry["reason"] = str(error)
        index["values"].append(entry)
    with tempfile.NamedTemporaryFile("w", dir=folder, delete=False, encoding="utf-8") as text:
        json.dump(index, text, indent=1)
    os.replace(text.name, index_path)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m adze.reference", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("model", help="ONNX model")
    parser.add_argument("folder", help="dump whose index.json names the inputs")
    arguments = parser.parse_args()
    try:
        dump(arguments.model, arguments.folder)
    except Exception as error:  # ONNX Runtime's have no common class
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
