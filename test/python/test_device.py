# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Inputs and outputs in a device's memory, over the played driver: __cuda_array_interface__ and DLPack in and out, what keeps memory alive,
what is refused. The other library's arrays are made by ctypes."""
import ctypes
import gc
import os
import threading

import adze
import numpy as np
import pytest
import small


class Card:
    """Another user of the driver in this process: memory, copies, all in the device's primary context."""

    def __init__(self, path):
        self.driver = ctypes.CDLL(path)
        context = ctypes.c_void_p()
        assert self.driver.cuInit(0) == 0
        assert self.driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), 0) == 0
        self.context, self.pieces = context, []

    def call(self, name, *arguments):
        was = ctypes.c_void_p()
        assert self.driver.cuCtxPushCurrent_v2(self.context) == 0
        try:
            assert getattr(self.driver, name)(*arguments) == 0, name
        finally:
            assert self.driver.cuCtxPopCurrent_v2(ctypes.byref(was)) == 0

    def put(self, array, offset=0):
        """The address of a copy of the bytes under an array."""
        address = ctypes.c_uint64()
        self.call("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(array.nbytes + offset))
        self.pieces.append(address.value)
        self.call("cuMemcpyHtoD_v2", ctypes.c_uint64(address.value + offset), array.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(array.nbytes))
        return address.value + offset

    def get(self, address, like):
        out = np.empty_like(like)
        self.call("cuMemcpyDtoH_v2", out.ctypes.data_as(ctypes.c_void_p), ctypes.c_uint64(address), ctypes.c_size_t(out.nbytes))
        return out

    def close(self):
        for address in self.pieces:
            self.call("cuMemFree_v2", ctypes.c_uint64(address))
        assert self.driver.cuDevicePrimaryCtxRelease_v2(0) == 0


@pytest.fixture(scope="module")
def path(build):
    names = {"ADZE_CUDA_DRIVER": os.path.join(build, "lib", "libadze_sim_cuda.so")}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    yield names["ADZE_CUDA_DRIVER"]
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


@pytest.fixture
def card(path, tmp_path, monkeypatch):
    """The played driver must have nothing to report."""
    report = tmp_path / "report"
    monkeypatch.setenv("ADZE_SIM_REPORT", str(report))
    made = Card(path)
    yield made
    made.close()
    gc.collect()
    assert not report.exists() or not report.read_text()


class Interface:
    """Another library's array."""

    def __init__(self, card, array, base=None, offset=0, read_only=False, stream=None):
        base = array if base is None else base
        begin = card.put(base, offset) + array.ctypes.data - base.ctypes.data
        self.__cuda_array_interface__ = {"shape": array.shape, "typestr": array.dtype.str, "data": (begin, read_only), "version": 3,
                                         "strides": None if array.flags.c_contiguous else array.strides, "stream": stream}


def values(*shape):
    return (np.arange(np.prod(shape), dtype=np.float32) - 5).reshape(shape)


@pytest.fixture(scope="module")
def add(path):
    return adze.compile(small.add(), target="nvptx")


@pytest.mark.parametrize("offset", [0, 4])
@pytest.mark.parametrize("stream", [None, 1])
def test_in_by_the_array_interface(card, add, offset, stream):
    x, y = values(4, 6), values(4, 6) * 2
    for _ in range(3):
        got = add.run({"x": Interface(card, x, offset=offset, stream=stream), "y": y})
        np.testing.assert_array_equal(got["sum"], x + y)


def test_in_by_strides(card, add):
    base = values(6, 8)
    for x in (base[:, ::2], base[::-1], base.T[:6, :4], np.broadcast_to(base[0], (3, 8))):
        y = np.ones(x.shape, np.float32)
        root = base if np.may_share_memory(x, base) else x
        got = add.run({"x": Interface(card, x, root), "y": y})
        np.testing.assert_array_equal(got["difference"], x - y)


def test_out_on_the_device(card, add):
    x, y = values(3, 5), values(3, 5) * 7
    got = add.run({"x": x, "y": y}, device_outputs=True)
    for name, expected in (("sum", x + y), ("difference", x - y)):
        array = got[name]
        assert isinstance(array, adze.DeviceArray) and array.shape == (3, 5) and array.dtype == np.float32 and array.nbytes == 60
        np.testing.assert_array_equal(array.numpy(), expected)
        interface = array.__cuda_array_interface__
        assert interface["data"] == (array.data_ptr(), False) and interface["typestr"] == "<f4" and interface["shape"] == (3, 5)
        np.testing.assert_array_equal(card.get(interface["data"][0], expected), expected)
    assert repr(got["sum"]) == "<adze.DeviceArray float32[3, 5] on device 0>"


def test_outputs_are_inputs(card, add):
    """From run to run without a way through the host."""
    x, y = values(2, 3), np.ones((2, 3), np.float32)
    array = x
    for _ in range(5):
        array = add.run({"x": array, "y": y}, device_outputs=True)["sum"]
    np.testing.assert_array_equal(array.numpy(), x + 5)


def test_out_where_the_caller_says(card, add):
    x, y = values(3, 4), values(3, 4)
    place = Interface(card, np.zeros((3, 4), np.float32))
    wide = np.full((3, 8), 9, np.float32)
    spread = Interface(card, wide[:, ::2], wide)
    got = add.run({"x": x, "y": y}, out={"sum": place, "difference": spread})
    assert got["sum"] is place and got["difference"] is spread
    np.testing.assert_array_equal(card.get(place.__cuda_array_interface__["data"][0], x), x + y)
    wide[:, ::2] = 0
    np.testing.assert_array_equal(card.get(spread.__cuda_array_interface__["data"][0], wide), wide)


@pytest.mark.parametrize("versioned", [False, True])
def test_by_dlpack(card, add, versioned):
    """What is given by a capsule outlives its array and its model; what another library gives by one is taken."""
    x, y = values(4, 4), values(4, 4)
    model = adze.compile(small.relu(), target="nvptx")
    array = model.run({"x": x[:, :3].copy()}, device_outputs=True)["y"]
    assert array.__dlpack_device__() == (2, 0)

    class Other:
        def __init__(self, array):
            self.capsule = array.__dlpack__(max_version=(1, 0)) if versioned else array.__dlpack__(stream=1)

        def __dlpack__(self, stream=None):
            assert stream == 1
            return self.capsule

        def __dlpack_device__(self):
            return (2, 0)

    other = Other(array)
    assert f'"dltensor{"_versioned" if versioned else ""}"' in repr(other.capsule)
    del array, model
    gc.collect()
    got = add.run({"x": other, "y": y[:, :3]})["sum"]
    np.testing.assert_array_equal(got, np.maximum(x, 0)[:, :3] + y[:, :3])


def test_what_dlpack_cannot_give(card, add):
    array = add.run({"x": values(1, 1), "y": values(1, 1)}, device_outputs=True)["sum"]
    for arguments in ({"dl_device": (1, 0)}, {"copy": True}):
        with pytest.raises(BufferError):
            array.__dlpack__(**arguments)
    array.__dlpack__(stream=2, dl_device=(2, 0), copy=False)


def test_without_elements(card, add):
    got = add.run({"x": Interface(card, values(1, 1)[:0], values(1, 1)), "y": values(0, 1)}, device_outputs=True)["sum"]
    assert got.shape == (0, 1) and got.numpy().shape == (0, 1)


class Text:
    """An array on the device that says something else of itself."""

    def __init__(self, array, **other):
        self.__cuda_array_interface__ = {**array.__cuda_array_interface__, **other}


def test_what_is_refused(card, add):
    x = values(2, 2)
    good = Interface(card, x)
    on_host = {**good.__cuda_array_interface__, "data": (x.ctypes.data, False)}
    for value, message in ((Text(good, typestr="<f8"), "input 'x': found dtype float64, expected float32"),
                           (Text(good, typestr=">f4"), "elements of type '>f4' are not supported"),
                           (Text(good, strides=(3, 3)), "its elements do not lie on whole strides"),
                           (Text(good, shape=(4,)), "input 'x': found rank 1, expected 2"),
                           (Text(good, **on_host), "input 'x': the address is not in the memory of a device")):
        with pytest.raises(adze.RunError, match=message):
            add.run({"x": value, "y": x})
    with pytest.raises(adze.RunError, match="output 'sum': the array is read-only"):
        add.run({"x": x, "y": x}, out={"sum": Interface(card, x, read_only=True)})


def test_another_device(card):
    second = adze.compile(small.relu(), target="nvptx", device=1)
    with pytest.raises(adze.RunError, match="is in the memory of device 0, expected device 1"):
        second.run({"x": Interface(card, values(2, 3))})


def test_a_model_without_a_device(card):
    model = adze.compile(small.relu())
    x = values(2, 3)
    with pytest.raises(adze.RunError, match="is on a device, but the model has no kernels for one"):
        model.run({"x": Interface(card, x)})
    with pytest.raises(adze.RunError, match="the model has no device"):
        model.run({"x": x}, device_outputs=True)


def test_loops_become_graphs(card):
    """A recurrent model's second run of a length is recorded, with the indices that the host gives to each step."""
    model = small.lstm()
    cpu, device = adze.compile(model), adze.compile(model, target="nvptx")
    card.driver.adze_sim_calls.restype = ctypes.c_uint64
    for length, launches in (5, [0, 1, 1]), (3, [0, 1]), (5, [0, 1]):
        for expected in launches:
            before = card.driver.adze_sim_calls(b"cuGraphLaunch")
            x = np.random.default_rng(length).standard_normal((length, 2, 4), dtype=np.float32)
            np.testing.assert_allclose(device.run({"X": x})["Y"], cpu.run({"X": x})["Y"], atol=1e-5)
            assert card.driver.adze_sim_calls(b"cuGraphLaunch") - before == expected


def test_many_threads(card, add):
    x = values(8, 8)
    wrong = []

    def work(scale):
        y = x * scale
        given = Interface(card, y)
        for _ in range(6):
            got = add.run({"x": x, "y": given}, device_outputs=scale % 2 == 0)["sum"]
            got = got.numpy() if scale % 2 == 0 else got
            if not np.array_equal(got, x + y):
                wrong.append(scale)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
