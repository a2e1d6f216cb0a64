// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tensor that a loop carries and each iteration changes a part of, as recurrences write a row of their result a step:
// the launch writes to the memory that it has, so that a step costs what it changes.
#include "dialects/core/Core.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/common/Memory.h"
#include "passes/placement/Passes.h"

using namespace mlir;

namespace adze {
#define GEN_PASS_DEF_WRITEINPLACE
#include "passes/placement/Passes.h.inc"

/// Whether all that `kernel` does is to change some elements of its argument `number`: what it then finds in the
/// result's memory is all that it reads of the argument.
static bool changesElements(kernel::FuncOp kernel, unsigned number) {
  Operation *end = kernel.getBody().front().getTerminator();
  Operation *scatter = end->getNumOperands() == 1 ? end->getOperand(0).getDefiningOp() : nullptr;
  BlockArgument data = kernel.getBody().getArgument(number);
  return isa_and_nonnull<core::ScatterElementsOp, core::ScatterNdOp>(scatter) && scatter->getResult(0).hasOneUse() &&
         scatter->getOperand(0) == data && data.hasOneUse();
}

/// Whether operand `number` of `launch` is the last that is read of `carried`, an argument of the launch's block.
static bool isLastRead(Value carried, kernel::LaunchOp launch, unsigned number) {
  SmallVector<Value> open{carried};
  while (!open.empty())
    for (OpOperand &use : open.pop_back_val().getUses()) {
      Operation *user = use.getOwner();
      if (user->getNumResults() == 1 && aliasedBy(user->getResult(0)) == use.get()) {
        open.push_back(user->getResult(0));
        continue;
      }
      if (isa<tensor::DimOp>(user) || (user == launch && use.getOperandNumber() == number))
        continue;
      Operation *inBlock = launch->getBlock()->findAncestorOpInBlock(*user);
      // What is carried on elsewhere may be read later under another name.
      if (user == launch || receiver(use) || !inBlock || !inBlock->isBeforeInBlock(launch))
        return false;
    }
  return true;
}

/// The operand of the launch which gives `yielded` that shows `carried` and may be written over; none: -1.
static int64_t overwritten(Value yielded, Value carried, const SymbolTable &symbols) {
  auto launch = yielded.getDefiningOp<kernel::LaunchOp>();
  if (!launch || launch->getBlock() != carried.getParentBlock() || launch->getNumResults() != 1)
    return -1;
  auto kernel = symbols.lookup<kernel::FuncOp>(launch.getKernel());
  for (auto [i, operand] : llvm::enumerate(launch.getOperands()))
    if (isa<RankedTensorType>(operand.getType()) && shownBy(operand) == carried && kernel &&
        changesElements(kernel, i) && isLastRead(carried, launch, i))
      return i;
  return -1;
}

namespace {
struct WriteInPlace : impl::WriteInPlaceBase<WriteInPlace> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    auto mark = [&](Value yielded, Value carried) {
      int64_t operand = isa<RankedTensorType>(carried.getType()) ? overwritten(yielded, carried, symbols) : -1;
      if (operand >= 0)
        yielded.getDefiningOp()->setAttr(kernel::kInPlaceAttr, Builder(&getContext()).getI64IntegerAttr(operand));
    };
    getOperation().walk([&](Operation *op) {
      if (auto loop = dyn_cast<scf::ForOp>(op))
        for (auto [yielded, carried] : llvm::zip(loop.getYieldedValues(), loop.getRegionIterArgs()))
          mark(yielded, carried);
      else if (auto loop = dyn_cast<scf::WhileOp>(op))
        for (auto [yielded, before] : llvm::zip(loop.getYieldOp().getOperands(), loop.getBeforeArguments()))
          if (before.hasOneUse())
            if (Value carried = receiver(*before.use_begin()))
              mark(yielded, carried);
    });
  }
};
} // namespace
} // namespace adze
