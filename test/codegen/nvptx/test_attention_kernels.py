# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Attention on a device: what it computes, on the played driver, which reports what a card would let pass; and how good its code
is."""
import os
import re

import numpy as np
import onnx
import pytest
from onnx import helper

from kernel_tests import PTXAS, TYPES, assemble, dtype, ptx_of, random, value

#: The most that a result may be off, of values of about 1.
TOLERANCE = {"f64": 1e-12, "f32": 1e-5, "f16": 2e-3, "bf16": 1.6e-2}
ROW, FULL = "row", "full"


class Model:
    """softmax(query x key transposed / sqrt(depth) + mask) x value as ONNX writes it, heads of keys repeated for groups; `shape` is (batch,
    heads, heads of keys, queries, keys, depth, columns)."""

    def __init__(self, folder, kind, shape, mask=None, dynamic=False, seed=1):
        batch, heads, groups, queries, keys, depth, columns = self.shape = shape
        self.kind, self.path = kind, os.path.join(folder, "attention.onnx")
        sizes = {"q": (batch, heads, queries, depth), "k": (batch, groups, keys, depth), "v": (batch, groups, keys, columns)}
        if mask:
            sizes["m"] = (batch, 1, 1, keys) if mask == ROW else (queries, keys)
        names = {"q": ("b", heads, "s", depth), "k": ("b", groups, "t", depth), "v": ("b", groups, "t", columns),
                 "m": ("b", 1, 1, "t") if mask == ROW else ("s", "t")}
        self.sizes, nodes = sizes, []
        key, val = self.repeat(nodes, "k", depth), self.repeat(nodes, "v", columns)
        scale = helper.make_tensor("c", TYPES[kind], [], np.array(depth ** -0.5).astype(dtype(kind)).tobytes(), raw=True)
        nodes += [helper.make_node("Transpose", [key], ["kt"], perm=[0, 1, 3, 2]), helper.make_node("MatMul", ["q", "kt"], ["p"]),
                  helper.make_node("Mul", ["p", "c"], ["s"])]
        if mask:
            nodes.append(helper.make_node("Add", ["s", "m"], ["sm"]))
        nodes += [helper.make_node("Softmax", ["sm" if mask else "s"], ["w"], axis=-1), helper.make_node("MatMul", ["w", val], ["y"])]
        inputs = [value(n, kind, names[n] if dynamic else size) for n, size in sizes.items()]
        graph = helper.make_graph(nodes, "g", inputs, [value("y", kind, None)], [scale, *self.shapes])
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), self.path)
        self.feed(seed)

    def repeat(self, nodes, name, size):
        batch, heads, groups = self.shape[:3]
        if name == "k":
            self.shapes = []
        if heads == groups:
            return name
        for suffix, shape in (("one", [0, groups, 1, -1, size]), ("all", [1, 1, heads // groups, 1, 1]), ("out", [0, heads, -1, size])):
            self.shapes.append(helper.make_tensor(name + suffix, onnx.TensorProto.INT64, [len(shape)], shape))
        nodes += [helper.make_node("Reshape", [name, name + "one"], [name + "1"]), helper.make_node("Expand", [name + "1", name + "all"], [name + "2"]),
                  helper.make_node("Reshape", [name + "2", name + "out"], [name + "3"])]
        return name + "3"

    def feed(self, seed, **sizes):
        self.feeds = {n: random(self.kind, sizes.get(n, size), seed + i) for i, (n, size) in enumerate(self.sizes.items())}
        if "m" in self.feeds: # numbers that leave nothing of a score, and such that do
            mask = self.feeds["m"].astype(np.float64)
            mask[mask > 0.7] = np.finfo(np.float16).min if self.kind == "f16" else -3e38
            self.feeds["m"] = mask.astype(dtype(self.kind))
        return self.feeds

    def expected(self):
        q, k, v = (self.feeds[n].astype(np.float64) for n in "qkv")
        k, v = (np.repeat(x, self.shape[1] // self.shape[2], axis=1) for x in (k, v))
        scores = q @ k.swapaxes(-1, -2) * float(np.array(q.shape[-1] ** -0.5).astype(dtype(self.kind)))
        if "m" in self.feeds:
            scores = scores + self.feeds["m"].astype(np.float64)
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        return weights / weights.sum(-1, keepdims=True) @ v


def check(device, model, tolerance, **how):
    found, expected = device.run(model.path, model.feeds, **how), model.expected()
    assert found.shape == expected.shape
    assert np.all(np.isfinite(found)) and np.abs(found - expected).max() <= tolerance


#: Whole and broken steps, one query, few keys, groups of heads, sizes of heads that are padded, and such that lie in no chunks.
SHAPES = [(1, 2, 2, 64, 128, 64, 64), (2, 3, 3, 70, 77, 64, 64), (1, 4, 2, 1, 130, 64, 64), (1, 4, 1, 20, 9, 128, 128),
          (1, 2, 2, 40, 70, 40, 40), (1, 2, 2, 65, 66, 80, 80), (1, 2, 1, 33, 50, 36, 33), (1, 1, 1, 70, 65, 16, 24), (1, 1, 1, 66, 70, 192, 256)]


@pytest.mark.parametrize("kind", ["f16", "bf16"])
@pytest.mark.parametrize("mask", [None, ROW, FULL])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_attention(device, tmp_path, kind, mask, shape):  # noqa: F811
    check(device, Model(tmp_path, kind, shape, mask), TOLERANCE[kind])


@pytest.mark.parametrize("kind,mask", [("f32", None), ("f32", FULL), ("f64", ROW)])
@pytest.mark.parametrize("shape", [SHAPES[1], SHAPES[3], SHAPES[5], SHAPES[6], SHAPES[7]], ids=str)
def test_scalar_units(device, tmp_path, kind, mask, shape):  # noqa: F811
    check(device, Model(tmp_path, kind, shape, mask), TOLERANCE[kind])


@pytest.mark.parametrize("mask", [None, FULL])
def test_many_blocks(device, tmp_path, mask):  # noqa: F811
    """Warps of two fragments of rows."""
    model = Model(tmp_path, "f16", (2, 48, 48, 130, 70, 32, 32), mask)
    check(device, model, TOLERANCE["f16"])


@pytest.mark.parametrize("kind,mask", [("f16", ROW), ("f16", FULL), ("f32", ROW)])
def test_dynamic(device, tmp_path, kind, mask):  # noqa: F811
    model = Model(tmp_path, kind, (1, 4, 2, 1, 1, 64, 64), mask, dynamic=True)
    for queries, keys in [(1, 100), (80, 64), (5, 3)]:
        model.feed(3, q=(2, 4, queries, 64), k=(2, 2, keys, 64), v=(2, 2, keys, 64), m=(2, 1, 1, keys) if mask == ROW else (queries, keys))
        check(device, model, TOLERANCE[kind])


@pytest.mark.parametrize("shape", [(1, 4, 2, 1, 333, 128, 128), (2, 2, 1, 20, 150, 64, 40), (1, 2, 2, 16, 64, 40, 64), (1, 2, 2, 3, 17, 33, 33)],
                         ids=str)
@pytest.mark.parametrize("kind,mask", [("f16", ROW), ("bf16", None)])
def test_few_queries_of_many_keys(device, tmp_path, kind, mask, shape):  # noqa: F811
    """Warps have other keys of the same queries."""
    check(device, Model(tmp_path, kind, shape, mask), TOLERANCE[kind])


@pytest.mark.parametrize("kind", ["f16", "bf16"])
def test_older_machine(device, tmp_path, kind):  # noqa: F811
    """Without asynchronous copies; units of half the depth for f16, none for bf16."""
    check(device, Model(tmp_path, kind, (1, 2, 1, 70, 77, 64, 40), FULL), TOLERANCE[kind], target="nvptx:sm_75")


def test_no_keys(device, tmp_path):  # noqa: F811
    model = Model(tmp_path, "f16", (1, 2, 2, 5, 1, 64, 64), dynamic=True)
    feeds = model.feed(3, k=(1, 2, 0, 64), v=(1, 2, 0, 64))
    assert np.array_equal(device.run(model.path, feeds), np.zeros((1, 2, 5, 64)))


@pytest.mark.parametrize("queries", [20, 40])
def test_rows_without_keys(device, tmp_path, queries):  # noqa: F811
    """Where no key is allowed, a softmax is NaN; what follows a step without keys is as without that step."""
    model = Model(tmp_path, "f16", (1, 1, 1, queries, 150, 64, 64), FULL)
    mask = model.feeds["m"]
    mask[3], mask[5, :100], mask[6, 70:] = -np.inf, -np.inf, -np.inf
    with np.errstate(invalid="ignore"):
        expected = model.expected()
    found = device.run(model.path, model.feeds)
    assert np.all(np.isnan(found[0, 0, 3]))
    there = np.arange(queries) != 3
    assert np.abs(found - expected)[0, 0, there].max() <= TOLERANCE["f16"]


def test_tf32_only_where_allowed(device, tmp_path):  # noqa: F811
    """Weights pass through shared memory: the units' left side holds other elements than their result."""
    model = Model(tmp_path, "f32", (1, 2, 2, 70, 77, 64, 40), ROW)
    check(device, model, TOLERANCE["f32"])
    check(device, model, 1e-2, allow="tf32")


def test_without_asynchronous_copies(adze_cli, tmp_path):
    text = ptx_of(adze_cli, Model(tmp_path, "f16", (1, 2, 2, 70, 77, 64, 64)).path, "sm_75", str(tmp_path))
    assert "cp.async" not in text and "m16n8k8" in text


# ---- quality ----

#: (kind, shape, mask)
LARGE = [("f16", (8, 12, 12, 1024, 1024, 64, 64), None), ("f16", (8, 12, 12, 1000, 1001, 64, 64), ROW),
         ("f16", (8, 12, 12, 1024, 1024, 64, 64), FULL), ("bf16", (8, 12, 12, 1024, 1024, 64, 64), ROW),
         ("f16", (1, 12, 12, 512, 512, 64, 64), None), ("bf16", (8, 12, 12, 1024, 1024, 128, 128), None),
         ("f16", (8, 12, 12, 1024, 1000, 128, 128), FULL), ("f16", (8, 12, 12, 1024, 1024, 80, 80), None),
         ("f16", (1, 32, 8, 1, 4096, 128, 128), None), ("f16", (1, 8, 8, 512, 512, 256, 256), None),
         ("f32", (1, 12, 12, 512, 512, 64, 64), None), ("f32", (1, 12, 12, 500, 500, 128, 128), FULL),
         ("f64", (1, 12, 12, 512, 512, 64, 64), None)]


@pytest.mark.skipif(PTXAS is None, reason="no ptxas")
@pytest.mark.parametrize("chip", ["sm_80", "sm_89", "sm_90"])
def test_nothing_spills(adze_cli, tmp_path, chip):
    for kind, shape, mask in LARGE:
        assemble(ptx_of(adze_cli, Model(tmp_path, kind, (*shape[:2], shape[1], *shape[3:]), mask).path, chip, str(tmp_path)), chip, str(tmp_path))


@pytest.mark.parametrize("kind", ["f16", "bf16", "f32"])
def test_memory_is_read_and_written_in_chunks(adze_cli, tmp_path, kind):
    text = ptx_of(adze_cli, Model(tmp_path, kind, (8, 12, 12, 1024, 1024, 64, 64)).path, "sm_80", str(tmp_path))
    assert not re.search(r"ld\.global", text)
    copies = re.findall(r"cp\.async\.(c[ag])\.shared\.global \[.*?\], \[.*?\], (\d+)", text)
    assert copies and all(copy == ("cg", "16") for copy in copies)
    stores = re.findall(r"st\.global(\S*)", text)
    assert stores and all(store.startswith(".v4.b32") for store in stores)
    if kind != "f32":
        assert "mma.sync" in text and "ex2.approx.ftz.f32" in text
        assert re.search(r"ldmatrix\.\S*x4\.trans", text) and re.search(r"ldmatrix\.\S*x4\.shared", text)


@pytest.mark.parametrize("kind,head", [("f16", 32), ("f16", 64), ("f16", 80), ("f16", 128), ("f32", 64), ("f32", 80)])
def test_main_loop_has_no_bank_conflicts(device, tmp_path, kind, head):  # noqa: F811
    """The last part is the same however many keys there are: conflicts of the main loop would grow with them."""
    conflicts = []
    for keys in (128, 384):
        model = Model(tmp_path, kind, (1, 1, 1, 64, keys, head, head))
        device.run(model.path, model.feeds)
        conflicts.append(sum(count["bank_conflicts"] for count in device.counts))
    assert conflicts[0] == conflicts[1]
    assert conflicts[0] == 0 or head == 80
