// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reductions, running sums, and operators made of the place of the greatest element.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/ReduceAxes.h"
#include "passes/onnx_to_core/ShapeMath.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using P = arith::CmpIPredicate;

/// The opset from which on axes are an input: 13 for ReduceSum, 18 for the others.
static int64_t axesInputSince(CoreBuilder &b) { return b.node.getOpType() == "ReduceSum" ? 13 : 18; }

/// Joins `x` as it is. i1 is joined by or and and (max and min).
template <ReduceKind kind> static LogicalResult lowerReduce(CoreBuilder &b) {
  Value x = b.in(0);
  auto axes = ReduceAxes::of(b, x, axesInputSince(b));
  return axes ? b.done(axes->shaped(axes->reduce(kind, x))) : failure();
}

/// An operator that sums a function of its input and applies a function to the sum, in f32 for narrower floats.
template <Value before(CoreBuilder &, Value), Value after(CoreBuilder &, Value, ReduceAxes &)>
static LogicalResult lowerSumOf(CoreBuilder &b) {
  Value x = b.in(0);
  auto axes = ReduceAxes::of(b, x, axesInputSince(b));
  if (!axes)
    return failure();
  Value sum = axes->reduce(ReduceKind::sum, before(b, b.cast(x, wideFloat(b.element(x)))));
  return b.done(axes->shaped(b.cast(after(b, sum, *axes), b.element(x))));
}

static Value itself(CoreBuilder &, Value x) { return x; }
static Value itself(CoreBuilder &, Value x, ReduceAxes &) { return x; }
static Value magnitude(CoreBuilder &b, Value x) { return b.unary(UnaryKind::abs, x); }
static Value square(CoreBuilder &b, Value x) { return b.mul(x, x); }
static Value divideByCount(CoreBuilder &b, Value sum, ReduceAxes &axes) {
  if (!sum)
    return {};
  Value count = axes.count();
  auto known = b.constant(count);
  return b.div(sum, known ? b.like(sum, *known) : b.scalarOf(count, b.element(sum)));
}

/// Integers take roots and logarithms as floats.
static Value asFloat(CoreBuilder &b, Value x) { return !x || b.isFloat(x) ? x : b.cast(x, b.b.getF64Type()); }
static Value root(CoreBuilder &b, Value x, ReduceAxes &) { return b.unary(UnaryKind::sqrt, asFloat(b, x)); }
static Value logarithm(CoreBuilder &b, Value x, ReduceAxes &) { return b.unary(UnaryKind::log, asFloat(b, x)); }

/// log(sum(exp(x - m))) + m with the greatest m, or 0 where that is infinite.
static LogicalResult lowerReduceLogSumExp(CoreBuilder &b) {
  Value x = b.in(0);
  auto axes = ReduceAxes::of(b, x, axesInputSince(b));
  if (!axes)
    return failure();
  Value v = asFloat(b, b.cast(x, wideFloat(b.element(x))));
  Value greatest = axes->reduce(ReduceKind::max, v);
  greatest = b.select(b.unary(UnaryKind::is_inf, greatest), b.like(v, 0), greatest);
  Value sum = axes->reduce(ReduceKind::sum, b.unary(UnaryKind::exp, b.sub(v, greatest)));
  return b.done(axes->shaped(b.cast(b.add(b.unary(UnaryKind::log, sum), greatest), b.element(x))));
}

template <ReduceKind kind> static LogicalResult lowerArg(CoreBuilder &b) {
  Value x = b.in(0);
  auto axis = x ? b.axis(b.intAttr("axis", 0), b.rank(x)) : std::nullopt;
  if (!axis)
    return failure();
  return b.done(
      b.create<ArgReduceOp>(kind, x, *axis, bool(b.intAttr("keepdims", 1)), bool(b.intAttr("select_last_index", 0))));
}

/// x as [before, size, after] of an axis that may be known at run time only.
static std::optional<CoreBuilder::Values> aroundAxis(CoreBuilder &b, Value x, Value given) {
  int64_t rank = b.rank(x);
  Value axis = checkedAxis(b, given, rank);
  if (!axis)
    return std::nullopt;
  Value one = b.index(1), before = one, size = one, after = one;
  for (int64_t d = 0; d < rank; ++d) {
    Value here = b.dim(x, d), place = b.index(d);
    before = b.muli(before, selectIndex(b, compareIndex(b, P::slt, place, axis), here, one));
    size = b.muli(size, selectIndex(b, compareIndex(b, P::eq, place, axis), here, one));
    after = b.muli(after, selectIndex(b, compareIndex(b, P::sgt, place, axis), here, one));
  }
  return CoreBuilder::Values{before, size, after};
}

template <ReduceKind kind> static LogicalResult lowerScan(CoreBuilder &b) {
  Value x = b.in(0), axes = asScalar(b, b.in(1));
  auto given = axes ? b.indices(axes) : std::nullopt;
  if (!x || !given)
    return axes && x ? LogicalResult(b.error() << "the axis is " << axes.getType() << ", expected one integer")
                     : failure();
  bool exclusive = b.intAttr("exclusive", 0), reverse = b.intAttr("reverse", 0);
  if (auto constant = b.constant((*given)[0])) {
    auto axis = b.axis(*constant, b.rank(x));
    return axis ? b.done(b.create<ScanOp>(kind, x, *axis, exclusive, reverse)) : failure();
  }
  auto around = aroundAxis(b, x, (*given)[0]);
  if (!around)
    return failure();
  return b.done(b.reshape(b.create<ScanOp>(kind, b.reshape(x, *around), 1, exclusive, reverse), b.dims(x)));
}

/// 1 where the first of the greatest elements along `axis` is, 0 elsewhere.
static Value hardmax(CoreBuilder &b, Value x, int64_t axis) {
  Value place = b.create<ArgReduceOp>(ReduceKind::max, x, axis, /*keepdims=*/true, /*last=*/false);
  return b.cast(b.compare(ComparePredicate::eq, b.iota(b.i(64), axis, b.dims(x)), place), b.element(x));
}

static LogicalResult lowerHardmax13(CoreBuilder &b) {
  Value x = b.in(0);
  auto axis = x ? b.axis(b.intAttr("axis", -1), b.rank(x)) : std::nullopt;
  return axis ? b.done(hardmax(b, x, *axis)) : failure();
}

/// All dimensions from the axis on are one row.
static LogicalResult lowerHardmax1(CoreBuilder &b) {
  Value x = b.in(0);
  auto axis = x ? b.axis(b.intAttr("axis", 1), b.rank(x)) : std::nullopt;
  if (!axis)
    return failure();
  auto sizes = b.dims(x);
  ValueRange all(sizes);
  Value rows = b.reshape(x, {product(b, all.take_front(*axis)), product(b, all.drop_front(*axis))});
  return b.done(rows ? b.reshape(hardmax(b, rows, 1), sizes) : rows);
}

void adze::addReductionOps(OpTable &table) {
  table.onOp("ReduceSum", 1, lowerReduce<ReduceKind::sum>);
  table.onOp("ReduceProd", 1, lowerReduce<ReduceKind::prod>);
  table.onOp("ReduceMax", 1, lowerReduce<ReduceKind::max>);
  table.onOp("ReduceMin", 1, lowerReduce<ReduceKind::min>);
  table.onOp("ReduceMean", 1, lowerSumOf<itself, divideByCount>);
  table.onOp("ReduceL1", 1, lowerSumOf<magnitude, itself>);
  table.onOp("ReduceL2", 1, lowerSumOf<square, root>);
  table.onOp("ReduceSumSquare", 1, lowerSumOf<square, itself>);
  table.onOp("ReduceLogSum", 1, lowerSumOf<itself, logarithm>);
  table.onOp("ReduceLogSumExp", 1, lowerReduceLogSumExp);
  table.onOp("ArgMax", 1, lowerArg<ReduceKind::max>);
  table.onOp("ArgMin", 1, lowerArg<ReduceKind::min>);
  table.onOp("CumSum", 11, lowerScan<ReduceKind::sum>);
  table.onOp("CumProd", 26, lowerScan<ReduceKind::prod>);
  table.onOp("Hardmax", 1, lowerHardmax1);
  table.onOp("Hardmax", 13, lowerHardmax13);
}
