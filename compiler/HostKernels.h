// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "compiler/Api.h"
#include "mlir/IR/BuiltinOps.h"

namespace adze {

/// The kernels that the target left to the host, each with its reason, in a module at stage "placed".
std::vector<HostKernel> hostKernels(mlir::ModuleOp module);

} // namespace adze
