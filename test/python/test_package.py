# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The package as a user gets it."""
import os
import subprocess
import sys
import zipfile

import adze
import pytest

PROGRAM = """
import time
import numpy
start = time.perf_counter()
import adze
print(time.perf_counter() - start)
print(sum(any(name in line for name in ("LLVM", "MLIR", "lld")) for line in open("/proc/self/maps")))
"""


def test_import_is_quick_and_brings_no_llvm():
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))
    results = [subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
               .stdout.split() for _ in range(3)]
    assert min(float(seconds) for seconds, _ in results) < 0.3
    assert all(maps == "0" for _, maps in results)


def test_version_and_names():
    assert adze.__version__.count(".") == 2
    for name in adze.__all__:
        assert hasattr(adze, name), name


def test_typed():
    assert os.path.exists(os.path.join(os.path.dirname(adze.__file__), "py.typed"))


def test_wheel(full, root, tmp_path):
    """Builds the wheel, installs it into a folder of its own, compiles and runs with that alone."""
    if not full:
        pytest.skip("takes minutes: --full")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, f"{root}/python"], check=True)
    (wheel,) = tmp_path.glob("adze_compiler-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"adze/__init__.py", "adze/py.typed", "adze/bin/adze", "adze/lib/libadze_rt.a"} <= names
    assert any(name.endswith("LICENSE") for name in names)
    site = tmp_path / "site"
    subprocess.run([*pip, "install", "-q", "--no-deps", "--target", site, wheel], check=True)
    program = ("import sys; sys.path[:0] = [sys.argv[1]]; import adze, small, numpy; assert adze.__file__.startswith(sys.argv[1]);"
               "print(adze.compile(small.relu())(-numpy.ones((1, 3), numpy.float32)).tolist())")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-c", program, str(site)], env=environment, cwd=os.path.dirname(__file__),
                          capture_output=True, text=True)
    assert done.stdout == "[[0.0, 0.0, 0.0]]\n", done.stderr
