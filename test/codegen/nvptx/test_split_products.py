# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Products of f32 as three of bf16, where that is allowed: how exact they are, and how good their code is."""
import re

import numpy as np
import pytest
from onnx import helper

from kernel_tests import PTXAS, TYPES, assemble, ptx_of, random, save, value

def matmul(tmp_path, a_shape, b_shape):
    return save(tmp_path / "m.onnx", [helper.make_node("MatMul", ["a", "b"], ["c"])], [value("a", "f32", a_shape), value("b", "f32", b_shape)],
                [value("c", "f32", None)])


def error(found, a, b):
    """The most that it is off, relative to the sum of the products' magnitudes."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    size = np.abs(a) @ np.abs(b)
    assert found.shape == size.shape
    return np.max(np.abs(found - a @ b) / np.where(size == 0, 1, size), initial=0)


#: What the terms of two operands lack, and the product of their small terms: 2^-18 each; the rounding of sums.
BOUND = 3 * 2.0 ** -18 + 2.0 ** -22

# Whole and broken tiles, copied in chunks and not, slices of the depth, batches, empty depth.
SHAPES = [((64, 48), (48, 64)), ((33, 41), (41, 70)), ((40, 520), (520, 72)), ((2, 20, 24), (2, 24, 40)), ((1100, 40), (40, 1160)),
          ((9, 0), (0, 8))]


@pytest.mark.parametrize("a_shape,b_shape", SHAPES)
def test_error(device, tmp_path, a_shape, b_shape):
    a, b = random("f32", a_shape, 1), random("f32", b_shape, 2)
    assert error(device.run(matmul(tmp_path, a_shape, b_shape), {"a": a, "b": b}, allow="bf16x3"), a, b) <= BOUND


def test_how_it_compares(device, tmp_path):
    """Far below the error of one product of bf16 and of tf32; exact where mantissas are short; and f32 where nothing is allowed."""
    a, b = random("f32", (70, 256), 1), random("f32", (256, 136), 2)
    model = matmul(tmp_path, a.shape, b.shape)
    exact, three, tf32 = (error(device.run(model, {"a": a, "b": b}, allow=allow), a, b) for allow in ("", "bf16x3", "tf32"))
    bf16 = pytest.importorskip("ml_dtypes").bfloat16
    one = error(a.astype(bf16).astype(np.float64) @ b.astype(bf16).astype(np.float64), a, b)
    assert exact < three < tf32 / 50 and three < one / 300
    a, b = np.rint(a * 50), np.rint(b * 50)
    assert error(device.run(model, {"a": a, "b": b}, allow="bf16x3"), a, b) == 0


def test_unknown_rows(device, tmp_path):
    model = matmul(tmp_path, ["rows", "depth"], ["depth", "columns"])
    for rows in (1, 5, 40):
        a, b = random("f32", (rows, 77), rows), random("f32", (77, 51), 2)
        assert error(device.run(model, {"a": a, "b": b}, allow="bf16x3"), a, b) <= BOUND


def test_convolution(device, tmp_path):
    x, w = random("f32", (2, 16, 9, 11), 1), random("f32", (24, 16, 3, 3), 2)
    weights = helper.make_tensor("w", TYPES["f32"], w.shape, w.tobytes(), raw=True)
    model = save(tmp_path / "m.onnx", [helper.make_node("Conv", ["x", "w"], ["y"], pads=[1] * 4)], [value("x", "f32", x.shape)],
                 [value("y", "f32", None)], [weights])
    found, expected = device.run(model, {"x": x}, allow="bf16x3"), device.run(model, {"x": x}, target="cpu")
    size = np.abs(x).max() * np.abs(w.astype(np.float64)).sum(axis=(1, 2, 3))
    assert np.all(np.abs(found - expected) <= BOUND * size[:, None, None])


# ---- quality ----

@pytest.mark.skipif(PTXAS is None, reason="no ptxas")
@pytest.mark.parametrize("chip", ["sm_80", "sm_89", "sm_90"])
def test_nothing_spills(adze_cli, tmp_path, chip):
    for shape in ([2048, 1024], [256, 128], [64, 1024], [16, 1024]):
        text = ptx_of(adze_cli, matmul(tmp_path, shape, [shape[1], 2048]), chip, str(tmp_path), "--allow", "bf16x3")
        assert "ldmatrix" in text and re.search(r"mma\.sync\S*m16n8k16\S*bf16", text)
        assemble(text, chip, str(tmp_path))


@pytest.mark.parametrize("size,depths", [(512, (64, 128)), (32, (1024, 1536))])
def test_main_loop_has_no_bank_conflicts(device, tmp_path, size, depths):
    conflicts = []
    for depth in depths:
        a, b = random("f32", (size, depth), 1), random("f32", (depth, size), 2)
        device.run(matmul(tmp_path, a.shape, b.shape), {"a": a, "b": b}, allow="bf16x3")
        conflicts.append(sum(count["bank_conflicts"] for count in device.counts))
    assert conflicts[0] == conflicts[1]
