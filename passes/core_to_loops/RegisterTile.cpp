// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/core_to_loops/RegisterTile.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// FMAs in flight before the first one's result is there: two a cycle, four cycles each.
static constexpr int64_t kFmasInFlight = 8;

/// Cycles a step of the depth for each row and panel of the tile; of equal ones the tile with fewer loads is better.
static double cost(TileShape shape) {
  double vectors = shape.vectors(), rows = shape.rows;
  double fmas = rows * vectors / 2, loads = (rows + vectors) / 2, latency = kFmasInFlight / 2;
  return (std::max({fmas, loads, latency}) + loads / 1000) / (rows * shape.panels);
}

TileShape adze::chooseTile(int64_t vectorBytes, int64_t vectorRegisters, const DimExpr &panels) {
  // More rows than the first-level cache has ways evict each other where a row is a multiple of a page long.
  constexpr int64_t mostRows = 10, mostPanels = 3;
  int64_t lanes = std::max<int64_t>(vectorBytes / 4, 4);
  TileShape best{lanes, 1, 1};
  double bestCost = 0;
  for (int64_t n = 1; n <= mostPanels; ++n) {
    TileShape shape{lanes, n, 1};
    int64_t rows = (vectorRegisters - shape.vectors() - 1) / shape.vectors();
    if (rows < 1)
      break;
    shape.rows = std::min(rows, mostRows);
    double own = cost(shape);
    if (auto count = panels.constant(); count && *count > 0)
      own *= double((*count + n - 1) / n * n) / double(*count);
    if (n == 1 || own < bestCost) {
      best = shape;
      bestCost = own;
    }
  }
  return best;
}

namespace {
class TileEmitter {
public:
  TileEmitter(Emitter &e, TileShape shape, const TileOperands &operands)
      : e(e), shape(shape), operands(operands), floats(getElementTypeOrSelf(operands.left).isF32()),
        vector(VectorType::get({shape.lanes}, floats ? Type(e.b.getF32Type()) : e.b.getI32Type())),
        sums(int64_t(operands.rows.size()) * shape.vectors()) {}

  Emitter::Values run() {
    steps = std::min<int64_t>(4, (kFmasInFlight + sums - 1) / sums);
    Emitter::Values zero(sums * steps, e.constant(vector, 0));
    Emitter::Values all = reduce(0, operands.rows, operands.panels, zero);
    for (int64_t step = 1; step < steps; ++step)
      for (int64_t i = 0; i < sums; ++i)
        all[i] = floats ? e.create<arith::AddFOp>(all[i], all[step * sums + i])
                        : e.create<arith::AddIOp>(all[i], all[step * sums + i]);
    all.resize(sums);
    return all;
  }

private:
  Emitter::Values reduce(size_t level, ArrayRef<Value> rows, ArrayRef<Value> panels, Emitter::Values carried) {
    if (level == operands.loops.size())
      return innermost(rows, panels, carried);
    const TileOperands::Loop &loop = operands.loops[level];
    return e.loop(e.index(0), loop.count, e.index(1), carried, [&](Value i, ValueRange next) {
      auto moved = [&](ArrayRef<Value> bases, Value step) {
        Value by = e.muli(i, step);
        return llvm::map_to_vector(bases, [&](Value base) { return e.addi(base, by); });
      };
      return reduce(level + 1, moved(rows, loop.leftStep), moved(panels, loop.rightStep), Emitter::Values(next));
    });
  }

  /// All of the depth: `steps` rows of the panels at a time, then what is left one by one, then a part of a row.
  Emitter::Values innermost(ArrayRef<Value> rows, ArrayRef<Value> panels, Emitter::Values carried) {
    auto loop = [&](Value from, Value to, int64_t count) {
      carried = e.loop(from, to, e.index(count), carried, [&](Value k, ValueRange values) {
        Emitter::Values next(values);
        for (int64_t step = 0; step < count; ++step)
          multiply(rows, panels, e.addi(k, e.index(step)), tileStep(floats),
                   MutableArrayRef<Value>(next).slice(step * sums, sums));
        return next;
      });
    };
    Value depth = operands.depth, whole = depth;
    if (steps > 1)
      whole = e.subi(whole, e.remui(whole, steps));
    loop(e.index(0), whole, steps);
    if (steps > 1)
      loop(whole, depth, 1);
    if (operands.rest)
      multiply(rows, panels, depth, operands.rest, MutableArrayRef<Value>(carried).take_front(sums));
    return carried;
  }

  /// sums += what the rows have for row `k` of the panels, times that row. `count` elements of a row are there to read.
  void multiply(ArrayRef<Value> rows, ArrayRef<Value> panels, Value k, int64_t count, MutableArrayRef<Value> sums) {
    Emitter::Values right;
    Value along = e.muli(k, operands.rightStep ? operands.rightStep : e.index(panelRow(floats)));
    Value across = e.muli(k, operands.leftStep ? operands.leftStep : e.index(tileStep(floats)));
    auto type = floats ? vector : VectorType::get({4 * shape.lanes}, e.b.getI8Type());
    for (Value panel : panels)
      for (int64_t at = 0; at < panelRow(floats); at += type.getNumElements())
        right.push_back(
            e.create<vector::LoadOp>(type, operands.right, ValueRange{e.addi(e.addi(panel, along), e.index(at))}));
    for (auto [r, row] : llvm::enumerate(rows)) {
      Value left = leftOf(e.addi(row, across), count);
      for (size_t v = 0; v < right.size(); ++v) {
        Value &sum = sums[r * right.size() + v];
        sum = floats ? e.create<vector::FMAOp>(left, right[v], sum)
                     : e.create<kernel::DotOp>(sum.getType(), sum, left, right[v]);
      }
    }
  }

  /// The element, or the next `count` of four, in every lane.
  Value leftOf(Value at, int64_t count) {
    if (floats)
      return e.create<vector::BroadcastOp>(vector, e.create<memref::LoadOp>(operands.left, ValueRange{at}));
    auto four = VectorType::get({4}, e.b.getI8Type());
    Value bytes;
    if (count == 4) {
      bytes = e.create<vector::LoadOp>(four, operands.left, ValueRange{at});
    } else {
      Emitter::Values each(4, e.constant(e.b.getI8Type(), 0));
      for (int64_t i = 0; i < count; ++i)
        each[i] = e.create<memref::LoadOp>(operands.left, ValueRange{e.addi(at, e.index(i))});
      bytes = e.create<vector::FromElementsOp>(four, each);
    }
    Value word = e.create<vector::BitCastOp>(VectorType::get({1}, e.b.getI32Type()), bytes);
    Value all = e.create<vector::BroadcastOp>(vector, e.create<vector::ExtractOp>(word, int64_t(0)));
    return e.create<vector::BitCastOp>(VectorType::get({4 * shape.lanes}, e.b.getI8Type()), all);
  }

  Emitter &e;
  TileShape shape;
  const TileOperands &operands;
  bool floats;
  VectorType vector; ///< of sums
  int64_t sums;      ///< of one step of the depth
  int64_t steps = 1; ///< of the depth that have sums of their own
};
} // namespace

SmallVector<Value> adze::emitTile(Emitter &e, TileShape shape, const TileOperands &operands) {
  assert(int64_t(operands.rows.size()) <= shape.rows && int64_t(operands.panels.size()) == shape.panels);
  return TileEmitter(e, shape, operands).run();
}
