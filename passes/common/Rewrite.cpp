// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/common/Rewrite.h"
#include "dialects/core/Core.h"

using namespace mlir;

RewriterBase::Listener *adze::rewriteListener(MLIRContext *context) {
  auto *core = context->getLoadedDialect<core::CoreDialect>();
  auto *interface = core ? core->getRegisteredInterface<RewriteListenerInterface>() : nullptr;
  return interface ? interface->listener() : nullptr;
}

LogicalResult adze::rewriteGreedily(Operation *op, const FrozenRewritePatternSet &patterns,
                                    GreedyRewriteConfig config) {
  config.setListener(rewriteListener(op->getContext()));
  return applyPatternsGreedily(op, patterns, config);
}
