// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pooling over windows and over all of the spatial dimensions.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/ScalarCode.h"
#include "passes/onnx_to_core/Sizes.h"
#include "passes/onnx_to_core/SpatialWindow.h"
#include <limits>

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// The least value of an element type, as a tensor of rank 0.
static Value lowest(CoreBuilder &b, Type element) {
  if (isa<FloatType>(element))
    return b.scalar(element, -std::numeric_limits<double>::infinity());
  if (!element.isIntOrFloat() || isUnsignedElement(element))
    return b.scalar(element, 0); // an error where there are no numbers
  return b.scalar(element, -std::ldexp(1.0, element.getIntOrFloatBitWidth() - 1));
}

/// core.pool of a channels-last input that has been padded.
static Value pool(CoreBuilder &b, ReduceKind kind, Value padded, const SpatialWindow &w) {
  SmallVector<int64_t> window;
  for (Value size : w.kernel)
    window.push_back(CoreBuilder::constant(size).value_or(1));
  return b.create<PoolOp>(kind, padded, window, w.strides, w.dilations);
}

/// Index of the greatest element of each window in the flattened input, i64 [N, C, out...]. Padding is left out.
static Value maxIndices(CoreBuilder &b, Value x, const SpatialWindow &w, bool columnMajor) {
  int64_t spatial = w.rank();
  CoreBuilder::Values sizes{b.dim(x, 0), b.dim(x, 1)};
  sizes.append(w.out.begin(), w.out.end());
  return generate(b, x, b.i(64), sizes, [&](ScalarCode &s, ValueRange at) {
    CoreBuilder::Values extent = llvm::map_to_vector(range(0, spatial + 2), [&](int64_t i) { return s.dim(x, i); });
    Type type = ScalarCode::valueType(b.element(x));
    bool isUnsigned = isUnsignedElement(b.element(x));
    using P = arith::CmpIPredicate;
    // Visits the window, one loop a dimension; carries the best element and its index (-1: none yet).
    std::function<CoreBuilder::Values(int64_t, CoreBuilder::Values, ValueRange)> visit =
        [&](int64_t d, CoreBuilder::Values place, ValueRange best) -> CoreBuilder::Values {
      if (d < spatial) {
        Value start = s.sub(s.mul(at[d + 2], s.index(w.strides[d])), w.low[d]);
        return s.loop(s.index(0), w.kernel[d], best, [&](Value i, ValueRange carried) {
          CoreBuilder::Values next = place;
          next.push_back(s.add(start, s.mul(i, s.index(w.dilations[d]))));
          return visit(d + 1, next, carried);
        });
      }
      Value inside, flat = s.add(s.mul(place[0], extent[1]), place[1]), within = s.index(0), stride = s.index(1);
      CoreBuilder::Values clamped{place[0], place[1]};
      for (int64_t i = 2; i < spatial + 2; ++i) {
        Value here = s.both(s.ge(place[i], s.index(0)), s.lt(place[i], extent[i]));
        inside = inside ? s.both(inside, here) : here;
        clamped.push_back(s.clamp(place[i], s.index(0), s.sub(extent[i], s.index(1))));
        if (columnMajor)
          within = s.add(within, s.mul(place[i], stride));
        else
          within = s.add(s.mul(within, extent[i]), place[i]);
        stride = s.mul(stride, extent[i]);
      }
      flat = s.add(s.mul(flat, stride), within);
      Value v = s.load(x, clamped);
      Value greater = isUnsigned ? s.compare(P::ugt, v, best[0]) : s.compare(P::sgt, v, best[0]);
      Value take = s.both(inside, s.either(greater, s.lt(best[1], s.index(0))));
      return {s.select(take, v, best[0]), s.select(take, flat, best[1])};
    };
    auto best = visit(0, {at[0], at[1]}, {s.number(type, 0), s.index(-1)});
    return arith::IndexCastOp::create(s.b, s.loc, s.b.getI64Type(), best[1]).getResult();
  });
}

static LogicalResult lowerMaxPool(CoreBuilder &b) {
  Value x = b.in(0);
  auto kernel = kernelShape(b, x);
  auto window = kernel ? spatialWindow(b, x, *kernel) : std::nullopt;
  if (!window)
    return failure();
  Value padded = padToWindow(b, channelsLast(b, x), *window, lowest(b, b.element(x)));
  CoreBuilder::Values out{channelsFirst(b, pool(b, ReduceKind::max, padded, *window))};
  if (b.node.getNumResults() > 1 && !b.node.getResult(1).use_empty()) {
    for (size_t i = 0; i < window->rank(); ++i)
      if (failed(require(b, arith::CmpIPredicate::sgt, b.dim(x, i + 2), b.index(0),
                         "the indices of an input without elements are not defined")))
        return failure();
    out.push_back(maxIndices(b, x, *window, b.intAttr("storage_order", 0)));
  }
  return b.done(out);
}

/// How many elements of each window count, as a product of vectors along the spatial dimensions (channels last), in
/// `element`.
static Value windowCounts(CoreBuilder &b, Value x, const SpatialWindow &w, bool withPadding, Type element) {
  Value all;
  Type i64 = b.i(64);
  for (size_t i = 0; i < w.rank(); ++i) {
    Value first = withPadding ? b.subi(b.index(0), w.low[i]) : b.index(0);
    Value end = withPadding ? b.addi(b.dim(x, i + 2), w.high[i]) : b.dim(x, i + 2);
    CoreBuilder::Values sizes{w.out[i], w.kernel[i]};
    Value start = b.mul(b.iota(i64, 0, sizes), b.scalar(i64, w.strides[i]));
    Value offset = b.mul(b.iota(i64, 1, sizes), b.scalar(i64, w.dilations[i]));
    Value place = b.sub(b.add(start, offset), b.scalarOf(w.low[i], i64));
    Value inside = b.binary(BinaryKind::bit_and, b.compare(ComparePredicate::ge, place, b.scalarOf(first, i64)),
                            b.compare(ComparePredicate::lt, place, b.scalarOf(end, i64)));
    Value count = b.reduce(ReduceKind::sum, b.cast(inside, element), {1}, /*keepdims=*/false);
    count = alongAxis(b, count, i + 1, w.rank() + 2);
    all = all ? b.mul(all, count) : count;
  }
  return all;
}

static LogicalResult lowerAveragePool(CoreBuilder &b) {
  Value x = b.in(0);
  auto kernel = kernelShape(b, x);
  auto window = kernel ? spatialWindow(b, x, *kernel) : std::nullopt;
  if (!window)
    return failure();
  Type element = b.element(x), wide = wideFloat(element);
  Value padded = padToWindow(b, b.cast(channelsLast(b, x), wide), *window, b.scalar(wide, 0));
  Value sum = pool(b, ReduceKind::sum, padded, *window);
  bool ceil = b.intAttr("ceil_mode", 0), withPadding = b.intAttr("count_include_pad", 0);
  bool noPadding = llvm::all_of(llvm::concat<Value>(window->low, window->high),
                                [](Value v) { return CoreBuilder::constant(v) == 0; });
  Value count;
  if (!ceil && (withPadding || noPadding))
    count = b.scalarOf(product(b, window->kernel), wide);
  else
    count = windowCounts(b, x, *window, withPadding, wide);
  return b.done(channelsFirst(b, b.cast(b.div(sum, count), element)));
}

/// |x|^p and the p-th root, the common powers without pow.
static Value powered(CoreBuilder &b, Value x, double p) {
  if (p == 2)
    return b.mul(x, x);
  Value magnitude = b.unary(UnaryKind::abs, x);
  return p == 1 ? magnitude : b.binary(BinaryKind::pow, magnitude, b.like(x, p));
}
static Value root(CoreBuilder &b, Value x, double p) {
  if (p == 1)
    return x;
  return p == 2 ? b.unary(UnaryKind::sqrt, x) : b.binary(BinaryKind::pow, x, b.like(x, 1 / p));
}

/// The attribute p: a float in opset 1, an integer since.
static std::optional<double> normOrder(CoreBuilder &b) {
  double p = b.opset() < 2 ? b.floatAttr("p", 2) : double(b.intAttr("p", 2));
  if (p > 0)
    return p;
  b.error() << "p is " << p << ", expected a positive number";
  return std::nullopt;
}

static LogicalResult lowerLpPool(CoreBuilder &b) {
  Value x = b.in(0);
  auto kernel = kernelShape(b, x);
  auto window = kernel ? spatialWindow(b, x, *kernel) : std::nullopt;
  auto p = normOrder(b);
  if (!window || !p)
    return failure();
  Type element = b.element(x), wide = wideFloat(element);
  Value padded = padToWindow(b, b.cast(channelsLast(b, x), wide), *window, b.scalar(wide, 0));
  Value sum = pool(b, ReduceKind::sum, powered(b, padded, *p), *window);
  return b.done(channelsFirst(b, b.cast(root(b, sum, *p), element)));
}

/// The spatial dimensions of [N, C, spatial...]; an error if the rank is under 2.
static std::optional<SmallVector<int64_t>> spatialAxes(CoreBuilder &b, Value x) {
  if (!x)
    return std::nullopt;
  if (b.rank(x) >= 2)
    return range(2, b.rank(x));
  b.error() << "input has rank " << b.rank(x) << ", expected 2 or more";
  return std::nullopt;
}

static LogicalResult lowerGlobalMaxPool(CoreBuilder &b) {
  Value x = b.in(0);
  auto axes = spatialAxes(b, x);
  return axes ? b.done(b.reduce(ReduceKind::max, x, *axes, /*keepdims=*/true)) : failure();
}

static LogicalResult lowerGlobalAveragePool(CoreBuilder &b) {
  Value x = b.in(0);
  auto axes = spatialAxes(b, x);
  if (!axes)
    return failure();
  Type element = b.element(x), wide = wideFloat(element);
  Value sum = b.reduce(ReduceKind::sum, b.cast(x, wide), *axes, /*keepdims=*/true);
  Value count = b.scalarOf(product(b, ArrayRef(b.dims(x)).drop_front(2)), wide);
  return b.done(b.cast(b.div(sum, count), element));
}

static LogicalResult lowerGlobalLpPool(CoreBuilder &b) {
  Value x = b.in(0);
  auto axes = spatialAxes(b, x);
  auto p = normOrder(b);
  if (!axes || !p)
    return failure();
  Type element = b.element(x);
  Value sum = b.reduce(ReduceKind::sum, powered(b, b.cast(x, wideFloat(element)), *p), *axes, /*keepdims=*/true);
  return b.done(b.cast(root(b, sum, *p), element));
}

/// Elements put back at the indices that MaxPool gave, in a tensor of zeros; the inferred sizes may be padded to
/// output_shape.
static LogicalResult lowerMaxUnpool(CoreBuilder &b) {
  Value x = b.in(0), indices = b.in(1);
  auto kernel = kernelShape(b, x);
  if (!kernel || !indices)
    return failure();
  size_t rank = kernel->size();
  auto strides = listAttr(b, "strides", rank, 1, 1), pads = listAttr(b, "pads", 2 * rank, 0, 0);
  if (!strides || !pads)
    return failure();
  CoreBuilder::Values sizes{b.dim(x, 0), b.dim(x, 1)};
  for (size_t i = 0; i < rank; ++i) {
    Value size = b.addi(b.muli(b.subi(b.dim(x, i + 2), b.index(1)), b.index((*strides)[i])), (*kernel)[i]);
    sizes.push_back(maxIndex(b, b.subi(size, b.index((*pads)[i] + (*pads)[rank + i])), b.index(0)));
  }
  Value count = product(b, sizes), given = product(b, b.dims(x));
  if (failed(requireEqual(b, given, product(b, b.dims(indices)), "X and I differ in size")))
    return failure();
  Value zeros = b.broadcast(b.like(x, 0), count);
  Value flat =
      b.create<ScatterElementsOp>(zeros, b.reshape(indices, given), b.reshape(x, given), 0, ScatterReduction::none);
  Value out = b.reshape(flat, sizes);
  if (!b.has(2))
    return b.done(out);
  auto wanted = indicesOf(b, b.in(2), rank + 2, "output_shape");
  if (!wanted)
    return failure();
  return b.done(b.pad(PadMode::constant, out, b.like(x, 0), CoreBuilder::Values(rank + 2, b.index(0)), *wanted));
}

void adze::addPoolingOps(OpTable &table) {
  table.onOp("MaxPool", 1, lowerMaxPool);
  table.onOp("AveragePool", 1, lowerAveragePool);
  table.onOp("LpPool", 1, lowerLpPool);
  table.onOp("GlobalMaxPool", 1, lowerGlobalMaxPool);
  table.onOp("GlobalAveragePool", 1, lowerGlobalAveragePool);
  table.onOp("GlobalLpPool", 1, lowerGlobalLpPool);
  table.onOp("MaxUnpool", 9, lowerMaxUnpool);
}
