# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The package as a user gets it."""
import os
import shutil
import subprocess
import sys
import zipfile

import adze
import pytest
import small

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


SUBSTITUTE = """
import adze as ort
from adze.capi.onnxruntime_pybind11_state import Fail, InvalidArgument
import numpy
ort.set_default_logger_severity(3)
options = ort.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
options.add_session_config_entry("session.intra_op.allow_spinning", "0")
session = ort.InferenceSession({path!r}, sess_options=options, providers=ort.get_available_providers())
x = numpy.full([2, 3], -1, numpy.float32)
try:
    session.run(None, {{"wrong": x, session.get_inputs()[0].name: x}})
except (Fail, ort.capi.onnxruntime_pybind11_state.InvalidArgument) as error:
    assert isinstance(error, InvalidArgument)
print(session.run([session.get_outputs()[0].name], {{"x": x}}, ort.RunOptions())[0].tolist(), ort.get_device())
"""


def test_one_line_moves_a_program(tmp_path):
    """A program for ONNX Runtime prints the same where `import onnxruntime` becomes `import adze`."""
    program = SUBSTITUTE.format(path=small.save(small.relu(), tmp_path))
    printed = [subprocess.run([sys.executable, "-c", program.replace("adze", name)], capture_output=True, text=True, check=True,
                              env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path))).stdout
               for name in ("onnxruntime", "adze")]
    assert printed[0] == printed[1] == "[[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]] CPU\n"


INSTALLED = """
import adze, numpy, sys
assert adze.__file__.startswith(sys.argv[1]), adze.__file__
adze.compile(sys.argv[2]).save(sys.argv[3])
"""

LOADED = """
import os, sys
os.environ["ADZE_WORKER"] = "/dev/null/none"
import adze, numpy
print(adze.load(sys.argv[3])(-numpy.ones((1, 3), numpy.float32)).tolist())
print([line for line in open("/proc/self/maps") if "LLVM" in line or "MLIR" in line])
"""


def use_installed(python, site, tmp_path):
    """Compiles with the package in `site`, then loads and runs in a process that could not start a compiler."""
    model, artifact = small.save(small.relu(), tmp_path), tmp_path / "relu.so"
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    for program, expected in ((INSTALLED, ""), (LOADED, "[[0.0, 0.0, 0.0]]\n[]\n")):
        command = f"import sys; sys.path[:0] = [sys.argv[1]]\n{program}"
        done = subprocess.run([python, "-c", command, site, model, artifact], env=environment, cwd=tmp_path, capture_output=True,
                              text=True)
        assert done.returncode == 0 and done.stdout == expected, done.stdout + done.stderr


def test_what_is_installed_is_complete(root, build, tmp_path):
    """The files that a wheel has, installed from the build instead: they work away from it."""
    site = tmp_path / "site"
    shutil.copytree(f"{root}/python/adze", site / "adze", ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["cmake", "--install", build, "--component", "python", "--prefix", site / "adze"], check=True, capture_output=True)
    assert (site / "adze/bin/adze").is_file() and not (site / "adze/bin/adze").is_symlink()
    use_installed(sys.executable, str(site), tmp_path)


def test_wheel(full, root, tmp_path):
    """Builds the wheel, installs it into a new virtual environment, compiles and runs with that alone."""
    if not full:
        pytest.skip("takes minutes: --full")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", tmp_path, f"{root}/python"], check=True)
    (wheel,) = tmp_path.glob("adze_compiler-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"adze/__init__.py", "adze/_adze.pyi", "adze/py.typed", "adze/bin/adze", "adze/lib/libadze_rt.a",
            "adze/capi/onnxruntime_pybind11_state.py"} <= names
    assert any(name.endswith("LICENSE") for name in names) and not any(name.endswith("README.md") for name in names)
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    bin = tmp_path / "venv/bin"
    subprocess.run([bin / "pip", "--disable-pip-version-check", "install", "-q", wheel], check=True)
    site = subprocess.run([bin / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], capture_output=True,
                          text=True, check=True).stdout.strip()
    use_installed(bin / "python", site, tmp_path)
    done = subprocess.run([bin / "adze", "--version"], capture_output=True, text=True)
    assert done.stdout == f"adze {adze.__version__}\n", done.stderr
