// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/fusion/Outline.h"
#include "passes/fusion/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace adze {
#define GEN_PASS_DEF_FORMKERNELS
#include "passes/fusion/Passes.h.inc"

namespace {
/// Makes kernels that are equal but for their names into one.
class KernelSet {
public:
  /// The kernel that `launch` is to launch in the place of `kernel`: itself, or an earlier equal one (then `kernel` is
  /// erased). It gets the names of the launch's nodes and of their operators.
  StringAttr add(kernel::FuncOp kernel, kernel::LaunchOp launch) {
    StringAttr name = kernel.getNameAttr();
    kernel.setName("kernel");
    std::string text;
    llvm::raw_string_ostream os(text);
    kernel->print(os, OpPrintingFlags().useLocalScope().assumeVerified());
    kernel.setName(name.getValue());
    auto [it, isNew] = byText.try_emplace(text, kernel);
    if (isNew) {
      for (StringRef attribute : {"adze.nodes", "adze.operators"})
        if (Attribute names = launch->getAttr(attribute))
          kernel->setAttr(attribute, names);
      return name;
    }
    kernel.erase();
    kernel::FuncOp same = it->second;
    addNames(same, "adze.nodes", namesOf(launch, "adze.nodes"));
    auto known = namesOf(same, "adze.operators"), operators = namesOf(launch, "adze.operators");
    llvm::erase_if(operators, [&](StringRef name) { return llvm::is_contained(known, name); });
    addNames(same, "adze.operators", operators);
    return same.getNameAttr();
  }

private:
  /// The names in an attribute, which separates them by ';'.
  static SmallVector<StringRef> namesOf(Operation *op, StringRef attribute) {
    SmallVector<StringRef> names;
    if (auto text = op->getAttrOfType<StringAttr>(attribute))
      text.getValue().split(names, ';', -1, /*KeepEmpty=*/false);
    return names;
  }

  static void addNames(Operation *op, StringRef attribute, ArrayRef<StringRef> names) {
    if (names.empty())
      return;
    auto before = op->getAttrOfType<StringAttr>(attribute);
    std::string all = before ? before.getValue().str() : "";
    all += (all.empty() ? "" : ";") + llvm::join(names, ";");
    op->setAttr(attribute, StringAttr::get(op->getContext(), all));
  }

  llvm::StringMap<kernel::FuncOp> byText;
};

struct FormKernels : impl::FormKernelsBase<FormKernels> {
  using FormKernelsBase::FormKernelsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<Block *> blocks;
    for (auto function : module.getOps<func::FuncOp>())
      collectBlocks(function, blocks);
    for (Block *block : blocks)
      if (failed(formIn(*block)))
        return signalPassFailure();
  }

private:
  /// The blocks of the host program; bodies of core.generate are part of kernels.
  static void collectBlocks(Operation *op, SmallVector<Block *> &blocks) {
    for (Region &region : op->getRegions())
      for (Block &block : region) {
        blocks.push_back(&block);
        for (Operation &inner : block)
          if (!isa<core::GenerateOp>(inner))
            collectBlocks(&inner, blocks);
      }
  }

  LogicalResult formIn(Block &block) {
    core::DimAnalysis dims;
    for (const Group &group : formGroups(block, dims, {fuse, readInPlace})) {
      // The analysis of values that stay is kept; those of the group go with it, and nobody asks for them again.
      passScalarsAsIndices(group);
      auto launch = outlineGroup(group, dims, getOperation(), "k" + std::to_string(count++));
      if (failed(launch))
        return failure();
      auto kernel = getOperation().lookupSymbol<kernel::FuncOp>(launch->getKernel());
      launch->setKernel(kernels.add(kernel, *launch));
    }
    return success();
  }

  KernelSet kernels;
  int count = 0;
};
} // namespace
} // namespace adze
