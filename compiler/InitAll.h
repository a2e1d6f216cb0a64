// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registers what the developers' tools work on: every dialect and every pass of Adze, and MLIR's that it uses.
#pragma once
#include "mlir/IR/DialectRegistry.h"

namespace adze {

/// Adds the dialects that a module may hold at any stage, and the translations to LLVM IR.
void registerDialects(mlir::DialectRegistry &registry);

/// Registers the passes of passes/ and codegen/, and MLIR's canonicalize, cse and the like.
void registerPasses();

} // namespace adze
