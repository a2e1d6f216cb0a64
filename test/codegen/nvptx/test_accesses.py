# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reductions and transposes, which memory bounds: how they read and write it, and that nothing spills."""
import os
import re

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from kernel_tests import PTXAS, assemble, ptx_of

TYPES = [np.float32, np.float16, np.int8, np.float64]


def save(folder, node, dtype, shape, **constants):
    path = os.path.join(folder, "m.onnx")
    graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("x", helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)],
                              [onnx.ValueInfoProto(name="y")], [numpy_helper.from_array(np.array(v), k) for k, v in constants.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), path)
    return path


def reduction(folder, dtype, shape, axis):
    return save(folder, helper.make_node("ReduceMax", ["x", "a"], ["y"], keepdims=0), dtype, shape, a=[axis])


def transpose(folder, dtype, shape):
    return save(folder, helper.make_node("Transpose", ["x"], ["y"], perm=[1, 0]), dtype, shape)


def counts(device, model, dtype, shape):
    device.run(model, {"x": np.zeros(shape, dtype)})
    return {key: sum(count[key] for count in device.counts)
            for key in ("bank_conflicts", "sectors", "least_sectors", "load_bytes", "store_bytes")}


REDUCTIONS = {"rows": ((256, 512), 1), "long_rows": ((8, 16384), 1), "all": ((1 << 14,), 0), "two_steps": ((1 << 17,), 0), "columns": ((256, 512), 0), "few_columns": ((4096, 16), 0)}


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("dtype", TYPES)
def test_reductions_read_whole_sectors_once(device, tmp_path, dtype, name):
    shape, axis = REDUCTIONS[name]
    found = counts(device, reduction(str(tmp_path), dtype, shape, axis), dtype, shape)
    assert found["bank_conflicts"] == 0 and found["sectors"] == found["least_sectors"]
    parts = 2 * found["store_bytes"]  # of two steps: read again, by both halves of a warp where one is enough
    assert found["load_bytes"] <= np.prod(shape) * np.dtype(dtype).itemsize + parts


@pytest.mark.parametrize("dtype", TYPES)
def test_transposes_move_whole_sectors(device, tmp_path, dtype):
    found = counts(device, transpose(str(tmp_path), dtype, (256, 384)), dtype, (256, 384))
    assert found["bank_conflicts"] == 0 and found["sectors"] == found["least_sectors"]


@pytest.mark.parametrize("dtype", TYPES)
def test_odd_transposes_are_coalesced(device, tmp_path, dtype):
    """Rows of odd size begin within sectors: one more for each access of a warp."""
    found = counts(device, transpose(str(tmp_path), dtype, (255, 383)), dtype, (255, 383))
    assert found["bank_conflicts"] == 0 and found["sectors"] <= 2 * found["least_sectors"]


def test_sizes_are_looked_at_when_they_are_known(device, tmp_path):
    found = counts(device, transpose(str(tmp_path), np.float32, ("a", "b")), np.float32, (256, 384))
    assert found["bank_conflicts"] == 0 and found["sectors"] == found["least_sectors"]


def test_accesses_are_of_16_bytes(adze_cli, tmp_path):
    folder = str(tmp_path)
    for dtype in TYPES:
        wide = ".v2.b64" if dtype is np.float64 else ".v4.b32"
        for given in REDUCTIONS.values():
            loads = re.findall(r"ld\.global\S*", ptx_of(adze_cli, reduction(folder, dtype, *given), "sm_80", folder))
            assert loads and all(load.endswith(wide) for load in loads)
        text = ptx_of(adze_cli, transpose(folder, dtype, (256, 384)), "sm_80", folder)
        assert all(access.endswith(wide) for access in re.findall(r"(?:ld|st)\.global\S*", text))


@pytest.mark.skipif(PTXAS is None, reason="no ptxas")
@pytest.mark.parametrize("chip", ["sm_80", "sm_89", "sm_90"])
def test_nothing_spills(adze_cli, tmp_path, chip):
    folder = str(tmp_path)
    for dtype in TYPES:
        made = [(reduction, *given) for given in [*REDUCTIONS.values(), (("a", "b"), 1), (("a", "b"), 0)]]
        for make, *given in [*made, (transpose, (256, 384)), (transpose, ("a", "b"))]:
            assemble(ptx_of(adze_cli, make(folder, dtype, *given), chip, folder), chip, folder)
