// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which image suits which device, and which device is meant.
#ifndef ADZE_RUNTIME_CUDA_CHOOSE_H
#define ADZE_RUNTIME_CUDA_CHOOSE_H

#include "runtime/abi.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The image that a device of compute capability major.minor runs best: code of just this machine, else code of the
/// highest machine of the same major version that is not above it, else the text of the highest machine that is not
/// above it. Code and text for a machine whose name ends in 'a' suit that machine alone, for one that ends in 'f' only
/// those of its major version. NULL: none.
const adze_device_image *adze_cuda_choose_image(const adze_device_image *images, int32_t num_images, int major,
                                                int minor);

/// Whether `wanted` (see adze_options.device) is a number, which goes to *number; one that is too large is INT32_MAX.
bool adze_cuda_is_number(const char *wanted, int32_t *number);

/// Whether `part` is in `name`, upper and lower case being the same.
bool adze_cuda_contains(const char *name, const char *part);

#ifdef __cplusplus
}
#endif
#endif // ADZE_RUNTIME_CUDA_CHOOSE_H
