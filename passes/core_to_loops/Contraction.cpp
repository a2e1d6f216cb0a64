// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matmul and convolution as plain loops, one row of the result an item, in the order parallel, reduction, parallel: the
// numeric reference and the form of shapes and types that have no micro-kernel.
#include "passes/core_to_loops/Nests.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// acc[j] += left * right(j) for j in [from, to), in the accumulator's type.
static void accumulateRow(Emitter &e, Value acc, Type type, Value from, Value to, int64_t lanes,
                          function_ref<Value(Coord)> product) {
  e.laneLoop(from, to, lanes, [&](Coord j) {
    DimExpr any = e.dims.dims.named("");
    Value old = e.load(acc, type, j, any);
    Value sum = e.binary(BinaryKind::add, old, product(j), type);
    e.store(sum, acc, type, j, any);
  });
}

static void fillRow(Emitter &e, Value acc, Type type, Value size, int64_t lanes) {
  e.laneLoop(e.index(0), size, lanes,
             [&](Coord j) { e.store(e.constant(valueType(type), 0), acc, type, j, e.dims.dims.named("")); });
}

/// Writes the accumulated row, converted to the result's type, through the epilogue.
static LogicalResult writeRow(Emitter &e, Operation *op, Value acc, Type type, Coords at, Value size, WriteFn write) {
  Type element = getElementTypeOrSelf(op->getResult(0));
  bool failed = false;
  int64_t rank = at.size();
  int64_t lanes = nestLanes(e, op->getResult(0), rank - 1);
  e.laneLoop(e.index(0), size, lanes, [&](Coord j) {
    at[rank - 1] = j;
    Value v = e.convert(e.load(acc, type, j, e.dims.dims.named("")), type, element, false);
    failed |= mlir::failed(write(at, v));
  });
  return failure(failed);
}

Type adze::accumulatorOf(Type result) {
  bool small = isa<FloatType>(result) && result.getIntOrFloatBitWidth() < 32;
  return small ? Type(Float32Type::get(result.getContext())) : result;
}

Grid adze::rowGrid(Emitter &e, Value result, const DimExpr &work) {
  SmallVector<DimExpr> sizes = e.dims.shape(result).dims;
  Grid grid;
  for (const DimExpr &d : ArrayRef(sizes).drop_back())
    grid.items = grid.items * d;
  grid.grain = grainOf(e, work);
  return grid;
}

LogicalResult adze::emitMatmul(Emitter &e, MatmulOp op, Value item, WriteFn write) {
  SmallVector<DimExpr> sizes = e.dims.shape(op.getResult()).dims;
  int64_t rank = sizes.size();
  Coords at = e.delinearize(item, ArrayRef(sizes).drop_back());
  at.push_back({});
  Type type = accumulatorOf(op.getTo());
  Value columns = e.size(sizes.back());
  Value acc = e.scratchBuffer(type, sizes.back());
  int64_t lanes = nestLanes(e, op.getRhs(), cast<RankedTensorType>(op.getRhs().getType()).getRank() - 1);
  bool failed = false;
  auto operandAt = [&](Value operand, Coord row, Coord column) {
    SmallVector<DimExpr> from = e.dims.shape(operand).dims;
    Coords in;
    int64_t skip = rank - int64_t(from.size());
    for (size_t i = 0; i + 2 < from.size(); ++i)
      in.push_back(e.broadcastCoord(from[i], sizes[skip + i], at[skip + i]));
    in.push_back(row);
    in.push_back(column);
    return e.element(operand, in, type, failed);
  };
  fillRow(e, acc, type, columns, lanes);
  Value depth = e.size(e.dims.shape(op.getLhs()).dims.back());
  e.loop(e.index(0), depth, e.index(1), {}, [&](Value k, ValueRange) {
    int64_t width = std::exchange(e.width, 1);
    Value left = operandAt(op.getLhs(), at[rank - 2], {k});
    e.width = width;
    accumulateRow(e, acc, type, e.index(0), columns, lanes,
                  [&](Coord j) { return e.binary(BinaryKind::mul, left, operandAt(op.getRhs(), {k}, j), type); });
    return Emitter::Values();
  });
  return failed ? failure() : writeRow(e, op, acc, type, at, columns, write);
}

namespace {
/// One row (all output channels of one position) of a convolution.
struct ConvRow {
  Emitter &e;
  ConvOp op;
  Coords at;
  Type type;
  Value acc;
  int64_t lanes;
  bool failed = false;
  int64_t spatial = int64_t(op.getStrides().size());

  Value operand(Value tensor, ArrayRef<Coord> in) { return e.element(tensor, in, type, failed); }

  /// Loops over the window's dimensions from `i` on, then over the channels.
  void taps(Coords in, Coords window, int64_t i) {
    if (i == spatial)
      return channels(in, window);
    Value base = e.muli(at[i + 1].base, e.index(op.getStrides()[i]));
    Value extent = e.size(e.dims.dim(op.getFilter(), i));
    e.loop(e.index(0), extent, e.index(1), {}, [&](Value k, ValueRange) {
      in[i + 1] = {e.addi(base, e.muli(k, e.index(op.getDilations()[i])))};
      window[i] = {k};
      taps(in, window, i + 1);
      return Emitter::Values();
    });
  }

  void channels(Coords in, Coords window) {
    DimExpr perGroup = e.dims.dim(op.getFilter(), spatial), out = e.dims.dim(op.getFilter(), spatial + 1);
    DimExpr groups = int64_t(op.getGroups()), outPerGroup = e.dims.dims.floorDiv(out, groups);
    if (perGroup.isConstant(1) && out == groups) { // depthwise: the channel is the output channel
      accumulateRow(e, acc, type, e.index(0), e.size(out), lanes, [&](Coord c) {
        in[spatial + 1] = c;
        window[spatial] = {e.index(0)};
        window[spatial + 1] = c;
        return e.binary(BinaryKind::mul, operand(op.getInput(), in), operand(op.getFilter(), window), type);
      });
      return;
    }
    e.loop(e.index(0), e.size(groups), e.index(1), {}, [&](Value g, ValueRange) {
      Value from = e.muli(g, e.size(outPerGroup)), to = e.addi(from, e.size(outPerGroup));
      e.loop(e.index(0), e.size(perGroup), e.index(1), {}, [&](Value c, ValueRange) {
        in[spatial + 1] = {e.addi(e.muli(g, e.size(perGroup)), c)};
        window[spatial] = {c};
        int64_t width = std::exchange(e.width, 1);
        Value left = operand(op.getInput(), in);
        e.width = width;
        accumulateRow(e, acc, type, from, to, lanes, [&](Coord j) {
          window[spatial + 1] = j;
          return e.binary(BinaryKind::mul, left, operand(op.getFilter(), window), type);
        });
        return Emitter::Values();
      });
      return Emitter::Values();
    });
  }
};
} // namespace

LogicalResult adze::emitConv(Emitter &e, ConvOp op, Value item, WriteFn write) {
  SmallVector<DimExpr> sizes = e.dims.shape(op.getResult()).dims;
  Coords at = e.delinearize(item, ArrayRef(sizes).drop_back());
  at.push_back({});
  Type type = accumulatorOf(op.getTo());
  Value columns = e.size(sizes.back());
  int64_t filterRank = cast<RankedTensorType>(op.getFilter().getType()).getRank();
  int64_t lanes = nestLanes(e, op.getFilter(), filterRank - 1);
  if (!e.vectorizable(op.getInput(), filterRank - 1))
    lanes = 1;
  ConvRow row{e, op, at, type, e.scratchBuffer(type, sizes.back()), lanes};
  fillRow(e, row.acc, type, columns, lanes);
  Coords in(filterRank), window(filterRank);
  in[0] = at[0];
  row.taps(in, window, 0);
  return row.failed ? failure() : writeRow(e, op, row.acc, type, at, columns, write);
}
