# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""adze.InferenceSession in the place of ONNX Runtime's: the same calls give the same answers."""
import adze
import numpy as np
import onnxruntime
import pytest
import small
from onnx import TensorProto

X = np.array([[1, -2], [3, 4], [-5, 6]], np.float32)


def both(made, **arguments):
    data = made.SerializeToString()
    return [package.InferenceSession(data, providers=["CPUExecutionProvider"], **arguments)
            for package in (onnxruntime, adze)]


def test_inputs_and_outputs():
    for made in (small.add(), small.add((2, "n")), small.gather(), small.relu((), TensorProto.FLOAT),
                 small.relu((3, 4), TensorProto.DOUBLE)):
        theirs, ours = both(made)
        for a, b in ((theirs.get_inputs(), ours.get_inputs()), (theirs.get_outputs(), ours.get_outputs())):
            assert [(i.name, i.type, len(i.shape)) for i in a] == [(i.name, i.type, len(i.shape)) for i in b]
        assert [i.shape for i in theirs.get_inputs()] == [i.shape for i in ours.get_inputs()]


def test_run():
    feeds = {"x": X, "y": X * 2}
    for names in (None, [], ["sum"], ["difference", "sum"], ["sum", "sum"]):
        answers = [session.run(names, feeds) for session in both(small.add())]
        assert [a.tolist() for a in answers[0]] == [a.tolist() for a in answers[1]]
        assert isinstance(answers[1], list)


def test_run_errors():
    for session in both(small.add()):
        with pytest.raises(ValueError, match="Required inputs"):
            session.run(None, {"x": X})
    session = both(small.add())[1]
    with pytest.raises(ValueError, match="there is no output 'z'"):
        session.run(["z"], {"x": X, "y": X})
    with pytest.raises(ValueError, match="there is no input"):
        session.run(None, {"x": X, "y": X, "z": X})
    with pytest.raises(adze.RunError, match="expected float32"):
        session.run(None, {"x": X, "y": X.astype(np.float64)})


def test_model_metadata():
    made = small.relu()
    for key, value in (("character", "a\nb\nüç"), ("empty", "")):
        entry = made.metadata_props.add()
        entry.key, entry.value = key, value
    theirs, ours = (session.get_modelmeta() for session in both(made))
    for field in ("custom_metadata_map", "description", "domain", "graph_name", "producer_name", "version"):
        assert getattr(theirs, field) == getattr(ours, field), field


def test_options():
    for options in (adze.SessionOptions(), onnxruntime.SessionOptions()):
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 4
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.graph_optimization_level = type(options.graph_optimization_level)(99)
        session = adze.InferenceSession(small.add(), sess_options=options, provider_options=[{}])
        assert session.run(["sum"], {"x": X, "y": X}, None)[0].tolist() == (X + X).tolist()
        assert session.get_session_options() is options
    options = adze.SessionOptions()
    options.graph_optimization_level = adze.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.add_free_dimension_override_by_name("batch", 3)
    session = adze.InferenceSession(small.add(), options)
    assert session.get_inputs()[0].shape == [3, "width"]
    assert session.model.metadata["opt_level"] == 0


def test_providers():
    session = adze.InferenceSession(small.relu(), providers=[("CUDAExecutionProvider", {}), "CPUExecutionProvider"])
    assert session.get_providers() == adze.get_available_providers() == ["CPUExecutionProvider"]
    assert set(session.get_providers()) <= set(onnxruntime.get_available_providers())
    session.set_providers(["CPUExecutionProvider"])
    assert session.get_provider_options() == {"CPUExecutionProvider": {}}


def test_from_a_file_and_from_an_artifact(tmp_path):
    session = adze.InferenceSession(small.save(small.add(), tmp_path))
    session.model.save(tmp_path / "add.so")
    loaded = adze.InferenceSession(tmp_path / "add.so")
    for s in (session, loaded):
        assert s.run(None, {"x": X, "y": X})[1].tolist() == np.zeros_like(X).tolist()
    assert loaded.get_modelmeta().graph_name == "small"


def test_errors_of_models():
    with pytest.raises(adze.CompileError, match="Frobnicate"):
        adze.InferenceSession(small.unknown_nodes())
    with pytest.raises(adze.CompileError, match="No such file"):
        adze.InferenceSession("there/is/no.onnx")
