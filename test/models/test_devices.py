# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Whole models on simulated devices: their results are those of the CPU, and the machine that plays the device has nothing to
report. The plain run takes small models at a small size; --full all of them."""
import os
import subprocess
import sys

import numpy as np
import onnx
import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import half  # noqa: E402
import zoo  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
#: How far results may be from those of the CPU in float32, of the larger of 1 and the range.
SINGLE, HALF = 1e-3, 2e-2
#: Of models that quantise what they compute: a step more or less where a sum lies between two is seen in what follows, as between ONNX
#: Runtime's own optimisation levels (1e-2). Integer products themselves are compared to the bit in test/codegen/nvptx/test_integers.py.
QUANTISED = 2e-2
#: (model, size)
SMALL = [("ppocr_cls", {"n": 1}), ("ppocr_rec", {"n": 1, "w": 48}), ("magika", {"n": 1}), ("minilm_l6", {"batch": 1, "seq": 16}),
         ("mobilenet_v2", {"height": 64, "width": 64}), ("lstm_classifier", {}), ("gpt2_tiny", {"batch": 1, "past": 3, "seq": 5}),
         ("llama_tiny", {"batch": 1, "past": 3, "seq": 5})]
TWINS = ["ppocr_cls", "minilm_l6", "mobilenet_v2", "gpt2_tiny", "llama_tiny"]
LARGE = [(name, model.sizes[0]) for name, model in zoo.MODELS.items() if name not in dict(SMALL)]


@pytest.fixture
def simulated(tmp_path, monkeypatch, build):
    """Runs of this test's programs are on the PTX machine, which must have nothing to report."""
    report = tmp_path / "report"
    monkeypatch.setenv("ADZE_CUDA_DRIVER", os.path.join(build, "lib", "libadze_sim_cuda.so"))
    monkeypatch.setenv("ADZE_SIM_REPORT", str(report))
    yield
    assert not report.exists() or not report.read_text()


def one_model(name, size, twin):
    """(model for the device, model for the CPU, inputs)"""
    model = zoo.MODELS[name]
    given = model.free()
    return (half.half(onnx.load(given) if isinstance(given, str) else given) if twin else given), given, model.inputs(size)


def agree(got, expected, tolerance):
    assert set(got) == set(expected)
    for name, value in expected.items():
        assert got[name].shape == value.shape
        if value.size == 0:
            continue
        wanted, have = value.astype(np.float64), got[name].astype(np.float64)
        assert np.all(np.isfinite(have)), f"{name}: not finite"
        difference = np.max(np.abs(have - wanted)) / max(1.0, np.ptp(wanted))
        assert difference <= tolerance, f"{name}: {difference:.2e}"


#: Runs in a process of its own: the driver is found at the first use.
PROGRAM = """
import sys
sys.path.insert(0, {here!r})
import numpy as np
import adze, test_devices
name, size, twin = {name!r}, {size!r}, {twin!r}
device, host, feeds = test_devices.one_model(name, size, twin)
given = {{k: v.astype(np.float16) if twin and v.dtype == np.float32 else v for k, v in feeds.items()}}
got = adze.compile(device, target={target!r}).run(given)
test_devices.agree(got, adze.compile(host).run(feeds), {tolerance!r})
"""


def run(name, size, twin, target="nvptx", tolerance=None):
    tolerance = tolerance or (HALF if twin else SINGLE)
    program = PROGRAM.format(here=HERE, name=name, size=size, twin=twin, target=target, tolerance=tolerance)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


#: Runs of one size: the first as it is, the second recorded, then launches of the graph, which take no memory. Outputs stay on the device.
AGAIN = """
import ctypes, os, sys
sys.path.insert(0, {here!r})
import adze, test_devices
device, host, feeds = test_devices.one_model({name!r}, {size!r}, False)
model, expected = adze.compile(device, target="nvptx"), adze.compile(host).run(feeds)
driver = ctypes.CDLL(os.environ["ADZE_CUDA_DRIVER"])
driver.adze_sim_calls.restype = ctypes.c_uint64
def calls():
    return [driver.adze_sim_calls(name) for name in (b"cuLaunchKernel", b"cuGraphLaunch", b"cuMemHostAlloc", b"cuMemAlloc_v2")]
counted = []
for again in range(5):
    before, held = calls(), model.arena_bytes
    got = model.run(feeds, device_outputs=again == 4)
    counted.append([after - was for was, after in zip(before, calls())])
    test_devices.agree({{k: v.numpy() if again == 4 else v for k, v in got.items()}}, expected, test_devices.SINGLE)
    assert again == 0 or model.arena_bytes == held or again == 4
kernels = counted[0][0]
assert kernels > 0 and counted[0][1] == 0, counted
assert counted[1] == [kernels, 1, 0, 0], counted
assert counted[2] == counted[3] == [0, 1, 0, 0], counted
assert counted[4] == [kernels, 0, 0, len(expected)], counted
"""


@pytest.mark.parametrize("name,size", [SMALL[0], SMALL[6]], ids=["ppocr_cls", "gpt2_tiny"])
def test_runs_again(name, size, simulated):
    done = subprocess.run([sys.executable, "-c", AGAIN.format(here=HERE, name=name, size=size)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("name,size", SMALL, ids=[name for name, _ in SMALL])
def test_single(name, size, simulated):
    run(name, size, twin=False)


@pytest.mark.parametrize("twin", [False, True], ids=["single", "half"])
def test_another_machine(twin, simulated, monkeypatch):
    """Code for sm_120 has instructions that others do not, such as sums of f32 and f16."""
    monkeypatch.setenv("ADZE_SIM_DEVICES", "sm_120")
    run("minilm_l6", dict(SMALL)["minilm_l6"], twin, target="nvptx:sm_120")


@pytest.mark.parametrize("name", TWINS)
def test_half(name, simulated):
    run(name, dict(SMALL)[name], twin=True)


@pytest.mark.parametrize("name,size", LARGE, ids=[name for name, _ in LARGE])
def test_large(name, size, simulated, full):
    if not full:
        pytest.skip("takes minutes: --full")
    run(name, size, twin=False, tolerance=QUANTISED if zoo.MODELS[name].quantised else None)


@pytest.mark.parametrize("name", ["mobilenet_v2", "gpt2_tiny"])
def test_command_line(name, simulated, adze_cli, tmp_path):
    """`adze run --target` gives what it gives without."""
    size, folders = dict(SMALL)[name], {}
    model, _, feeds = one_model(name, size, twin=False)
    if not isinstance(model, str):
        onnx.save(model, tmp_path / "model.onnx")
        model = tmp_path / "model.onnx"
    inputs = []
    for i, (key, value) in enumerate(feeds.items()):
        np.save(tmp_path / f"{i}.npy", value)
        inputs += ["--input", f"{key}={tmp_path / f'{i}.npy'}"]
    for target in ("cpu", "nvptx"):
        folders[target] = tmp_path / target
        subprocess.run([adze_cli, "run", str(model), "--target", target, "--output-dir", str(folders[target]), *inputs], check=True)
    got, expected = ({f.name: np.load(f) for f in folders[target].iterdir()} for target in ("nvptx", "cpu"))
    agree(got, expected, SINGLE)
