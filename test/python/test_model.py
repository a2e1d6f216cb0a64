# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Compile, run, save and load."""
import os
import signal
import threading
import time

import adze
import numpy as np
import pytest
import small
from onnx import TensorProto


@pytest.fixture(scope="module")
def add():
    return adze.compile(small.add())


def test_from_path_bytes_and_proto(tmp_path):
    made = small.relu()
    x = np.array([[-1, 2, -3]], np.float32)
    for source in (small.save(made, tmp_path), tmp_path / "model.onnx", made.SerializeToString(),
                   bytearray(made.SerializeToString()), memoryview(made.SerializeToString()), made):
        assert adze.compile(source)(x).tolist() == [[0, 2, 0]]
    with pytest.raises(TypeError, match="ModelProto, not int"):
        adze.compile(3)


def test_reference_route():
    x = np.array([[-1, 2, -3], [4, -5, 6]], np.float32)
    assert adze.compile(small.relu(), opt_level=0)(x).tolist() == [[0, 2, 0], [4, 0, 6]]


def test_infos(add):
    assert [(i.name, i.dtype, i.shape) for i in add.inputs] == [
        ("x", np.float32, ("batch", "width")), ("y", np.float32, ("batch", "width"))]
    assert [o.name for o in add.outputs] == ["sum", "difference"]
    assert "batch" in repr(add)
    assert add.kernels and add.summary["kernels"] == len(add.kernels)
    assert add.summary["code_bytes"] > 0
    assert add.summary["host_kernels"] == []


def test_kernels_that_a_device_leaves_to_the_host(device_target):
    summary = adze.compile(small.picked(), target=device_target).summary
    assert 0 < len(summary["host_kernels"]) < summary["kernels"] == 4
    found = summary["host_kernels"][-1]
    assert (found["nodes"], found["operators"]) == ("find", "NonZero") and "few elements" in found["reason"]


def test_by_name_and_by_position(add):
    x, y = np.array([[1, 2]], np.float32), np.array([[10, 20]], np.float32)
    outputs = add.run({"y": y, "x": x})
    assert list(outputs) == ["sum", "difference"]
    assert outputs["difference"].tolist() == [[-9, -18]]
    for total, difference in (add(x, y), add(x, y=y), add(y=y, x=x)):
        assert total.tolist() == [[11, 22]] and difference.tolist() == [[-9, -18]]
    assert isinstance(adze.compile(small.relu())(np.ones((1, 3), np.float32)), np.ndarray)


def test_any_size_and_any_strides(add):
    rng = np.random.default_rng(1)
    for shape in ((1, 1), (7, 5), (0, 4), (4, 0), (33, 100)):
        x, y = rng.random(shape, np.float32), rng.random(shape, np.float32)
        for a, b in ((x, y), (x[::-1], y), (x.T.copy().T, y[:, ::-1]), (np.broadcast_to(x[:1], shape), y)):
            total, difference = add(a, b)
            np.testing.assert_array_equal(total, a + b)
            np.testing.assert_array_equal(difference, a - b)


def test_odd_layouts(add):
    fields = np.zeros((2, 3), dtype=np.dtype([("a", np.uint8), ("b", np.float32)], align=False))
    fields["b"] = [[1, 2, 3], [4, 5, 6]]
    unaligned = fields["b"]
    assert unaligned.strides[1] % 4 and not unaligned.flags.aligned
    frozen = np.ones((2, 3), np.float32)
    frozen.flags.writeable = False
    assert add(unaligned, frozen)[0].tolist() == [[2, 3, 4], [5, 6, 7]]


def test_outputs_are_the_callers(add):
    x = np.ones((2, 2), np.float32)
    first = add(x, x)[0]
    second = add(x, x)[0]
    first[:] = 7
    assert second.tolist() == [[2, 2], [2, 2]]
    assert first.flags.writeable and first.flags.c_contiguous and first.ctypes.data % 64 == 0
    del add
    assert first[0, 0] == 7


def test_outputs_written_where_the_caller_says(add):
    x, y = np.arange(6, dtype=np.float32).reshape(2, 3), np.ones((2, 3), np.float32)
    plain, wide = np.zeros((2, 3), np.float32), np.zeros((4, 6), np.float32)
    for into in (plain, wide[::2, ::2], wide[::2, ::-2], np.zeros((3, 2), np.float32).T):
        results = add.run({"x": x, "y": y}, out={"sum": into})
        assert results["sum"] is into and into.tolist() == (x + y).tolist()
        assert results["difference"].tolist() == (x - y).tolist()
    assert not wide[1::2].any()
    mine = x.copy()
    assert add.run({"x": mine, "y": y}, out={"sum": mine})["difference"].tolist() == (x - y).tolist()  # over an input
    assert mine.tolist() == (x + y).tolist()


@pytest.mark.parametrize("array, message", [
    (np.zeros((2, 3)), "output 'sum': found dtype float64, expected float32"),
    (np.zeros((3, 3), np.float32), "output 'sum'.*3"),
    (np.broadcast_to(np.float32(0), (2, 3)), "output 'sum': the array is read-only"),
    (np.zeros(25, np.uint8)[1:].view(np.float32).reshape(2, 3), "output 'sum': the array's elements are not aligned"),
    ([[0, 0, 0]] * 2, "output 'sum': found list, expected a numpy array"),
])
def test_outputs_that_do_not_fit(add, array, message):
    x = np.ones((2, 3), np.float32)
    with pytest.raises(adze.RunError, match=message):
        add.run({"x": x, "y": x}, out={"sum": array})
    with pytest.raises(adze.InvalidArgument, match="there is no output 'z'"):
        add.run({"x": x, "y": x}, out={"z": x.copy()})


class Foreign:
    """An array of another library, known by DLPack alone."""

    def __init__(self, array):
        self.array, self.asked = array, 0

    def __dlpack__(self, **arguments):
        self.asked += 1
        return self.array.__dlpack__(**arguments)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def test_arrays_of_other_libraries(add):
    """They go in by __dlpack__; what goes in is their memory: the output written over it shows."""
    x = np.arange(12, dtype=np.float32).reshape(3, 4)
    foreign, strided = Foreign(x), Foreign(x.T)
    assert add(foreign, foreign)[0].tolist() == (x + x).tolist() and foreign.asked == 2
    assert add(strided, x.T)[0].tolist() == (x + x).T.tolist()
    with pytest.raises(adze.RunError, match="input 'y': found dtype float64, expected float32"):
        add(foreign, Foreign(x.astype(np.float64)))
    view = add._arrays([foreign, x])[0]
    assert view.ctypes.data == x.ctypes.data and np.shares_memory(view, x)
    assert np.from_dlpack(add(x, x)[0]).tolist() == (x + x).tolist()


class Elsewhere(Foreign):
    def __dlpack__(self, **arguments):
        raise BufferError("the memory is another device's")


def test_arrays_that_numpy_cannot_see(add):
    with pytest.raises(adze.RunError, match="input 'y': no array of float32 can be made of it: the memory is another device's"):
        add(np.ones((2, 3), np.float32), Elsewhere(np.ones((2, 3), np.float32)))


def test_other_threads_run_meanwhile():
    """The interpreter's lock is free while a model runs: another thread gets on."""
    m = adze.compile(small.long_chain(200), threads=1)
    x = np.full(200_000, 0.5, np.float32)
    m(x)
    times = []

    def work():
        begin = time.perf_counter()
        m(x)
        times.extend((begin, time.perf_counter()))

    thread = threading.Thread(target=work)
    thread.start()
    ticks = []
    while thread.is_alive():
        ticks.append(time.perf_counter())
        time.sleep(0.001)
    begin, end = times
    inside = sum(begin + 0.1 * (end - begin) < t < end - 0.1 * (end - begin) for t in ticks)
    assert end - begin > 0.02 and inside >= 5, (end - begin, inside)


def test_profile(add):
    x = np.ones((300, 400), np.float32)
    p = add.profile({"x": x, "y": x}, runs=7)
    assert p.runs == 7 and 0 < p.p10_ms <= p.median_ms <= p.p90_ms and p.first_ms > 0 and p.load_ms > 0
    assert {k.name for k in p.kernels} == set(add.kernels) and all(k.launches == 1 for k in p.kernels)
    assert {node for k in p.kernels for node in k.nodes} == {node for nodes in add.kernel_nodes for node in nodes} == {"add1", "sub1"}
    assert sum(k.share for k in p.kernels) + p.other_share == pytest.approx(1) and p.other_share > 0
    assert [k.ms for k in p.kernels] == sorted((k.ms for k in p.kernels), reverse=True)
    assert "median" in str(p) and "add1" in str(p)
    assert add.profile({"x": x, "y": x}).runs >= 5
    with pytest.raises(ValueError, match="runs is 0"):
        add.profile({"x": x, "y": x}, runs=0)
    with pytest.raises(adze.RunError, match="without a value"):
        add.profile({"x": x})


def test_numbers_and_lists_become_arrays(add):
    assert add([[1, 2]], [[3, 4]])[0].tolist() == [[4, 6]]
    scalar = adze.compile(small.relu(shape=()))
    assert scalar(-2).shape == () and scalar(3.5) == 3.5


def test_pinned_dimensions():
    m = adze.compile(small.relu(), dims={"batch": 2})
    assert m.inputs[0].shape == (2, 3)
    with pytest.raises(adze.RunError, match="dimension 0 is 1, expected 2"):
        m(np.ones((1, 3), np.float32))


def test_save_and_load(tmp_path, add):
    path = tmp_path / "add.so"
    add.save(path)
    assert os.listdir(tmp_path) == ["add.so"]
    loaded = adze.load(path, threads=1)
    x = np.ones((2, 2), np.float32)
    assert loaded(x, x)[0].tolist() == add(x, x)[0].tolist()
    assert loaded.inputs == add.inputs and loaded.metadata == add.metadata and loaded.summary is None
    loaded.save(path)  # over its own file
    assert loaded(x, x)[0].tolist() == [[2, 2], [2, 2]]
    assert adze.load(path)(x, x)[0].tolist() == [[2, 2], [2, 2]]


def test_a_device_that_there_is_no_code_for(tmp_path, add):
    add.save(tmp_path / "add.so")
    for make in (lambda: adze.load(tmp_path / "add.so", device=1), lambda: adze.compile(small.add(), device="1")):
        with pytest.raises(adze.RunError, match="device is '1', but the artifact has no kernels for a device") as caught:
            make()
        assert caught.value.status == "NO_DEVICE"


def test_bfloat16():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    m = adze.compile(small.relu(dtype=TensorProto.BFLOAT16))
    x = np.array([[-1, 2, 0.5]], ml_dtypes.bfloat16)
    assert m(x).dtype == ml_dtypes.bfloat16
    assert m(x).tolist() == [[0, 2, 0.5]]
    assert m(x.view(np.uint16)).tolist() == [[0, 2, 0.5]]


@pytest.mark.parametrize("name, values", [("int4", [-8, -1, 0, 7]), ("uint4", [0, 1, 8, 15]), ("int2", [-2, -1, 0, 1]),
                                          ("uint2", [0, 1, 2, 3])])
def test_types_under_a_byte(name, values):
    """ml_dtypes keeps the bits of int4 and int2 without the sign in the rest of the byte."""
    ml_dtypes = pytest.importorskip("ml_dtypes")
    number = getattr(TensorProto, name.upper())
    there = adze.compile(small.cast(number, TensorProto.INT32))
    x = np.array(values).astype(getattr(ml_dtypes, name))
    assert there(x).tolist() == values
    assert there(x[::2]).tolist() == values[::2]
    assert there(np.array(values, np.int8 if name[0] == "i" else np.uint8)).tolist() == values
    back = adze.compile(small.cast(TensorProto.INT32, number))
    assert back(np.array(values, np.int32)).dtype == x.dtype
    assert back(np.array(values, np.int32)).astype(np.int32).tolist() == values


def test_many_threads_run_one_model(add):
    rng = np.random.default_rng(2)
    wrong = []

    def work(seed):
        x = rng.random((50 + seed, 40), np.float32)
        for _ in range(20):
            if not np.array_equal(add(x, x)[0], x + x):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_a_fork_runs_the_model(add):
    x = np.ones((300, 300), np.float32)
    add(x, x)
    child = os.fork()
    if child == 0:
        ok = False
        try:
            ok = bool((add(x, x)[0] == 2).all()) and adze.compile(small.relu())(x[:, :3]).shape == (300, 3)
        finally:
            os._exit(0 if ok else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert (add(x, x)[0] == 2).all()


def test_forks_of_a_busy_process(add, tmp_path):
    """A fork has none of the threads, and waits for none of them, whatever they were doing: running, profiled or not, compiling."""
    x = np.ones((200, 200), np.float32)
    options = adze.SessionOptions()
    options.enable_profiling, options.profile_file_prefix = True, str(tmp_path / "profile")
    session = adze.InferenceSession(small.add().SerializeToString(), options)

    def profiled():
        a, b = (i.name for i in session.get_inputs())
        return session.run(None, {a: x, b: x})[0]

    stop = threading.Event()
    actions = [lambda: add(x, x), lambda: add(x, x), profiled, profiled, lambda: adze.compile(small.relu())]

    def work(action):
        while not stop.is_set():
            action()

    threads = [threading.Thread(target=work, args=(action,)) for action in actions]
    for t in threads:
        t.start()
    try:
        for round in range(15):
            child = os.fork()
            if child == 0:
                ok = False
                try:
                    signal.alarm(60)
                    ok = bool((add(x, x)[0] == 2).all() and (profiled()[0] == 2).all()
                              and adze.compile(small.relu())(x[:, :3]).shape == (200, 3))
                finally:
                    os._exit(0 if ok else 1)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, round
    finally:
        stop.set()
        for t in threads:
            t.join()


def test_nothing_stays_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        m = adze.compile(small.relu())
        m(np.ones((1, 3), np.float32))
        del m
    assert os.listdir(tmp_path) == []
    assert len(os.listdir("/proc/self/fd")) <= before + 2  # a worker's socket and its standard error


@pytest.mark.parametrize("opt_level", [0, 2])
@pytest.mark.parametrize("axes", [[0], [1], [2], [0, 1], [0, 1, 2]])
def test_long_sums_keep_their_digits(opt_level, axes):
    """Term after term, equal terms would lose three digits."""
    m = adze.compile(small.reduce_sum(axes), opt_level=opt_level)
    for shape in ((4100, 1, 3), (2, 4100, 5), (3, 2, 4100), (70, 60, 16)):
        x = np.full(shape, 0.7, np.float32)
        expected = x.astype(np.float64).sum(axis=tuple(axes))
        np.testing.assert_allclose(m(x), expected, rtol=4e-6)
