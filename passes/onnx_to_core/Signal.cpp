// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fourier transforms and what goes with them; computed in f64, since results near zero are sums that cancel.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/ScalarCode.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

static constexpr double kPi = 3.14159265358979323846;

/// The one element of an integer tensor, as an index; an error if it has more.
static Value indexOf(CoreBuilder &b, Value tensor, StringRef what) {
  if (!tensor)
    return {};
  if (b.rank(tensor) == 1 && succeeded(requireEqual(b, b.dim(tensor, 0), b.index(1), "an input is not one number")))
    tensor = b.reshape(tensor, {});
  auto values = b.indices(tensor);
  if (values && values->size() == 1)
    return values->front();
  b.error() << what << " is " << tensor.getType() << ", expected one integer";
  return {};
}

//===- windows
//-----------------------------------------------------------------------------------------------------===//

/// The sum of amplitudes[k] * cos(2 pi k n / N) over k, for n < size; N is size, or size - 1 for a symmetric window.
static LogicalResult lowerWindow(CoreBuilder &b, ArrayRef<double> amplitudes) {
  Value size = indexOf(b, b.in(0), "size");
  Type to = b.elementOf(b.intAttr("output_datatype", 1)), f64 = b.b.getF64Type();
  if (!size || !to || failed(require(b, arith::CmpIPredicate::sge, size, b.index(0), "size is negative")))
    return failure();
  Value period = b.intAttr("periodic", 1) ? size : b.subi(size, b.index(1));
  Value n = b.iota(f64, 0, size), sum = b.broadcast(b.scalar(f64, amplitudes[0]), size);
  for (size_t k = 1; k < amplitudes.size(); ++k) {
    Value angle = b.div(b.mul(n, b.scalar(f64, 2 * kPi * k)), b.scalarOf(period, f64));
    sum = b.add(sum, b.mul(b.unary(UnaryKind::cos, angle), b.scalar(f64, amplitudes[k])));
  }
  return b.done(b.cast(sum, to));
}

static LogicalResult lowerHannWindow(CoreBuilder &b) { return lowerWindow(b, {0.5, -0.5}); }
static LogicalResult lowerHammingWindow(CoreBuilder &b) { return lowerWindow(b, {25.0 / 46, -21.0 / 46}); }
static LogicalResult lowerBlackmanWindow(CoreBuilder &b) { return lowerWindow(b, {0.42, -0.5, 0.08}); }

//===- Fourier transforms
//------------------------------------------------------------------------------------------===//

namespace {
/// cos and sin of 2 pi j / length for j < length, as f64 vectors.
struct Circle {
  Value length, cosines, sines;

  Circle(CoreBuilder &b, Value length) : length(length) {
    Type f64 = b.b.getF64Type();
    Value angle = b.div(b.mul(b.iota(f64, 0, length), b.scalar(f64, 2 * kPi)), b.scalarOf(length, f64));
    cosines = b.unary(UnaryKind::cos, angle);
    sines = b.unary(UnaryKind::sin, angle);
  }
  /// cos and sin at place k * n.
  std::pair<Value, Value> at(ScalarCode &s, Value k, Value n) const {
    // Without signs: inside the circle even if the product of two sizes has wrapped around.
    Value j = arith::RemUIOp::create(s.b, s.loc, s.mul(k, n), length);
    return {s.load(cosines, j), s.load(sines, j)};
  }
};
} // namespace

/// Checks that the last dimension of x is a real number, or a real and an imaginary one.
static LogicalResult requireParts(CoreBuilder &b, Value x) {
  Value parts = b.dim(x, b.rank(x) - 1);
  StringRef message = "the last dimension is not one part or two";
  return success(succeeded(require(b, arith::CmpIPredicate::sge, parts, b.index(1), message)) &&
                 succeeded(require(b, arith::CmpIPredicate::sle, parts, b.index(2), message)));
}

/// Real and imaginary part of x at `place`, whose last coordinate is the part; the imaginary one is zero where x has
/// none.
static std::pair<Value, Value> complexAt(ScalarCode &s, Value x, SmallVector<Value> place) {
  Type f64 = s.b.getF64Type();
  int64_t parts = cast<RankedTensorType>(x.getType()).getShape().back();
  place.back() = s.index(0);
  Value real = s.convert(s.load(x, place), f64);
  if (parts == 1)
    return {real, s.number(f64, 0)};
  place.back() = s.index(1);
  Value imaginary = parts == 2 ? s.load(x, place)
                               : s.loadOr(x, place, s.number(cast<RankedTensorType>(x.getType()).getElementType(), 0));
  return {real, s.convert(imaginary, f64)};
}

namespace {
struct Transform {
  bool inverse, onesided;
  Value axis;   ///< index, may be known only when the program runs
  Value length; ///< of the whole (two-sided) spectrum or signal
};
} // namespace

/// The element of the transform at `at`: the sum over the axis of x times points of the circle.
static Value transformed(ScalarCode &s, Value x, ValueRange at, const Transform &t, const Circle &circle, Value count) {
  Type f64 = s.b.getF64Type();
  int64_t rank = at.size();
  auto onAxis = [&](int64_t d) { return s.compare(arith::CmpIPredicate::eq, t.axis, s.index(d)); };
  Value k = s.index(0);
  for (int64_t d = 0; d + 1 < rank; ++d)
    k = s.select(onAxis(d), at[d], k);
  auto sums = s.loop(s.index(0), count, {s.number(f64, 0), s.number(f64, 0)},
                     [&](Value n, ValueRange sum) -> ScalarCode::Values {
                       SmallVector<Value> place;
                       for (int64_t d = 0; d < rank; ++d)
                         place.push_back(d + 1 < rank ? s.select(onAxis(d), n, at[d]) : at[d]);
                       auto [re, im] = complexAt(s, x, place);
                       auto [c, sine] = circle.at(s, k, n);
                       Value si = t.inverse ? sine : s.sub(s.number(f64, 0), sine);
                       Value real = s.sub(s.mul(re, c), s.mul(im, si)), imaginary = s.add(s.mul(re, si), s.mul(im, c));
                       if (t.inverse && t.onesided) { // each inner frequency stands for its mirror image too
                         Value edge = s.either(s.compare(arith::CmpIPredicate::eq, n, s.index(0)),
                                               s.compare(arith::CmpIPredicate::eq, s.add(n, n), t.length));
                         real = s.mul(real, s.select(edge, s.number(f64, 1), s.number(f64, 2)));
                       }
                       return {s.add(sum[0], real), s.add(sum[1], imaginary)};
                     });
  Value v = s.select(s.compare(arith::CmpIPredicate::eq, at[rank - 1], s.index(0)), sums[0], sums[1]);
  return t.inverse ? s.div(v, s.toFloat(t.length, f64)) : v;
}

static LogicalResult lowerTransform(CoreBuilder &b, Value x, Transform t, Value dftLength) {
  if (!x)
    return failure();
  int64_t rank = b.rank(x);
  if (rank < 2)
    return b.error() << "input is " << x.getType() << ", expected rank 2 or more";
  if (failed(requireParts(b, x)))
    return failure();
  Value zero = b.index(0), one = b.index(1), two = b.index(2);
  Value negative = compareIndex(b, arith::CmpIPredicate::slt, t.axis, zero);
  t.axis = selectIndex(b, negative, b.addi(t.axis, b.index(rank)), t.axis);
  if (failed(require(b, arith::CmpIPredicate::sge, t.axis, zero, "axis is out of range")) ||
      failed(require(b, arith::CmpIPredicate::slt, t.axis, b.index(rank - 1), "axis is out of range")))
    return failure();
  CoreBuilder::Values sizes = b.dims(x), out;
  Value size = sizes[0];
  for (int64_t d = 1; d + 1 < rank; ++d)
    size = selectIndex(b, compareIndex(b, arith::CmpIPredicate::eq, t.axis, b.index(d)), sizes[d], size);
  bool toReal = t.inverse && t.onesided;
  t.length = dftLength ? dftLength : toReal ? b.muli(b.subi(size, one), two) : size;
  if (failed(require(b, arith::CmpIPredicate::sgt, t.length, zero, "dft_length is not positive")))
    return failure();
  Value half = b.addi(floorDiv(b, t.length, two), one);
  Value count = minIndex(b, size, toReal ? half : t.length);
  for (int64_t d = 0; d + 1 < rank; ++d)
    out.push_back(selectIndex(b, compareIndex(b, arith::CmpIPredicate::eq, t.axis, b.index(d)),
                              t.onesided && !t.inverse ? half : t.length, sizes[d]));
  out.push_back(toReal ? one : two);
  Circle circle(b, t.length);
  Type element = b.element(x);
  return b.done(generate(b, {x, circle.cosines, circle.sines}, element, out, [&](ScalarCode &s, ValueRange at) {
    return s.convert(transformed(s, x, at, t, circle, count), element);
  }));
}

static LogicalResult lowerDFT(CoreBuilder &b) {
  Value length = b.has(1) ? indexOf(b, b.in(1), "dft_length") : Value();
  Value axis = b.opset() < 20 ? b.index(b.intAttr("axis", 1)) : b.has(2) ? indexOf(b, b.in(2), "axis") : b.index(-2);
  if ((b.has(1) && !length) || !axis)
    return failure();
  return lowerTransform(b, b.in(0), {b.intAttr("inverse", 0) != 0, b.intAttr("onesided", 0) != 0, axis, {}}, length);
}

/// The spectra of windows of the signal, [batch, frames, frequencies, 2].
static LogicalResult lowerSTFT(CoreBuilder &b) {
  Value x = b.in(0), step = indexOf(b, b.in(1), "frame_step"), window = b.has(2) ? b.in(2) : Value();
  Value given = b.has(3) ? indexOf(b, b.in(3), "frame_length") : Value(), zero = b.index(0), one = b.index(1);
  if (!x || !step || (b.has(2) && !window) || (b.has(3) && !given))
    return failure();
  if (b.rank(x) != 3 && b.rank(x) != 2)
    return b.error() << "signal has rank " << b.rank(x) << ", expected 3";
  if (b.rank(x) == 2)
    x = b.unsqueeze(x, {2});
  if (failed(requireParts(b, x)))
    return failure();
  if (!given && !window)
    return b.error() << "neither window nor frame_length is given, expected one of them";
  if (window && b.rank(window) != 1)
    return b.error() << "window has rank " << b.rank(window) << ", expected 1";
  Value length = given ? given : b.dim(window, 0);
  if ((window && failed(requireEqual(b, b.dim(window, 0), length, "window and frame_length differ"))) ||
      failed(require(b, arith::CmpIPredicate::sgt, step, zero, "frame_step is not positive")) ||
      failed(require(b, arith::CmpIPredicate::sgt, length, zero, "frame_length is not positive")) ||
      failed(require(b, arith::CmpIPredicate::sle, length, b.dim(x, 1), "the signal is shorter than a frame")))
    return failure();
  Value frames = b.addi(floorDiv(b, b.subi(b.dim(x, 1), length), step), one);
  Value bins = b.intAttr("onesided", 1) ? b.addi(floorDiv(b, length, b.index(2)), one) : length;
  Type element = b.element(x), f64 = b.b.getF64Type();
  Circle circle(b, length);
  CoreBuilder::Values inputs{x, circle.cosines, circle.sines};
  if (window)
    inputs.push_back(window);
  return b.done(
      generate(b, inputs, element, {b.dim(x, 0), frames, bins, b.index(2)}, [&](ScalarCode &s, ValueRange at) {
        Value start = s.mul(at[1], step);
        auto sums = s.loop(s.index(0), length, {s.number(f64, 0), s.number(f64, 0)},
                           [&](Value n, ValueRange sum) -> ScalarCode::Values {
                             auto [re, im] = complexAt(s, x, {at[0], s.add(start, n), Value()});
                             auto [c, si] = circle.at(s, at[2], n);
                             if (window) {
                               Value factor = s.convert(s.load(window, n), f64);
                               re = s.mul(re, factor);
                               im = s.mul(im, factor);
                             }
                             return {s.add(sum[0], s.add(s.mul(re, c), s.mul(im, si))),
                                     s.add(sum[1], s.sub(s.mul(im, c), s.mul(re, si)))};
                           });
        return s.convert(s.select(s.compare(arith::CmpIPredicate::eq, at[3], s.index(0)), sums[0], sums[1]), element);
      }));
}

/// Triangles over the bins of a spectrum, evenly spaced on the mel scale.
static LogicalResult lowerMelWeightMatrix(CoreBuilder &b) {
  Value bins = indexOf(b, b.in(0), "num_mel_bins"), length = indexOf(b, b.in(1), "dft_length");
  Value lower = asScalar(b, b.in(3)), upper = asScalar(b, b.in(4));
  Type to = b.elementOf(b.intAttr("output_datatype", 1)), f64 = b.b.getF64Type();
  if (!bins || !length || !b.in(2) || !lower || !upper || !to ||
      failed(require(b, arith::CmpIPredicate::sge, bins, b.index(0), "num_mel_bins is negative")) ||
      failed(require(b, arith::CmpIPredicate::sge, length, b.index(0), "dft_length is negative")))
    return failure();
  auto f = [&](double v) { return b.scalar(f64, v); };
  const double ln10 = 2.302585092994045684;
  auto mel = [&](Value hertz) {
    return b.mul(b.unary(UnaryKind::log1p, b.div(b.cast(hertz, f64), f(700))), f(2595 / ln10));
  };
  Value low = mel(lower), edges = b.addi(bins, b.index(2));
  Value step = b.div(b.sub(mel(upper), low), b.scalarOf(edges, f64));
  Value place = b.add(b.mul(b.iota(f64, 0, edges), step), low);
  Value hertz = b.mul(b.unary(UnaryKind::expm1, b.mul(place, f(ln10 / 2595))), f(700));
  Value rate = b.cast(asScalar(b, b.in(2)), f64);
  Value bin = b.unary(UnaryKind::floor, b.div(b.mul(b.scalarOf(b.addi(length, b.index(1)), f64), hertz), rate));
  auto edge = [&](int64_t i) { return b.sliceAxis(bin, 0, b.index(i), bins); };
  Value left = edge(0), center = edge(1), right = edge(2);
  Value rows = b.addi(floorDiv(b, length, b.index(2)), b.index(1));
  Value j = b.iota(f64, 0, {rows, bins});
  auto is = [&](ComparePredicate p, Value x, Value y) { return b.compare(p, x, y); };
  auto both = [&](Value x, Value y) { return b.binary(BinaryKind::bit_and, x, y); };
  Value width = b.sub(center, left), flat = is(ComparePredicate::eq, width, f(0));
  Value rising = b.select(flat, f(1), b.div(b.sub(j, left), b.select(flat, f(1), width)));
  Value inRise = both(is(ComparePredicate::ge, j, left), is(ComparePredicate::le, j, center));
  Value inFall = both(is(ComparePredicate::ge, j, center), is(ComparePredicate::lt, j, right));
  Value falling = b.div(b.sub(right, j), b.max(b.sub(right, center), f(1)));
  return b.done(b.cast(b.select(inFall, falling, b.select(inRise, rising, f(0))), to));
}

void adze::addSignalOps(OpTable &table) {
  table.onOp("HannWindow", 17, lowerHannWindow);
  table.onOp("HammingWindow", 17, lowerHammingWindow);
  table.onOp("BlackmanWindow", 17, lowerBlackmanWindow);
  table.onOp("DFT", 17, lowerDFT);
  table.onOp("STFT", 17, lowerSTFT);
  table.onOp("MelWeightMatrix", 17, lowerMelWeightMatrix);
}
