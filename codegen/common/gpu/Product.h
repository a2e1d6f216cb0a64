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
  /// True if all dimensions of the left side of `op` but the last are rows of one matrix, since the right has no other,
  /// and lie equally apart.
  static bool foldsRows(core::MatmulOp op, core::DimAnalysis &dims);
  /// `op` is one of them.
  Product(Emitter &e, mlir::Operation *op);

  core::DimExpr batches = 1, rows, columns, depth;
  /// What sums are made in.
  mlir::Type accumulator;
  /// What the operands' elements are converted to; at first the accumulator's type.
  mlir::Type leftType, rightType;
  /// True if neighbours of an operand along the depth, rather than along the rows or columns, are neighbours in memory.
  bool runsAlongDepth(bool isLeft);
  /// The bytes of an asynchronous copy of an operand, as it runs: 16, 8, 4, or 0 if it is to be computed.
  int64_t copyBytes(bool isLeft);
  /// True of a convolution's image that lies in memory, perhaps within padding, with a window of known size.
  bool isImage(bool isLeft);
  /// True if `lanes` neighbours as the operand runs lie in one row of memory.
  bool isInLanes(bool isLeft, int64_t lanes);

  /// True if places along the depth are known to fit into 32 bits, with those of a few steps behind it.
  bool isDepthSmall() const;
  /// A number that places along the depth are counted with: of 32 bits, which are cheaper, where that is so.
  Value alongDepth(int64_t value);

  /// Says which of the batches the following are about.
  void enterBatch(Value number);
  /// Elements, converted; with lanes where the coordinate has some. Null after an error.
  Value left(Coord row, Coord k);
  Value right(Coord k, Coord column);
  /// The result's coordinates, and an accumulated value as its element.
  Coords resultAt(Value row, Coord column);
  Value finish(Value sum);

private:
  friend class Walk;
  friend class WindowPadding;
  Value element(Value tensor, mlir::Type as, llvm::ArrayRef<Coord> at);
  /// The coordinates of the batch in an operand of these sizes: all but the last two.
  Coords batchOf(llvm::ArrayRef<core::DimExpr> sizes);
  Coords window(Coord k);
  /// True if there is padding along this dimension of the image.
  bool isPadded(size_t dim);

  Emitter &e;
  mlir::Operation *op;
  core::MatmulOp matmul;
  core::ConvOp conv;
  core::PadOp padding; ///< of zeros, around the convolution's image; or null
  llvm::SmallVector<core::DimExpr> result, leftSizes, rightSizes;
  bool foldsBatch = false; ///< foldsRows(op)
  Coords batch;
};

} // namespace adze::gpu
