// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/common/Memory.h"
#include "dialects/core/Core.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace adze;

Value adze::aliasedBy(Value value) {
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<core::ReshapeOp, core::BitcastOp, tensor::CastOp, tensor::BitcastOp>(op))
    return op->getOperand(0);
  return {};
}

Value adze::shownBy(Value value) {
  while (Value source = aliasedBy(value))
    value = source;
  return value;
}

/// One whole tensor or another.
static arith::SelectOp tensorSelect(Operation *op) {
  auto select = dyn_cast<arith::SelectOp>(op);
  return select && select.getCondition().getType().isInteger(1) ? select : arith::SelectOp();
}

void adze::carriedTo(Value value, SmallVectorImpl<Value> &out) {
  auto argument = dyn_cast<BlockArgument>(value);
  unsigned i = argument ? argument.getArgNumber() : cast<OpResult>(value).getResultNumber();
  Operation *op = argument ? value.getParentBlock()->getParentOp() : value.getDefiningOp();
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    out.append({branch.thenYield().getOperand(i), branch.elseYield().getOperand(i)});
  } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
    if (argument == loop.getInductionVar())
      return;
    i -= argument ? loop.getNumInductionVars() : 0;
    out.append({loop.getInitArgs()[i], loop.getYieldedValues()[i]});
  } else if (auto loop = dyn_cast<scf::WhileOp>(op)) {
    if (!argument || value.getParentBlock() == loop.getAfterBody())
      out.push_back(loop.getConditionOp().getArgs()[i]);
    else
      out.append({loop.getInits()[i], loop.getYieldOp().getOperand(i)});
  } else if (auto select = tensorSelect(op)) {
    out.append({select.getTrueValue(), select.getFalseValue()});
  }
}

static Value yieldReceiver(scf::YieldOp yield, unsigned i) {
  Operation *parent = yield->getParentOp();
  if (auto branch = dyn_cast<scf::IfOp>(parent))
    return branch.getResult(i);
  if (auto loop = dyn_cast<scf::ForOp>(parent))
    return loop.getRegionIterArg(i);
  if (auto loop = dyn_cast<scf::WhileOp>(parent))
    return loop.getBeforeArguments()[i];
  return {};
}

Value adze::receiver(OpOperand &operand) {
  Operation *op = operand.getOwner();
  unsigned i = operand.getOperandNumber();
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return i < loop.getNumControlOperands() ? Value() : loop.getRegionIterArg(i - loop.getNumControlOperands());
  if (auto loop = dyn_cast<scf::WhileOp>(op))
    return loop.getBeforeArguments()[i];
  if (auto condition = dyn_cast<scf::ConditionOp>(op))
    return i == 0 ? Value() : cast<scf::WhileOp>(op->getParentOp()).getAfterArguments()[i - 1];
  if (auto yield = dyn_cast<scf::YieldOp>(op))
    return yieldReceiver(yield, i);
  if (auto select = tensorSelect(op))
    return i == 0 ? Value() : select.getResult();
  return {};
}

Value adze::carriedInBody(Operation *loop, unsigned number) {
  if (auto counted = dyn_cast<scf::ForOp>(loop))
    return counted.getRegionIterArg(number);
  Value before = cast<scf::WhileOp>(loop).getBeforeArguments()[number];
  return before.hasOneUse() ? receiver(*before.use_begin()) : Value();
}

Value adze::becomesResult(Value value) {
  auto result = dyn_cast<OpResult>(value);
  if (!result)
    return {};
  if (auto loop = dyn_cast<scf::ForOp>(result.getOwner()))
    return loop.getRegionIterArg(result.getResultNumber());
  if (auto loop = dyn_cast<scf::WhileOp>(result.getOwner()))
    return loop.getAfterArguments()[result.getResultNumber()];
  return {};
}

bool adze::isPlaceable(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getElementType().isIntOrIndexOrFloat();
}

Memories::Memories(ModuleOp module) {
  for (Operation &op : *module.getBody()) {
    auto kernel = dyn_cast<kernel::FuncOp>(op);
    if (kernel ? bool(kernel.getScheduleAttr()) : isa<func::FuncOp>(op) && op.hasAttr(kernel::kDeviceAttr))
      deviceKernels.insert(SymbolTable::getSymbolName(&op).getValue());
  }
}

kernel::Memory Memories::ofKernel(StringRef name) const {
  return deviceKernels.contains(name) ? kernel::Memory::device : kernel::Memory::host;
}

std::optional<kernel::Memory> Memories::madeIn(Value value) const {
  if (!isPlaceable(value.getType()))
    return kernel::Memory::host;
  if (auto launch = value.getDefiningOp<kernel::LaunchOp>())
    return ofKernel(launch.getKernel());
  if (auto copy = value.getDefiningOp<kernel::CopyOp>())
    return copy.getMemory();
  if (value.getDefiningOp<kernel::AppendOp>())
    return std::nullopt;
  SmallVector<Value> sources;
  carriedTo(value, sources);
  return aliasedBy(value) || !sources.empty() ? std::nullopt : std::optional(kernel::Memory::host);
}

kernel::Memory Memories::of(Value tensor) {
  // What carries a value lies where the first of its sources does: that is made before, so the way ends.
  SmallVector<Value> way;
  std::optional<kernel::Memory> memory;
  for (Value value = tensor; !memory;) {
    auto found = known.find(value);
    memory = found != known.end() ? std::optional(found->second) : madeIn(value);
    way.push_back(value);
    SmallVector<Value> sources;
    if (Value source = aliasedBy(value))
      sources.push_back(source);
    else if (auto append = value.getDefiningOp<kernel::AppendOp>())
      sources.push_back(append.getData());
    else
      carriedTo(value, sources);
    if (!memory)
      value = sources.front();
  }
  for (Value value : way)
    known[value] = *memory;
  return *memory;
}

std::optional<kernel::Memory> Memories::demanded(OpOperand &operand) const {
  Operation *op = operand.getOwner();
  if (auto launch = dyn_cast<kernel::LaunchOp>(op))
    return ofKernel(launch.getKernel());
  bool shows = op->getNumResults() == 1 && operand.getOperandNumber() == 0 && aliasedBy(op->getResult(0));
  if (shows || isa<kernel::CopyOp, kernel::AppendOp, tensor::DimOp>(op) || receiver(operand))
    return std::nullopt;
  return kernel::Memory::host;
}

std::string Memories::misplaced(Operation *op) {
  auto text = [](kernel::Memory memory) { return kernel::stringifyMemory(memory).str(); };
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isPlaceable(operand.get().getType()))
      continue;
    auto expected = demanded(operand);
    if (Value carried = receiver(operand))
      expected = of(carried);
    if (auto append = dyn_cast<kernel::AppendOp>(op))
      expected = of(append.getData());
    if (auto copy = dyn_cast<kernel::CopyOp>(op))
      expected = copy.getMemory() == kernel::Memory::host ? kernel::Memory::device : kernel::Memory::host;
    if (!expected)
      continue;
    kernel::Memory found = of(operand.get());
    if (*expected != found)
      return "operand " + std::to_string(operand.getOperandNumber()) + " lies in the memory of the " + text(found) +
             ", expected that of the " + text(*expected);
  }
  return "";
}
