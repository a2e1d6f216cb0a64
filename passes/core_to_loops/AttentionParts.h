// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sizes of one attention, and what all its lowerings share.
#pragma once
#include "passes/core_to_loops/Emitter.h"

namespace adze {

struct AttentionParts {
  using Value = mlir::Value;

  AttentionParts(Emitter &e, core::AttentionOp op);

  /// Coordinates of key or value for a place in the batch, with room for the last two.
  Coords sharedAt(Value operand, llvm::ArrayRef<Coord> at);
  /// The mask's element (or lanes) for a query and a key, in the accumulator's type; null after an error.
  Value mask(llvm::ArrayRef<Coord> at, Value query, Coord key);
  /// The two parts of that: as it is in memory, and converted.
  Value maskElement(llvm::ArrayRef<Coord> at, Value query, Coord key);
  Value convertMask(Value element);
  /// True if all queries have the mask's same rows.
  bool maskIsOneRow();
  /// 1 / sum, but 0 where nothing was summed.
  Value inverse(Value sum);
  /// A weighted sum of values times the inverse of the weights' sum; 0 where that is NaN and the op wants it so.
  Value divide(Value sum, Value inverse);
  /// What `divide` gives, or a sum of such, as the result's element.
  Value finish(Value quotient);
  Value finish(Value sum, Value inverse) { return finish(divide(sum, inverse)); }

  Emitter &e;
  core::AttentionOp op;
  llvm::SmallVector<core::DimExpr> out, batch;
  core::DimExpr queries, keys, depth, columns;
  mlir::Type acc;
};

} // namespace adze
