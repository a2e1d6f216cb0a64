# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Elements below a byte and floats of 8 bits: conversions that no caller can ask for by an input, and scalar code that moves elements."""
import adze
import ml_dtypes
import numpy as np
import pytest
from onnx import TensorProto as T
from onnx import helper as h


def compiled(node, inputs, outputs, more=(), opset=25):
    graph = h.make_graph([node, *more], "g", [h.make_tensor_value_info(*i) for i in inputs], [h.make_tensor_value_info(*o) for o in outputs])
    return adze.compile(h.make_model(graph, opset_imports=[h.make_opsetid("", opset)], ir_version=10), cache=False)


@pytest.mark.parametrize("number, dtype", [(T.FLOAT6E2M3, ml_dtypes.float6_e2m3fn), (T.FLOAT6E3M2, ml_dtypes.float6_e3m2fn)])
def test_floats_of_six_bits(number, dtype):
    """Rounded to the nearest, ties to even; what is too large is the greatest number."""
    codes = np.arange(64, dtype=np.uint8).view(dtype).astype(np.float32)
    x = np.concatenate([codes, codes * np.float32(1.03125), np.sort(codes)[:-1] + np.diff(np.sort(codes)) / 2, np.float32([1e9, -1e9, 1e-9])])
    model = compiled(h.make_node("Cast", ["x"], ["n"], to=number), [("x", T.FLOAT, ["n"])], [("y", T.FLOAT, ["n"])],
                     [h.make_node("Cast", ["n"], ["y"], to=T.FLOAT)], opset=28)
    expected = np.clip(x, codes.min(), codes.max()).astype(dtype).astype(np.float32)
    np.testing.assert_array_equal(model.run({"x": x})["y"], expected)


@pytest.mark.parametrize("mode", ["linear", "circular"])
@pytest.mark.parametrize("number", [T.FLOAT8E4M3FN, T.FLOAT8E5M2, T.FLOAT4E2M1, T.INT4, T.UINT4, T.BFLOAT16])
def test_scalar_code_moves_elements(mode, number):
    dtype = h.tensor_dtype_to_np_dtype(number)
    cache, update = np.arange(10).reshape(2, 5, 1) % 8, np.arange(4).reshape(2, 2, 1) + 3
    starts = np.array([3, 1], np.int64)
    model = compiled(h.make_node("TensorScatter", ["c", "u", "s"], ["y"], mode=mode),
                     [("c", number, ["b", "n", 1]), ("u", number, ["b", "m", 1]), ("s", T.INT64, ["b"])], [("y", number, None)])
    expected = cache.copy()
    for sample in range(2):
        expected[sample, starts[sample]:starts[sample] + 2] = update[sample]
    got = model.run({"c": cache.astype(dtype), "u": update.astype(dtype), "s": starts})["y"]
    np.testing.assert_array_equal(got.astype(np.float32), expected.astype(dtype).astype(np.float32))
