// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A transpose whose input is contiguous along another dimension than its result.
#pragma once
#include "codegen/common/gpu/Schedule.h"
#include "passes/core_to_loops/Emitter.h"

namespace adze::gpu {

/// Dimensions that stay neighbours are one group, and dimensions of one element are in none.
struct Transposition {
  struct Group {
    llvm::SmallVector<int64_t> dims; ///< of the input, ascending
    core::DimExpr size = 1;
  };

  Transposition(core::DimAnalysis &dims, core::TransposeOp op);

  core::TransposeOp op;
  llvm::SmallVector<int64_t> order;          ///< dimension i of the result is dimension order[i] of the input
  llvm::SmallVector<core::DimExpr> from, to; ///< sizes of the input and of the result
  llvm::SmallVector<Group> groups;           ///< in the result's order
  llvm::SmallVector<unsigned> inInput;       ///< their numbers in the input's order

  /// The groups along which the input and the result are contiguous; there are two at least.
  unsigned column() const { return inInput.back(); }
  unsigned row() const { return groups.size() - 1; }
  /// True if those are two.
  bool crosses() const { return groups.size() > 1 && column() != row(); }

  /// Coordinates of the input and of the result from those of the groups.
  Coords inputAt(Emitter &e, llvm::ArrayRef<Coord> at) const;
  Coords resultAt(Emitter &e, llvm::ArrayRef<Coord> at) const;
  /// The same as positions, row-major, of accesses of `lanes` elements: rows are whole numbers of them.
  mlir::Value inputPosition(Emitter &e, llvm::ArrayRef<Coord> at, int64_t lanes) const;
  mlir::Value resultPosition(Emitter &e, llvm::ArrayRef<Coord> at, int64_t lanes) const;

private:
  /// That of the groups `order`, the last of which is contiguous.
  mlir::Value position(Emitter &e, llvm::ArrayRef<Coord> at, llvm::ArrayRef<unsigned> order, int64_t lanes) const;
};

/// The only transpose of `kernel`, if it crosses and is computed at the coordinates of the kernel's results; else null.
core::TransposeOp findTransposition(kernel::FuncOp kernel, core::DimAnalysis &dims);

/// True if all that is made of `value` in its kernel is made element by element, of the same shape.
bool endsElementwise(mlir::Value value, core::DimAnalysis &dims);

} // namespace adze::gpu
