# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Products of 8-bit integers on a device: by the matrix units, whatever the signs and zero points, bit by bit what the CPU computes."""
import re

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from kernel_tests import PTXAS, assemble, ptx_of, random, save, value

def constant(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def same_as_cpu(device, model, feeds):
    assert np.array_equal(device.run(model, feeds), device.run(model, feeds, target="cpu"))


MIXES = [(left, right) for left in ("i8", "u8") for right in ("i8", "u8")]
#: Whole and broken tiles, few rows, batches, slices of the depth, empty depth.
SHAPES = [((64, 64), (64, 64)), ((33, 47), (47, 35)), ((3, 200), (200, 24)), ((2, 20, 40), (2, 40, 24)), ((40, 1100), (1100, 36)),
          ((5, 0), (0, 8))]


def units(adze_cli, tmp_path, model):
    return set(re.findall(r"mma\.sync\S*\.(s8\.s8|s8\.u8|u8\.s8|u8\.u8)\.", ptx_of(adze_cli, model, "sm_80", str(tmp_path))))


@pytest.mark.parametrize("left,right", MIXES)
@pytest.mark.parametrize("a_shape,b_shape", SHAPES)
def test_matmul_integer(device, adze_cli, tmp_path, left, right, a_shape, b_shape):
    a, b = random(left, a_shape, 1), random(right, b_shape, 2)
    info = helper.make_tensor_value_info
    model = save(tmp_path / "m.onnx", [helper.make_node("MatMulInteger", ["a", "b"], ["c"])],
                 [value("a", left, a.shape), value("b", right, b.shape)], [info("c", TensorProto.INT32, None)])
    assert np.array_equal(device.run(model, {"a": a, "b": b}), a.astype(np.float64) @ b.astype(np.float64))
    if a_shape[-2] > 4 and a_shape[-1] > 0:
        signs = {"i8": "s8", "u8": "u8"}
        assert units(adze_cli, tmp_path, model) == {signs[left] + "." + signs[right]}


@pytest.mark.parametrize("left,right", MIXES)
@pytest.mark.parametrize("rows", [1, 33])
@pytest.mark.parametrize("per", ["tensor", "row and column"])
@pytest.mark.parametrize("weights", ["constant", "computed"])
def test_zero_points(device, tmp_path, left, right, rows, per, weights):
    a, b = random(left, (rows, 48), 1), random(right, (48, 35), 2)
    az, bz = random(left, () if per == "tensor" else (rows,), 3), random(right, () if per == "tensor" else (35,), 4)
    info = helper.make_tensor_value_info
    inputs, constants, feeds = [value("a", left, a.shape), value("az", left, az.shape)], [], {"a": a, "az": az}
    for name, array in (("b", b), ("bz", np.asarray(bz))):
        if weights == "constant":
            constants.append(constant(name, array))
        else:
            inputs.append(value(name, right, array.shape))
            feeds[name] = array
    model = save(tmp_path / "m.onnx", [helper.make_node("MatMulInteger", ["a", "b", "az", "bz"], ["c"])], inputs,
                 [info("c", TensorProto.INT32, None)], constants)
    wide = [x.astype(np.int64) for x in (a, b, az, bz)]
    expected = (wide[0] - (wide[2][:, None] if wide[2].ndim else wide[2])) @ (wide[1] - wide[3])
    assert np.array_equal(device.run(model, feeds), expected)


@pytest.mark.parametrize("left,right", MIXES)
@pytest.mark.parametrize("weights", ["constant", "computed"])
def test_convolution(device, adze_cli, tmp_path, left, right, weights):
    x, w = random(left, (1, 20, 9, 9), 1), random(right, (24, 20, 3, 3), 2)
    xz, wz = np.asarray(random(left, (), 3)), random(right, (24,), 4)
    info = helper.make_tensor_value_info
    inputs, constants, feeds = [value("x", left, x.shape)], [constant("xz", xz)], {"x": x}
    for name, array in (("w", w), ("wz", wz)):
        if weights == "constant":
            constants.append(constant(name, array))
        else:
            inputs.append(value(name, right, array.shape))
            feeds[name] = array
    model = save(tmp_path / "m.onnx", [helper.make_node("ConvInteger", ["x", "w", "xz", "wz"], ["y"], pads=[1] * 4, strides=[2, 2])], inputs,
                 [info("y", TensorProto.INT32, None)], constants)
    same_as_cpu(device, model, feeds)
    assert units(adze_cli, tmp_path, model)


@pytest.mark.parametrize("symmetric", [True, False])
def test_qlinear(device, adze_cli, tmp_path, symmetric):
    """QLinearConv and QLinearMatMul with unsigned weights, requantised in the product's kernel."""
    x, w, m = random("u8", (1, 16, 8, 8), 1), random("u8", (32, 16, 3, 3), 2), random("i8", (8, 24), 3)
    point = np.array(128 if symmetric else 117, np.uint8)
    f = lambda v: np.array(v, np.float32)
    constants = [constant(*pair) for pair in
                 (("w", w), ("m", m), ("s", f(0.02)), ("ws", f(0.01)), ("ys", f(0.9)), ("z", np.array(120, np.uint8)), ("wz", point),
                  ("mz", np.array(0 if symmetric else 3, np.int8)))]
    nodes = [helper.make_node("QLinearConv", ["x", "s", "z", "w", "ws", "wz", "ys", "z"], ["t"], pads=[1] * 4),
             helper.make_node("QLinearMatMul", ["t", "ys", "z", "m", "ws", "mz", "ys", "z"], ["y"])]
    model = save(tmp_path / "m.onnx", nodes, [value("x", "u8", x.shape)], [value("y", "u8", None)], constants)
    same_as_cpu(device, model, {"x": x})
    assert units(adze_cli, tmp_path, model)


def test_dequantised(device, tmp_path):
    """Q and DQ around a product of two computed sides."""
    a, b = random("f32", (40, 64), 1), random("f32", (64, 48), 2)
    f = lambda v: np.array(v, np.float32)
    constants = [constant("s", f(0.05)), constant("s2", f(0.043)), constant("s3", f(0.7)), constant("za", np.array(131, np.uint8)),
                 constant("zb", np.array(-3, np.int8))]
    nodes = [helper.make_node("QuantizeLinear", ["a", "s", "za"], ["qa"]), helper.make_node("DequantizeLinear", ["qa", "s", "za"], ["da"]),
             helper.make_node("QuantizeLinear", ["b", "s2", "zb"], ["qb"]), helper.make_node("DequantizeLinear", ["qb", "s2", "zb"], ["db"]),
             helper.make_node("MatMul", ["da", "db"], ["t"]), helper.make_node("QuantizeLinear", ["t", "s3", "za"], ["y"])]
    model = save(tmp_path / "m.onnx", nodes, [value("a", "f32", a.shape), value("b", "f32", b.shape)], [value("y", "u8", None)], constants)
    found, expected = device.run(model, {"a": a, "b": b}), device.run(model, {"a": a, "b": b}, target="cpu")
    assert np.abs(found - expected).max() <= 1 and np.mean(found != expected) < 0.01  # sums of integers are exact, those of floats not


# ---- quality ----

def integer_product(tmp_path, rows, depth, columns):
    info = helper.make_tensor_value_info
    return save(tmp_path / "m.onnx", [helper.make_node("MatMulInteger", ["a", "b"], ["c"])],
                [value("a", "u8", (rows, depth)), value("b", "i8", (depth, columns))], [info("c", TensorProto.INT32, None)])


@pytest.mark.skipif(PTXAS is None, reason="no ptxas")
@pytest.mark.parametrize("chip", ["sm_80", "sm_89", "sm_90"])
def test_nothing_spills(adze_cli, tmp_path, chip):
    for rows, depth, columns in ((4096, 1024, 2048), (512, 128, 512), (64, 1024, 768), (3, 1024, 768)):
        text = ptx_of(adze_cli, integer_product(tmp_path, rows, depth, columns), chip, str(tmp_path))
        assert not re.search(r"ld\.shared\S*\.[us]8", text)
        assemble(text, chip, str(tmp_path))


@pytest.mark.parametrize("rows,columns", [(512, 512), (1280, 1280)])
def test_main_loop_has_no_bank_conflicts(device, tmp_path, rows, columns):
    conflicts = []
    for depth in (128, 256):
        a, b = random("u8", (rows, depth), 1), random("i8", (depth, columns), 2)
        device.run(integer_product(tmp_path, rows, depth, columns), {"a": a, "b": b})
        conflicts.append(sum(count["bank_conflicts"] for count in device.counts))
    assert conflicts[0] == conflicts[1]
