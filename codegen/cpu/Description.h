// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tables of a program as constants of its host module: adze_program of runtime/abi.h.
#pragma once
#include "codegen/Target.h"
#include "llvm/IR/Module.h"

namespace adze {

/// Adds adze_program_description and what it points to, and the pointer to the weights if there are any. Fails where a
/// type has no number in abi.h.
mlir::LogicalResult addDescription(llvm::Module &module, const host::Program &program, const DeviceCode &device,
                                   llvm::StringRef metadata, uint64_t cpuFeatures, mlir::Location loc);

} // namespace adze
