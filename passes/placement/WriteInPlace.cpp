// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A tensor that a loop carries and each iteration changes a part of, as recurrences write a row of their result a step,
// or makes longer, as loops collect their outputs: that is done where it lies, so that a step costs what it changes.
#include "dialects/core/Core.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
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

/// Whether all that `kernel` does is to put its argument `second` behind its argument `first`, both of one dimension.
static bool appends(kernel::FuncOp kernel, unsigned first, unsigned second) {
  Operation *end = kernel.getBody().front().getTerminator();
  auto concat = end->getNumOperands() == 1 ? end->getOperand(0).getDefiningOp<core::ConcatOp>() : core::ConcatOp();
  return concat && cast<RankedTensorType>(concat.getType()).getRank() == 1 && concat.getInputs().size() == 2 &&
         concat.getInputs()[0] == kernel.getBody().getArgument(first) &&
         concat.getInputs()[1] == kernel.getBody().getArgument(second) && first != second;
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

/// The launch as kernel.append of two of its operands.
static void replaceByAppend(kernel::LaunchOp launch, unsigned first, unsigned second) {
  OpBuilder b(launch);
  auto type = cast<RankedTensorType>(launch.getResult(0).getType());
  Value size = kernel::sizeOperand(launch, 0, 0);
  if (!size)
    size = arith::ConstantIndexOp::create(b, launch.getLoc(), type.getDimSize(0));
  Value data = launch.getOperand(first), more = launch.getOperand(second);
  launch.getResult(0).replaceAllUsesWith(kernel::AppendOp::create(b, launch.getLoc(), type, data, more, size));
  launch.erase();
}

namespace {
struct WriteInPlace : impl::WriteInPlaceBase<WriteInPlace> {
  void runOnOperation() override {
    SymbolTable table(getOperation());
    symbols = &table;
    getOperation().walk([&](kernel::LaunchOp launch) {
      auto kernel = table.lookup<kernel::FuncOp>(launch.getKernel());
      deviceLaunches += kernel && kernel.getScheduleAttr();
    });
    getOperation().walk([&](Operation *op) {
      if (auto loop = dyn_cast<scf::ForOp>(op))
        changeCarried(loop, loop.getYieldedValues());
      else if (auto loop = dyn_cast<scf::WhileOp>(op))
        changeCarried(loop, loop.getYieldOp().getOperands());
    });
    for (kernel::FuncOp kernel : replaced)
      if (SymbolTable::symbolKnownUseEmpty(kernel, getOperation()))
        kernel.erase();
  }

private:
  void changeCarried(Operation *loop, ValueRange yielded) {
    for (unsigned i = 0; i < yielded.size(); ++i)
      if (Value carried = carriedInBody(loop, i))
        writeInPlace(yielded[i], carried);
  }
  void writeInPlace(Value yielded, Value carried);

  const SymbolTable *symbols;
  llvm::SetVector<kernel::FuncOp> replaced; ///< by kernel.append, where they were launched
  int64_t deviceLaunches = 0;               ///< that are left
};
} // namespace

/// If `yielded` is what a launch makes of `carried`, and it can be made in place, lets it.
void WriteInPlace::writeInPlace(Value yielded, Value carried) {
  auto launch = yielded.getDefiningOp<kernel::LaunchOp>();
  auto kernel = launch ? symbols->lookup<kernel::FuncOp>(launch.getKernel()) : kernel::FuncOp();
  if (!kernel || launch->getBlock() != carried.getParentBlock() || launch->getNumResults() != 1 ||
      !isPlaceable(carried.getType()))
    return;
  for (auto [i, operand] : llvm::enumerate(launch.getOperands())) {
    if (!isa<RankedTensorType>(operand.getType()) || shownBy(operand) != carried || !isLastRead(carried, launch, i))
      continue;
    if (changesElements(kernel, i)) {
      launch->setAttr(kernel::kInPlaceAttr, Builder(launch.getContext()).getI64IntegerAttr(i));
      return;
    }
    // A program that launches nothing on the device has none, and no memory of its.
    bool onDevice = bool(kernel.getScheduleAttr());
    if (onDevice && deviceLaunches == 1)
      continue;
    for (unsigned j = 0; j < launch.getNumOperands(); ++j)
      if (appends(kernel, i, j)) {
        deviceLaunches -= onDevice;
        replaced.insert(kernel);
        return replaceByAppend(launch, i, j);
      }
  }
}

} // namespace adze
