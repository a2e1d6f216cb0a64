// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax and norms: one row an item, held in the worker's scratch memory between the passes over it.
#include "passes/core_to_loops/Nests.h"
#include <limits>

using namespace mlir;
using namespace adze;
using namespace adze::core;

namespace {
/// The elements that one row function sees: dimensions `axes` of the input at one place of the others.
class Row {
public:
  Row(Emitter &e, Value input, SmallVector<int64_t> axes, Value item) : e(e), input(input), axes(std::move(axes)) {
    sizes = e.dims.shape(input).dims;
    SmallVector<DimExpr> outer;
    for (size_t i = 0; i < sizes.size(); ++i)
      if (!isRow(i))
        outer.push_back(sizes[i]);
    Coords outerAt = e.delinearize(item, outer);
    at.resize(sizes.size());
    for (size_t i = 0, from = 0; i < sizes.size(); ++i)
      if (!isRow(i))
        at[i] = outerAt[from++];
    for (int64_t axis : this->axes)
      rowSizes.push_back(sizes[axis]);
    DimExpr total = 1;
    for (DimExpr &d : rowSizes)
      total = total * d;
    count = total;
    element = getElementTypeOrSelf(input);
    acc = element.isF64() ? element : Type(e.b.getF32Type());
    lanes = this->axes.back() == int64_t(sizes.size()) - 1 && acc.isF32() ? nestLanes(e, input, sizes.size() - 1) : 1;
    memory = e.scratchBuffer(acc, total);
  }

  /// Joins fn(coordinates in the tensor, coordinates in the row) over the row.
  Value fold(ReduceKind kind, function_ref<Value(ArrayRef<Coord>, ArrayRef<Coord>)> fn) {
    Value start = e.neutral(kind, acc);
    Emitter::Values carried{start};
    if (lanes > 1)
      carried.push_back(e.splat(start, lanes));
    Coords row(axes.size());
    carried = loops(0, row, carried, [&](ArrayRef<Coord> where, ArrayRef<Coord> in, Emitter::Values values) {
      Value &sum = values[in.back().lane ? 1 : 0];
      Value v = fn(where, in);
      sum = v ? e.join(kind, sum, in.back().lane ? e.splat(v, lanes) : v, acc) : sum;
      return values;
    });
    if (lanes <= 1)
      return carried[0];
    auto how = kind == ReduceKind::sum ? vector::CombiningKind::ADD : vector::CombiningKind::MAXIMUMF;
    return e.join(kind, carried[0], e.create<vector::ReductionOp>(how, carried[1]), acc);
  }

  /// Runs fn over the row for its effects.
  void each(function_ref<void(ArrayRef<Coord>, ArrayRef<Coord>)> fn) {
    Coords row(axes.size());
    loops(0, row, {}, [&](ArrayRef<Coord> where, ArrayRef<Coord> in, Emitter::Values values) {
      fn(where, in);
      return values;
    });
  }

  /// The input's element in the accumulator's type; null after an error.
  Value read(ArrayRef<Coord> where) {
    Value v = e.element(input, where);
    failed |= !v;
    return v ? e.convert(v, element, acc, false) : v;
  }
  Value kept(ArrayRef<Coord> in) { return e.load(memory, acc, in, rowSizes); }
  void keep(ArrayRef<Coord> in, Value v) { e.store(v, memory, acc, in, rowSizes); }

  Emitter &e;
  Value input, memory;
  SmallVector<int64_t> axes;
  SmallVector<DimExpr> sizes, rowSizes;
  DimExpr count;
  Coords at;
  Type element, acc;
  int64_t lanes;
  bool failed = false;

private:
  bool isRow(size_t i) { return llvm::is_contained(axes, int64_t(i)); }

  using Body = function_ref<Emitter::Values(ArrayRef<Coord>, ArrayRef<Coord>, Emitter::Values)>;
  Emitter::Values loops(size_t i, Coords &row, Emitter::Values carried, Body body) {
    Value zero = e.index(0), end = e.size(rowSizes[i]);
    auto run = [&](Value from, Value to, int64_t step, bool lane, Emitter::Values init) {
      int64_t width = std::exchange(e.width, lane ? step : 1);
      auto out = e.loop(from, to, e.index(step), init, [&](Value j, ValueRange next) {
        row[i] = {j, lane};
        at[axes[i]] = {j, lane};
        if (i + 1 < axes.size())
          return loops(i + 1, row, Emitter::Values(next), body);
        return body(at, row, Emitter::Values(next));
      });
      e.width = width;
      return out;
    };
    if (i + 1 < axes.size() || lanes <= 1)
      return run(zero, end, 1, false, carried);
    Value whole = e.muli(e.b.createOrFold<arith::DivSIOp>(e.loc, end, e.index(lanes)), e.index(lanes));
    carried = run(zero, whole, lanes, true, carried);
    return run(whole, end, 1, false, carried);
  }
};
} // namespace

LogicalResult adze::emitSoftmax(Emitter &e, SoftmaxOp op, Value item, WriteFn write) {
  Row row(e, op.getInput(), {int64_t(op.getAxis())}, item);
  Value max = row.fold(ReduceKind::max, [&](ArrayRef<Coord> at, ArrayRef<Coord> in) {
    Value v = row.read(at);
    if (v)
      row.keep(in, v);
    return v;
  });
  Value sum = row.fold(ReduceKind::sum, [&](ArrayRef<Coord>, ArrayRef<Coord> in) {
    Value shifted = e.binary(BinaryKind::sub, row.kept(in), max, row.acc);
    Value power = e.unary(UnaryKind::exp, shifted, row.acc);
    row.keep(in, op.getLog() ? shifted : power);
    return power;
  });
  Value scale = op.getLog() ? e.unary(UnaryKind::log, sum, row.acc) : e.unary(UnaryKind::reciprocal, sum, row.acc);
  bool failed = row.failed;
  row.each([&](ArrayRef<Coord> at, ArrayRef<Coord> in) {
    Value v = e.binary(op.getLog() ? BinaryKind::sub : BinaryKind::mul, row.kept(in), scale, row.acc);
    failed |= mlir::failed(write(at, e.convert(v, row.acc, row.element, false)));
  });
  return failure(failed);
}

LogicalResult adze::emitNorm(Emitter &e, NormOp op, Value item, WriteFn write) {
  int64_t rank = cast<RankedTensorType>(op.getInput().getType()).getRank();
  Row row(e, op.getInput(), llvm::to_vector(llvm::seq<int64_t>(op.getAxis(), rank)), item);
  auto binary = [&](BinaryKind kind, Value x, Value y) { return e.binary(kind, x, y, row.acc); };
  Value count =
      e.convert(e.create<arith::IndexCastOp>(e.b.getI64Type(), e.size(row.count)), e.b.getI64Type(), row.acc, false);
  Value mean = row.fold(ReduceKind::sum, [&](ArrayRef<Coord> at, ArrayRef<Coord> in) {
    Value v = row.read(at);
    if (v)
      row.keep(in, v);
    return v;
  });
  mean = op.getRms() ? e.constant(row.acc, 0) : binary(BinaryKind::div, mean, count);
  Value squares = row.fold(ReduceKind::sum, [&](ArrayRef<Coord>, ArrayRef<Coord> in) {
    Value v = row.kept(in);
    if (!op.getRms()) {
      v = binary(BinaryKind::sub, v, mean);
      row.keep(in, v);
    }
    return binary(BinaryKind::mul, v, v);
  });
  Value variance = binary(BinaryKind::div, squares, count);
  Value epsilon = e.constant(row.acc, op.getEpsilon().convertToDouble());
  Value scale = e.unary(UnaryKind::rsqrt, binary(BinaryKind::add, variance, epsilon), row.acc);
  bool failed = row.failed;
  row.each([&](ArrayRef<Coord> at, ArrayRef<Coord> in) {
    Value v = binary(BinaryKind::mul, row.kept(in), scale);
    failed |= mlir::failed(write(at, e.convert(v, row.acc, row.element, false)));
  });
  return failure(failed);
}
