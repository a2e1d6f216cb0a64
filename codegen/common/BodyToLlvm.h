// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What every conversion of kernel bodies to LLVM has.
#pragma once
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/IR/BuiltinOps.h"

namespace adze {

/// Vectors of several dimensions become vectors of one.
mlir::LogicalResult flattenVectors(mlir::ModuleOp module);
/// scf becomes cf; loops with kernel::kRolledAttr are marked for LLVM.
mlir::LogicalResult lowerLoops(mlir::ModuleOp module);
/// What is left becomes the LLVM dialect: arith, cf, func, math, memref and vectors of one dimension, and by `patterns`
/// what else the target has; `target` says what may remain beside the LLVM dialect.
mlir::LogicalResult convertBodies(mlir::ModuleOp module, const mlir::LLVMTypeConverter &types,
                                  mlir::LLVMConversionTarget &target, mlir::RewritePatternSet patterns);

} // namespace adze
