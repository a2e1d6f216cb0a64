// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions as result[kept] = the elements input[kept, range] joined, and how elements are joined.
#pragma once
#include "codegen/common/gpu/Schedule.h"
#include "passes/core_to_loops/Emitter.h"
#include <memory>

namespace adze::gpu {

struct Reduction {
  /// Of a core.reduce, core.arg_reduce or core.nonzero_count.
  Reduction(core::DimAnalysis &dims, mlir::Operation *op);

  mlir::Operation *op;
  mlir::Value input;
  llvm::SmallVector<core::DimExpr> sizes; ///< of the input
  llvm::SmallVector<int64_t> kept, range; ///< its dimensions
  llvm::SmallVector<core::DimExpr> keptSizes, rangeSizes;
  int64_t inner = -1;      ///< the last dimension of more than one element, or -1
  bool alongRange = false; ///< that is joined: neighbours in memory belong to one element of the result

  /// The coordinates of the result, from those of the kept dimensions.
  Coords resultAt(Emitter &e, llvm::ArrayRef<Coord> keptAt) const;
};

/// The only reduction of `kernel`, if it is computed at the coordinates of the kernel's results; else null.
mlir::Operation *findReduction(kernel::FuncOp kernel, core::DimAnalysis &dims);
/// How it is run.
Schedule chooseReduction(mlir::Operation *op, const Facts &facts);

/// How the elements of a range become one. States are values of 32 or 64 bits, or vectors of such: one state a lane.
class Joiner {
public:
  using State = Emitter::Values;

  /// That of `op`; numbers of elements are below `count`.
  static std::unique_ptr<Joiner> of(Emitter &e, mlir::Operation *op, const core::DimExpr &count);
  virtual ~Joiner() = default;

  /// The state of no element, in `lanes`.
  virtual State none(int64_t lanes) = 0;
  /// `state` and one element more a lane, `v`. The first lane's has number `number` (an index), and it is the same in
  /// all lanes or, if `counted`, one more in each. Numbers of one state ascend.
  virtual State take(const State &state, mlir::Value v, mlir::Value number, bool counted) = 0;
  /// Two states as one; their order makes no difference.
  virtual State join(const State &a, const State &b) = 0;
  /// The element of the result.
  virtual mlir::Value result(const State &state) = 0;

protected:
  explicit Joiner(Emitter &e) : e(e) {}
  Emitter &e;
};

} // namespace adze::gpu
