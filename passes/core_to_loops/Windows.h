// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows of ops that slide a window over a channels-last tensor: vectors of channels, several neighbours at once whose
// windows share what they load. What lies in the padding is left out rather than read.
#pragma once
#include "passes/core_to_loops/Emitter.h"

namespace adze {

/// The input of a window op as it lies in memory: `buffer` of `sizes`, with `low[i]` padding before spatial dimension
/// i.
struct WindowInput {
  mlir::Value buffer;
  llvm::SmallVector<core::DimExpr> sizes, low;
  bool padded;
};

/// Operand 0 of `op` (core.conv or core.pool) where it is a buffer of the kernel, or neutral padding around one.
std::optional<WindowInput> windowInput(Emitter &e, mlir::Operation *op);

/// A window's sizes, and how it moves; one entry a spatial dimension.
struct Window {
  llvm::ArrayRef<int64_t> sizes, strides, dilations;
};

/// How the elements of a window become one value.
struct WindowFold {
  mlir::Value start; ///< scalar
  /// What the taps at place `number` of the window (row-major) have in common, for channels `c`: a weight, or null.
  llvm::function_ref<mlir::Value(mlir::Value number, Coord c)> prepare;
  llvm::function_ref<mlir::Value(mlir::Value acc, mlir::Value element, mlir::Value prepared)> join;
};

/// Emits one row of the result: all positions of the last spatial dimension at the coordinates `row` (image, then the
/// spatial dimensions before the last). `write` takes each folded window at full coordinates.
mlir::LogicalResult emitWindowRow(Emitter &e, const WindowInput &input, Window window, mlir::Value result,
                                  llvm::ArrayRef<Coord> row, const WindowFold &fold, WriteFn write);

} // namespace adze
