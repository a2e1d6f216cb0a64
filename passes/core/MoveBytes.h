// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elements of constants moved as bytes: strided readings and packing.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <vector>

namespace adze {

/// Row-major strides of a shape, in elements.
llvm::SmallVector<int64_t> stridesOf(llvm::ArrayRef<int64_t> shape);

/// A strided reading of a tensor under another shape; offset and strides count elements.
struct StridedView {
  llvm::SmallVector<int64_t> shape;
  int64_t offset = 0;
  llvm::SmallVector<int64_t> strides = {};
};

/// The view's elements of `width` (1, 2, 4 or 8) bytes in row-major order. All of them lie inside of `from`.
std::vector<char> readView(const StridedView &view, llvm::ArrayRef<char> from, unsigned width);

/// Matrices [batch, depth, columns] that core.pack packs: of f32 (width 4) or i8 (width 1).
struct PackedMatrices {
  int64_t batch, depth, columns;
  unsigned width;

  /// Bytes of the panels.
  int64_t size() const;
  /// The panels.
  std::vector<char> pack(llvm::ArrayRef<char> from) const;
};

} // namespace adze
