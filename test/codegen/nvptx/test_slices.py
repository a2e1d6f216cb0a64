# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Products of few tiles on a device, whose depth is cut into slices: what they compute, and how good their code is."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from kernel_tests import PTXAS, TOLERANCE, TYPES, assemble, assert_product, check_exact_product, matmul, ptx_of, random, save, value

# Whole and broken tiles; depths that are slices, some more, and such that the last slices have nothing.
SHAPES = [((64, 1024), (1024, 64)), ((17, 600), (600, 40)), ((9, 1031), (1031, 37)), ((33, 513), (513, 70)), ((2, 20, 560), (2, 560, 24)),
          ((16, 64), (64, 64))]


@pytest.mark.parametrize("kind", ["f32", "f16", "bf16"])
@pytest.mark.parametrize("a_shape,b_shape", SHAPES)
def test_matmul(device, tmp_path, kind, a_shape, b_shape):
    a, b = random(kind, a_shape, 1), random(kind, b_shape, 2)
    assert_product(device.run(matmul(tmp_path, kind, a_shape, b_shape), {"a": a, "b": b}), a, b, TOLERANCE[kind])


def test_tf32(device, tmp_path):
    a, b = random("f32", (20, 515), 1), random("f32", (515, 48), 2)
    assert_product(device.run(matmul(tmp_path, "f32", a.shape, b.shape), {"a": a, "b": b}, allow="tf32"), a, b, 2e-3)


@pytest.mark.parametrize("element", [TensorProto.INT32, TensorProto.INT64, TensorProto.DOUBLE])
def test_other_types(device, tmp_path, element):
    check_exact_product(device, str(tmp_path), element, (19, 150), (150, 22))


@pytest.mark.parametrize("kind", ["f32", "f16"])
def test_convolution(device, tmp_path, kind):
    """The last stage of a residual net: few places, a long depth."""
    x, w = random(kind, (1, 72, 7, 7), 1), random(kind, (40, 72, 3, 3), 2)
    weights = helper.make_tensor("w", TYPES[kind], w.shape, w.tobytes(), raw=True)
    model = save(tmp_path / "m.onnx", [helper.make_node("Conv", ["x", "w"], ["y"], pads=[1] * 4)], [value("x", kind, x.shape)],
                 [value("y", kind, None)], [weights])
    found, expected = device.run(model, {"x": x}), device.run(model, {"x": x}, target="cpu")
    assert np.all(np.abs(found - expected) <= TOLERANCE[kind] * np.abs(w.astype(np.float64)).sum() / len(w) * 4)


@pytest.mark.parametrize("kind", ["f32", "f16"])
def test_unknown_rows(device, tmp_path, kind):
    """As many as are cut into slices (64, for so many columns), and one more."""
    model = matmul(tmp_path, kind, ["rows", 520], [520, 1800])
    for rows in (20, 64, 65):
        a, b = random(kind, (rows, 520), rows), random(kind, (520, 1800), 2)
        assert_product(device.run(model, {"a": a, "b": b}), a, b, TOLERANCE[kind])


def test_runs_are_equal(device, tmp_path):
    a, b = random("f16", (40, 1040), 1), random("f16", (1040, 72), 2)
    model = matmul(tmp_path, "f16", a.shape, b.shape)
    assert np.array_equal(device.run(model, {"a": a, "b": b}), device.run(model, {"a": a, "b": b}))


# ---- quality ----

@pytest.mark.skipif(PTXAS is None, reason="no ptxas")
@pytest.mark.parametrize("chip", ["sm_80", "sm_89", "sm_90"])
@pytest.mark.parametrize("kind", ["f16", "f32"])
def test_nothing_spills(adze_cli, tmp_path, kind, chip):
    for shape in ([64, 1024], [16, 1024], ["rows", 1024]):
        assemble(ptx_of(adze_cli, matmul(tmp_path, kind, shape, [1024, 768]), chip, str(tmp_path)), chip, str(tmp_path))


@pytest.mark.parametrize("kind", ["f16", "f32"])
@pytest.mark.parametrize("rows", [16, 32])
def test_main_loop_has_no_bank_conflicts(device, tmp_path, kind, rows):
    conflicts = []
    for depth in (1024, 1536):
        a, b = random(kind, (rows, depth), 1), random(kind, (depth, 64), 2)
        device.run(matmul(tmp_path, kind, a.shape, b.shape), {"a": a, "b": b})
        conflicts.append(sum(count["bank_conflicts"] for count in device.counts))
    assert conflicts[0] == conflicts[1]
