// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ops whose elements come one after the other: scans, sorts, scatters, coordinates of what is not zero.
#include "passes/core_to_loops/Nests.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// Coordinates of item `item` over all dimensions of `tensor` but `axis`, whose coordinate is left open.
static Coords rowAt(Emitter &e, Value tensor, int64_t axis, Value item) {
  SmallVector<DimExpr> sizes = e.dims.shape(tensor).dims;
  sizes[axis] = 1;
  return e.delinearize(item, sizes);
}

LogicalResult adze::emitScan(Emitter &e, ScanOp op, Value item, WriteFn write) {
  int64_t axis = op.getAxis();
  Coords at = rowAt(e, op.getInput(), axis, item);
  Type element = getElementTypeOrSelf(op.getInput());
  Value end = e.size(e.dims.dim(op.getInput(), axis)), last = e.subi(end, e.index(1));
  bool failed = false;
  e.loop(e.index(0), end, e.index(1), e.neutral(op.getKind(), element), [&](Value i, ValueRange carried) {
    at[axis] = {op.getReverse() ? e.subi(last, i) : i};
    Value v = e.element(op.getInput(), at);
    failed |= !v;
    Value next = v ? e.join(op.getKind(), carried[0], v, element) : Value(carried[0]);
    failed |= mlir::failed(write(at, op.getExclusive() ? Value(carried[0]) : next));
    return Emitter::Values{next};
  });
  return failure(failed);
}

namespace {
/// A row's values and indices in scratch memory, twice: a pass of the merge sort goes from one pair to the other and
/// back.
struct SortRow {
  Emitter &e;
  Type element;
  bool descending;
  DimExpr any;
  Value keys, places, keysTo, placesTo;

  Value get(Value memory, Type type, Value i) { return e.load(memory, type, Coord{i}, any); }
  void put(Value v, Value memory, Type type, Value i) { e.store(v, memory, type, Coord{i}, any); }

  /// Merges [low, middle) and [middle, high), the left one first among equals.
  void merge(Value low, Value middle, Value high) {
    using P = arith::CmpIPredicate;
    Type i64 = e.b.getI64Type();
    auto better = descending ? ComparePredicate::gt : ComparePredicate::lt;
    e.loop(low, high, e.index(1), {low, middle}, [&](Value to, ValueRange next) {
      Value i = next[0], j = next[1];
      Value leftLeft = e.cmpi(P::slt, i, middle), rightLeft = e.cmpi(P::slt, j, high);
      // Both reads stay inside [low, high), whichever side is used up.
      Value safeI = e.select(leftLeft, i, low), safeJ = e.select(rightLeft, j, low);
      Value rightWins = e.compare(better, get(keys, element, safeJ), get(keys, element, safeI), element);
      Value noLeft = e.create<arith::XOrIOp>(leftLeft, e.constant(leftLeft.getType(), 1));
      Value takeRight = e.create<arith::AndIOp>(rightLeft, e.create<arith::OrIOp>(noLeft, rightWins));
      Value from = e.select(takeRight, j, i);
      put(get(keys, element, from), keysTo, element, to);
      put(get(places, i64, from), placesTo, i64, to);
      Value one = e.index(1);
      return Emitter::Values{e.select(takeRight, i, e.addi(i, one)), e.select(takeRight, e.addi(j, one), j)};
    });
  }

  void copyBack(Value size) {
    Type i64 = e.b.getI64Type();
    e.loop(e.index(0), size, e.index(1), {}, [&](Value i, ValueRange) {
      put(get(keysTo, element, i), keys, element, i);
      put(get(placesTo, i64, i), places, i64, i);
      return Emitter::Values();
    });
  }

  void sort(Value size) {
    OpBuilder &b = e.b;
    auto passes = scf::WhileOp::create(
        b, e.loc, TypeRange{b.getIndexType()}, ValueRange{e.index(1)},
        [&](OpBuilder &nested, Location l, ValueRange v) {
          Value more = arith::CmpIOp::create(nested, l, arith::CmpIPredicate::slt, v[0], size);
          scf::ConditionOp::create(nested, l, more, v);
        },
        [](OpBuilder &, Location, ValueRange) {});
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(passes.getAfterBody());
    e.pushScope();
    Value run = passes.getAfterArguments()[0], step = e.muli(run, e.index(2));
    e.loop(e.index(0), size, step, {}, [&](Value low, ValueRange) {
      auto least = [&](Value x) { return e.create<arith::MinSIOp>(x, size); };
      merge(low, least(e.addi(low, run)), least(e.addi(low, step)));
      return Emitter::Values();
    });
    copyBack(size);
    e.popScope();
    scf::YieldOp::create(b, e.loc, step);
  }
};
} // namespace

LogicalResult adze::emitSort(Emitter &e, SortOp op, Value item, WriteFn write) {
  int64_t axis = op.getAxis();
  Coords at = rowAt(e, op.getInput(), axis, item);
  Type element = getElementTypeOrSelf(op.getInput()), i64 = e.b.getI64Type();
  DimExpr count = e.dims.dim(op.getInput(), axis);
  SortRow row{e,
              element,
              op.getDescending(),
              e.dims.dims.named(""),
              e.scratchBuffer(element, count),
              e.scratchBuffer(i64, count),
              e.scratchBuffer(element, count),
              e.scratchBuffer(i64, count)};
  bool failed = false;
  Value size = e.size(count);
  e.loop(e.index(0), size, e.index(1), {}, [&](Value i, ValueRange) {
    at[axis] = {i};
    Value v = e.element(op.getInput(), at);
    failed |= !v;
    if (v)
      row.put(v, row.keys, element, i);
    row.put(e.create<arith::IndexCastOp>(i64, i), row.places, i64, i);
    return Emitter::Values();
  });
  row.sort(size);
  e.loop(e.index(0), size, e.index(1), {}, [&](Value i, ValueRange) {
    at[axis] = {i};
    failed |= mlir::failed(write(at, {row.get(row.keys, element, i), row.get(row.places, i64, i)}));
    return Emitter::Values();
  });
  return failure(failed);
}

/// Runs body(coordinates, number of elements before that are not zero) for each element that is not zero; gives their
/// number.
static Value eachNonZero(Emitter &e, Value input, bool &failed, function_ref<void(ArrayRef<Coord>, Value)> body) {
  SmallVector<DimExpr> sizes = e.dims.shape(input).dims;
  Type element = getElementTypeOrSelf(input);
  std::function<Value(Coords, Value)> nest = [&](Coords at, Value count) -> Value {
    if (at.size() < sizes.size())
      return e.loop(e.index(0), e.size(sizes[at.size()]), e.index(1), count, [&](Value i, ValueRange carried) {
        Coords inner(at);
        inner.push_back({i});
        return Emitter::Values{nest(inner, carried[0])};
      })[0];
    Value v = e.element(input, at);
    failed |= !v;
    if (!v)
      return count;
    Value isSet = e.convert(v, element, e.b.getI1Type(), false);
    return e.branch(
        isSet, e.b.getIndexType(),
        [&] {
          body(at, count);
          return Emitter::Values{e.addi(count, e.index(1))};
        },
        [&] { return Emitter::Values{count}; })[0];
  };
  return nest({}, e.index(0));
}

LogicalResult adze::emitNonZeroCount(Emitter &e, NonZeroOp op, WriteFn write) {
  bool failed = false;
  Value count = eachNonZero(e, op.getInput(), failed, [](ArrayRef<Coord>, Value) {});
  Value number = e.create<arith::IndexCastOp>(e.b.getI64Type(), count);
  return failed ? failure() : write({}, number);
}

LogicalResult adze::emitNonZeroIndices(Emitter &e, NonZeroIndicesOp op) {
  SmallVector<DimExpr> sizes = e.dims.shape(op.getResult()).dims;
  Value buffer = e.buffers.lookup(op.getResult()), limit = e.size(sizes[1]);
  Type i64 = e.b.getI64Type();
  bool failed = false;
  eachNonZero(e, op.getInput(), failed, [&](ArrayRef<Coord> at, Value count) {
    // No more than the result has room for, whatever the count was taken from.
    e.when(e.cmpi(arith::CmpIPredicate::slt, count, limit), [&] {
      for (auto [d, coord] : llvm::enumerate(at)) {
        Coords to{{e.index(d)}, {count}};
        e.store(e.create<arith::IndexCastOp>(i64, coord.base), buffer, i64, to, sizes);
      }
    });
  });
  return failure(failed);
}
