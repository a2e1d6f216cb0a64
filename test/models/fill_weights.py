# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes a full ONNX model from a graph without weights.

usage: fill_weights.py GRAPH.onnx MODEL.onnx [--seed N]

Each large tensor of the graph says in its metadata, under `fill`, what stands in for its data:
  const   `value` everywhere
  zlib    exactly `data` (base64 of zlib): tables and masks
  normal  random numbers of `mean` and `std` within [`min`, `max`]; with `center` the mean of each output channel is zero, which keeps
          deep networks in range. Where the installed package that `real` names has the trained tensor, that is taken.
  scaled  the tensor `of`, which comes before, times `by`: scales of quantised weights
Random numbers depend on the tensor's name and the seed alone, so a model is the same on every machine."""
import argparse
import base64
import importlib.util
import json
import os
import zlib

import numpy as np
import onnx
from onnx import helper, numpy_helper


class SafeTensors:
    """A file of tensors: eight bytes of length, so much JSON ({name: dtype, shape, offsets}), then the data."""

    def __init__(self, path):
        raw = np.memmap(path, np.uint8, mode="r")
        length = int(raw[:8].view("<u8")[0])
        self.entries = json.loads(raw[8:8 + length].tobytes())
        self.data = raw[8 + length:]

    def tensor(self, name):
        entry = self.entries[name]
        if entry["dtype"] != "F32":
            raise ValueError(f"{name} has dtype {entry['dtype']}, expected F32")
        begin, end = entry["data_offsets"]
        return self.data[begin:end].view("<f4").reshape(entry["shape"])


class Filler:
    def __init__(self, seed):
        self.seed = seed
        self.files = {}
        self.vectors = {}

    def const(self, rule, name, dtype, shape):
        return np.full(shape, rule["value"], dtype)

    def zlib(self, rule, name, dtype, shape):
        return np.frombuffer(zlib.decompress(base64.b64decode(rule["data"])), dtype).reshape(shape)

    def normal(self, rule, name, dtype, shape):
        trained = self.trained(rule["real"], shape) if "real" in rule else None
        if trained is not None:
            return trained.astype(dtype)
        random = np.random.default_rng([self.seed, *name.encode()])
        values = random.standard_normal(shape, np.float32)
        values *= rule["std"]
        values += rule["mean"]
        if rule.get("center"):
            values -= values.reshape(shape[0], -1).mean(axis=1).reshape([-1] + [1] * (len(shape) - 1))
        np.clip(values, rule["min"], rule["max"], out=values)
        return values.astype(dtype) if np.issubdtype(dtype, np.floating) else np.rint(values).astype(dtype)

    def scaled(self, rule, name, dtype, shape):
        return (self.vectors[rule["of"]].astype(np.float64) * rule["by"]).astype(dtype).reshape(shape)

    def trained(self, place, shape):
        """The tensor of an installed package; None without the package."""
        package = importlib.util.find_spec(place["package"])
        if package is None:
            return None
        path = os.path.join(list(package.submodule_search_locations)[0], place["file"])
        if path not in self.files:
            self.files[path] = SafeTensors(path)
        values = self.files[path].tensor(place["key"])
        return (values.T if place["transpose"] else values).reshape(shape)

    def fill(self, model):
        for tensor in model.graph.initializer:
            rules = [json.loads(p.value) for p in tensor.metadata_props if p.key == "fill"]
            if rules:
                make = {"const": self.const, "zlib": self.zlib, "normal": self.normal, "scaled": self.scaled}[rules[0]["kind"]]
                dtype = helper.tensor_dtype_to_np_dtype(tensor.data_type)
                values = make(rules[0], tensor.name, dtype, tuple(tensor.dims))
                if values.ndim == 1:
                    self.vectors[tensor.name] = values
                tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values), tensor.name))


def write(graph, target, seed=0):
    """Writes the full model of a graph file; a file that is there is always whole."""
    model = onnx.load(graph, load_external_data=False)
    Filler(seed).fill(model)
    onnx.save(model, target + ".new")
    os.replace(target + ".new", target)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graph")
    parser.add_argument("model")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    write(options.graph, options.model, options.seed)
