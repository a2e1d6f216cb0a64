// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What attention by matrix units is cut into, and what that takes of a machine.
#pragma once
#include "codegen/common/gpu/Schedule.h"
#include "dialects/core/Core.h"

namespace adze::gpu {

struct AttentionPlan {
  /// As `schedule` says; the head sizes of `op` are known.
  AttentionPlan(core::AttentionOp op, const MatrixUnit &unit, const Schedule &schedule, const Facts &facts);

  TileShape shape; ///< queries by keys of a step; a warp's rows of both
  int64_t stages;
  int64_t depth, columns;             ///< head sizes of keys and of values, in whole fragments
  int64_t depthOfTile, columnsOfTile; ///< the same in shared memory
  int64_t down;                       ///< fragments of a warp, one below the other
  bool holdsQueries;                  ///< in registers over all steps
  bool loadsMasksEarly;               ///< while products are made
  /// Where the left side of the second product is in the results of the first; empty: it goes through shared memory.
  llvm::SmallVector<Source> weightSources;

  /// Warps that have keys of the same queries.
  int64_t warpsAcross() const { return shape.columns / shape.warpColumns; }

  /// Registers of 32 bits that a lane has for accumulators and for queries, and how many leave room for all else.
  int64_t accumulatorRegisters, queryRegisters, mostRegisters;
  int64_t sharedBytes; ///< of a block
};

} // namespace adze::gpu
