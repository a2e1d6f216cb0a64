// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matrix products and convolutions as one thing: result[row, column] = sum over k of left(row, k) * right(k, column).
#pragma once
#include "passes/core_to_loops/Emitter.h"

namespace adze::gpu {

class Product {
public:
  using Value = mlir::Value;

  /// True for the ops that are one: core.matmul, and core.conv of one group.
  static bool isProduct(mlir::Operation *op);
  /// True if all dimensions of the left side of `op` but the last are rows of one matrix, since the right has no other.
  static bool foldsRows(core::MatmulOp op, core::DimAnalysis &dims);
  /// `op` is one of them.
  Product(Emitter &e, mlir::Operation *op);

  core::DimExpr batches = 1, rows, columns, depth;
  /// What sums are made in.
  mlir::Type accumulator;
  /// What the operands' elements are converted to; at first the accumulator's type.
  mlir::Type leftType, rightType;
  /// True if chunks of this many elements of an operand are copies of what lies in a buffer.
  bool isCopied(bool isLeft, int64_t chunk);
  /// True if `lanes` neighbours along the depth (of left), along the columns (of right) lie in one row of memory.
  bool leftInLanes(int64_t lanes);
  bool rightInLanes(int64_t lanes);
  /// True if the right side is written column by column: a transpose in the kernel of what lies so in memory.
  bool rightIsTransposed();

  /// Says which of the batches the following are about.
  void enterBatch(Value number);
  /// Elements, converted; with lanes where the coordinate has some. Null after an error.
  Value left(Value row, Coord k);
  Value right(Value k, Coord column);
  /// As right, with lanes along the depth.
  Value rightAlong(Coord k, Value column);
  /// The result's coordinates, and an accumulated value as its element.
  Coords resultAt(Value row, Coord column);
  Value finish(Value sum);

private:
  friend class Walk;
  Value element(Value tensor, mlir::Type as, llvm::ArrayRef<Coord> at);
  /// The coordinates of the batch in an operand of these sizes: all but the last two.
  Coords batchOf(llvm::ArrayRef<core::DimExpr> sizes);
  Coords window(Coord k);

  Emitter &e;
  mlir::Operation *op;
  core::MatmulOp matmul;
  core::ConvOp conv;
  llvm::SmallVector<core::DimExpr> result, leftSizes, rightSizes;
  bool foldsBatch = false; ///< foldsRows(op)
  Coords batch;
};

} // namespace adze::gpu
