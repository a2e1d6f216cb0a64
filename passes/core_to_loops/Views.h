// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensors that are read in place, through the transposes and slices between them and memory.
#pragma once
#include "passes/core_to_loops/Emitter.h"

namespace adze {

/// Where a tensor's elements lie in a buffer: at offset + the sum of coordinates times strides.
struct View {
  mlir::Value argument; ///< of the kernel: the tensor
  mlir::Value buffer;   ///< of the function; null without an emitter
  core::DimExpr offset;
  llvm::SmallVector<core::DimExpr> strides;
};

/// The view of an argument of the kernel, perhaps transposed and sliced; nothing for what is computed.
std::optional<View> viewOf(Emitter &e, mlir::Value v);
/// The same, before there is a buffer.
std::optional<View> viewOf(core::DimAnalysis &dims, mlir::Value v);

/// Where the matrix at these coordinates (of all dimensions, the last two are not looked at) begins.
mlir::Value matrixAt(Emitter &e, llvm::ArrayRef<Coord> at, const View &view);

} // namespace adze
