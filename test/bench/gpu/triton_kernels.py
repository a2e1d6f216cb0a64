# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kernels in Triton, as its tutorials write them, compiled without a GPU: what kernel_quality.py compares with."""
import os
import warnings

warnings.filterwarnings("ignore", message=".*TRITON_DEFAULT_FP_FUSION.*")
os.environ.setdefault("TRITON_CACHE_DIR", os.path.join(os.path.expanduser("~"), ".cache", "adze-bench-triton"))
import triton  # noqa: E402
import triton.language as tl  # noqa: E402
from triton.backends.compiler import GPUTarget  # noqa: E402
from triton.compiler import ASTSource  # noqa: E402
from triton.compiler import compile as compile_triton  # noqa: E402

#: The least that has all chips, so that older assemblers take it too.
PTX_VERSION = 87


@triton.jit
def matmul(a, b, c, rows, columns, depth, a_stride, b_stride, c_stride, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    block, across = tl.program_id(0), tl.cdiv(columns, BN)
    m, n, k = block // across * BM + tl.arange(0, BM), block % across * BN + tl.arange(0, BN), tl.arange(0, BK)
    left, right = a + m[:, None] * a_stride + k[None, :], b + k[:, None] * b_stride + n[None, :]
    sums = tl.zeros((BM, BN), dtype=tl.float32)
    for step in range(0, depth, BK):
        sums = tl.dot(tl.load(left), tl.load(right), sums, input_precision="ieee")
        left += BK
        right += BK * b_stride
    tl.store(c + m[:, None] * c_stride + n[None, :], sums.to(c.dtype.element_ty))


@triton.jit
def softmax(x, y, columns, BLOCK: tl.constexpr):
    row, at = tl.program_id(0), tl.arange(0, BLOCK)
    value = tl.load(x + row * columns + at, mask=at < columns, other=-float("inf")).to(tl.float32)
    value = tl.exp(value - tl.max(value, axis=0))
    tl.store(y + row * columns + at, (value / tl.sum(value, axis=0)).to(y.dtype.element_ty), mask=at < columns)


@triton.jit
def layer_norm(x, scale, bias, y, columns, epsilon, BLOCK: tl.constexpr):
    row, at = tl.program_id(0), tl.arange(0, BLOCK)
    inside = at < columns
    value = tl.load(x + row * columns + at, mask=inside, other=0).to(tl.float32)
    mean = tl.sum(value, axis=0) / columns
    centred = tl.where(inside, value - mean, 0.0)
    value = centred * tl.rsqrt(tl.sum(centred * centred, axis=0) / columns + epsilon)
    value = value * tl.load(scale + at, mask=inside, other=0).to(tl.float32) + tl.load(bias + at, mask=inside, other=0).to(tl.float32)
    tl.store(y + row * columns + at, value.to(y.dtype.element_ty), mask=inside)


@triton.jit
def attention(q, k, v, out, queries, keys, factor, BM: tl.constexpr, BN: tl.constexpr, D: tl.constexpr):
    """Of [head, query, D]; `factor` is that of the scores times log2(e)."""
    head, m, d, n = tl.program_id(1), tl.program_id(0) * BM + tl.arange(0, BM), tl.arange(0, D), tl.arange(0, BN)
    query = tl.load(q + head * queries * D + m[:, None] * D + d[None, :])
    left, right = k + head * keys * D + n[None, :] * D + d[:, None], v + head * keys * D + n[:, None] * D + d[None, :]
    greatest, total = tl.full((BM,), -float("inf"), tl.float32), tl.zeros((BM,), tl.float32)
    sums = tl.zeros((BM, D), tl.float32)
    for first in range(0, keys, BN):
        scores = tl.dot(query, tl.load(left), input_precision="ieee") * factor
        now = tl.maximum(greatest, tl.max(scores, 1))
        weights, shrink = tl.exp2(scores - now[:, None]), tl.exp2(greatest - now)
        total = total * shrink + tl.sum(weights, 1)
        sums = tl.dot(weights.to(v.dtype.element_ty), tl.load(right), sums * shrink[:, None], input_precision="ieee")
        greatest = now
        left += BN * D
        right += BN * D
    tl.store(out + head * queries * D + m[:, None] * D + d[None, :], (sums / total[:, None]).to(out.dtype.element_ty))


class Made:
    """A kernel for one chip: its text and how it is launched."""

    def __init__(self, kernel, element, chip, constants, warps, num_stages):
        pointers = {"a", "b", "c", "x", "y", "scale", "bias", "q", "k", "v", "out"}
        signature = {name: "constexpr" if name in constants else f"*{element}" if name in pointers
                     else "fp32" if name in ("epsilon", "factor") else "i32" for name in kernel.arg_names}
        places = {(kernel.arg_names.index(name),): value for name, value in constants.items()}
        aligned = {(i,): [["tt.divisibility", 16]] for i, name in enumerate(kernel.arg_names) if signature[name] not in ("constexpr", "fp32")}
        found = compile_triton(ASTSource(fn=kernel, signature=signature, constexprs=places, attrs=aligned),
                               target=GPUTarget("cuda", int(chip[3:]), 32), options={"num_warps": warps, "num_stages": num_stages, "ptx_version": PTX_VERSION})
        self.text, self.entry, self.shared, self.threads = found.asm["ptx"], kernel.__name__, found.metadata.shared, warps * 32
        if isinstance(self.text, bytes):
            self.text = self.text.decode()


def version():
    return triton.__version__
