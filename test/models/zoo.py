# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The models that are compared with ONNX Runtime: where each comes from, its sizes and its inputs."""
import contextlib
import copy
import glob
import importlib.util
import json
import os
import tempfile
import zlib
from dataclasses import dataclass

import numpy as np
import onnx

import fill_weights

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build", "models")


@dataclass
class Model:
    """`sizes`: {dimension: size} for each run; one that is empty for a model without free dimensions. `quantised`: computes with
    8-bit integers, so that its results are those of no other program but to a few steps."""
    name: str
    sizes: list
    quantised: bool = False

    def path(self):
        raise NotImplementedError

    def inputs(self, size):
        raise NotImplementedError

    def free(self):
        """The model with its dimensions free: a path or a ModelProto."""
        return self.path()

    def pinned(self, size):
        """The arguments of adze.compile for one size: (model, dims)."""
        return self.free(), dict(size)

    def has_dims(self):
        """Whether there is a dimension to pin."""
        return any(self.sizes)


def random(name, shape, dtype=np.float32):
    return np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape, np.float32).astype(dtype)


class Exported(Model):
    """A graph of this folder; its JSON file says what the inputs are. Its files are made where they are missing."""
    folder = BUILD

    def path(self):
        graph, target = os.path.join(HERE, self.name + ".onnx"), os.path.join(self.folder, self.name + ".onnx")
        newest = max(os.path.getmtime(f) for f in (graph, fill_weights.__file__))
        if not os.path.exists(target) or os.path.getmtime(target) < newest:
            os.makedirs(self.folder, exist_ok=True)
            fill_weights.write(graph, target)
        return target

    def inputs(self, size):
        with open(os.path.join(HERE, self.name + ".json")) as f:
            specs = json.load(f)["inputs"]
        size = {**size, "total": size.get("past", 0) + size.get("seq", 0)}
        return {s["name"]: self.input(s, [size.get(d, d) for d in s["shape"]], size) for s in specs}

    @staticmethod
    def input(spec, shape, size):
        kind = spec["fill"][0]
        if kind == "randint":
            generator = np.random.default_rng(zlib.crc32(spec["name"].encode()))
            values = generator.integers(spec["fill"][1], spec["fill"][2], shape)
        elif kind == "ones":  # a mask; the last of several rows is a quarter shorter
            values = np.ones(shape)
            if shape[0] > 1:
                values[-1, shape[1] - shape[1] // 4:] = 0
        elif kind == "arange":
            values = np.broadcast_to(np.arange(shape[-1]) + size[spec["fill"][1]], shape)
        else:
            values = random(spec["name"], shape)
        return np.ascontiguousarray(values.astype(spec["dtype"]))

    def pinned(self, size):
        total = {"total": size["past"] + size["seq"]} if "past" in size else {}
        return self.free(), {**size, **total}


class Vision(Exported):
    """A graph of one size, whose height and width are freed here; the batch stays 1, as the graph's reshapes have it."""

    def free(self):
        target = os.path.join(self.folder, self.name + "_free.onnx")
        if not os.path.exists(target) or os.path.getmtime(target) < os.path.getmtime(self.path()):
            model = onnx.load(self.path())
            del model.graph.value_info[:]
            for dim, name in zip(model.graph.input[0].type.tensor_type.shape.dim[2:], ("height", "width")):
                dim.dim_param = name
            onnx.save(model, target)
        return target

    def inputs(self, size):
        return {"image": random(self.name, (1, 3, size["height"], size["width"]))}

    def pinned(self, size):
        return (self.path(), {}) if set(size.values()) == {224} else (self.free(), size)


class Packaged(Model):
    """A model out of an installed Python package. Its dimensions have no names of use, so they are pinned in the graph."""

    def __init__(self, name, package, pattern, sizes, shape, dtype=np.float32):
        super().__init__(name, sizes)
        self.package, self.pattern, self.shape, self.dtype = package, pattern, shape, dtype

    def path(self):
        folder = list(importlib.util.find_spec(self.package).submodule_search_locations)[0]
        (path,) = glob.glob(os.path.join(folder, self.pattern))
        return path

    def tensor_shape(self, size):
        return [size.get(d, d) for d in self.shape]

    def inputs(self, size):
        name = onnx.load(self.path()).graph.input[0].name
        if self.dtype == np.int32:
            return {name: np.random.default_rng(3).integers(0, 257, self.tensor_shape(size)).astype(np.int32)}
        return {name: random(self.name, self.tensor_shape(size))}

    def pinned(self, size):
        model = onnx.load(self.path())
        for dim, value in zip(model.graph.input[0].type.tensor_type.shape.dim, self.tensor_shape(size)):
            dim.dim_value = value
        return model, {}


@contextlib.contextmanager
def passing(name):
    """The model of that name, with its files in a folder that is removed at the end: all of them together take gigabytes."""
    model = copy.copy(MODELS[name])
    os.makedirs(BUILD, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD) as model.folder:
        yield model


def batch_seq(*pairs):
    return [{"batch": b, "seq": s} for b, s in pairs]


def images(*sides):
    return [{"height": side, "width": side} for side in sides]


def past_seq(*triples):
    return [{"batch": b, "past": p, "seq": s} for b, p, s in triples]


OCR = "rapidocr_onnxruntime"
TEXTS = batch_seq((1, 128), (3, 17), (2, 1))
TOKENS = past_seq((1, 0, 32), (1, 32, 1), (2, 5, 3))  # prefill, decode, both
MODELS = {m.name: m for m in [
    *[Vision(name, images(224, 64, 160)) for name in ("resnet50", "resnet50_ts", "mobilenet_v2", "mobilenet_v2_ts")],
    Vision("resnet50_int8", images(224, 64, 160), quantised=True),
    Exported("vit_b_16", [{}]),
    *[Exported(name, TEXTS) for name in ("minilm_l6", "minilm_l6_ts", "bert_base", "bert_base_ts")],
    Exported("bert_base_int8", TEXTS, quantised=True),
    *[Exported(name, TOKENS) for name in ("gpt2_tiny", "gpt2", "gpt2_ts", "llama_tiny", "llama_slice")],
    *[Exported(name, [{}]) for name in ("lstm_classifier", "lstm_classifier_ts")],
    Packaged("ppocr_det", OCR, "models/*_det_infer.onnx",
             [{"n": 1, "h": 64, "w": 64}, {"n": 1, "h": 160, "w": 320}, {"n": 2, "h": 96, "w": 32}],
             ["n", 3, "h", "w"]),
    Packaged("ppocr_cls", OCR, "models/*_cls_infer.onnx", [{"n": 1}, {"n": 6}, {"n": 3}], ["n", 3, 48, 192]),
    Packaged("ppocr_rec", OCR, "models/*_rec_infer.onnx",
             [{"n": 1, "w": 320}, {"n": 3, "w": 48}, {"n": 2, "w": 500}], ["n", 3, 48, "w"]),
    Packaged("magika", "magika", "models/*/model.onnx", [{"n": 1}, {"n": 5}, {"n": 2}], ["n", 2048], np.int32),
]}
