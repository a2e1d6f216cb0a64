// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From the last stage to what a compilation writes.
#pragma once
#include "compiler/Options.h"
#include "compiler/artifact/Artifact.h"
#include "mlir/IR/BuiltinOps.h"

namespace adze {

/// From stage host (kernel bodies on buffers, adze_main in the LLVM dialect) to an artifact at `path`. The module is
/// used up. Its context must have threads enabled where more than one job is asked for. Errors are diagnostics of the
/// context.
mlir::FailureOr<Summary> emitArtifact(mlir::ModuleOp module, const Options &options, llvm::StringRef path,
                                      const Progress &progress = {}, const ConstantBytes &bytesOf = writeConstantBytes);

/// As emitArtifact, but writes the code alone: one relocatable object, or the text of all modules, kernels first.
mlir::FailureOr<Summary> emitCode(mlir::ModuleOp module, const Options &options, EmitOptions::Form form,
                                  llvm::StringRef path, const Progress &progress = {});

/// As emitArtifact, but writes the device's images alone, in one of its forms, into `folder` (Images.h).
mlir::FailureOr<Summary> emitImages(mlir::ModuleOp module, const Options &options, llvm::StringRef form,
                                    llvm::StringRef folder, const Progress &progress = {});

} // namespace adze
