// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Copies between strided and contiguous tensors.
#ifndef ADZE_RUNTIME_STRIDED_H
#define ADZE_RUNTIME_STRIDED_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Copies a tensor of `rank` <= ADZE_MAX_RANK and `element` bytes an element. Strides count elements; NULL is row-major
/// contiguous. The two memories do not overlap; every size and stride has been validated.
void adze_copy_strided(void *to, const int64_t *to_strides, const void *from, const int64_t *from_strides, int32_t rank,
                       const int64_t *shape, int64_t element);

#ifdef __cplusplus
}
#endif
#endif // ADZE_RUNTIME_STRIDED_H
