# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Expected and computed values, compared as onnx's own runner does."""
import numpy as np


class Mismatch(Exception):
    """What differs, in one line."""


def same(name, expected, got, rtol, atol):
    """Raises Mismatch unless `got` is `expected` within the tolerance; shapes, dtypes and strings exactly."""
    if expected is None or got is None:
        if expected is not None or got is not None:
            raise Mismatch(f"{name}: {'nothing' if got is None else 'a value'} where "
                           f"{'nothing' if expected is None else 'a value'} is expected")
        return
    if isinstance(expected, list):
        if not isinstance(got, (list, tuple)):
            raise Mismatch(f"{name}: {type(got).__name__}, expected a sequence")
        if len(got) != len(expected):
            raise Mismatch(f"{name}: sequence of {len(got)}, expected {len(expected)}")
        for i, (e, g) in enumerate(zip(expected, got)):
            same(f"{name}[{i}]", e, g, rtol, atol)
        return
    if not isinstance(got, np.ndarray):
        raise Mismatch(f"{name}: {type(got).__name__}, expected an array")
    if got.shape != expected.shape:
        raise Mismatch(f"{name}: shape {got.shape}, expected {expected.shape}")
    if expected.dtype == object:
        if got.dtype.kind not in "OUS" or not all(a == b for a, b in zip(got.flat, expected.flat)):
            raise Mismatch(f"{name}: wrong strings")
        return
    if got.dtype != expected.dtype:
        raise Mismatch(f"{name}: dtype {got.dtype}, expected {expected.dtype}")
    numbers(name, expected, got, rtol, atol)


def numbers(name, expected, got, rtol, atol):
    if expected.dtype.kind not in "biufc":  # ml_dtypes: numpy cannot compute with them
        if expected.dtype.name == "bfloat16":
            rtol = max(rtol, 2**-6)
        expected, got = expected.astype(np.float64), got.astype(np.float64)
    with np.errstate(all="ignore"):
        if expected.dtype.kind == "b":
            right = expected == got
        else:
            right = np.isclose(got, expected, rtol=rtol, atol=atol, equal_nan=True)
    if not np.all(right):
        raise Mismatch(f"{name}: wrong values, {right.size - np.count_nonzero(right)} of {right.size}")


def all_same(expected, got, rtol, atol):
    """Compares [(name, value)] with {name: value}."""
    for name, value in expected:
        if name not in got:
            raise Mismatch(f"{name}: no such output")
        same(name, value, got[name], rtol, atol)
