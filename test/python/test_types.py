# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The package's types: they hold together, say what the extension has, and let a user's program be checked."""
import os
import subprocess
import sys

import adze
import pytest

HERE = os.path.dirname(os.path.abspath(__file__))


@pytest.fixture(scope="module")
def mypy(root, tmp_path_factory):
    """mypy(arguments): what it says, with the package as an installed one, whose types count as its py.typed says."""
    folder = tmp_path_factory.mktemp("mypy")

    def run(module, *arguments):
        environment = dict(os.environ, MYPYPATH=os.path.join(root, "build", "python"))
        return subprocess.run([sys.executable, "-m", module, *arguments], cwd=folder, env=environment, capture_output=True, text=True)

    return run


def test_the_package_is_typed(mypy):
    assert os.path.exists(os.path.join(os.path.dirname(adze.__file__), "py.typed"))
    done = mypy("mypy", "--strict", "-p", "adze")
    assert done.returncode == 0, done.stdout + done.stderr


def test_programs_are_checked(mypy):
    """Also that wrong programs are found: an unused `type: ignore` is an error of its own."""
    done = mypy("mypy", "--strict", os.path.join(HERE, "typed_program.py"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stub_is_the_extension(mypy, tmp_path):
    # The classes themselves have pybind11's metaclass, which the stub does not name; their members are still compared.
    (tmp_path / "allowed").write_text("adze\\._adze\\.(Artifact|DeviceArray|Session)\n")
    done = mypy("mypy.stubtest", "adze._adze", "--ignore-disjoint-bases", "--allowlist", tmp_path / "allowed")
    assert done.returncode == 0, done.stdout + done.stderr
