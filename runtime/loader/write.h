// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writing to files, for the loader and for what is linked with it.
#ifndef ADZE_RUNTIME_LOADER_WRITE_H
#define ADZE_RUNTIME_LOADER_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Writes all `count` bytes at the place of an open file; false and errno if that fails.
bool adze_write_all(int descriptor, const void *bytes, size_t count);

#ifdef __cplusplus
}
#endif

#endif // ADZE_RUNTIME_LOADER_WRITE_H
