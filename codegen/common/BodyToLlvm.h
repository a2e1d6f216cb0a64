// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What every conversion of kernel bodies to LLVM begins with.
#pragma once
#include "mlir/IR/BuiltinOps.h"

namespace adze {

/// Vectors of several dimensions become vectors of one.
mlir::LogicalResult flattenVectors(mlir::ModuleOp module);
/// scf becomes cf.
mlir::LogicalResult lowerLoops(mlir::ModuleOp module);

} // namespace adze
