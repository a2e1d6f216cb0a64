// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registers what the developers' tools work on: every dialect and every pass of Adze, and MLIR's that it uses.
#pragma once
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/PatternMatch.h"
#include <functional>

namespace adze {

/// Adds the dialects that a module may hold at any stage, and the translations to LLVM IR.
void registerDialects(mlir::DialectRegistry &registry);

/// Registers the passes of passes/ and codegen/, the stages as pipelines, and MLIR's canonicalize, cse and the like.
void registerPasses();

/// Who listens to rewrites; asked whenever patterns are applied, null: nobody.
using ListenerSource = std::function<mlir::RewriterBase::Listener *()>;

/// Lets the rewrites of Adze's passes be heard in the contexts that are made of `registry`. The listener may be called
/// from several threads.
void registerRewriteListener(mlir::DialectRegistry &registry, ListenerSource source);

} // namespace adze
