// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles a module's kernels, several at a time.
#pragma once
#include "codegen/Target.h"
#include "compiler/Options.h"
#include <vector>

namespace adze {

/// The objects of the program's kernels in the order of its table, whatever `jobs` is. Takes the bodies out of
/// `module`.
mlir::FailureOr<std::vector<Emitted>> compileKernels(mlir::ModuleOp module, const host::Program &program,
                                                     const Target &target, const EmitOptions &options, unsigned jobs,
                                                     const Progress &progress);

} // namespace adze
