// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Launches that the host does sooner than it hands them to the device.
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace adze::placement {

/// Takes the schedule from kernels whose launches come from the host's memory and go there, on tensors of few elements:
/// those that only sizes and branches are computed from (tensor.extract), and, if `threshold` > 0, any on tensors of at
/// most so many elements. A kernel that the device runs elsewhere is doubled.
void keepOnHost(mlir::ModuleOp module, mlir::func::FuncOp main, int64_t threshold);

} // namespace adze::placement
