// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/placement/Copies.h"
#include "passes/placement/HostLaunches.h"
#include "passes/placement/Passes.h"

using namespace mlir;

namespace adze {
#define GEN_PASS_DEF_PLACETENSORS
#include "passes/placement/Passes.h.inc"

namespace {
struct PlaceTensors : impl::PlaceTensorsBase<PlaceTensors> {
  using Base::Base;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto main = module.lookupSymbol<func::FuncOp>("main");
    auto scheduled = [](kernel::FuncOp kernel) { return bool(kernel.getScheduleAttr()); };
    if (!main || main.isExternal() || llvm::none_of(module.getOps<kernel::FuncOp>(), scheduled))
      return markAllAnalysesPreserved();
    placement::keepOnHost(module, main, hostThreshold);
    Memories memories(module);
    placement::Classes classes(main, memories);
    placement::Copies(classes, memories).insert(main);
  }
};
} // namespace
} // namespace adze
