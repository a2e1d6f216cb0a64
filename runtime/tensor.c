// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensor arithmetic; see tensor.h.
#include "runtime/tensor.h"

typedef struct dtype_row {
  const char *name;
  int64_t bytes;
} dtype_row;

/// Numbered as adze_dtype; holes are types that Adze does not know.
static const dtype_row kTypes[] = {
    [ADZE_F32] = {"float32", 4},
    [ADZE_U8] = {"uint8", 1},
    [ADZE_I8] = {"int8", 1},
    [ADZE_U16] = {"uint16", 2},
    [ADZE_I16] = {"int16", 2},
    [ADZE_I32] = {"int32", 4},
    [ADZE_I64] = {"int64", 8},
    [ADZE_STRING] = {"string", 0},
    [ADZE_BOOL] = {"bool", 1},
    [ADZE_F16] = {"float16", 2},
    [ADZE_F64] = {"float64", 8},
    [ADZE_U32] = {"uint32", 4},
    [ADZE_U64] = {"uint64", 8},
    [ADZE_BF16] = {"bfloat16", 2},
    [ADZE_F8E4M3FN] = {"float8e4m3fn", 1},
    [ADZE_F8E4M3FNUZ] = {"float8e4m3fnuz", 1},
    [ADZE_F8E5M2] = {"float8e5m2", 1},
    [ADZE_F8E5M2FNUZ] = {"float8e5m2fnuz", 1},
    [ADZE_U4] = {"uint4", 1},
    [ADZE_I4] = {"int4", 1},
    [ADZE_F4E2M1] = {"float4e2m1", 1},
    [ADZE_F8E8M0] = {"float8e8m0", 1},
    [ADZE_U2] = {"uint2", 1},
    [ADZE_I2] = {"int2", 1},
};

static const dtype_row *row_of(adze_dtype dtype) {
  unsigned index = (unsigned)dtype;
  return index < sizeof kTypes / sizeof *kTypes ? &kTypes[index] : &kTypes[0];
}

int64_t adze_dtype_bytes(adze_dtype dtype) { return row_of(dtype)->bytes; }

const char *adze_dtype_name(adze_dtype dtype) {
  const char *name = row_of(dtype)->name;
  return name ? name : "unknown";
}

bool adze_tensor_bytes(int32_t rank, const int64_t *shape, int64_t element, int64_t *bytes) {
  int64_t product = element;
  bool empty = false;
  for (int32_t d = 0; d < rank; ++d) {
    if (shape[d] < 0)
      return false;
    if (shape[d] == 0)
      empty = true;
    else if (__builtin_mul_overflow(product, shape[d], &product))
      return false;
  }
  *bytes = empty ? 0 : product;
  return true;
}

bool adze_is_contiguous(int32_t rank, const int64_t *shape, const int64_t *strides) {
  if (!strides)
    return true;
  bool contiguous = true;
  int64_t expected = 1;
  for (int32_t d = rank - 1; d >= 0; --d) {
    if (shape[d] == 0)
      return true;
    if (shape[d] != 1 && strides[d] != expected)
      contiguous = false;
    if (__builtin_mul_overflow(expected, shape[d], &expected))
      contiguous = false;
  }
  return contiguous;
}

bool adze_tensor_extent(const adze_tensor *tensor, int64_t element, int64_t *low, int64_t *high) {
  int64_t bytes;
  *low = *high = 0;
  if (!adze_tensor_bytes(tensor->rank, tensor->shape, element, &bytes))
    return false;
  if (bytes == 0)
    return true;
  *high = bytes;
  if (!tensor->strides)
    return true;
  *high = element;
  for (int32_t d = 0; d < tensor->rank; ++d) {
    int64_t step;
    if (tensor->shape[d] == 1)
      continue;
    if (__builtin_mul_overflow(tensor->strides[d], tensor->shape[d] - 1, &step) ||
        __builtin_mul_overflow(step, element, &step))
      return false;
    int64_t *end = step < 0 ? low : high;
    if (__builtin_add_overflow(*end, step, end))
      return false;
  }
  return true;
}
