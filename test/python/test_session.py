# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""adze.InferenceSession in the place of ONNX Runtime's: the same calls give the same answers."""
import json
import os
import threading
import time

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


def outcome(call):
    """The name of the exception's class that ONNX Runtime and Adze share, or the values."""
    try:
        result = call()
    except Exception as error:
        named = [c.__name__ for c in type(error).__mro__ if hasattr(adze.capi.onnxruntime_pybind11_state, c.__name__)]
        return (named or [type(error).__name__])[0]
    return [np.asarray(r).tolist() for r in result]


@pytest.mark.parametrize("call", [
    lambda s: s.run(None, {"x": X}),
    lambda s: s.run(["z"], {"x": X, "y": X}),
    lambda s: s.run(None, {"x": X, "y": X, "z": X}),
    lambda s: s.run(None, {"x": X, "y": X.astype(np.float64)}),
    lambda s: s.run(None, {"x": X, "y": X[0]}),
    lambda s: s.run(None, {"x": X, "y": X.tolist()}),
    lambda s: s.run(None, {"x": X[:, ::-1], "y": X.T.copy().T}),
])
def test_run_ends_alike(call):
    theirs, ours = (outcome(lambda: call(session)) for session in both(small.add()))
    assert theirs == ours


def test_run_errors_are_clear():
    session = both(small.add())[1]
    for feeds, names, message in (({"x": X, "y": X}, ["z"], "there is no output 'z'; outputs: sum, difference"),
                                  ({"x": X, "y": X, "z": X}, None, "there is no input 'z'; inputs: x, y"),
                                  ({"x": X, "y": X.astype(np.float64)}, None, "input 'y': found dtype float64, expected float32"),
                                  ({"x": X, "y": X[:, :1]}, None, "input 'y': dimension 1 .'width'. is 1, expected 2")):
        with pytest.raises(adze.RunError, match=message) as caught:
            session.run(names, feeds)
        assert isinstance(caught.value, adze.capi.onnxruntime_pybind11_state.InvalidArgument)


def test_an_index_out_of_range_ends_alike():
    feeds = {"data": X[:, 0], "index": np.array([7])}
    theirs, ours = (outcome(lambda: session.run(None, feeds)) for session in both(small.gather()))
    assert theirs == ours == "InvalidArgument"


@pytest.mark.parametrize("model", [b"not a model", small.relu().SerializeToString()[:-5], "there/is/no.onnx",
                                   small.unknown_nodes().SerializeToString()])
def test_bad_models_end_alike(model):
    theirs, ours = (outcome(lambda: package.InferenceSession(model)) for package in (onnxruntime, adze))
    assert theirs == ours


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


def test_settings_that_cannot_be_honoured_are_errors():
    options = adze.SessionOptions()
    with pytest.raises(NotImplementedError, match="pinned by name"):
        options.add_free_dimension_override_by_denotation("DATA_BATCH", 1)
    with pytest.raises(NotImplementedError, match="another library"):
        options.register_custom_ops_library("ops.so")
    for kind in (adze.SessionOptions, onnxruntime.SessionOptions):
        with pytest.raises(RuntimeError):
            kind().get_session_config_entry("no.such.key")


def test_the_names_of_options_are_theirs():
    """Every option of ONNX Runtime's SessionOptions and RunOptions is there, with the same default."""
    for name in ("SessionOptions", "RunOptions"):
        theirs, ours = getattr(onnxruntime, name)(), getattr(adze, name)()
        for option in dir(theirs):
            value = getattr(theirs, option)
            if option[0] != "_" and not callable(value):
                assert getattr(ours, option) == value or int(getattr(ours, option)) == int(value), option
    for name in ("GraphOptimizationLevel", "ExecutionMode", "ExecutionOrder"):
        theirs = getattr(onnxruntime, name).__members__
        assert {k: int(v) for k, v in theirs.items()} == {k: int(v) for k, v in getattr(adze, name).__members__.items()}


def test_providers():
    with pytest.warns(UserWarning, match="CUDAExecutionProvider"):
        session = adze.InferenceSession(small.relu(), providers=[("CUDAExecutionProvider", {}), "CPUExecutionProvider"])
    with pytest.raises(ValueError, match="found 3"):
        adze.InferenceSession(small.relu(), providers=[3])
    with pytest.raises(ValueError, match="provider_options"):
        adze.InferenceSession(small.relu(), None, ["CPUExecutionProvider"], [{}, {}])
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


def test_profiling(tmp_path):
    options = adze.SessionOptions()
    assert adze.InferenceSession(small.add(), options).end_profiling() == ""
    options.enable_profiling = True
    options.profile_file_prefix = str(tmp_path / "trace_")
    session = adze.InferenceSession(small.add(), options)
    begin = session.get_profiling_start_time_ns()
    assert 0 < begin <= time.monotonic_ns()
    for _ in range(3):
        session.run(None, {"x": X, "y": X})
    path = session.end_profiling()
    assert os.path.dirname(path) == str(tmp_path) and session.get_profiling_start_time_ns() == 0
    with open(path) as f:
        events = json.load(f)
    assert len(events) == 3 * len(session.model.kernels)
    assert {n for e in events for n in e["args"]["nodes"]} == {"add1", "sub1"}
    assert all(e["ph"] == "X" and e["ts"] >= 0 and e["dur"] >= 0 and e["tid"] == threading.get_native_id() for e in events)
    assert session.end_profiling() == "" and session.run(["sum"], {"x": X, "y": X})[0].tolist() == (X + X).tolist()


def test_run_async():
    for session in both(small.add()):
        done, answers = threading.Event(), []

        def callback(results, user_data, error):
            answers.append((results, user_data, error))
            done.set()

        session.run_async(["sum"], {"x": X, "y": X}, callback, "mine", None)
        assert done.wait(60)
        ((results, user_data, error),) = answers
        assert results[0].tolist() == (X + X).tolist() and user_data == "mine" and not error
    done.clear()
    session.run_async(None, {"x": X, "y": X[0]}, callback, None)
    assert done.wait(60) and answers[-1][0] == [] and "found rank 1" in answers[-1][2]


def test_errors_of_models():
    with pytest.raises(adze.CompileError, match="Frobnicate"):
        adze.InferenceSession(small.unknown_nodes())
    with pytest.raises(adze.CompileError, match="No such file"):
        adze.InferenceSession("there/is/no.onnx")
