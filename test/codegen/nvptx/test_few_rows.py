# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Products of few rows on a device: what they compute, with known and unknown rows, and how good their code is."""
import re

import numpy as np
import pytest
from onnx import TensorProto, helper

from kernel_tests import PTXAS, TOLERANCE, TYPES, assemble, assert_product, check_exact_product, matmul, ptx_of, random, save, value

# One row and all few of them; columns in chunks and not; depths below, at and beyond a step, empty; batches.
SHAPES = [((1, 768), (768, 96)), ((1, 1031), (1031, 37)), ((3, 100), (100, 10)), ((8, 64), (64, 40)), ((7, 2049), (2049, 3)),
          ((1, 17), (17, 1)), ((2, 0), (0, 8)), ((5, 2, 40), (5, 40, 24)), ((2, 2, 30), (30, 24)), ((40,), (40, 24))]


@pytest.mark.parametrize("kind", ["f32", "f16", "bf16"])
@pytest.mark.parametrize("a_shape,b_shape", SHAPES)
def test_known_rows(device, tmp_path, kind, a_shape, b_shape):
    a, b = random(kind, a_shape, 1), random(kind, b_shape, 2)
    assert_product(device.run(matmul(tmp_path, kind, a_shape, b_shape), {"a": a, "b": b}), a, b, TOLERANCE[kind])


@pytest.mark.parametrize("kind", ["f32", "f16"])
@pytest.mark.parametrize("depth,columns", [(96, 80), ("depth", "columns")])
def test_unknown_rows(device, tmp_path, kind, depth, columns):
    """One row, some, the most that are few, one more, and none."""
    model = matmul(tmp_path, kind, ["rows", depth], [depth, columns])
    depth, columns = (depth, columns) if isinstance(depth, int) else (77, 51)
    for rows in (1, 2, 5, 8, 9, 70, 0):
        a, b = random(kind, (rows, depth), rows), random(kind, (depth, columns), 2)
        assert_product(device.run(model, {"a": a, "b": b}), a, b, TOLERANCE[kind])


@pytest.mark.parametrize("element", [TensorProto.INT32, TensorProto.INT64, TensorProto.DOUBLE])
def test_other_types(device, tmp_path, element):
    check_exact_product(device, str(tmp_path), element, (3, 50), (50, 22))


@pytest.mark.parametrize("kind", ["f32", "f16"])
@pytest.mark.parametrize("rows,depth,columns", [(1, 520, 37), (4, 72, 130), (8, 1030, 9), (1, 33, 40), ("rows", 80, 33)])
def test_columns_in_memory(device, tmp_path, kind, rows, depth, columns):
    """Weights that are computed, column by column."""
    model = save(tmp_path / "m.onnx", [helper.make_node("Gemm", ["a", "b", "c"], ["t"], transB=1), helper.make_node("Relu", ["t"], ["y"])],
                 [value("a", kind, (rows, depth)), value("b", kind, (columns, depth)), value("c", kind, (columns,))], [value("y", kind, None)])
    for n in (1, 6, 11) if rows == "rows" else (rows,):
        a, b, c = random(kind, (n, depth), 1), random(kind, (columns, depth), 2), random(kind, (columns,), 3)
        found = device.run(model, {"a": a, "b": b, "c": c})
        a, b, c = (x.astype(np.float64) for x in (a, b, c))
        assert np.all(np.abs(found - np.maximum(a @ b.T + c, 0)) <= TOLERANCE[kind] * (np.abs(a) @ np.abs(b.T) + np.abs(c)))


def test_epilogue_and_convolution(device, tmp_path):
    """A convolution of two places, its bias and activation."""
    x, w, c = random("f32", (2, 96, 3, 3), 1), random("f32", (40, 96, 3, 3), 2), random("f32", (40,), 3)
    constants = [helper.make_tensor(n, TYPES["f32"], v.shape, v.tobytes(), raw=True) for n, v in (("w", w), ("c", c))]
    model = save(tmp_path / "m.onnx", [helper.make_node("Conv", ["x", "w", "c"], ["t"]), helper.make_node("Relu", ["t"], ["y"])],
                 [value("x", "f32", x.shape)], [value("y", "f32", None)], constants)
    found = device.run(model, {"x": x})
    flat = x.reshape(2, -1).astype(np.float64), w.reshape(40, -1).T.astype(np.float64)
    size = np.abs(flat[0]) @ np.abs(flat[1]) + np.abs(c)
    assert np.all(np.abs(found.reshape(2, 40) - np.maximum(flat[0] @ flat[1] + c, 0)) <= TOLERANCE["f32"] * size)


# ---- quality ----

@pytest.mark.skipif(PTXAS is None, reason="no ptxas")
@pytest.mark.parametrize("chip", ["sm_80", "sm_89", "sm_90"])
@pytest.mark.parametrize("kind", ["f16", "f32"])
def test_reads_whole_chunks_and_spills_nothing(adze_cli, tmp_path, kind, chip):
    for rows in (1, 8, "rows"):
        text = ptx_of(adze_cli, matmul(tmp_path, kind, [rows, 768], [768, 3072]), chip, str(tmp_path))
        assert re.search(r"ld\.global\.nc\.v4\.(b32|f32|u32)|ld\.global\.nc\.v2\.b64", text)
        assemble(text, chip, str(tmp_path))


@pytest.mark.parametrize("kind", ["f16", "f32"])
def test_banks(device, tmp_path, kind):
    a, b = random(kind, (4, 512), 1), random(kind, (512, 256), 2)
    device.run(matmul(tmp_path, kind, a.shape, b.shape), {"a": a, "b": b})
    assert sum(count["bank_conflicts"] for count in device.counts) == 0
