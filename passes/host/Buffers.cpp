// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/host/Buffers.h"
#include "dialects/core/Core.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace adze;
using namespace adze::host;

Value host::aliasedBy(Value value) {
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<core::ReshapeOp, core::BitcastOp, tensor::CastOp, tensor::BitcastOp>(op))
    return op->getOperand(0);
  return {};
}

bool host::isScalarOp(Operation *op) {
  if (isa<tensor::DimOp>(op))
    return true;
  auto isScalar = [](Type type) { return type.isIntOrIndexOrFloat(); };
  return op->getNumRegions() == 0 && op->getNumResults() > 0 && isMemoryEffectFree(op) &&
         llvm::all_of(op->getOperandTypes(), isScalar) && llvm::all_of(op->getResultTypes(), isScalar);
}

bool host::ownsMemory(Value value) {
  return isa_and_nonnull<kernel::LaunchOp, tensor::FromElementsOp>(value.getDefiningOp());
}

static ArrayAttr resultDims(kernel::LaunchOp launch) { return launch->getAttrOfType<ArrayAttr>("adze.result_dims"); }

Value host::sizeOperand(kernel::LaunchOp launch, unsigned result, unsigned dim) {
  if (!cast<RankedTensorType>(launch.getResult(result).getType()).isDynamicDim(dim))
    return {};
  return launch.getOperand(cast<DenseI64ArrayAttr>(resultDims(launch)[result])[dim]);
}

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
    Value value = returned;
    while (Value source = aliasedBy(value))
      value = source;
    if (ownsMemory(value) && value.getParentBlock() == &body &&
        sizesReadyAt(returned, body) <= position(value.getDefiningOp()))
      destinations.try_emplace(value, Destination{Destination::Output, static_cast<int32_t>(i), returned});
  }
}

/// A launch result that a loop carries on is written to the slot for the next iteration.
void Buffers::chooseSlots(Operation *loop, Operation *yield) {
  for (auto [i, value] : llvm::enumerate(yield->getOperands()))
    if (ownsMemory(value) && value.getParentBlock() == yield->getBlock() && !destinations.count(value))
      destinations[value] = Destination{Destination::Slot, loopSlots(loop, i).next, {}};
}

unsigned Buffers::readyAt(Value scalar, Block &block) {
  Operation *op = scalar.getDefiningOp();
  if (!op || op->getBlock() != &block)
    return 0;
  auto key = std::make_pair(scalar, &block);
  if (auto found = ready.find(key); found != ready.end())
    return found->second;
  unsigned at = 0;
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    auto index = dim.getConstantIndex();
    at = index && *index < cast<RankedTensorType>(dim.getSource().getType()).getRank()
             ? sizeReadyAt(dim.getSource(), *index, block)
             : position(op) + 1;
  } else if (isScalarOp(op)) {
    for (Value operand : op->getOperands())
      at = std::max(at, readyAt(operand, block));
  } else {
    at = position(op) + 1;
  }
  return ready[key] = at;
}

unsigned Buffers::sizeReadyAt(Value tensor, unsigned dim, Block &block) {
  Operation *op = tensor.getDefiningOp();
  if (!op || op->getBlock() != &block || !cast<RankedTensorType>(tensor.getType()).isDynamicDim(dim))
    return 0;
  if (auto launch = dyn_cast<kernel::LaunchOp>(op))
    return readyAt(sizeOperand(launch, cast<OpResult>(tensor).getResultNumber(), dim), block);
  if (auto reshape = dyn_cast<core::ReshapeOp>(op))
    return readyAt(reshape.getSizes()[dim], block);
  if (Value source = aliasedBy(tensor))
    return sizeReadyAt(source, dim, block);
  return position(op) + 1;
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

void Buffers::roots(Value value, llvm::SmallSetVector<Value, 8> &out, llvm::SmallPtrSetImpl<Value> &seen) {
  if (!seen.insert(value).second || !isa<RankedTensorType>(value.getType()))
    return;
  if (ownsMemory(value)) {
    out.insert(value);
    return;
  }
  auto all = [&](ValueRange values, unsigned i) { roots(values[i], out, seen); };
  if (Value source = aliasedBy(value))
    return roots(source, out, seen);
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    Operation *parent = value.getParentBlock()->getParentOp();
    unsigned i = argument.getArgNumber();
    if (auto loop = dyn_cast<scf::ForOp>(parent)) {
      all(loop.getInitArgs(), i - 1);
      all(loop.getYieldedValues(), i - 1);
    } else if (auto loop = dyn_cast<scf::WhileOp>(parent)) {
      if (value.getParentBlock() == loop.getAfterBody())
        return all(loop.getConditionOp().getArgs(), i);
      all(loop.getInits(), i);
      all(loop.getYieldOp().getOperands(), i);
    }
    return;
  }
  unsigned i = cast<OpResult>(value).getResultNumber();
  Operation *op = value.getDefiningOp();
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    all(branch.thenYield().getOperands(), i);
    all(branch.elseYield().getOperands(), i);
  } else if (auto loop = dyn_cast<scf::ForOp>(op)) {
    all(loop.getInitArgs(), i);
    all(loop.getYieldedValues(), i);
  } else if (auto loop = dyn_cast<scf::WhileOp>(op)) {
    all(loop.getConditionOp().getArgs(), i);
  } else if (auto select = dyn_cast<arith::SelectOp>(op)) {
    all({select.getTrueValue(), select.getFalseValue()}, 0);
    all({select.getTrueValue(), select.getFalseValue()}, 1);
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
        if (isNew) {
          llvm::SmallPtrSet<Value, 8> seen;
          roots(operand, it->second, seen);
        }
        for (Value root : it->second)
          if (int32_t *end = last.lookup(root))
            *end = std::max<int32_t>(*end, position(&op));
      }
    });
}
