# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What memory a compilation takes: less than twice the model and 500 MB, whatever the model. The plain run compiles one, --full all."""
import os
import sys


HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import memory  # noqa: E402
import zoo  # noqa: E402


def pytest_generate_tests(metafunc):
    metafunc.parametrize("name", zoo.MODELS if metafunc.config.getoption("--full") else ["minilm_l6"])


def test_compile(name, adze_cli, tmp_path):
    with zoo.passing(name) as model:
        source = model.free()
        limit = 2 * os.path.getsize(source) + 500e6
        _, peak = memory.peak_of([adze_cli, "compile", source, "-o", tmp_path / "model.so", "--jobs", "2"])
    assert 10e6 < peak < limit, f"{peak / 1e6:.0f} MB, expected less than {limit / 1e6:.0f} MB"
