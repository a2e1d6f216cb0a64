// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The stages of a compilation.
#pragma once
#include "compiler/Options.h"
#include "compiler/artifact/Artifact.h"
#include "mlir/IR/BuiltinOps.h"

namespace adze {

/// From stage loops (kernel bodies on buffers, @main on tensors) to an artifact at `path`. The module is used up. Its
/// context must have threads enabled where more than one job is asked for. Errors are diagnostics of the context.
mlir::FailureOr<Summary> emitArtifact(mlir::ModuleOp module, const Options &options, llvm::StringRef path,
                                      const Progress &progress = {}, const ConstantBytes &bytesOf = writeConstantBytes);

} // namespace adze
