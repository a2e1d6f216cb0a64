// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators that pick elements by their values, so that a result's size may depend on them: NonZero, Compress, TopK,
// Unique.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/ScalarCode.h"
#include "passes/onnx_to_core/ShapeMath.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using P = arith::CmpIPredicate;
using Values = CoreBuilder::Values;

/// How many elements of `x` are not zero, as an index.
static Value countNonZero(CoreBuilder &b, Value x) {
  Value count = b.create<NonZeroOp>(x);
  auto scalar = count ? b.indices(count) : std::nullopt;
  return scalar ? checkedSize(b, (*scalar)[0], "the number of elements") : Value();
}

/// Places of what is not zero in the 1-D tensor `x`.
static Value placesOf(CoreBuilder &b, Value x, Value count) {
  return b.reshape(b.create<NonZeroIndicesOp>(x, count), count);
}

static LogicalResult lowerNonZero(CoreBuilder &b) {
  Value x = b.in(0);
  Value count = countNonZero(b, x);
  return b.done(count ? b.create<NonZeroIndicesOp>(x, count) : Value());
}

static Value flat(CoreBuilder &b, Value x) { return !x || b.rank(x) == 1 ? x : b.reshape(x, product(b, b.dims(x))); }

static LogicalResult lowerCompress(CoreBuilder &b) {
  Value x = b.in(0), condition = b.in(1);
  if (!x || !condition)
    return failure();
  if (b.rank(condition) != 1)
    return b.error() << "the condition is " << condition.getType() << ", expected a vector";
  bool alongAxis = bool(b.node.getNodeAttr("axis"));
  auto axis = alongAxis ? b.axis(b.intAttr("axis", 0), b.rank(x)) : 0;
  Value count = countNonZero(b, condition);
  if (!axis || !count)
    return failure();
  return b.done(b.gather(alongAxis ? x : flat(b, x), placesOf(b, condition, count), *axis));
}

static LogicalResult topK(CoreBuilder &b, Value k) {
  Value x = b.in(0);
  auto axis = x ? b.axis(b.intAttr("axis", -1), b.rank(x)) : std::nullopt;
  if (!axis || !k)
    return failure();
  Value size = checkedSize(b, k, "k");
  if (!size || failed(require(b, P::sle, size, b.dim(x, *axis), "k is above the size of the dimension")))
    return failure();
  Operation *sort = b.tryCreate<SortOp>(x, *axis, /*descending=*/bool(b.intAttr("largest", 1)));
  if (!sort)
    return failure();
  return b.done({b.sliceAxis(sort->getResult(0), *axis, b.index(0), size),
                 b.sliceAxis(sort->getResult(1), *axis, b.index(0), size)});
}

static LogicalResult lowerTopK1(CoreBuilder &b) { return topK(b, b.index(b.intAttr("k", 0))); }

static LogicalResult lowerTopK10(CoreBuilder &b) {
  Value k = asScalar(b, b.in(1));
  auto scalar = k ? b.indices(k) : std::nullopt;
  return topK(b, scalar ? (*scalar)[0] : Value());
}

namespace {
/// Items (elements, or slices along an axis) in ascending order: `places` are their places in the input, and `isFirst`
/// is true where an item differs from the one before. Among equals, the first one stands first.
struct Sorted {
  Value places, isFirst;
};
} // namespace

/// True for item 0, and where `items` differs from the item before.
static Value differs(CoreBuilder &b, Value items, Value count) {
  Values low(b.rank(items), b.index(0));
  low[0] = b.index(1);
  Value previous = b.pad(PadMode::constant, items, b.like(items, 0), low, b.dims(items));
  Value differ = b.compare(ComparePredicate::ne, items, previous);
  if (differ && b.rank(items) == 2)
    differ = b.reduce(ReduceKind::max, differ, 1, /*keepdims=*/false);
  Value place = b.iota(b.i(64), 0, count);
  return b.binary(BinaryKind::bit_or, differ, b.compare(ComparePredicate::eq, place, b.like(place, 0)));
}

static Sorted sortElements(CoreBuilder &b, Value x) {
  Operation *sort = b.tryCreate<SortOp>(x, 0, /*descending=*/false);
  if (!sort)
    return {};
  return {sort->getResult(1), differs(b, sort->getResult(0), b.dim(x, 0))};
}

/// `x` as signed integers or floats of 32 bits and more, in the same order.
static Value comparable(CoreBuilder &b, Value x) {
  Type element = b.element(x);
  if (b.isFloat(x))
    return b.cast(x, wideFloat(element));
  if (element != b.ui(64))
    return b.cast(x, b.i(64));
  Value top = b.binary(BinaryKind::shl, b.scalar(element, 1), b.scalar(element, 63));
  return b.cast(b.binary(BinaryKind::bit_xor, x, top), b.i(64));
}

/// Rows in lexicographic order. A row's place is the number of rows that come before it.
static Sorted sortRows(CoreBuilder &b, Value rows) {
  Value keys = comparable(b, rows), count = b.dim(rows, 0), width = b.dim(rows, 1);
  Type i64 = b.i(64);
  Value ranks = generate(b, keys, i64, count, [&](ScalarCode &code, ValueRange at) {
    Value zero = code.index(0), one = code.index(1), minus = code.index(-1);
    Value rank = code.loop(zero, count, zero, [&](Value other, ValueRange before) {
      // -1, 0 or 1 as the other row is less, equal or greater, decided at the first column that differs.
      Value order = code.loop(zero, width, zero, [&](Value column, ValueRange decided) {
        Value theirs = code.load(keys, {other, column}), ours = code.load(keys, {at[0], column});
        Value here = code.select(code.lt(theirs, ours), minus, code.select(code.lt(ours, theirs), one, zero));
        Value open = code.compare(P::eq, decided[0], zero);
        return ScalarCode::Values{code.select(open, here, decided[0])};
      })[0];
      Value earlier = code.both(code.compare(P::eq, order, zero), code.lt(other, at[0]));
      Value comesBefore = code.either(code.lt(order, zero), earlier);
      return ScalarCode::Values{code.add(before[0], code.select(comesBefore, one, zero))};
    })[0];
    return arith::IndexCastOp::create(code.b, code.loc, code.b.getI64Type(), rank).getResult();
  });
  Value places = b.iota(i64, 0, count);
  Value order = b.create<ScatterElementsOp>(places, ranks, places, 0, ScatterReduction::none);
  return {order, differs(b, b.gather(keys, order, 0), count)};
}

/// result[places[i]] = values[i], for `places` that are a permutation.
static Value scattered(CoreBuilder &b, Value places, Value values) {
  return b.create<ScatterElementsOp>(values, places, values, 0, ScatterReduction::none);
}

static LogicalResult lowerUnique(CoreBuilder &b) {
  Value x = b.in(0);
  if (!x)
    return failure();
  bool byElement = !b.node.getNodeAttr("axis");
  if (byElement)
    x = flat(b, x);
  auto axis = b.axis(b.intAttr("axis", 0), b.rank(x));
  if (!axis)
    return failure();
  Sorted sorted;
  if (b.rank(x) == 1) {
    sorted = sortElements(b, x);
  } else {
    SmallVector<int64_t> permutation = range(0, b.rank(x));
    std::rotate(permutation.begin(), permutation.begin() + *axis, permutation.begin() + *axis + 1);
    Value front = b.transpose(x, permutation);
    auto sizes = b.dims(front);
    sorted = sortRows(b, b.reshape(front, {sizes[0], product(b, ValueRange(sizes).drop_front())}));
  }
  if (!sorted.places || !sorted.isFirst)
    return failure();
  Type i64 = b.i(64);
  Value total = b.dim(x, *axis), count = countNonZero(b, sorted.isFirst);
  if (!count)
    return failure();
  Value starts = placesOf(b, sorted.isFirst, count), firsts = b.gather(sorted.places, starts, 0);
  Value group =
      b.create<ScanOp>(ReduceKind::sum, b.cast(sorted.isFirst, i64), 0, /*exclusive=*/false, /*reverse=*/false);
  Value inverse = scattered(b, sorted.places, b.sub(group, b.like(group, 1)));
  Value ends = b.pad(PadMode::constant, starts, b.scalarOf(total, i64), b.index(-1), count);
  Value counts = b.sub(ends, starts);
  if (!b.intAttr("sorted", 1)) { // in order of their first places
    Operation *sort = b.tryCreate<SortOp>(firsts, 0, /*descending=*/false);
    if (!sort)
      return failure();
    Value order = sort->getResult(1);
    firsts = sort->getResult(0);
    counts = b.gather(counts, order, 0);
    inverse = b.gather(scattered(b, order, b.iota(i64, 0, count)), inverse, 0);
  }
  return b.done({b.gather(x, firsts, *axis), firsts, inverse, counts});
}

void adze::addSelectionOps(OpTable &table) {
  table.onOp("NonZero", 9, lowerNonZero);
  table.onOp("Compress", 9, lowerCompress);
  table.onOp("TopK", 1, lowerTopK1);
  table.onOp("TopK", 10, lowerTopK10);
  table.onOp("Unique", 11, lowerUnique);
}
