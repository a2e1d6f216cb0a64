// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sampling at places that are data: GridSample, and AffineGrid, which makes such places.
#include "dialects/core/Elements.h"
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/ScalarCode.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

namespace {
enum class Padding { Zeros, Border, Reflection };
enum class Interpolation { Nearest, Linear, Cubic };

/// Scalar code of one sampled element.
class Sampler {
public:
  Sampler(ScalarCode &s, Value x, Type real, Interpolation mode, Padding padding, bool alignCorners)
      : s(s), x(x), real(real), mode(mode), padding(padding), alignCorners(alignCorners) {}

  /// The element of channel `outer` = (n, c) at normalised coordinates, one a spatial dimension of x.
  Value sample(ValueRange outer, ArrayRef<Value> normalised);

private:
  Value r(double v) { return s.number(real, v); }
  Value denormalise(Value v, Value size);
  Value reflect(Value v, Value low, Value high);
  /// The place moved inside as the padding has it; and an index likewise (one that stays outside reads zero).
  Value movedInside(Value v, Value size);
  Value indexInside(Value i, Value size);
  SmallVector<Value> weights(Value fraction);
  Value combine(size_t d, SmallVector<Value> &at, ArrayRef<Value> places);

  ScalarCode &s;
  Value x;
  Type real;
  Interpolation mode;
  Padding padding;
  bool alignCorners;
};
} // namespace

Value Sampler::denormalise(Value v, Value size) {
  Value n = s.toFloat(size, real), half = r(0.5), one = r(1);
  if (alignCorners)
    return s.mul(s.mul(s.add(v, one), half), s.sub(n, one));
  return s.mul(s.sub(s.mul(s.add(v, one), n), one), half);
}

/// v mirrored at the borders until it is inside.
Value Sampler::reflect(Value v, Value low, Value high) {
  Value extent = s.sub(high, low), below = s.lt(v, low);
  Value distance = s.select(below, s.sub(low, v), s.sub(v, high));
  Value turns = s.floor(s.div(distance, extent));
  Value rest = s.sub(distance, s.mul(turns, extent));
  Value odd = s.compare(arith::CmpIPredicate::ne, s.sub(turns, s.mul(s.floor(s.mul(turns, r(0.5))), r(2))), r(0));
  // An odd number of turns ends at the other border.
  Value fromLow = s.compare(arith::CmpIPredicate::ne, below, odd);
  Value mirrored = s.select(fromLow, s.add(low, rest), s.sub(high, rest));
  Value outside = s.either(below, s.compare(arith::CmpIPredicate::sgt, v, high));
  return s.select(outside, mirrored, v);
}

Value Sampler::movedInside(Value v, Value size) {
  Value n = s.toFloat(size, real);
  Value low = r(alignCorners ? 0 : -0.5), high = s.sub(n, r(alignCorners ? 1 : 0.5));
  if (padding == Padding::Reflection)
    return reflect(v, low, high);
  if (padding == Padding::Zeros)
    return v;
  Value outside = s.either(s.lt(v, low), s.compare(arith::CmpIPredicate::sgt, v, high));
  return s.select(outside, s.clamp(v, r(0), s.sub(n, r(1))), v);
}

Value Sampler::indexInside(Value i, Value size) {
  if (padding == Padding::Zeros)
    return i;
  if (padding == Padding::Reflection) {
    Value low = r(alignCorners ? 0 : -0.5), high = s.sub(s.toFloat(size, real), r(alignCorners ? 1 : 0.5));
    i = s.toIndex(reflect(s.toFloat(i, real), low, high));
  }
  return s.clamp(i, s.index(0), s.sub(size, s.index(1)));
}

SmallVector<Value> Sampler::weights(Value t) {
  if (mode == Interpolation::Linear)
    return {s.sub(r(1), t), t};
  double a = -0.75;
  auto polynomial = [&](Value v, double c3, double c2, double c1, double c0) {
    Value sum = s.add(s.mul(v, r(c3)), r(c2));
    sum = s.add(s.mul(sum, v), r(c1));
    return s.add(s.mul(sum, v), r(c0));
  };
  auto outer = [&](Value v) { return polynomial(v, a, -5 * a, 8 * a, -4 * a); };
  auto inner = [&](Value v) { return polynomial(v, a + 2, -(a + 3), 0, 1); };
  Value rest = s.sub(r(1), t);
  return {outer(s.add(t, r(1))), inner(t), inner(rest), outer(s.add(rest, r(1)))};
}

/// Joins the taps of the spatial dimensions from `d` on; `at` holds the coordinates chosen so far.
Value Sampler::combine(size_t d, SmallVector<Value> &at, ArrayRef<Value> places) {
  if (d == places.size()) {
    Value zero = s.number(cast<RankedTensorType>(x.getType()).getElementType(), 0);
    return s.convert(s.loadOr(x, at, zero), real);
  }
  Value size = s.dim(x, d + 2), first = s.floor(places[d]);
  SmallVector<Value> factors = weights(s.sub(places[d], first));
  Value base = s.toIndex(first), sum;
  for (auto [k, factor] : llvm::enumerate(factors)) {
    int64_t offset = int64_t(k) - (mode == Interpolation::Cubic ? 1 : 0);
    at.push_back(indexInside(s.add(base, s.index(offset)), size));
    Value tap = s.mul(factor, combine(d + 1, at, places));
    at.pop_back();
    sum = sum ? s.add(sum, tap) : tap;
  }
  return sum;
}

Value Sampler::sample(ValueRange outer, ArrayRef<Value> normalised) {
  SmallVector<Value> places, at(outer.begin(), outer.end());
  for (auto [d, v] : llvm::enumerate(normalised)) {
    Value size = s.dim(x, d + 2), place = denormalise(v, size);
    if (mode == Interpolation::Nearest)
      place = s.roundEven(place);
    places.push_back(movedInside(place, size));
  }
  if (mode != Interpolation::Nearest)
    return combine(0, at, places);
  for (auto [d, place] : llvm::enumerate(places))
    at.push_back(indexInside(s.toIndex(place), s.dim(x, d + 2)));
  return s.convert(s.loadOr(x, at, s.number(cast<RankedTensorType>(x.getType()).getElementType(), 0)), real);
}

static LogicalResult lowerGridSample(CoreBuilder &b) {
  Value x = b.in(0), grid = b.in(1);
  if (!x || !grid)
    return failure();
  int64_t spatial = b.rank(x) - 2;
  if (spatial < 1 || spatial > 4 || b.rank(grid) != b.rank(x) || !isWideFloat(b.element(x)))
    return b.error() << "input and grid are " << x.getType() << " and " << grid.getType()
                     << ", expected floats, an input of rank 3 to 6 and a grid of the same rank";
  std::string name = b.stringAttr("mode", b.opset() < 20 ? "bilinear" : "linear");
  std::string paddingName = b.stringAttr("padding_mode", "zeros");
  auto mode = llvm::StringSwitch<std::optional<Interpolation>>(name)
                  .Cases({"linear", "bilinear"}, Interpolation::Linear)
                  .Cases({"cubic", "bicubic"}, Interpolation::Cubic)
                  .Case("nearest", Interpolation::Nearest)
                  .Default(std::nullopt);
  auto padding = llvm::StringSwitch<std::optional<Padding>>(paddingName)
                     .Case("zeros", Padding::Zeros)
                     .Case("border", Padding::Border)
                     .Case("reflection", Padding::Reflection)
                     .Default(std::nullopt);
  if (!mode || !padding)
    return b.error() << "mode '" << name << "' or padding_mode '" << paddingName << "' is not supported";
  if (failed(requireEqual(b, b.dim(x, 0), b.dim(grid, 0), "input and grid differ in batch size")) ||
      failed(
          requireEqual(b, b.dim(grid, b.rank(grid) - 1), b.index(spatial), "the grid's tuples do not fit the input")))
    return failure();
  for (int64_t i = 0; i < spatial; ++i)
    if (failed(
            require(b, arith::CmpIPredicate::sgt, b.dim(x, i + 2), b.index(0), "cannot sample a dimension of size 0")))
      return failure();
  bool align = b.intAttr("align_corners", 0);
  Type element = b.element(x), real = wideFloat(element);
  CoreBuilder::Values sizes{b.dim(x, 0), b.dim(x, 1)};
  for (int64_t i = 1; i <= spatial; ++i)
    sizes.push_back(b.dim(grid, i));
  return b.done(generate(b, {x, grid}, element, sizes, [&](ScalarCode &s, ValueRange at) {
    SmallVector<Value> place{at[0]}, normalised;
    place.append(at.begin() + 2, at.end());
    for (int64_t d = spatial - 1; d >= 0; --d) { // the grid gives the last dimension first
      place.push_back(s.index(d));
      normalised.push_back(s.convert(s.load(grid, place), real));
      place.pop_back();
    }
    Value v = Sampler(s, x, real, *mode, *padding, align).sample({at[0], at[1]}, normalised);
    return s.convert(v, element);
  }));
}

/// theta * (x, y[, z], 1) at each place of a regular grid over [-1, 1].
static LogicalResult lowerAffineGrid(CoreBuilder &b) {
  Value theta = b.in(0), size = b.in(1);
  if (!theta || !size)
    return failure();
  if (b.rank(theta) != 3 || b.rank(size) != 1)
    return b.error() << "theta is " << theta.getType() << " and size " << size.getType()
                     << ", expected rank 3 and a vector";
  int64_t rows = b.type(theta).getDimSize(1), entries = b.type(size).getDimSize(0),
          columns = b.type(theta).getDimSize(2);
  int64_t spatial = !ShapedType::isDynamic(entries)   ? entries - 2
                    : !ShapedType::isDynamic(rows)    ? rows
                    : !ShapedType::isDynamic(columns) ? columns - 1
                                                      : 0;
  if (spatial != 2 && spatial != 3)
    return b.error()
           << "the rank of the result is not known at compile time, or not 4 or 5: give theta or size static sizes";
  auto sizes = indicesOf(b, size, spatial + 2, "size");
  if (!sizes || failed(requireEqual(b, b.dim(theta, 0), (*sizes)[0], "theta and size differ in batch size")) ||
      failed(requireEqual(b, b.dim(theta, 1), b.index(spatial), "theta does not fit size")) ||
      failed(requireEqual(b, b.dim(theta, 2), b.index(spatial + 1), "theta does not fit size")))
    return failure();
  bool align = b.intAttr("align_corners", 0);
  Type element = b.element(theta), real = wideFloat(element);
  CoreBuilder::Values out{(*sizes)[0]};
  out.append(sizes->begin() + 2, sizes->end());
  out.push_back(b.index(spatial));
  return b.done(generate(b, theta, element, out, [&](ScalarCode &s, ValueRange at) {
    Value row = at[spatial + 1];
    auto entry = [&](int64_t k) { return s.convert(s.load(theta, {at[0], row, s.index(k)}), real); };
    Value sum = entry(spatial), one = s.number(real, 1), two = s.number(real, 2);
    for (int64_t k = 0; k < spatial; ++k) { // coordinate k is that of dimension spatial - 1 - k
      Value i = s.toFloat(at[spatial - k], real), n = s.toFloat(out[spatial - k], real);
      Value v =
          align ? s.sub(s.div(s.mul(i, two), s.sub(n, one)), one) : s.sub(s.div(s.add(s.mul(i, two), one), n), one);
      sum = s.add(sum, s.mul(entry(k), v));
    }
    return s.convert(sum, element);
  }));
}

void adze::addGridSampleOps(OpTable &table) {
  table.onOp("GridSample", 16, lowerGridSample);
  table.onOp("AffineGrid", 20, lowerAffineGrid);
}
