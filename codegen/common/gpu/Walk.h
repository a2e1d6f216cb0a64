// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An operand of a product that lies in a buffer, as addresses: those of a row (of the left) or a column (of the right)
// plus what the depth adds. Stepping along the depth needs no division.
#pragma once
#include "codegen/common/gpu/WindowPadding.h"
#include "passes/core_to_loops/Views.h"

namespace adze::gpu {

class Walk {
public:
  using Value = mlir::Value;
  using Values = llvm::SmallVector<Value>;

  /// The padding that a convolution leaves out, rather than reads; null for none, and for other ops.
  static core::PadOp paddingOf(mlir::Operation *op);
  /// True if neighbours along the depth, rather than along the rows or columns, are neighbours in memory: of a matrix
  /// that is read transposed it is not what the order of its dimensions says.
  static bool runsAlongDepth(mlir::Operation *op, core::DimAnalysis &dims, bool isLeft);
  /// True if the operand of this product is a buffer, or a view of one, in which chunks of `chunk` elements, as it
  /// runs, are contiguous and begin at multiples of their length.
  static bool isPossible(mlir::Operation *op, core::DimAnalysis &dims, bool isLeft, int64_t chunk);
  /// The most bytes of a copy (16, 8 or 4) for which that is so; 0 for none.
  static int64_t copyBytes(mlir::Operation *op, core::DimAnalysis &dims, bool isLeft);
  /// True if rows of all batches of a matmul's left are equally apart, or each element is asked for anyway.
  static bool hasEqualRows(mlir::Operation *op, core::DimAnalysis &dims);

  /// Goes along the depth by `step`.
  Walk(Product &product, bool isLeft, int64_t step);

  Value buffer;
  /// True if the depth `k` + i, with k a multiple of the step and i below it, is where k is, plus i times
  /// `depthStride`: all threads can then have the same state.
  bool isUniform() const { return uniform; }
  Value depthStride();
  /// Elements between neighbouring rows or columns; null if they are not equally apart.
  Value outerStride();
  /// The position of row or column `outer` at depth 0.
  Value base(Value outer);
  /// What is carried: `start` at depth k, then on by a step; `offset` is what it adds to the base.
  Values start(Value k);
  size_t stateSize() const { return window.empty() ? 1 : window.size(); }
  Values next(mlir::ValueRange state);
  Value offset(mlir::ValueRange state);

  /// What of a convolution's window is padding; null of other operands.
  WindowPadding *windowPadding() { return padding ? &*padding : nullptr; }
  /// True if there is an element in memory at all; null: always.
  Value isSomething();
  /// The element at this position, converted to what the product has.
  Value load(Value position);

private:
  Value windowStride(size_t digit);

  Product &product;
  Emitter &e;
  bool isLeft, uniform = true;
  int64_t step;
  View view;                              ///< of the operand; of a padded image: of what is inside
  llvm::SmallVector<core::DimExpr> sizes; ///< of the view
  llvm::SmallVector<int64_t> window;      ///< of a convolution's left: sizes of what the depth runs over
  std::optional<WindowPadding> padding;   ///< of a convolution's left
};

} // namespace adze::gpu
