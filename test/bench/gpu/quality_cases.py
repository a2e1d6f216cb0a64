# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The kernels that kernel_quality.py looks at: a small model each, models to play on the PTX machine, and what Triton is asked for."""
import math

WIDTHS = {"f16": 2, "f32": 4}
TRITON = {"f16": "fp16", "f32": "fp32"}


class Case:
    """`make(scale)` is the model; of `plays` it is that at sizes which are played. `triton`: a kernel of triton_kernels.py, its constants,
    warps and stages, and launches to play as (blocks, bytes of each buffer, scalars)."""

    def __init__(self, name, element, make, plays, triton=None):
        self.name, self.make, self.played, self.triton, self.triton_type = f"{name} {element}", make, plays, triton, TRITON[element]

    def model(self):
        return self.make()

    def plays(self):
        return [self.make(**sizes) for sizes in self.played]


def build(op, element, inputs, initializers=(), opset=17, **attributes):
    import numpy as np
    from onnx import helper, numpy_helper

    kind, dtype = {"f16": (10, np.float16), "f32": (1, np.float32)}[element]
    tensors = [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs.items()]
    random = np.random.default_rng(1)
    constants = [numpy_helper.from_array(random.standard_normal(shape).astype(dtype), name) for name, shape in dict(initializers).items()]
    names = [*inputs, *dict(initializers)]
    graph = helper.make_graph([helper.make_node(op, names, ["out"], **attributes)], "case", tensors,
                              [helper.make_tensor_value_info("out", kind, [None] * len(next(iter(inputs.values()))))], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)


def product(size, element, tile, depths):
    rows, columns, depth = tile
    bytes_ = WIDTHS[element]

    def make(depth=size):
        return build("MatMul", element, {"a": [size, depth], "b": [depth, size]})

    blocks = size // rows * (size // columns)
    plays = [(blocks, [size * d * bytes_, d * size * bytes_, size * size * bytes_], [size, size, d, d, size, size]) for d in depths]
    return Case(f"matmul {size}", element, make, [{"depth": d} for d in depths],
                {"kernel": "matmul", "constants": {"BM": rows, "BN": columns, "BK": depth}, "warps": 4, "stages": 3, "plays": plays})


def convolution(channels, side, element):
    def make(depth=channels):
        return build("Conv", element, {"x": [1, depth, side, side]}, {"w": [channels, depth, 3, 3]}, pads=[1] * 4)

    return Case(f"conv 3x3 {channels} -> {channels}, {side}x{side}", element, make, [{}, {"depth": 2 * channels}])


def rows_of(op, element, columns):
    extra = {"scale": [columns], "bias": [columns]} if op == "LayerNormalization" else {}

    def make(rows=4096):
        return build(op, element, {"x": [rows, columns], **extra}, axis=-1)

    row, played = columns * WIDTHS[element], 64
    if op == "Softmax":
        launch = (played, [played * row, played * row], [columns])
    else:
        launch = (played, [played * row, row, row, played * row], [columns, 1e-5])
    triton = {"kernel": "softmax" if op == "Softmax" else "layer_norm", "constants": {"BLOCK": 1 << (columns - 1).bit_length()}, "warps": 4,
              "stages": 2, "plays": [launch]}
    return Case(f"{'softmax' if op == 'Softmax' else 'layer norm'}, rows of {columns}", element, make, [{"rows": played}], triton)


def attention(element, head):
    bytes_ = WIDTHS[element]

    def make(heads=12, queries=512, keys=512):
        sizes = {"q": [1, heads, queries, head], "k": [1, heads, keys, head], "v": [1, heads, keys, head]}
        return build("Attention", element, sizes, opset=23)

    # In f32 what two dots keep does not fit into registers for tiles as large as in f16.
    down, across = (128, 64) if element == "f16" else (64, 32)
    plays = [(128 // down, [128 * head * bytes_, keys * head * bytes_, keys * head * bytes_, 128 * head * bytes_],
              [128, keys, math.log2(math.e) / math.sqrt(head)]) for keys in (128, 256)]
    triton = {"kernel": "attention", "constants": {"BM": down, "BN": across, "D": head}, "warps": 4, "stages": 3, "plays": plays}
    return Case(f"attention, heads of {head}", element, make, [{"heads": 1, "queries": 128, "keys": keys} for keys in (128, 256)], triton)


CASES = [product(1024, "f16", (128, 64, 32), (64, 128)), product(2048, "f16", (128, 128, 32), (64, 128)),
         product(4096, "f16", (128, 128, 32), (64, 128)), product(1024, "f32", (128, 64, 16), (32, 64)),
         product(2048, "f32", (128, 64, 16), (32, 64)), product(4096, "f32", (128, 64, 16), (32, 64)),
         *(convolution(channels, side, element) for element in ("f16", "f32") for channels, side in ((64, 56), (256, 14))),
         *(rows_of(op, element, 768) for op in ("Softmax", "LayerNormalization") for element in ("f16", "f32")),
         attention("f16", 64), attention("f32", 64)]
