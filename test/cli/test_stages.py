# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""--stop-after and --start-at: from the text of any stage comes what comes from the model."""
import os

import numpy as np
import pytest
import small

STAGES = ["onnx", "core", "optimised", "kernels", "placed", "loops", "host"]


def results(adze, tmp_path, artifact, shape):
    np.save(tmp_path / "x.npy", np.random.default_rng(3).standard_normal(shape, np.float32))
    done = adze("run", artifact, "--input", "x=x.npy", "--output-dir", artifact + ".out")
    assert done.status == 0, done.err
    folder = tmp_path / (artifact + ".out")
    return {name: np.load(folder / name) for name in sorted(os.listdir(folder))}


def check_stages(adze, tmp_path, model, shape, level, from_each):
    """Through the texts of all stages, one after the other; an artifact is made from each, or from the last."""
    route = [f"-O{level}"]
    assert adze("compile", model, "-o", "direct.so", *route).status == 0
    expected = results(adze, tmp_path, "direct.so", shape)
    assert expected and all(np.isfinite(v).all() for v in expected.values())
    source, start = model, []
    for stage, following in zip(STAGES, STAGES[1:] + ["emit"]):
        text = f"{stage}.mlir"
        done = adze("compile", source, *start, "--stop-after", stage, "-o", text, *route)
        assert done.status == 0, done.err
        assert os.path.exists(tmp_path / f"{text}.weights")
        source, start = text, ["--start-at", following]
        if not from_each and stage != STAGES[-1]:
            continue
        done = adze("compile", text, *start, "-o", f"{stage}.so", *route)
        assert done.status == 0, done.err
        got = results(adze, tmp_path, f"{stage}.so", shape)
        assert got.keys() == expected.keys()
        for name, value in expected.items():
            np.testing.assert_array_equal(got[name], value, err_msg=f"{stage}: {name}")


@pytest.mark.parametrize("level", [2, 0])
def test_an_artifact_from_every_stage(adze, tmp_path, level):
    check_stages(adze, tmp_path, small.save(small.product(), tmp_path), (5, 64), level, from_each=True)


@pytest.mark.parametrize("level", [2, 0])
def test_a_real_model_through_all_stages(adze, tmp_path, level):
    """PP-OCR's classifier, with its weights and free sizes."""
    package = pytest.importorskip("rapidocr_onnxruntime")
    model = os.path.join(os.path.dirname(package.__file__), "models", "ch_ppocr_mobile_v2.0_cls_infer.onnx")
    check_stages(adze, tmp_path, model, (2, 3, 48, 192), level, from_each=False)


def test_weights_are_found_beside_the_text_only(adze, tmp_path):
    model = small.save(small.product(), tmp_path)
    assert adze("compile", model, "-o", "a.mlir", "--stop-after", "core").status == 0

    def again(name="a.mlir"):
        return adze("compile", name, "--start-at", "optimised", "-o", "a.so")

    assert again().status == 0
    text = (tmp_path / "a.mlir").read_text()
    os.rename(tmp_path / "a.mlir.weights", tmp_path / "x.weights")
    assert again().status == 1
    os.symlink("x.weights", tmp_path / "a.mlir.weights")
    done = again()
    assert done.status == 1 and "a.mlir.weights" in done.err
    os.unlink(tmp_path / "a.mlir.weights")
    (tmp_path / "b.mlir").write_text(text.replace("a.mlir.weights", f"{tmp_path}/x.weights"))
    assert again("b.mlir").status == 1
    # A file that is too short is an error, not a stray read.
    (tmp_path / "a.mlir.weights").write_bytes(b"short")
    assert again().status == 1


def test_text_to_standard_output_has_no_weights(adze, tmp_path):
    done = adze("compile", small.save(small.product(), tmp_path), "-o", "-", "--stop-after", "core")
    assert done.status == 0 and "core.matmul" in done.out
    assert sorted(os.listdir(tmp_path)) == ["model.onnx"]
