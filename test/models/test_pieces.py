# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Each integer kernel of the quantised models by itself: fed with what ONNX Runtime had there, it gives the same numbers, but for sums
that lie as near to a tie as f32 can tell. The plain run takes every eighth kernel."""
import os
import re
import subprocess
import sys

import numpy as np
import onnx
import pytest

import adze

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import pieces  # noqa: E402
import zoo  # noqa: E402

SHARE = 1e-3  # of the quantised numbers may differ, by one step
CONTRACTION = re.compile(r"= core\.(?:packed_)?(?:matmul|conv) .* : \(?tensor<(?:\S*x)?(\w+)>, tensor<(?:\S*x)?(\w+)>")


def check(name, got, expected, step):
    assert got.dtype == expected.dtype and got.shape == expected.shape, name
    if expected.dtype.kind == "f":
        return np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-4, err_msg=name)
    difference = np.abs(got.astype(int) - expected.astype(int))
    share = np.mean(difference > 0)
    assert difference.max() <= step and share <= SHARE, f"{name}: {share:.2%} differ, by up to {difference.max()} steps"


def check_is_integer(piece, adze_cli, model, folder):
    """Products of quantised numbers are products of the 8-bit integers."""
    path = os.path.join(folder, "piece.onnx")
    onnx.save(model, path)
    subprocess.run([adze_cli, "compile", path, "-o", path + ".mlir", "--stop-after", "kernels"], check=True, capture_output=True)
    with open(path + ".mlir") as f:
        found = CONTRACTION.findall(f.read())
    integer, rest = piece.contractions()
    assert not integer or ("ui8", "i8") in found, f"{piece.name}: no integer contraction, but {found}"
    assert rest or set(found) <= {("ui8", "i8")}, f"{piece.name}: contractions of {found}"


@pytest.mark.parametrize("name", [model.name for model in zoo.MODELS.values() if model.quantised])
def test_pieces(name, full, adze_cli, tmp_path):
    with zoo.passing(name) as model:
        cutter = pieces.Cutter(onnx.load(model.path()))
        all_pieces = cutter.pieces()
        assert sum(piece.contractions()[0] > 0 for piece in all_pieces) > 30, "the model is not quantised"
        chosen = all_pieces if full else all_pieces[1::8]
        feeds = model.inputs(model.sizes[0])
        values = pieces.record(model.path(), feeds, [tensor for piece in chosen for tensor in piece.inputs + piece.outputs])
    for piece in chosen:
        small = cutter.model(piece)
        got = adze.compile(small, threads=2).run({tensor: values[tensor] for tensor in piece.inputs})
        for tensor in piece.outputs:
            check(f"{piece.name} {tensor}", got[tensor], values[tensor], cutter.step(piece))
        check_is_integer(piece, adze_cli, small, tmp_path)
