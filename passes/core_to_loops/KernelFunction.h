// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What every lowering of a kernel.func does around its loops: the function on flat buffers, the stores of its results,
// the function that says its grid.
#pragma once
#include "passes/core_to_loops/Emitter.h"

namespace adze {

/// The lowering of one kernel.func:
///   func.func private @k(begin, end, site, scalars..., operands..., results..., scratch, error)
///   func.func private @k.grid(scalars...) -> (items, grain, scratch bytes)
class KernelFunction {
public:
  explicit KernelFunction(kernel::FuncOp kernel);

  /// Makes the empty function. An error if the kernel has two ops that need loops of their own.
  mlir::LogicalResult begin();
  /// An emitter at the function's end that knows its arguments.
  Emitter emitter();

  /// The op that needs loops of its own, or null.
  mlir::Operation *nest = nullptr;
  mlir::func::FuncOp function;
  core::DimAnalysis dims;

  mlir::Value beginItem() { return function.getArgument(0); }
  mlir::Value endItem() { return function.getArgument(1); }
  /// What kernel.return gives.
  mlir::OperandRange returned() { return terminator->getOperands(); }
  /// The sizes of the first result.
  llvm::SmallVector<core::DimExpr> resultSizes() { return dims.shape(returned()[0]).dims; }
  /// True if all results may be asked for in this collapsed form.
  bool fits(Emitter &e, Emitter::Form form, llvm::ArrayRef<core::DimExpr> sizes, mlir::Operation *anchor = nullptr);
  /// True if all results can be computed in lanes along dimension `dim`.
  bool vectorizable(Emitter &e, int64_t dim);

  /// Stores all results at coordinates that are common to them; a transpose of the nest's result at the nest's.
  mlir::LogicalResult storeResults(Emitter &e, llvm::ArrayRef<Coord> at, llvm::ArrayRef<core::DimExpr> sizes);
  /// Makes the nest's results `values` at these coordinates of the nest, and stores what the kernel makes of them.
  mlir::LogicalResult storeEpilogue(Emitter &e, llvm::ArrayRef<Coord> at, mlir::ValueRange values,
                                    llvm::ArrayRef<core::DimExpr> sizes);

  /// Ends the function, makes that of the grid, and erases the kernel.
  void finish(Emitter &e, const Grid &grid, const core::DimExpr &scratch);

private:
  void bindArguments(Emitter &e);

  kernel::FuncOp kernel;
  mlir::Block *body;
  mlir::Operation *terminator;
  llvm::SmallVector<mlir::Value> results; ///< buffers
};

} // namespace adze
