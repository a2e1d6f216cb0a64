# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Integer contractions against the reference route, on every level of instructions that this machine has."""
import numpy as np
import onnx
import pytest
from onnx import TensorProto
from onnx import helper as h

import adze
import small

GENERATOR = np.random.default_rng(5)


def numbers(shape, dtype):
    info = np.iinfo(dtype)
    return GENERATOR.integers(info.min, info.max + 1, shape).astype(dtype)


def levels():
    """The levels that the loader takes on this CPU, and the CPU itself."""
    found = []
    for level in ("x86-64-v2", "x86-64-v3", "x86-64-v4", "native"):
        try:
            adze.compile(small.relu(), cpu=level)
            found.append(level)
        except adze.CompileError:
            raise
        except Exception:  # the loader's refusal
            continue
    return found


def initializer(name, array):
    return onnx.numpy_helper.from_array(array, name)


def matmul_integer(k, n):
    weights = numbers((k, n), np.int8)
    return small.model([h.make_node("MatMulInteger", ["x", "w", "xz"], ["y"], name="product")],
                       [small.tensor("x", ["m", k], TensorProto.UINT8), small.tensor("xz", [], TensorProto.UINT8)],
                       [small.tensor("y", ["m", n], TensorProto.INT32)], [initializer("w", weights)])


def quantised_conv(dtype, channels, out, window, strides):
    """Dequantise, convolve with padding, relu, quantise."""
    onnx_type = TensorProto.UINT8 if dtype == np.uint8 else TensorProto.INT8
    scales = GENERATOR.uniform(0.001, 0.01, out).astype(np.float32)
    values = [initializer("w", numbers((out, channels, window, window), np.int8)), initializer("ws", scales),
              initializer("wz", np.zeros(out, np.int8)), initializer("xs", np.float32(0.05)),
              initializer("xz", dtype(7)), initializer("ys", np.float32(0.02 * window * channels**0.5)), initializer("yz", dtype(3)),
              initializer("b", GENERATOR.standard_normal(out).astype(np.float32))]
    nodes = [h.make_node("DequantizeLinear", ["x", "xs", "xz"], ["xf"]),
             h.make_node("DequantizeLinear", ["w", "ws", "wz"], ["wf"], axis=0),
             h.make_node("Conv", ["xf", "wf", "b"], ["c"], pads=[1, 0, 2, 1], strides=strides),
             h.make_node("Relu", ["c"], ["r"]), h.make_node("QuantizeLinear", ["r", "ys", "yz"], ["y"])]
    return small.model(nodes, [small.tensor("x", ["n", channels, "h", "w_"], onnx_type)],
                       [small.tensor("y", ["n", out, "ho", "wo"], onnx_type)], values)


@pytest.mark.parametrize("cpu", levels())
@pytest.mark.parametrize("k, n", [(1, 1), (4, 16), (7, 20), (129, 50), (768, 48)])
def test_matmul_integer(cpu, k, n):
    model = matmul_integer(k, n)
    weights = onnx.numpy_helper.to_array(model.graph.initializer[0]).astype(np.int64)
    fast = adze.compile(model, cpu=cpu)
    for rows in (1, 2, 11, 64):
        x, zero = numbers((rows, k), np.uint8), np.uint8(131)
        np.testing.assert_array_equal(fast.run({"x": x, "xz": zero})["y"], (x.astype(np.int64) - 131) @ weights)


@pytest.mark.parametrize("cpu", levels())
@pytest.mark.parametrize("dtype", [np.uint8, np.int8])
@pytest.mark.parametrize("channels, out, window, strides", [(3, 8, 7, [2, 2]), (16, 40, 3, [1, 1]), (5, 3, 1, [1, 2])])
def test_conv(cpu, dtype, channels, out, window, strides):
    model = quantised_conv(dtype, channels, out, window, strides)
    fast, reference = adze.compile(model, cpu=cpu), adze.compile(model, opt_level=0)
    for size in ((1, channels, 9, 7), (2, channels, 12, 20)):
        x = numbers(size, dtype)
        got, expected = fast.run({"x": x})["y"], reference.run({"x": x})["y"]
        assert got.dtype == expected.dtype and got.shape == expected.shape
        difference = np.abs(got.astype(int) - expected.astype(int))
        # Sums are exact here and rounded in the reference: a tie may fall to the other side.
        assert difference.max() <= 1 and np.mean(difference > 0) < 1e-2
        assert np.ptp(expected) > 50, "no measure"
