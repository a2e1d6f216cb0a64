// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic on what a caller says of a tensor: element types, counts, strides and extents, all overflow-checked.
#ifndef ADZE_RUNTIME_TENSOR_H
#define ADZE_RUNTIME_TENSOR_H

#include "runtime/abi.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Bytes of one element in memory; 0 for types that have no fixed size (strings) and for unknown numbers.
int64_t adze_dtype_bytes(adze_dtype dtype);

/// "float32" and so on, "unknown" for unknown numbers.
const char *adze_dtype_name(adze_dtype dtype);

/// Bytes of a contiguous tensor. False if a size is negative, or if the product of the sizes that are not 0 and of
/// `element` exceeds int64: then no product of some of the sizes overflows either.
bool adze_tensor_bytes(int32_t rank, const int64_t *shape, int64_t element, int64_t *bytes);

/// Whether the elements lie row-major without holes. Strides of dimensions of size 1, and all of them for tensors
/// without elements, do not matter. `strides` may be NULL: yes.
bool adze_is_contiguous(int32_t rank, const int64_t *shape, const int64_t *strides);

/// The bytes [*low, *high) around `data` that the elements of a strided tensor take. False if they overflow int64.
bool adze_tensor_extent(const adze_tensor *tensor, int64_t element, int64_t *low, int64_t *high);

#ifdef __cplusplus
}
#endif
#endif // ADZE_RUNTIME_TENSOR_H
