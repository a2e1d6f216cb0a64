// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles a module's kernels, several at a time.
#pragma once
#include "codegen/Target.h"
#include "compiler/Options.h"
#include <vector>

namespace adze {

/// What the kernels of a program became.
struct KernelCode {
  std::vector<Emitted> objects;    ///< of the host's kernels, in the order of the program's table
  std::vector<DeviceImage> images; ///< of all others, one for each of the device's machines
};

/// Compiles the program's kernels. The result is the same whatever `jobs` is. Takes the bodies out of `module`.
mlir::FailureOr<KernelCode> compileKernels(mlir::ModuleOp module, const host::Program &program, const Targets &targets,
                                           const EmitOptions &options, unsigned jobs, const Progress &progress);

} // namespace adze
