// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The stages of a compilation.
#pragma once
#include "compiler/Options.h"
#include "compiler/artifact/Artifact.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

namespace adze {

/// One step of a compilation, by the name of what there is after it (`--stop-after`, `--start-at`).
struct Stage {
  llvm::StringLiteral name;
  void (*build)(mlir::OpPassManager &passes, const Options &options);
};

/// The stages up to loops, in order. The module has the target's facts (kTargetAttr) from the start.
llvm::ArrayRef<Stage> stages();

/// From stage loops (kernel bodies on buffers, @main on tensors) to an artifact at `path`. The module is used up. Its
/// context must have threads enabled where more than one job is asked for. Errors are diagnostics of the context.
mlir::FailureOr<Summary> emitArtifact(mlir::ModuleOp module, const Options &options, llvm::StringRef path,
                                      const Progress &progress = {}, const ConstantBytes &bytesOf = writeConstantBytes);

/// As emitArtifact, but writes the code alone: one relocatable object, or the text of all modules, kernels first.
mlir::FailureOr<Summary> emitCode(mlir::ModuleOp module, const Options &options, EmitOptions::Form form,
                                  llvm::StringRef path, const Progress &progress = {});

} // namespace adze
