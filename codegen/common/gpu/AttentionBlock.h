// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What all kernels of attention share whose blocks have some queries of one head: which these are, what a softmax makes
// of rows without keys, how results are stored.
#pragma once
#include "codegen/common/gpu/Kinds.h"
#include "passes/core_to_loops/AttentionParts.h"

namespace adze::gpu {

class AttentionBlock {
public:
  using Value = mlir::Value;

  /// Blocks have so many queries each.
  AttentionBlock(KernelFunction &kernel, ThreadBlock &block, int64_t queriesOfBlock);

  /// Minus infinity, in the accumulator's type.
  Value least();
  /// What weights are exponentials relative to, where `greatest` is the greatest score: 0 where no key has been allowed
  /// so far, for which all weights are then 0 and not exp(-inf + inf).
  Value baseOf(Value greatest);
  /// What the weighted sum is multiplied by at the end: NaN where there are keys and none is allowed.
  Value inverseOf(Value greatest, Value sum);
  /// The mask for a query and a key (or lanes) that there are, as it is in memory.
  Value maskElement(Value query, Coord key);
  /// Stores what the kernel makes of an element of the result (or of lanes).
  void store(Value query, Coord column, Value element);

  KernelFunction &kernel;
  ThreadBlock &block;
  Emitter &e;
  core::AttentionOp op;
  AttentionParts parts;
  core::DimExpr blocks;
  Coords batch;     ///< of this block: the query's dimensions but for the last two
  Value firstQuery; ///< of this block
  bool failedAny = false;
};

} // namespace adze::gpu
