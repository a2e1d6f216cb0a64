// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensors in files of NumPy's .npy format, versions 1 to 3.
#pragma once
#include "runtime/abi.h"

#include <memory>
#include <string>
#include <vector>

namespace adze::tool {

/// Frees what aligned_alloc gave.
struct FreeDeleter {
  void operator()(void *data) const;
};
using Bytes = std::unique_ptr<void, FreeDeleter>;

/// Memory of at least `bytes` bytes on 64 bytes; null if there is none.
Bytes allocate(size_t bytes);

/// A tensor and its memory.
struct Tensor {
  adze_dtype dtype = ADZE_F32;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides; ///< in elements; empty: row-major
  Bytes data;
};

/// Reads the file `path`. bfloat16, 8-bit floats and the types under a byte have no name in the format: their
/// bits are taken from an unsigned (or void) type of their size when `expected` is such a type. False, with the reason
/// in `error`, for what is no such file; nothing beyond the file is read, and no more memory taken than its size.
bool readNpy(const std::string &path, adze_dtype expected, Tensor &tensor, std::string &error);

/// Writes a row-major tensor as version 1 to `path`, in one step: there is never half a file of that name.
bool writeNpy(const std::string &path, const Tensor &tensor, std::string &error);

} // namespace adze::tool
