# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""--stop-after and --start-at: from the text of any stage comes what comes from the model. The model is PP-OCR's classifier, with its
weights and free sizes."""
import os

import numpy as np
import pytest

STAGES = ["onnx", "core", "optimised", "kernels", "loops", "host", "emit"]


@pytest.fixture(scope="module")
def model():
    package = pytest.importorskip("rapidocr_onnxruntime")
    return os.path.join(os.path.dirname(package.__file__), "models", "ch_ppocr_mobile_v2.0_cls_infer.onnx")


def results(adze, tmp_path, artifact, sizes):
    done = adze("run", artifact, "--random", 3, "--output-dir", artifact + ".out", *sizes)
    assert done.status == 0, done.err
    folder = tmp_path / (artifact + ".out")
    return {name: np.load(folder / name) for name in sorted(os.listdir(folder))}


@pytest.mark.parametrize("level", [2, 0])
def test_every_stage_goes_out_and_comes_back(adze, tmp_path, model, level):
    route = [f"-O{level}"]
    assert adze("compile", model, "-o", "direct.so", *route).status == 0
    sizes = ["--dim", "p2o.DynamicDimension.0=2", "--dim", "p2o.DynamicDimension.1=48", "--dim", "p2o.DynamicDimension.2=192"]
    expected = results(adze, tmp_path, "direct.so", sizes)
    assert expected and all(np.isfinite(v).all() for v in expected.values())
    source, start = model, []
    for stage, following in zip(STAGES, STAGES[1:]):
        text = f"{stage}.mlir"
        done = adze("compile", source, *start, "--stop-after", stage, "-o", text, *route)
        assert done.status == 0, done.err
        assert os.path.getsize(tmp_path / text) < os.path.getsize(model)  # the weights are beside it
        assert os.path.exists(tmp_path / f"{text}.weights")
        done = adze("compile", text, "--start-at", following, "-o", f"{stage}.so", *route)
        assert done.status == 0, done.err
        got = results(adze, tmp_path, f"{stage}.so", sizes)
        assert got.keys() == expected.keys()
        for name, value in expected.items():
            np.testing.assert_array_equal(got[name], value, err_msg=f"{stage}: {name}")
        source, start = text, ["--start-at", following]


def test_weights_are_found_beside_the_text_only(adze, tmp_path, model):
    assert adze("compile", model, "-o", "a.mlir", "--stop-after", "core").status == 0
    text = (tmp_path / "a.mlir").read_text()
    os.rename(tmp_path / "a.mlir.weights", tmp_path / "elsewhere")
    assert adze("compile", "a.mlir", "--start-at", "optimised", "-o", "a.so").status == 1
    os.symlink("elsewhere", tmp_path / "a.mlir.weights")
    done = adze("compile", "a.mlir", "--start-at", "optimised", "-o", "a.so")
    assert done.status == 1 and "a.mlir.weights" in done.err
    os.unlink(tmp_path / "a.mlir.weights")
    (tmp_path / "b.mlir").write_text(text.replace("a.mlir.weights", f"{tmp_path}/x.weights"))
    os.rename(tmp_path / "elsewhere", tmp_path / "x.weights")
    assert adze("compile", "b.mlir", "--start-at", "optimised", "-o", "a.so").status == 1
    # A file that is too short is an error, not a stray read.
    (tmp_path / "a.mlir.weights").write_bytes(b"short")
    assert adze("compile", "a.mlir", "--start-at", "optimised", "-o", "a.so").status == 1


def test_text_to_standard_output_has_no_weights(adze, tmp_path, model):
    done = adze("compile", model, "-o", "-", "--stop-after", "core")
    assert done.status == 0 and "core.conv" in done.out and os.listdir(tmp_path) == []
