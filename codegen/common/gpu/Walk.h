// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An operand of a product that lies in a buffer, as addresses: those of a row (of the left) or a column (of the right)
// plus what the depth adds. Stepping along the depth needs no division.
#pragma once
#include "codegen/common/gpu/Product.h"

namespace adze::gpu {

class Walk {
public:
  using Value = mlir::Value;
  using Values = llvm::SmallVector<Value>;

  /// True if the operand of this product is a buffer in which chunks of `chunk` elements, along the depth (left) or the
  /// columns (right), are contiguous and begin at multiples of their length.
  static bool isPossible(mlir::Operation *op, core::DimAnalysis &dims, bool isLeft, int64_t chunk);

  /// Goes along the depth by `step`.
  Walk(Product &product, bool isLeft, int64_t step);

  Value buffer;
  /// True if the depth `k` + i, with k a multiple of the step and i below it, is where k is, plus i times
  /// `depthStride`: all threads can then have the same state.
  bool isUniform() const { return uniform; }
  Value depthStride();
  /// Elements between neighbouring rows of the left; null if they are not equally apart.
  Value rowStride();
  /// The position of row or column `outer` at depth 0.
  Value base(Value outer);
  /// What is carried: `start` at depth k, then on by a step; `offset` is what it adds to the base.
  Values start(Value k);
  size_t stateSize() const { return window.empty() ? 1 : window.size(); }
  Values next(mlir::ValueRange state);
  Value offset(mlir::ValueRange state);

private:
  Value windowStride(size_t digit);

  Product &product;
  Emitter &e;
  bool isLeft, uniform = true;
  int64_t step;
  llvm::SmallVector<int64_t> window; ///< of a convolution's left: sizes of what the depth runs over
};

} // namespace adze::gpu
