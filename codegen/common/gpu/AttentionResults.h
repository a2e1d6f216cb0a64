// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The end of attention by matrix units: what the warps have summed is divided, joined where several of them had the
// keys of the same queries, and written by way of shared memory, so that neighbouring lanes write neighbouring columns.
#pragma once
#include "codegen/common/gpu/AttentionBlock.h"
#include "codegen/common/gpu/AttentionPlan.h"
#include "codegen/common/gpu/SharedTile.h"

namespace adze::gpu {

/// 2^x to the precision of weights: results below the least normal number may be 0.
mlir::Value weightOf(Emitter &e, mlir::Value x);

class AttentionResults {
public:
  using Value = mlir::Value;
  using Values = llvm::SmallVector<Value>;

  AttentionResults(AttentionBlock &attention, const AttentionPlan &plan, const MatrixUnit &unit, const Facts &facts,
                   const RowShares &shares);

  /// A warp's state: by rows of the lane the greatest score and this lane's part of the weights' sum; fragments of the
  /// weighted sums, by rows and columns. Weights are 2^(`factor` * (score - greatest)).
  struct State {
    Values greatest, sums, results;
  };
  void write(State state, Value factor);

private:
  int64_t across() const { return plan.columns / unit.columns; }
  size_t rowsOfFragment() const { return shares.firsts.size(); }
  /// Which of this lane's rows an element of a fragment of the results lies in.
  size_t rowOf(size_t fragment, size_t element) const {
    return fragment / across() * rowsOfFragment() + shares.rowOf[element];
  }
  /// Joins the sums of warps that had keys of the same queries, and gives the inverses of all; the results of this warp
  /// are then relative to the greatest score of all.
  Values joinRows(State &state, Value factor);
  /// This lane's rows, in the warp.
  Values lanePlaces();
  /// Stores fragments of a warp to its tile: `elementOf` a fragment and an element.
  void toTile(SharedTile &tile, llvm::function_ref<Value(size_t, size_t)> elementOf);
  /// Writes all rows of the block: `load` gives `lanes` neighbours at a warp's row and column.
  void writeRows(int64_t lanes, llvm::function_ref<Value(Value row, Value column)> load);
  /// Where an element of a warp's tile is, of those that lie one behind the other from `place` on.
  Value loadFrom(SharedTile &tile, int64_t place, Value warp, Value row, Value column, int64_t lanes);

  AttentionBlock &attention;
  ThreadBlock &block;
  Emitter &e;
  const AttentionPlan &plan;
  const MatrixUnit &unit;
  const Facts &facts;
  const RowShares &shares;
  int64_t place = 0; ///< of the warps' tiles
};

} // namespace adze::gpu
