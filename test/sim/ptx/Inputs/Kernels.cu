// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels that nvcc compiles to PTX for CudaTest.cpp.
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <mma.h>

extern "C" __global__ void reduce(const float *in, float *out, int n) {
  __shared__ float parts[32];
  float sum = 0;
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    sum += in[i];
  for (int offset = 16; offset; offset /= 2)
    sum += __shfl_down_sync(0xffffffff, sum, offset);
  if (threadIdx.x % 32 == 0)
    parts[threadIdx.x / 32] = sum;
  __syncthreads();
  if (threadIdx.x < 32) {
    sum = threadIdx.x < blockDim.x / 32 ? parts[threadIdx.x] : 0;
    for (int offset = 16; offset; offset /= 2)
      sum += __shfl_xor_sync(0xffffffff, sum, offset);
    if (threadIdx.x == 0)
      atomicAdd(out, sum);
  }
}

extern "C" __global__ void transpose(const float *in, float *out, int rows, int columns) {
  __shared__ float tile[32][33];
  int x = blockIdx.x * 32 + threadIdx.x, y = blockIdx.y * 32 + threadIdx.y;
  for (int i = 0; i < 32; i += 8)
    if (x < columns && y + i < rows)
      tile[threadIdx.y + i][threadIdx.x] = in[(y + i) * columns + x];
  __syncthreads();
  x = blockIdx.y * 32 + threadIdx.x;
  y = blockIdx.x * 32 + threadIdx.y;
  for (int i = 0; i < 32; i += 8)
    if (x < rows && y + i < columns)
      out[(y + i) * rows + x] = tile[threadIdx.x][threadIdx.y + i];
}

extern "C" __global__ void histogram(const unsigned char *in, unsigned *bins, int n) {
  __shared__ unsigned local[256];
  local[threadIdx.x] = 0;
  __syncthreads();
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x)
    atomicAdd(&local[in[i]], 1u);
  __syncthreads();
  atomicAdd(&bins[threadIdx.x], local[threadIdx.x]);
}

extern "C" __global__ void softmax(const float *in, float *out, int columns) {
  extern __shared__ float row[];
  const float *from = in + blockIdx.x * columns;
  __shared__ float shared[2];
  float most = -3.4e38f;
  for (int i = threadIdx.x; i < columns; i += 32)
    most = fmaxf(most, row[i] = from[i]);
  for (int offset = 16; offset; offset /= 2)
    most = fmaxf(most, __shfl_xor_sync(~0u, most, offset));
  float sum = 0;
  for (int i = threadIdx.x; i < columns; i += 32)
    sum += row[i] = expf(row[i] - most);
  for (int offset = 16; offset; offset /= 2)
    sum += __shfl_xor_sync(~0u, sum, offset);
  if (threadIdx.x == 0)
    shared[0] = sum;
  __syncthreads();
  for (int i = threadIdx.x; i < columns; i += 32)
    out[blockIdx.x * columns + i] = row[i] / shared[0];
}

/// 64 x 64 of A (m x k) times B (k x n, given transposed), f16 with f32 sums, two stages of cp.async.
extern "C" __global__ void __launch_bounds__(128) matmul(const half *a, const half *b, float *c, int n, int k) {
  __shared__ __align__(16) half as[2][64][40], bs[2][64][40];
  int lane = threadIdx.x % 32, warp = threadIdx.x / 32;
  const half *rowsA = a + blockIdx.y * 64 * k, *rowsB = b + blockIdx.x * 64 * k;
  auto fetch = [&](int stage, int at) {
    for (int i = threadIdx.x; i < 64 * 4; i += 128) {
      unsigned toA = __cvta_generic_to_shared(&as[stage][i / 4][i % 4 * 8]), toB = __cvta_generic_to_shared(&bs[stage][i / 4][i % 4 * 8]);
      asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(toA), "l"(rowsA + i / 4 * k + at + i % 4 * 8) : "memory");
      asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(toB), "l"(rowsB + i / 4 * k + at + i % 4 * 8) : "memory");
    }
    asm volatile("cp.async.commit_group;" ::: "memory");
  };
  float sums[8][4] = {};
  fetch(0, 0);
  for (int at = 0; at < k; at += 32) {
    int stage = at / 32 % 2;
    if (at + 32 < k) {
      fetch(stage ^ 1, at + 32);
      asm volatile("cp.async.wait_group 1;" ::: "memory");
    } else {
      asm volatile("cp.async.wait_group 0;" ::: "memory");
    }
    __syncthreads();
    for (int inner = 0; inner < 32; inner += 16) {
      unsigned x[4];
      unsigned from = __cvta_generic_to_shared(&as[stage][warp * 16 + lane % 16][inner + lane / 16 * 8]);
      asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(x[0]), "=r"(x[1]), "=r"(x[2]), "=r"(x[3]) : "r"(from));
      for (int j = 0; j < 8; ++j) {
        unsigned y[2];
        from = __cvta_generic_to_shared(&bs[stage][j * 8 + lane % 8][inner + lane / 8 % 2 * 8]);
        asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0,%1}, [%2];" : "=r"(y[0]), "=r"(y[1]) : "r"(from));
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
                     : "+f"(sums[j][0]), "+f"(sums[j][1]), "+f"(sums[j][2]), "+f"(sums[j][3])
                     : "r"(x[0]), "r"(x[1]), "r"(x[2]), "r"(x[3]), "r"(y[0]), "r"(y[1]));
      }
    }
    __syncthreads();
  }
  for (int j = 0; j < 8; ++j)
    for (int i = 0; i < 4; ++i)
      c[(blockIdx.y * 64 + warp * 16 + lane / 4 + i / 2 * 8) * n + blockIdx.x * 64 + j * 8 + lane % 4 * 2 + i % 2] = sums[j][i];
}

extern "C" __global__ void real(const double *in, double *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n)
    out[i] = exp(-in[i]) + sqrt(in[i]) * sin(in[i]) + pow(in[i], 1.7) / log(in[i] + 2);
}

extern "C" __global__ void collatz(unsigned *out, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n)
    return;
  unsigned long long x = i + 1;
  unsigned steps = 0;
  while (x != 1) {
    x = x & 1 ? 3 * x + 1 : x / 2;
    ++steps;
  }
  out[i] = steps;
}

struct Pair {
  float first;
  int second;
  double third;
};
__device__ __noinline__ Pair combine(Pair a, int k) {
  if (k % 3 == 0)
    return a;
  Pair b = {a.first * 2, a.second - k, a.third + a.first};
  return b;
}
__device__ __noinline__ int choose(const int *table, int k) {
  switch (k) {
  case 0: return table[3];
  case 1: return table[1] * 5;
  case 2: return table[0] - 9;
  case 3: return table[2] ^ 77;
  case 4: return -1;
  case 5: return table[1] + table[2];
  default: return k;
  }
}
extern "C" __global__ void calls(Pair seed, double *out) {
  int table[4];
  int i = threadIdx.x;
  for (int j = 0; j < 4; ++j)
    table[(j + i) % 4] = i * j + 1;
  Pair p = seed;
  p.second += i;
  p = combine(p, i);
  p = combine(p, i + 1);
  out[i] = p.first + p.second + p.third + choose(table, i % 8);
}

extern "C" __global__ void halves(const half *in, half *out, __nv_bfloat16 *small, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n / 2)
    return;
  half2 x = reinterpret_cast<const half2 *>(in)[i];
  half2 y = __hfma2(x, x, __float2half2_rn(0.5f));
  reinterpret_cast<half2 *>(out)[i] = __hmax2(__hmul2(y, x), __float2half2_rn(-1.0f));
  small[2 * i] = __float2bfloat16(__low2float(x) * 3.0f);
  small[2 * i + 1] = __float2bfloat16(__high2float(x) + 1.0f);
}

/// The last block to come adds up what all blocks wrote.
__device__ unsigned arrived = 0;
extern "C" __global__ void lastBlock(const int *in, int *parts, int *out) {
  __shared__ bool isLast;
  __shared__ int sum;
  if (threadIdx.x == 0)
    sum = 0;
  __syncthreads();
  atomicAdd(&sum, in[blockIdx.x * blockDim.x + threadIdx.x]);
  __syncthreads();
  if (threadIdx.x == 0) {
    parts[blockIdx.x] = sum;
    __threadfence();
    isLast = atomicAdd(&arrived, 1) == gridDim.x - 1;
  }
  __syncthreads();
  if (isLast && threadIdx.x == 0) {
    __threadfence();
    int total = 0;
    for (int i = 0; i < gridDim.x; ++i)
      total += parts[i];
    *out = total;
    arrived = 0;
  }
}

/// Bits, 64-bit arithmetic, votes.
extern "C" __global__ void bits(const unsigned long long *in, unsigned long long *out) {
  int i = threadIdx.x;
  unsigned long long x = in[i], y = in[i ^ 1] | 1;
  unsigned ballot = __ballot_sync(~0u, x & 4);
  out[i] = (x / y) ^ (x % y) ^ __umul64hi(x, y) ^ (unsigned long long)__popcll(x) << 40 ^ (unsigned long long)__clzll(x) << 50 ^
           __brevll(y) ^ (long long)(int)x / (int)(y >> 3 | 1) ^ ballot ^ __byte_perm((unsigned)x, (unsigned)y, 0x3715) ^
           __funnelshift_l((unsigned)x, (unsigned)y, i) ^ __reduce_max_sync(~0u, (unsigned)i * 7u);
}

/// One tile of C += A B, C doubled before; B is column by column.
extern "C" __global__ void tiles(const half *a, const half *b, float *c, half *small) {
  using namespace nvcuda::wmma;
  __shared__ __align__(16) half copy[256];
  fragment<matrix_a, 16, 16, 16, half, row_major> x;
  fragment<matrix_b, 16, 16, 16, half, col_major> y;
  fragment<accumulator, 16, 16, 16, float> sum;
  fragment<accumulator, 16, 16, 16, half> less;
  for (int i = threadIdx.x; i < 256; i += 32)
    copy[i] = b[i];
  __syncwarp();
  load_matrix_sync(x, a, 16);
  load_matrix_sync(y, copy, 16);
  load_matrix_sync(sum, c, 16, mem_row_major);
  for (int i = 0; i < sum.num_elements; ++i)
    sum.x[i] *= 2;
  mma_sync(sum, x, y, sum);
  store_matrix_sync(c, sum, 16, mem_row_major);
  fill_fragment(less, __float2half(1.0f));
  mma_sync(less, x, y, less);
  store_matrix_sync(small, less, 16, mem_col_major);
}
