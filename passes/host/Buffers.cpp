// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/host/Buffers.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace adze;
using namespace adze::host;

bool host::isScalarOp(Operation *op) {
  if (isa<tensor::DimOp>(op))
    return true;
  auto isScalar = [](Type type) { return type.isIntOrIndexOrFloat(); };
  return op->getNumRegions() == 0 && op->getNumResults() > 0 && isMemoryEffectFree(op) &&
         llvm::all_of(op->getOperandTypes(), isScalar) && llvm::all_of(op->getResultTypes(), isScalar);
}

bool host::ownsMemory(Value value) {
  if (isa_and_nonnull<kernel::CopyOp>(value.getDefiningOp()))
    return !deviceWeight(value) && !isDelivered(value);
  return isa_and_nonnull<kernel::LaunchOp, kernel::AppendOp, tensor::FromElementsOp>(value.getDefiningOp());
}

/// Whether all uses of a tensor, and of what only shows it under another type, are fine.
static bool allUses(Value tensor, llvm::function_ref<bool(OpOperand &)> isFine) {
  SmallVector<Value> open{tensor};
  while (!open.empty())
    for (OpOperand &use : open.pop_back_val().getUses()) {
      Operation *user = use.getOwner();
      if (user->getNumResults() == 1 && aliasedBy(user->getResult(0)) == use.get())
        open.push_back(user->getResult(0));
      else if (!isFine(use))
        return false;
    }
  return true;
}

bool host::isDelivered(Value value) {
  auto copy = value.getDefiningOp<kernel::CopyOp>();
  if (!copy || copy.getMemory() != kernel::Memory::host || !isa<func::FuncOp>(copy->getParentOp()))
    return false;
  return allUses(value, [](OpOperand &use) { return isa<func::ReturnOp, tensor::DimOp>(use.getOwner()); });
}

bool host::takesInput(kernel::CopyOp copy) {
  auto argument = dyn_cast<BlockArgument>(shownBy(copy.getSource()));
  return argument && copy.getMemory() == kernel::Memory::device &&
         isa<func::FuncOp>(argument.getOwner()->getParentOp());
}

bool host::isReadByHost(BlockArgument input) {
  return !allUses(input, [](OpOperand &use) {
    auto copy = dyn_cast<kernel::CopyOp>(use.getOwner());
    return isa<tensor::DimOp>(use.getOwner()) || (copy && takesInput(copy));
  });
}

core::ConstantOp host::deviceWeight(Value value) {
  auto copy = value.getDefiningOp<kernel::CopyOp>();
  if (!copy || copy.getMemory() != kernel::Memory::device)
    return {};
  return shownBy(copy.getSource()).getDefiningOp<core::ConstantOp>();
}

/// What has the sizes of `tensor`, where that follows from its own op.
static Value sizeSource(Value tensor) {
  auto copy = tensor.getDefiningOp<kernel::CopyOp>();
  return copy ? copy.getSource() : aliasedBy(tensor);
}

Value host::sizedLike(Value tensor, unsigned dim) {
  while (cast<RankedTensorType>(tensor.getType()).isDynamicDim(dim) && !tensor.getDefiningOp<core::ReshapeOp>()) {
    Value source = sizeSource(tensor);
    if (!source)
      break;
    tensor = source;
  }
  return tensor;
}

static ArrayAttr resultDims(kernel::LaunchOp launch) { return launch->getAttrOfType<ArrayAttr>("adze.result_dims"); }

LogicalResult host::verifyResultDims(kernel::LaunchOp launch) {
  bool allStatic = true;
  for (Type type : launch.getResultTypes()) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor)
      return launch.emitOpError() << "has a result of type " << type << ", expected a ranked tensor";
    allStatic &= tensor.hasStaticShape();
  }
  ArrayAttr all = resultDims(launch);
  if (allStatic && !all)
    return success();
  if (!all || all.size() != launch.getNumResults())
    return launch.emitOpError() << "needs adze.result_dims with an entry for each of its " << launch.getNumResults()
                                << " results";
  for (auto [attr, type] : llvm::zip(all, launch.getResultTypes())) {
    auto tensor = cast<RankedTensorType>(type);
    auto numbers = dyn_cast<DenseI64ArrayAttr>(attr);
    if (!numbers || numbers.size() != tensor.getRank())
      return launch.emitOpError() << "adze.result_dims of a result of type " << type << " is " << attr
                                  << ", expected a number for each dimension";
    for (auto [dim, number] : llvm::enumerate(numbers.asArrayRef()))
      if (tensor.isDynamicDim(dim) &&
          (number < 0 || number >= int64_t(launch.getNumOperands()) || !launch.getOperand(number).getType().isIndex()))
        return launch.emitOpError() << "adze.result_dims names operand " << number << " as size " << dim
                                    << " of a result of type " << type << ", expected the number of an index operand";
  }
  return success();
}

Buffers::Buffers(func::FuncOp main) {
  main.walk([&](Block *block) {
    for (auto [i, op] : llvm::enumerate(*block))
      positions[&op] = i;
  });
  chooseOutputs(main);
  main.walk([&](Operation *op) {
    if (auto loop = dyn_cast<scf::ForOp>(op))
      chooseSlots(loop, loop.getBody()->getTerminator());
    else if (auto loop = dyn_cast<scf::WhileOp>(op))
      chooseSlots(loop, loop.getYieldOp());
  });
}

unsigned Buffers::position(Operation *op) { return positions.lookup(op); }

std::optional<Destination> Buffers::destination(Value value) const {
  auto found = destinations.find(value);
  return found == destinations.end() ? std::nullopt : std::optional(found->second);
}

LoopSlots Buffers::loopSlots(Operation *loop, unsigned number) {
  auto [it, isNew] = slots.try_emplace({loop, number}, LoopSlots{numSlots, numSlots + 1});
  if (isNew)
    numSlots += 2;
  return it->second;
}

/// A launch result that is returned is written where the caller wants it, if the sizes under which it is returned are
/// known at the launch.
void Buffers::chooseOutputs(func::FuncOp main) {
  Block &body = main.getBody().front();
  for (auto [i, returned] : llvm::enumerate(body.getTerminator()->getOperands())) {
    Value value = shownBy(returned);
    if (ownsMemory(value) && value.getParentBlock() == &body &&
        sizesReadyAt(returned, body) <= position(value.getDefiningOp()))
      destinations.try_emplace(value, Destination{Destination::Output, static_cast<int32_t>(i), returned});
  }
}

Value host::changedInPlace(Value value) {
  if (auto append = value.getDefiningOp<kernel::AppendOp>())
    return append.getData();
  auto launch = value.getDefiningOp<kernel::LaunchOp>();
  auto number = launch ? launch->getAttrOfType<IntegerAttr>(kernel::kInPlaceAttr) : IntegerAttr();
  bool isOperand = number && number.getInt() >= 0 && number.getInt() < int64_t(launch.getNumOperands());
  return isOperand ? launch.getOperand(number.getInt()) : Value();
}

/// A launch result that a loop carries on is written to the slot for the next iteration. What changes a tensor in place
/// is written to the slot that it is in; in the first iteration it is in none, since it comes from outside.
void Buffers::chooseSlots(Operation *loop, Operation *yield) {
  auto isInput = [](Value value) {
    auto copy = value.getDefiningOp<kernel::CopyOp>();
    return copy && takesInput(copy);
  };
  for (auto [i, value] : llvm::enumerate(yield->getOperands())) {
    if (!ownsMemory(value) || isInput(value) || value.getParentBlock() != yield->getBlock())
      continue;
    LoopSlots pair = loopSlots(loop, i);
    Value changed = changedInPlace(value);
    if (changed && shownBy(changed) == carriedInBody(loop, i))
      destinations[value] = Destination{Destination::InPlace, pair.current, {}, pair.next};
    else
      destinations.try_emplace(value, Destination{Destination::Slot, pair.next, {}});
  }
}

/// Whether a tensor.dim asks for a dimension that there is, known now.
static bool hasDim(tensor::DimOp dim) {
  auto index = dim.getConstantIndex();
  return index && *index >= 0 && *index < cast<RankedTensorType>(dim.getSource().getType()).getRank();
}

unsigned Buffers::readyAt(Value scalar, Block &block) {
  // Operands first, by a list of what is to be done: chains of scalars may be long.
  SmallVector<Value> open{scalar};
  auto known = [&](Value v) -> std::optional<unsigned> {
    if (!v.getDefiningOp() || v.getDefiningOp()->getBlock() != &block)
      return 0;
    auto found = ready.find({v, &block});
    return found == ready.end() ? std::nullopt : std::optional(found->second);
  };
  while (!open.empty()) {
    Value v = open.back();
    if (known(v)) {
      open.pop_back();
      continue;
    }
    unsigned at = 0;
    size_t before = open.size();
    auto need = [&](Value needed) {
      if (auto ready = known(needed))
        at = std::max(at, *ready);
      else
        open.push_back(needed);
    };
    Operation *op = v.getDefiningOp();
    auto dim = dyn_cast<tensor::DimOp>(op);
    if (dim && hasDim(dim)) {
      auto [size, position] = sizeReady(dim.getSource(), *dim.getConstantIndex(), block);
      at = position;
      if (size)
        need(size);
    } else if (!dim && isScalarOp(op)) {
      for (Value operand : op->getOperands())
        need(operand);
    } else {
      at = position(op) + 1;
    }
    if (open.size() == before)
      ready[{v, &block}] = at;
  }
  return *known(scalar);
}

std::pair<Value, unsigned> Buffers::sizeReady(Value tensor, unsigned dim, Block &block) {
  while (true) {
    Operation *op = tensor.getDefiningOp();
    if (!op || op->getBlock() != &block || !cast<RankedTensorType>(tensor.getType()).isDynamicDim(dim))
      return {{}, 0};
    if (auto launch = dyn_cast<kernel::LaunchOp>(op))
      return {kernel::sizeOperand(launch, cast<OpResult>(tensor).getResultNumber(), dim), 0};
    if (auto append = dyn_cast<kernel::AppendOp>(op))
      return {append.getSize(), 0};
    if (auto reshape = dyn_cast<core::ReshapeOp>(op))
      return {reshape.getSizes()[dim], 0};
    Value source = sizeSource(tensor);
    if (!source)
      return {{}, position(op) + 1};
    tensor = source;
  }
}

unsigned Buffers::sizeReadyAt(Value tensor, unsigned dim, Block &block) {
  auto [size, position] = sizeReady(tensor, dim, block);
  return size ? readyAt(size, block) : position;
}

unsigned Buffers::sizesReadyAt(Value tensor, Block &block) {
  unsigned at = 0;
  for (int64_t dim = 0, rank = cast<RankedTensorType>(tensor.getType()).getRank(); dim < rank; ++dim)
    at = std::max(at, sizeReadyAt(tensor, dim, block));
  return at;
}

SmallVector<Segment> Buffers::segments(Block &block) {
  SmallVector<Segment> all(1);
  for (Operation &op : block)
    for (Value result : op.getResults()) {
      if (!ownsMemory(result) || destinations.count(result))
        continue;
      if (sizesReadyAt(result, block) > all.back().begin) {
        all.emplace_back();
        all.back().begin = position(&op);
      }
      all.back().buffers.push_back(result);
      all.back().first.push_back(position(&op));
      all.back().last.push_back(position(&op));
    }
  if (all.back().begin > 0 && all.front().buffers.empty())
    all.erase(all.begin());
  findLives(block, all);
  return all;
}

void Buffers::roots(Value tensor, llvm::SmallSetVector<Value, 8> &out) {
  SmallVector<Value> open{tensor};
  llvm::SmallPtrSet<Value, 8> seen;
  while (!open.empty()) {
    Value value = shownBy(open.pop_back_val());
    if (!isa<RankedTensorType>(value.getType()) || !seen.insert(value).second)
      continue;
    if (ownsMemory(value))
      out.insert(value);
    else if (isDelivered(value))
      open.push_back(value.getDefiningOp<kernel::CopyOp>().getSource());
    else
      carriedTo(value, open);
  }
}

void Buffers::findLives(Block &block, MutableArrayRef<Segment> segments) {
  DenseMap<Value, int32_t *> last;
  for (Segment &segment : segments)
    for (auto [buffer, end] : llvm::zip(segment.buffers, segment.last))
      last[buffer] = &end;
  if (last.empty())
    return;
  DenseMap<Value, llvm::SmallSetVector<Value, 8>> known;
  for (Operation &op : block)
    op.walk([&](Operation *user) {
      for (Value operand : user->getOperands()) {
        if (!isa<RankedTensorType>(operand.getType()))
          continue;
        auto [it, isNew] = known.try_emplace(operand);
        if (isNew)
          roots(operand, it->second);
        for (Value root : it->second)
          if (int32_t *end = last.lookup(root))
            *end = std::max<int32_t>(*end, position(&op));
      }
    });
}
