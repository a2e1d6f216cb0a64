// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions along axes that the model gives as an attribute or as an input, maybe only at run time.
#pragma once
#include "passes/onnx_to_core/Builder.h"

namespace adze {

/// The axes of one node and reductions along them.
class ReduceAxes {
public:
  /// Reads the axes for `x`: the attribute `axes` before opset `inputSince`, input 1 from then on. Nothing after an
  /// error.
  static std::optional<ReduceAxes> of(CoreBuilder &b, mlir::Value x, int64_t inputSince);

  /// `x`, of the sizes given to `of`, joined by `kind`, with the reduced dimensions kept as 1.
  mlir::Value reduce(core::ReduceKind kind, mlir::Value x);
  /// The number of elements that are joined to one.
  mlir::Value count();
  /// A result of `reduce` without the reduced dimensions if the node asks for that.
  mlir::Value shaped(mlir::Value reduced);

private:
  explicit ReduceAxes(CoreBuilder &b) : b(b) {}
  bool readInput(mlir::Value axes);
  bool readUnknown(mlir::Value axes);
  mlir::Value reduceByFlags(core::ReduceKind kind, mlir::Value x);

  CoreBuilder &b;
  llvm::SmallVector<mlir::Value> sizes;                ///< of the input
  std::optional<llvm::SmallVector<int64_t>> constants; ///< sorted
  llvm::SmallVector<mlir::Value> flags;                ///< else: i1 for each dimension
  std::optional<int64_t> resultRank;                   ///< without the reduced dimensions
};

} // namespace adze
