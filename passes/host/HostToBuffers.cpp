// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/host/Lowering.h"
#include "passes/host/Passes.h"

using namespace mlir;

namespace adze {
#define GEN_PASS_DEF_HOSTTOBUFFERS
#include "passes/host/Passes.h.inc"

namespace {
struct HostToBuffers : impl::HostToBuffersBase<HostToBuffers> {
  using HostToBuffersBase::HostToBuffersBase;
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    if (!main || main.isExternal() || !main.getBody().hasOneBlock()) {
      module.emitError() << "module has no function @main of one block";
      return signalPassFailure();
    }
    WalkResult checked = main.walk([](kernel::LaunchOp op) {
      return failed(host::verifyResultDims(op)) ? WalkResult::interrupt() : WalkResult::advance();
    });
    Memories memories(module);
    WalkResult placed = main.walk([&](Operation *op) {
      std::string wrong = memories.misplaced(op);
      if (wrong.empty())
        return WalkResult::advance();
      op->emitOpError() << wrong;
      return WalkResult::interrupt();
    });
    if (checked.wasInterrupted() || placed.wasInterrupted() || failed(host::Lowering(module, main).run()))
      signalPassFailure();
  }
};
} // namespace
} // namespace adze
