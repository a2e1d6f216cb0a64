# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the Python tests share: the option --full, where things are built, and the tests that need what is not built yet."""
import os
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "test", "suite"))
import devices  # noqa: E402

BUILD = os.path.join(ROOT, "build")
#: What the compiler leaves of its failures stays in the build folder.
os.environ.setdefault("ADZE_CACHE_DIR", os.path.join(BUILD, "test", "cache"))
#: A test compiles what it says it compiles; those of the cache say otherwise.
os.environ["ADZE_CACHE_SIZE"] = "0"
#: A process opens a driver once: whichever test is the first to, the played one has two devices for those that need another.
os.environ.setdefault("ADZE_SIM_DEVICES", "sm_80,sm_80")


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="every route, size, thread number and pinned shape")


def pytest_ignore_collect(collection_path):
    """Tests that import the package wait until the repository has one."""
    if collection_path.suffix == ".py" and "import adze" in collection_path.read_text():
        return None if os.path.exists(os.path.join(ROOT, "python", "CMakeLists.txt")) else True
    return None


@pytest.fixture
def full(request):
    return request.config.getoption("--full")


@pytest.fixture(params=sorted(devices.SIMULATED))
def device_target(request, monkeypatch, build, tmp_path):
    """A target whose device is played during the test, and has nothing to report."""
    for name in (devices.SIMULATED[request.param][0], "ADZE_SIM_REPORT"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    simulator = devices.Simulator(request.param, build, tmp_path)
    yield request.param
    assert simulator.new_report() == ""


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def build():
    return BUILD


@pytest.fixture(scope="session")
def adze_cli():
    """The path of the built CLI."""
    path = os.path.join(BUILD, "bin", "adze")
    assert os.path.exists(path), "build/bin/adze is not built"
    return path
