// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From a module in the LLVM dialect to LLVM IR, optimised, to an object or text: what all LLVM back ends share.
#pragma once
#include "codegen/Target.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

namespace adze {

/// Exports `module` to LLVM IR for `machine`. Errors are on the ops. The module's name is fixed, so that the output
/// does not depend on where it is made.
std::unique_ptr<llvm::Module> exportToLlvm(mlir::ModuleOp module, llvm::LLVMContext &context,
                                           const llvm::TargetMachine &machine);

/// Runs a pipeline by LLVM's text form, such as "function(sroa,early-cse)" or "default<O2>".
mlir::LogicalResult optimise(llvm::Module &module, llvm::TargetMachine &machine, llvm::StringRef pipeline,
                             mlir::Location loc);

/// Writes the module in the form that the options ask for.
mlir::FailureOr<Emitted> emit(llvm::Module &module, llvm::TargetMachine &machine, const EmitOptions &options,
                              mlir::Location loc);

} // namespace adze
