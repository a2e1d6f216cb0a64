// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How our passes apply patterns, so that a tool can listen to them.
#pragma once
#include "mlir/IR/DialectInterface.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace adze {

/// An interface of the core dialect: who listens to the rewrites of a context. Absent where nobody does.
class RewriteListenerInterface : public mlir::DialectInterface::Base<RewriteListenerInterface> {
public:
  using Base::Base;
  /// The listener; lives as long as the context, and may be called from several threads.
  virtual mlir::RewriterBase::Listener *listener() const = 0;
};

/// The listener of a context, or null.
mlir::RewriterBase::Listener *rewriteListener(mlir::MLIRContext *context);

/// MLIR's applyPatternsGreedily on an op's regions, with the context's listener.
llvm::LogicalResult rewriteGreedily(mlir::Operation *op, const mlir::FrozenRewritePatternSet &patterns,
                                    mlir::GreedyRewriteConfig config = {});

} // namespace adze
