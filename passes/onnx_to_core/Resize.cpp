// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Resize and Upsample, one axis after the other: a gather for each tap with indices and weights computed in f64 vectors
// along the axis.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/Sizes.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>

using namespace mlir;
using namespace adze;
using namespace adze::core;

namespace {
/// How one axis is resized. Tensors are of rank 0 and f64.
struct Axis {
  int64_t dim;
  Value in, out;                       ///< sizes (index)
  Value scale;                         ///< out over in, before rounding
  Value width;                         ///< scale * in: the size before rounding
  Value roiLow, roiHigh;               ///< null without a region of interest
  std::optional<double> constantScale; ///< `scale`, where it is known
};

/// The attributes that hold for all axes, with their values as of the newest opset.
struct Mode {
  enum Kind { Nearest, Linear, Cubic } kind;
  std::string coordinates, nearest, policy;
  double cubic, extrapolation;
  bool excludeOutside, antialias;
};

class Resizer {
public:
  Resizer(CoreBuilder &b, Mode mode) : b(b), mode(mode), f64(b.b.getF64Type()), i64(b.i(64)) {}
  /// `x` with this axis resized; x is of a float type unless the mode is nearest.
  Value along(Value x, const Axis &axis);

private:
  Value f(double v) { return b.scalar(f64, v); }
  /// Place in the input of each index of the result: an f64 vector.
  Value places(const Axis &axis);
  Value nearestIndices(Value place, const Axis &axis);
  Value weight(Value distance);
  Value taps(Value x, Value place, const Axis &axis);
  Value extrapolate(Value y, Value place, const Axis &axis);

  CoreBuilder &b;
  Mode mode;
  Type f64, i64;
};
} // namespace

Value Resizer::places(const Axis &a) {
  Value y = b.iota(f64, 0, a.out), in = b.scalarOf(a.in, f64), half = f(0.5);
  auto unlessSingle = [&](Value single, Value other) {
    return b.select(b.compare(ComparePredicate::eq, a.width, f(1)), single, other);
  };
  Value last = b.sub(in, f(1));
  if (mode.coordinates == "asymmetric")
    return b.div(y, a.scale);
  if (mode.coordinates == "align_corners")
    return unlessSingle(f(0), b.div(b.mul(y, last), b.sub(a.width, f(1))));
  if (mode.coordinates == "tf_crop_and_resize") {
    Value extent = b.sub(a.roiHigh, a.roiLow);
    Value middle = b.div(b.mul(extent, last), f(2));
    Value place = unlessSingle(middle, b.div(b.mul(b.mul(y, extent), last), b.sub(a.width, f(1))));
    return b.add(place, b.mul(a.roiLow, last));
  }
  Value place = b.sub(b.div(b.add(y, half), a.scale), half);
  if (mode.coordinates == "pytorch_half_pixel")
    return unlessSingle(f(-0.5), place);
  if (mode.coordinates == "half_pixel_symmetric") {
    Value adjustment = b.div(b.scalarOf(a.out, f64), a.width);
    return b.add(b.mul(b.div(in, f(2)), b.sub(f(1), adjustment)), place);
  }
  return place;
}

Value Resizer::nearestIndices(Value place, const Axis &a) {
  Value rounded;
  if (mode.nearest == "floor")
    rounded = b.unary(UnaryKind::floor, place);
  else if (mode.nearest == "ceil")
    rounded = b.unary(UnaryKind::ceil, place);
  else if (mode.nearest == "round_prefer_ceil")
    rounded = b.unary(UnaryKind::floor, b.add(place, f(0.5)));
  else if (mode.nearest == "simple") // opset 10: ceil where the axis shrinks
    rounded = b.select(b.compare(ComparePredicate::lt, a.scale, f(1)), b.unary(UnaryKind::ceil, place),
                       b.unary(UnaryKind::floor, place));
  else
    rounded = b.unary(UnaryKind::ceil, b.sub(place, f(0.5)));
  Value last = b.sub(b.scalarOf(a.in, f64), f(1));
  return b.cast(b.max(b.min(rounded, last), f(0)), i64, /*saturate=*/true);
}

/// The weight of a tap at this distance from the place.
Value Resizer::weight(Value distance) {
  Value t = b.unary(UnaryKind::abs, distance);
  if (mode.kind == Mode::Linear)
    return b.max(b.sub(f(1), t), f(0));
  double a = mode.cubic;
  auto polynomial = [&](double c3, double c2, double c1, double c0) {
    Value sum = b.add(b.mul(t, f(c3)), f(c2));
    sum = b.add(b.mul(sum, t), f(c1));
    return b.add(b.mul(sum, t), f(c0));
  };
  Value near = polynomial(a + 2, -(a + 3), 0, 1), far = polynomial(a, -5 * a, 8 * a, -4 * a);
  Value outer = b.select(b.compare(ComparePredicate::lt, t, f(2)), far, f(0));
  return b.select(b.compare(ComparePredicate::le, t, f(1)), near, outer);
}

/// A number as an index value; what memory could never hold stays as much too large.
static Value boundedIndex(CoreBuilder &b, double v) {
  constexpr double kLimit = double(int64_t(1) << 48);
  return b.index(int64_t(std::clamp(v, -kLimit, kLimit)));
}

/// Sum of the taps around each place, times their weights.
Value Resizer::taps(Value x, Value place, const Axis &a) {
  Type element = b.element(x);
  // Antialias: where the axis shrinks, the kernel widens by as much; the number of taps then depends on the scale.
  int64_t reach = mode.kind == Mode::Linear ? 1 : 2;
  Value shrink, first = b.index(1 - reach);
  if (mode.antialias) {
    shrink = b.min(a.scale, f(1));
    Value begin = b.add(b.unary(UnaryKind::floor, b.div(f(-double(reach)), shrink)), f(1));
    auto scale = a.constantScale;
    if (scale && *scale > 0)
      first = boundedIndex(b, std::floor(-double(reach) / std::min(*scale, 1.0)) + 1);
    else if (auto values = b.indices(b.cast(begin, i64, /*saturate=*/true)))
      first = values->front();
  }
  Value count = b.subi(b.index(2), b.muli(first, b.index(2)));
  CoreBuilder::Values grid{a.out, count};
  Value base = b.unsqueeze(b.sub(b.unary(UnaryKind::ceil, place), f(1)), {1}); // the last integer before the place
  Value offset = b.add(b.iota(f64, 1, grid), b.scalarOf(first, f64));
  Value index = b.add(base, offset), distance = b.sub(index, b.unsqueeze(place, {1}));
  Value weights = weight(shrink ? b.mul(distance, shrink) : distance);
  auto normalised = [&](Value w) {
    Value sum = b.reduce(ReduceKind::sum, w, {1}, /*keepdims=*/true);
    return b.div(w, b.select(b.compare(ComparePredicate::eq, sum, f(0)), f(1), sum));
  };
  if (mode.antialias)
    weights = normalised(weights);
  Value last = b.sub(b.scalarOf(a.in, f64), f(1));
  if (mode.excludeOutside) {
    Value outside = b.binary(BinaryKind::bit_or, b.compare(ComparePredicate::lt, index, f(0)),
                             b.compare(ComparePredicate::gt, index, last));
    weights = normalised(b.select(outside, f(0), weights));
  }
  Value at = b.cast(b.max(b.min(index, last), f(0)), i64, /*saturate=*/true);
  weights = b.cast(weights, element);
  if (!at || !weights)
    return {};
  if (mode.antialias) { // any number of taps: one gather, and a sum over the taps
    CoreBuilder::Values sizes(b.rank(x) + 1, b.index(1));
    sizes[a.dim] = a.out;
    sizes[a.dim + 1] = count;
    Value all = b.mul(b.gather(x, at, a.dim), b.reshape(weights, sizes));
    return b.reduce(ReduceKind::sum, all, {a.dim + 1}, /*keepdims=*/false);
  }
  Value sum;
  for (int64_t k = 0; k < 2 * reach; ++k) {
    auto column = [&](Value v) {
      return b.reshape(b.slice(v, {b.index(0), b.index(k)}, {b.index(1), b.index(1)}, {a.out, b.index(1)}), a.out);
    };
    Value tap = b.mul(b.gather(x, column(at), a.dim), alongAxis(b, column(weights), a.dim, b.rank(x)));
    sum = sum ? b.add(sum, tap) : tap;
  }
  return sum;
}

Value Resizer::extrapolate(Value y, Value place, const Axis &a) {
  if (!y || mode.coordinates != "tf_crop_and_resize")
    return y;
  Value last = b.sub(b.scalarOf(a.in, f64), f(1));
  Value outside = b.binary(BinaryKind::bit_or, b.compare(ComparePredicate::lt, place, f(0)),
                           b.compare(ComparePredicate::gt, place, last));
  return b.select(alongAxis(b, outside, a.dim, b.rank(y)), b.like(y, mode.extrapolation), y);
}

Value Resizer::along(Value x, const Axis &a) {
  if (!x)
    return {};
  Value place = places(a);
  Value y = mode.kind == Mode::Nearest ? b.gather(x, nearestIndices(place, a), a.dim) : taps(x, place, a);
  return extrapolate(y, place, a);
}

/// The kind of interpolation; an error if it is unknown.
static std::optional<Mode::Kind> interpolation(CoreBuilder &b) {
  std::string name = b.stringAttr("mode", "nearest");
  if (name == "nearest")
    return Mode::Nearest;
  if (name == "linear" || name == "bilinear")
    return Mode::Linear;
  if (name == "cubic" && b.opset() >= 11)
    return Mode::Cubic;
  b.error() << "mode '" << name << "' is not supported, expected nearest, linear or cubic";
  return std::nullopt;
}

/// An axis that grows or shrinks by `scale` (f64 of rank 0).
static Axis scaledAxis(CoreBuilder &b, Value x, int64_t dim, Value scale, std::optional<double> constantScale) {
  Type f64 = b.b.getF64Type();
  Axis a{dim, b.dim(x, dim), {}, scale, {}, {}, {}, constantScale};
  a.width = b.mul(scale, b.scalarOf(a.in, f64));
  auto in = CoreBuilder::constant(a.in);
  if (constantScale && in)
    a.out = boundedIndex(b, std::floor(*in * *constantScale));
  else if (constantScale && *constantScale == std::floor(*constantScale))
    a.out = b.muli(a.in, b.index(int64_t(*constantScale)));
  else if (auto size = b.indices(b.cast(b.unary(UnaryKind::floor, a.width), b.i(64), /*saturate=*/true)))
    a.out = size->front();
  return a;
}

/// Axes from the input `scales`.
static std::optional<SmallVector<Axis>> axesFromScales(CoreBuilder &b, Value x, Value scales, ArrayRef<int64_t> dims) {
  if (!scales || b.rank(scales) != 1) {
    if (scales)
      b.error() << "scales is " << scales.getType() << ", expected a vector";
    return std::nullopt;
  }
  if (failed(requireEqual(b, b.dim(scales, 0), b.index(dims.size()), "scales does not have one entry an axis")))
    return std::nullopt;
  auto constants = constantFloats(scales);
  SmallVector<Axis> out;
  for (auto [i, dim] : llvm::enumerate(dims)) {
    std::optional<double> known = constants ? std::optional<double>((*constants)[i]) : std::nullopt;
    if (known && !(*known > 0 && *known < 1e6)) {
      b.error() << "scales has the entry " << *known << ", expected a positive number";
      return std::nullopt;
    }
    Value scale = known ? b.scalar(b.b.getF64Type(), *known) : b.cast(elementAt(b, scales, i), b.b.getF64Type());
    out.push_back(scaledAxis(b, x, dim, scale, known));
  }
  return out;
}

/// Axes from the input `sizes`; a policy other than stretch makes one scale of all.
static std::optional<SmallVector<Axis>> axesFromSizes(CoreBuilder &b, Value x, ArrayRef<int64_t> dims,
                                                      StringRef policy) {
  auto sizes = indicesOf(b, b.in(3), dims.size(), "sizes");
  if (!sizes)
    return std::nullopt;
  Type f64 = b.b.getF64Type();
  SmallVector<Axis> out;
  Value all;
  for (auto [dim, size] : llvm::zip(dims, *sizes)) {
    if (failed(require(b, arith::CmpIPredicate::sge, size, b.index(0), "sizes has a negative entry")))
      return std::nullopt;
    Axis a{dim, b.dim(x, dim), size, {}, {}, {}, {}, {}};
    a.width = b.scalarOf(size, f64);
    a.scale = b.div(a.width, b.scalarOf(a.in, f64));
    if (auto to = CoreBuilder::constant(size), from = CoreBuilder::constant(a.in); to && from && *from)
      a.constantScale = double(*to) / double(*from);
    all = !all ? a.scale : policy == "not_larger" ? b.min(all, a.scale) : b.max(all, a.scale);
    out.push_back(a);
  }
  if (policy == "stretch")
    return out;
  for (Axis &a : out) {
    a.scale = all;
    a.width = b.mul(all, b.scalarOf(a.in, f64));
    a.constantScale = std::nullopt;
    if (auto size = b.indices(b.cast(b.unary(UnaryKind::floor, b.add(a.width, b.scalar(f64, 0.5))), b.i(64), true)))
      a.out = size->front();
  }
  return out;
}

/// Gives the axes their parts of `roi`: all beginnings, then all ends.
static LogicalResult setRegions(CoreBuilder &b, Value roi, MutableArrayRef<Axis> axes) {
  if (!roi)
    return failure();
  if (b.rank(roi) != 1)
    return b.error() << "roi is " << roi.getType() << ", expected a vector";
  if (failed(requireEqual(b, b.dim(roi, 0), b.index(2 * axes.size()), "roi does not have two entries an axis")))
    return failure();
  for (auto [i, a] : llvm::enumerate(axes)) {
    a.roiLow = b.cast(elementAt(b, roi, i), b.b.getF64Type());
    a.roiHigh = b.cast(elementAt(b, roi, axes.size() + i), b.b.getF64Type());
  }
  return success();
}

static LogicalResult resize(CoreBuilder &b, Value x, ArrayRef<Axis> axes, const Mode &mode) {
  Type element = b.element(x);
  Value y = x;
  if (mode.kind != Mode::Nearest)
    y = b.cast(x, b.isFloat(x) ? wideFloat(element) : b.b.getF32Type());
  for (const Axis &a : axes) {
    if (!a.out)
      return failure();
    bool sameSize =
        a.in == a.out || (CoreBuilder::constant(a.in) && CoreBuilder::constant(a.in) == CoreBuilder::constant(a.out));
    if (a.constantScale == 1 && sameSize && !a.roiLow)
      continue;
    if (failed(require(b, arith::CmpIPredicate::sgt, a.in, b.index(0), "cannot resize a dimension of size 0")))
      return failure();
    y = Resizer(b, mode).along(y, a);
  }
  return b.done(b.cast(y, element));
}

static LogicalResult lowerResize(CoreBuilder &b) {
  Value x = b.in(0);
  auto kind = interpolation(b);
  if (!x || !kind)
    return failure();
  Mode mode{*kind,
            b.stringAttr("coordinate_transformation_mode", "half_pixel"),
            b.stringAttr("nearest_mode", "round_prefer_floor"),
            b.stringAttr("keep_aspect_ratio_policy", "stretch"),
            b.floatAttr("cubic_coeff_a", -0.75),
            b.floatAttr("extrapolation_value", 0),
            b.intAttr("exclude_outside", 0) != 0,
            b.intAttr("antialias", 0) != 0};
  static constexpr StringRef known[] = {"half_pixel",    "half_pixel_symmetric", "pytorch_half_pixel",
                                        "align_corners", "asymmetric",           "tf_crop_and_resize"};
  if (!llvm::is_contained(known, mode.coordinates))
    return b.error() << "coordinate_transformation_mode '" << mode.coordinates << "' is not supported, expected one of "
                     << llvm::join(ArrayRef<StringRef>(known), ", ");
  if (mode.antialias && *kind == Mode::Nearest)
    return b.error() << "antialias is not for mode nearest";
  SmallVector<int64_t> dims;
  if (auto given = b.intsAttr("axes")) {
    for (int64_t v : *given) {
      auto axis = b.axis(v, b.rank(x));
      if (!axis)
        return failure();
      dims.push_back(*axis);
    }
  } else {
    dims = range(0, b.rank(x));
  }
  if (!b.has(2) && !b.has(3))
    return b.error() << "neither scales nor sizes is given, expected one of them";
  auto axes = b.has(3) ? axesFromSizes(b, x, dims, mode.policy) : axesFromScales(b, x, b.in(2), dims);
  if (!axes || (mode.coordinates == "tf_crop_and_resize" && failed(setRegions(b, b.in(1), *axes))))
    return failure();
  return resize(b, x, *axes, mode);
}

/// Opset 10 of Resize, and Upsample from 9 on: scales is the second input, places are y / scale.
static LogicalResult resizeByScales(CoreBuilder &b, Value scales, StringRef nearest) {
  Value x = b.in(0);
  auto kind = interpolation(b);
  if (!x || !kind)
    return failure();
  auto axes = axesFromScales(b, x, scales, range(0, b.rank(x)));
  if (!axes)
    return failure();
  return resize(b, x, *axes, Mode{*kind, "asymmetric", nearest.str(), "stretch", -0.75, 0, false, false});
}

static LogicalResult lowerResize10(CoreBuilder &b) { return resizeByScales(b, b.in(1), "simple"); }
static LogicalResult lowerUpsample(CoreBuilder &b) { return resizeByScales(b, b.in(1), "floor"); }

/// Scales as an attribute; in opset 1 only those of height and width.
static LogicalResult lowerUpsample7(CoreBuilder &b) {
  SmallVector<double> scales = b.floatsAttr("scales").value_or(SmallVector<double>());
  if (b.opset() < 7)
    scales = {1, 1, b.floatAttr("height_scale", 1), b.floatAttr("width_scale", 1)};
  return resizeByScales(b, constantVector(b, b.b.getF32Type(), scales), "floor");
}

void adze::addResizeOps(OpTable &table) {
  table.onOp("Upsample", 1, lowerUpsample7);
  table.onOp("Upsample", 9, lowerUpsample);
  table.onOp("Resize", 10, lowerResize10);
  table.onOp("Resize", 11, lowerResize);
}
