// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elements at coordinates that are data, and elements by scalar code.
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "passes/core_to_loops/Emitter.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// The index at `where`, checked against `size`. Lanes are not looked at: the coordinates that pick an index have none.
static Value indexAt(Emitter &e, Operation *op, Value indices, ArrayRef<Coord> where, Value size) {
  int64_t width = std::exchange(e.width, 1);
  Value v = e.element(indices, where);
  e.width = width;
  if (!v)
    return {};
  return e.checkIndex(e.create<arith::IndexCastOp>(e.b.getIndexType(), v), size, op);
}

static Value gathered(Emitter &e, GatherOp op, ArrayRef<Coord> at) {
  int64_t axis = op.getAxis();
  size_t rank = cast<RankedTensorType>(op.getIndices().getType()).getRank();
  Value i = indexAt(e, op, op.getIndices(), at.slice(axis, rank), e.size(e.dims.dim(op.getInput(), axis)));
  if (!i)
    return {};
  Coords in(at.take_front(axis));
  in.push_back({i});
  in.append(at.begin() + axis + rank, at.end());
  return e.element(op.getInput(), in);
}

static Value gatheredElements(Emitter &e, GatherElementsOp op, ArrayRef<Coord> at) {
  Value i = indexAt(e, op, op.getIndices(), at, e.size(e.dims.dim(op.getInput(), op.getAxis())));
  if (!i)
    return {};
  Coords in(at);
  in[op.getAxis()] = {i};
  return e.element(op.getInput(), in);
}

static Value gatheredNd(Emitter &e, GatherNdOp op, ArrayRef<Coord> at) {
  auto indices = cast<RankedTensorType>(op.getIndices().getType());
  size_t head = indices.getRank() - 1, batch = op.getBatchDims();
  int64_t tuple = *e.dims.dim(op.getIndices(), head).constant();
  Coords in(at.take_front(batch)), where(at.take_front(head));
  where.push_back({});
  for (int64_t i = 0; i < tuple; ++i) {
    where.back() = {e.index(i)};
    Value v = indexAt(e, op, op.getIndices(), where, e.size(e.dims.dim(op.getInput(), batch + i)));
    if (!v)
      return {};
    in.push_back({v});
  }
  in.append(at.begin() + head, at.end());
  return e.element(op.getInput(), in);
}

namespace {
/// Copies a body's ops into the kernel: reads become elements, sizes the kernel's own.
class BodyCloner {
public:
  BodyCloner(Emitter &e) : e(e) {}

  LogicalResult block(Block &from, IRMapping &map) {
    for (Operation &op : from)
      if (failed(clone(op, map)))
        return failure();
    return success();
  }

private:
  Value mapped(Value v, IRMapping &map) {
    if (Value known = map.lookupOrNull(v))
      return known;
    Value out = isa<IndexType>(v.getType()) ? e.scalar(v) : v;
    if (auto constant = v.getDefiningOp<arith::ConstantOp>())
      out = e.b.clone(*constant)->getResult(0);
    return out;
  }

  LogicalResult clone(Operation &op, IRMapping &map) {
    if (isa<core::YieldOp>(op))
      return success();
    if (auto load = dyn_cast<LoadOp>(op)) {
      Coords at;
      for (Value i : load.getIndices())
        at.push_back({mapped(i, map)});
      Value v = e.element(load.getTensor(), at);
      map.map(load.getResult(), v);
      return success(bool(v));
    }
    if (auto check = dyn_cast<CheckIndexOp>(op)) {
      map.map(check.getResult(), e.checkIndex(mapped(check.getIndex(), map), mapped(check.getSize(), map), check));
      return success();
    }
    if (isa<tensor::DimOp>(op)) {
      map.map(op.getResult(0), e.scalar(op.getResult(0)));
      return success();
    }
    for (Value operand : op.getOperands())
      if (!map.contains(operand))
        map.map(operand, mapped(operand, map));
    if (op.getNumRegions() == 0) {
      holdInBytes(e.b.clone(op, map)->getResults());
      return success();
    }
    return cloneWithRegions(op, map);
  }

  /// Elements that are no numbers of the machine are moved as what they are stored in.
  static void holdInBytes(ValueRange values) {
    for (Value v : values)
      if (v.getType().isIntOrFloat())
        v.setType(valueType(v.getType()));
  }

  LogicalResult cloneWithRegions(Operation &op, IRMapping &map) {
    Operation *copy = op.cloneWithoutRegions(map);
    e.b.insert(copy);
    holdInBytes(copy->getResults());
    for (auto [from, to] : llvm::zip(op.getRegions(), copy->getRegions()))
      for (Block &source : from) {
        OpBuilder::InsertionGuard guard(e.b);
        Block *block = e.b.createBlock(&to, to.end());
        for (BlockArgument arg : source.getArguments())
          map.map(arg, block->addArgument(arg.getType(), arg.getLoc()));
        holdInBytes(block->getArguments());
        e.b.setInsertionPointToEnd(block);
        e.pushScope();
        IRMapping inner(map); // what is made in here is not seen outside
        LogicalResult done = this->block(source, inner);
        e.popScope();
        if (failed(done))
          return failure();
      }
    return success();
  }

  Emitter &e;
};
} // namespace

static Value generated(Emitter &e, GenerateOp op, ArrayRef<Coord> at) {
  IRMapping map;
  Block &body = op.getBody().front();
  for (auto [arg, coord] : llvm::zip(body.getArguments(), at))
    map.map(arg, coord.base);
  int64_t width = std::exchange(e.width, 1);
  LogicalResult done = BodyCloner(e).block(body, map);
  e.width = width;
  if (failed(done))
    return {};
  Value yielded = cast<core::YieldOp>(body.getTerminator()).getValues()[0];
  Value v = map.lookupOrNull(yielded);
  if (!v)
    v = isa<IndexType>(yielded.getType()) ? e.scalar(yielded) : e.b.clone(*yielded.getDefiningOp())->getResult(0);
  return v;
}

Value adze::emitIndexing(Emitter &e, Operation *op, ArrayRef<Coord> at) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](GatherOp op) { return gathered(e, op, at); })
      .Case([&](GatherElementsOp op) { return gatheredElements(e, op, at); })
      .Case([&](GatherNdOp op) { return gatheredNd(e, op, at); })
      .Case([&](GenerateOp op) { return generated(e, op, at); });
}
