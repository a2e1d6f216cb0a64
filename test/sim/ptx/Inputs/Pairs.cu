// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pairs of f32 (sm_100 and later), for CudaTest.cpp.

/// out[i] = sum over k of x[i, k] * y[k] + 0.5, where rows have 2 * pairs elements; the halves are summed apart.
extern "C" __global__ void dots(const float2 *x, const float2 *y, float *out, int rows, int pairs) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= rows)
    return;
  float2 sum = {0.25f, 0.25f};
  for (int k = 0; k < pairs; ++k)
    sum = __ffma2_rn(x[i * pairs + k], y[k], sum);
  out[i] = sum.x + sum.y;
}

/// Each instruction in its own way of rounding: four pairs for each of x and y.
extern "C" __global__ void mixed(const float2 *x, const float2 *y, float2 *out) {
  int i = threadIdx.x;
  out[i * 4] = __fadd2_rz(x[i], y[i]);
  out[i * 4 + 1] = __fmul2_ru(x[i], y[i]);
  out[i * 4 + 2] = __ffma2_rd(x[i], y[i], x[i]);
  unsigned long long a = *reinterpret_cast<const unsigned long long *>(x + i);
  unsigned long long b = *reinterpret_cast<const unsigned long long *>(y + i), d;
  asm("sub.rn.ftz.f32x2 %0, %1, %2;" : "=l"(d) : "l"(a), "l"(b));
  *reinterpret_cast<unsigned long long *>(out + i * 4 + 3) = d;
}
