// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Moves a group of ops into a kernel.
#pragma once
#include "dialects/kernel/Kernel.h"
#include "passes/fusion/Groups.h"

namespace adze {

/// Kernels take indices and tensors: other numbers that the bodies of a group's ops use from outside become indices
/// there.
void passScalarsAsIndices(const Group &group);

/// Makes a kernel.func named `name` at the end of `module` from a group, and replaces the group by a launch. An error
/// if the group uses a scalar that is no index.
mlir::FailureOr<kernel::LaunchOp> outlineGroup(const Group &group, core::DimAnalysis &dims, mlir::ModuleOp module,
                                               llvm::StringRef name);

} // namespace adze
