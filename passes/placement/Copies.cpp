// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/placement/Copies.h"
#include "dialects/core/Core.h"

using namespace mlir;
using namespace adze;
using namespace adze::placement;

void Copies::insert(func::FuncOp main) {
  for (auto &[tensor, operands] : findMisplaced(main)) {
    insertCopy(tensor, operands);
    for (OpOperand *operand : operands)
      operand->set(inOtherMemory(operand->get()));
  }
  eraseUnused();
}

llvm::MapVector<Value, Copies::Operands> Copies::findMisplaced(func::FuncOp main) {
  llvm::MapVector<Value, Operands> misplaced;
  main.walk<WalkOrder::PreOrder>([&](Operation *op) {
    for (OpOperand &operand : op->getOpOperands()) {
      if (!isPlaceable(operand.get().getType()))
        continue;
      auto needed = memories.demanded(operand);
      if (Value carried = receiver(operand))
        needed = classes.of(carried);
      if (needed && *needed != classes.of(operand.get()))
        misplaced[shownBy(operand.get())].push_back(&operand);
    }
  });
  return misplaced;
}

/// The innermost block around all of the operands' owners that is in no loop which `home` is not in.
static Block *commonBlock(Block *home, ArrayRef<OpOperand *> operands) {
  Block *common = operands.front()->getOwner()->getBlock();
  for (OpOperand *operand : operands.drop_front())
    while (!common->findAncestorOpInBlock(*operand->getOwner()))
      common = common->getParentOp()->getBlock();
  Block *outside = common;
  for (Block *block = common; block != home; block = block->getParentOp()->getBlock())
    if (repeats(block->getParentOp()))
      outside = block->getParentOp()->getBlock();
  return outside;
}

void Copies::insertCopy(Value tensor, ArrayRef<OpOperand *> operands) {
  OpBuilder b(tensor.getContext());
  Operation *definition = tensor.getDefiningOp();
  Block *home = tensor.getParentBlock(), *block = commonBlock(home, operands);
  bool toHost = classes.of(tensor) == kernel::Memory::device, atBegin = false;
  if (toHost) {
    Operation *first = block->findAncestorOpInBlock(*operands.front()->getOwner());
    for (OpOperand *operand : operands.drop_front())
      if (Operation *at = block->findAncestorOpInBlock(*operand->getOwner()); at->isBeforeInBlock(first))
        first = at;
    b.setInsertionPoint(first);
  } else if (definition && (block == home || isa<core::ConstantOp>(definition))) {
    b.setInsertionPointAfter(definition);
  } else {
    atBegin = true;
    if (Operation *last = lastAtBegin.lookup(block))
      b.setInsertionPointAfter(last);
    else
      b.setInsertionPointToStart(block);
  }
  auto memory = toHost ? kernel::Memory::host : kernel::Memory::device;
  auto copy = kernel::CopyOp::create(b, tensor.getLoc(), tensor.getType(), tensor, memory);
  if (atBegin)
    lastAtBegin[block] = copy;
  others[tensor] = copy;
}

/// The later of two ops of which one comes before the other on every way to what follows both.
static Operation *later(Operation *a, Operation *b) {
  Operation *at = a->getBlock()->findAncestorOpInBlock(*b);
  return at && a->isBeforeInBlock(at) ? b : a;
}

Value Copies::inOtherMemory(Value value) {
  SmallVector<Value> way;
  while (!others.count(value)) {
    way.push_back(value);
    value = aliasedBy(value);
  }
  for (Value next : llvm::reverse(way)) {
    Operation *op = next.getDefiningOp(), *source = others[aliasedBy(next)].getDefiningOp();
    OpBuilder b(op->getContext());
    b.setInsertionPointAfter(later(op, source));
    Operation *clone = b.clone(*op);
    clone->setOperand(0, source->getResult(0));
    others[next] = clone->getResult(0);
    shown.push_back(op);
    value = next;
  }
  return others[value];
}

void Copies::eraseUnused() {
  // Those made of others come after them in the list.
  for (Operation *op : llvm::reverse(shown))
    if (op->use_empty())
      op->erase();
}
