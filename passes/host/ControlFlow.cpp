// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// scf.if, scf.for and scf.while of the host program as blocks. A tensor that leaves a branch stays where the branch's
// plan has it: each plan's memory is its own. A tensor that a loop carries on moves to one of two slots, since the next
// iteration uses the plans again.
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "passes/host/Lowering.h"

using namespace mlir;
using namespace adze;
using namespace adze::host;

LogicalResult Lowering::carriedTypes(Operation *op, TypeRange types, SmallVectorImpl<Type> &out) {
  for (Type type : types) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor && !type.isIntOrIndexOrFloat())
      return op->emitOpError() << "carries a value of type " << type << ", expected scalars and ranked tensors";
    out.push_back(tensor ? services->pointerType() : type);
    if (tensor)
      out.append(tensor.getNumDynamicDims(), b.getIndexType());
  }
  return success();
}

SmallVector<Value> Lowering::carry(Location loc, ValueRange values) {
  SmallVector<Value> out;
  for (Value value : values) {
    auto tensor = dyn_cast<RankedTensorType>(value.getType());
    out.push_back(tensor ? address(loc, value) : scalar(value));
    for (int64_t dim = 0; tensor && dim < tensor.getRank(); ++dim)
      if (tensor.isDynamicDim(dim))
        out.push_back(sizeOf(value, dim));
  }
  return out;
}

void Lowering::receive(ValueRange values, ValueRange arguments) {
  unsigned next = 0;
  for (Value value : values) {
    auto tensor = dyn_cast<RankedTensorType>(value.getType());
    if (!tensor) {
      scalars[value] = arguments[next++];
      continue;
    }
    places[value] = {Place::Pointer, arguments[next++]};
    SmallVector<Value> sizes(tensor.getRank());
    for (int64_t dim = 0; dim < tensor.getRank(); ++dim)
      if (tensor.isDynamicDim(dim))
        sizes[dim] = arguments[next++];
    carriedSizes[value] = std::move(sizes);
  }
}

LogicalResult Lowering::lowerSelect(arith::SelectOp op) {
  if (!op.getCondition().getType().isInteger(1) || !isa<RankedTensorType>(op.getType()))
    return op.emitOpError() << "chooses elements of type " << op.getType() << ", expected one ranked tensor or another";
  Location loc = op.getLoc();
  Value condition = scalar(op.getCondition());
  SmallVector<Value> chosen;
  for (auto [yes, no] : llvm::zip_equal(carry(loc, op.getTrueValue()), carry(loc, op.getFalseValue())))
    chosen.push_back(arith::SelectOp::create(b, loc, condition, yes, no));
  receive(op.getResult(), chosen);
  return success();
}

LogicalResult Lowering::lowerIf(scf::IfOp op) {
  Location loc = op.getLoc();
  SmallVector<Type> types;
  if (failed(carriedTypes(op, op.getResultTypes(), types)))
    return failure();
  Value condition = scalar(op.getCondition());
  Block *thenBlock = services->newBlock(), *elseBlock = services->newBlock(), *after = services->newBlock(types, loc);
  cf::CondBranchOp::create(b, loc, condition, thenBlock, ValueRange(), elseBlock, ValueRange());
  for (auto [region, block] : {std::pair(&op.getThenRegion(), thenBlock), std::pair(&op.getElseRegion(), elseBlock)}) {
    b.setInsertionPointToEnd(block);
    SmallVector<Value> carried;
    if (!region->empty()) {
      if (failed(lowerBlock(region->front())))
        return failure();
      carried = carry(loc, region->front().getTerminator()->getOperands());
    }
    cf::BranchOp::create(b, loc, after, carried);
  }
  b.setInsertionPointToEnd(after);
  receive(op.getResults(), after->getArguments());
  return success();
}

SmallVector<Value> Lowering::carryOn(Operation *loop, ValueRange values, llvm::function_ref<bool(unsigned)> unchanged) {
  Location loc = loop->getLoc();
  SmallVector<Value> out;
  SmallVector<LoopSlots> swaps;
  for (auto [i, value] : llvm::enumerate(values)) {
    size_t at = out.size();
    llvm::append_range(out, carry(loc, value));
    Operation *scope = value.getParentBlock()->getParentOp();
    if (!isa<RankedTensorType>(value.getType()) || unchanged(i) || !loop->isAncestor(scope))
      continue;
    LoopSlots pair = buffers.loopSlots(loop, i);
    auto written = buffers.destination(value);
    if (written && written->kind == Destination::InPlace && written->number == pair.current)
      continue;
    if (!written || written->kind != Destination::Slot || written->number != pair.next) {
      bool device = onDevice(value);
      Value bytes = bytesOf(loc, value), memory = services->alloc(loc, pair.next, device, bytes);
      copyWithin(loc, device, memory, out[at], bytes);
      out[at] = memory;
    }
    swaps.push_back(pair);
  }
  for (LoopSlots pair : swaps)
    services->swap(loc, pair.current, pair.next);
  return out;
}

LogicalResult Lowering::lowerFor(scf::ForOp op) {
  Location loc = op.getLoc();
  Type type = op.getInductionVar().getType();
  SmallVector<Type> types{type};
  if (failed(carriedTypes(op, op.getResultTypes(), types)))
    return failure();
  Value upper = scalar(op.getUpperBound()), step = scalar(op.getStep());
  Value one = arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, 1));
  step = arith::MaxSIOp::create(b, loc, step, one);
  Block *header = services->newBlock(types, loc), *body = services->newBlock(), *after = services->newBlock();
  SmallVector<Value> carried{scalar(op.getLowerBound())};
  llvm::append_range(carried, carry(loc, op.getInitArgs()));
  cf::BranchOp::create(b, loc, header, carried);

  b.setInsertionPointToEnd(header);
  Value counter = header->getArgument(0);
  auto predicate = op.getUnsignedCmp() ? arith::CmpIPredicate::ult : arith::CmpIPredicate::slt;
  cf::CondBranchOp::create(b, loc, arith::CmpIOp::create(b, loc, predicate, counter, upper), body, ValueRange(), after,
                           ValueRange());
  scalars[op.getInductionVar()] = counter;
  receive(op.getRegionIterArgs(), header->getArguments().drop_front());

  b.setInsertionPointToEnd(body);
  services->check(loc); // a loop can be cancelled
  if (failed(lowerBlock(*op.getBody())))
    return failure();
  SmallVector<Value> next{arith::AddIOp::create(b, loc, counter, step)};
  auto yielded = op.getYieldedValues();
  llvm::append_range(next, carryOn(op, yielded, [&](unsigned i) { return yielded[i] == op.getRegionIterArg(i); }));
  cf::BranchOp::create(b, loc, header, next);

  b.setInsertionPointToEnd(after);
  receive(op.getResults(), header->getArguments().drop_front());
  return success();
}

LogicalResult Lowering::lowerWhile(scf::WhileOp op) {
  Location loc = op.getLoc();
  SmallVector<Type> beforeTypes, afterTypes;
  if (failed(carriedTypes(op, op.getInits().getTypes(), beforeTypes)) ||
      failed(carriedTypes(op, op.getResultTypes(), afterTypes)))
    return failure();
  Block *before = services->newBlock(beforeTypes, loc), *after = services->newBlock(afterTypes, loc),
        *exit = services->newBlock(afterTypes, loc);
  cf::BranchOp::create(b, loc, before, carry(loc, op.getInits()));

  b.setInsertionPointToEnd(before);
  receive(op.getBeforeArguments(), before->getArguments());
  if (failed(lowerBlock(*op.getBeforeBody())))
    return failure();
  scf::ConditionOp condition = op.getConditionOp();
  Value goOn = scalar(condition.getCondition());
  SmallVector<Value> carried = carry(loc, condition.getArgs());
  cf::CondBranchOp::create(b, loc, goOn, after, carried, exit, carried);

  b.setInsertionPointToEnd(after);
  services->check(loc); // a loop can be cancelled
  receive(op.getAfterArguments(), after->getArguments());
  if (failed(lowerBlock(*op.getAfterBody())))
    return failure();
  ValueRange yielded = op.getYieldOp().getOperands();
  auto unchanged = [&](unsigned i) {
    auto argument = dyn_cast<BlockArgument>(yielded[i]);
    return argument && argument.getOwner() == op.getAfterBody() &&
           condition.getArgs()[argument.getArgNumber()] == op.getBeforeArguments()[i];
  };
  cf::BranchOp::create(b, loc, before, carryOn(op, yielded, unchanged));

  b.setInsertionPointToEnd(exit);
  receive(op.getResults(), exit->getArguments());
  return success();
}
