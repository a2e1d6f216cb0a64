# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every model against ONNX Runtime, at three sizes. The plain run takes each once by default and once at -O0, dimensions left free,
on two threads; --full is every combination."""
import contextlib
import itertools
import os
import sys

import numpy as np
import onnxruntime
import pytest

import adze

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import zoo  # noqa: E402

RTOL, ATOL = 1e-3, 1e-4
QUANTISED = 2e-2  # of the range
LEVELS = {"default": 2, "O0": 0}


def pytest_generate_tests(metafunc):
    if "variant" not in metafunc.fixturenames:
        return
    plain = [("default", "free", 2), ("O0", "free", 2)]
    variants = itertools.product(LEVELS, ("free", "pinned"), (1, 2)) if metafunc.config.getoption("--full") else plain
    cases = [(name, *variant) for variant in variants for name, model in zoo.MODELS.items()
             if model.has_dims() or variant[1] == "free"]
    cases.sort(key=lambda case: list(zoo.MODELS).index(case[0]))  # the judge's results serve all variants of a model
    metafunc.parametrize("variant", cases, ids=["-".join(map(str, case)) for case in cases])


class Judge:
    """One model at a time, and what ONNX Runtime computes with it."""

    def __init__(self):
        self.model, self.session, self.results, self.files = None, None, {}, contextlib.ExitStack()

    def take(self, name):
        """The model, which is kept until another one is taken."""
        if self.model is None or self.model.name != name:
            self.leave()
            self.model = self.files.enter_context(zoo.passing(name))
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 2
            options.log_severity_level = 3
            self.session = onnxruntime.InferenceSession(self.model.free(), options, providers=["CPUExecutionProvider"])
        return self.model

    def leave(self):
        self.model, self.session, self.results = None, None, {}
        self.files.close()

    def results_at(self, size):
        """The inputs of the model at a size, and the outputs."""
        key = tuple(size.items())
        if key not in self.results:
            feeds = self.model.inputs(size)
            names = [o.name for o in self.session.get_outputs()]
            results = dict(zip(names, self.session.run(None, feeds)))
            for name, value in results.items():
                assert np.all(np.isfinite(value)), f"{name} is no measure: not finite"
                assert value.size < 2 or np.ptp(value) > 0, f"{name} is no measure: constant"
            self.results[key] = feeds, results
        return self.results[key]


@pytest.fixture(scope="module")
def judge():
    judge = Judge()
    yield judge
    judge.leave()


def check(name, got, expected, quantised):
    assert set(got) == set(expected), f"{name}: other outputs"
    for output, value in expected.items():
        assert got[output].dtype == value.dtype and got[output].shape == value.shape, \
            f"{name} {output}: {got[output].dtype}{got[output].shape}, expected {value.dtype}{value.shape}"
        if value.dtype.kind == "f" and quantised:
            np.testing.assert_allclose(got[output], value, rtol=0, atol=QUANTISED * np.ptp(value), err_msg=f"{name} {output}")
        elif value.dtype.kind == "f":
            np.testing.assert_allclose(got[output], value, rtol=RTOL, atol=ATOL, err_msg=f"{name} {output}")
        else:
            np.testing.assert_array_equal(got[output], value, err_msg=f"{name} {output}")


def test_agrees(variant, judge):
    name, level, dims, threads = variant
    model = judge.take(name)
    options = {"opt_level": LEVELS[level], "threads": threads}
    compiled = adze.compile(model.free(), **options) if dims == "free" else None
    for size in model.sizes:
        feeds, expected = judge.results_at(size)
        if dims == "pinned":
            source, pins = model.pinned(size)
            compiled = adze.compile(source, dims=pins, **options)
        check(f"{name} {size}", compiled.run(feeds), expected, model.quantised)
