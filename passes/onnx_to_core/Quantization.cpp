// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/Quantize.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// A scale or zero point as it broadcasts to `x`: of one element, of one for each index of `axis`, or of one for each
/// block of block_size indices of it.
static Value parameter(CoreBuilder &b, Value p, Value x) {
  if (!p || !x || b.rank(p) == 0)
    return p;
  int64_t block = b.intAttr("block_size", 0), rank = b.rank(x), given = b.intAttr("axis", 1);
  if (b.rank(p) == 1 && b.type(p).getDimSize(0) == 1)
    return asScalar(b, p);
  if (b.rank(p) == 1 && !block && given >= rank) { // the axis only counts where there is one scale an index
    if (failed(requireEqual(b, b.dim(p, 0), b.index(1), "axis is out of range for one scale an index")))
      return {};
    return asScalar(b, p);
  }
  auto axis = b.axis(given, rank);
  if (!axis)
    return {};
  if (!block) {
    if (b.rank(p) == 1)
      return alongAxis(b, p, *axis, rank);
    b.error() << "scale or zero point has rank " << b.rank(p) << ", expected 0 or 1 without block_size";
    return {};
  }
  if (block < 0 || b.rank(p) != rank) {
    b.error() << "block_size is " << block << " and a scale or zero point has rank " << b.rank(p)
              << ", expected a positive number and rank " << rank;
    return {};
  }
  Value size = b.dim(x, *axis), blocks = ceilDiv(b, size, b.index(block));
  if (failed(require(b, arith::CmpIPredicate::sge, b.dim(p, *axis), blocks, "there are fewer scales than blocks")))
    return {};
  Type i64 = b.i(64);
  return b.gather(p, b.div(b.iota(i64, 0, size), b.scalar(i64, block)), *axis);
}

/// The float type that two are computed in: the wider one, f32 for f16 with bf16 and for what is no float.
static Type commonFloat(CoreBuilder &b, Type x, Type y) {
  auto f = dyn_cast<FloatType>(x), g = dyn_cast<FloatType>(y);
  if (!f || !g)
    return g ? wideFloat(y) : b.b.getF32Type();
  if (f == g)
    return f;
  return f.getWidth() == g.getWidth() ? Type(b.b.getF32Type()) : f.getWidth() > g.getWidth() ? x : y;
}

static LogicalResult lowerQuantizeLinear(CoreBuilder &b) {
  Value x = b.in(0), scale = b.in(1), zero = b.has(2) ? b.in(2) : Value();
  if (!x || !scale || (b.has(2) && !zero))
    return failure();
  int64_t type = b.intAttr("output_dtype", 0), precision = b.intAttr("precision", 0);
  Type to = zero ? b.element(zero) : type ? b.elementOf(type) : b.ui(8);
  Type real = precision ? b.elementOf(precision) : commonFloat(b, b.element(x), b.element(scale));
  scale = parameter(b, scale, x);
  zero = zero && !isa<Float8E4M3FNType, Float8E4M3FNUZType, Float8E5M2Type, Float8E5M2FNUZType>(to)
             ? parameter(b, zero, x)
             : Value();
  Value quotient = b.div(b.cast(x, real), b.cast(scale, real));
  return b.done(quantizeTo(b, quotient, zero, to, b.intAttr("saturate", 1)));
}

static LogicalResult lowerDequantizeLinear(CoreBuilder &b) {
  Value x = b.in(0), scale = b.in(1);
  if (!x || !scale)
    return failure();
  Type f32 = b.b.getF32Type();
  int64_t type = b.intAttr("output_dtype", 0);
  Type to = type ? b.elementOf(type) : b.element(scale);
  Value y = b.cast(x, f32);
  if (b.has(2) && !b.isFloat(x)) {
    Value zero = b.in(2);
    y = b.sub(y, b.cast(parameter(b, zero, x), f32));
  }
  return b.done(b.cast(b.mul(y, b.cast(parameter(b, scale, x), f32)), to));
}

/// Quantises to the range that the input has, which includes zero.
static LogicalResult lowerDynamicQuantizeLinear(CoreBuilder &b) {
  Value x = b.in(0);
  if (!x)
    return failure();
  Value zero = b.like(x, 0), steps = b.like(x, 255);
  SmallVector<int64_t> axes = range(0, b.rank(x));
  Value greatest = b.max(b.reduce(ReduceKind::max, x, axes, /*keepdims=*/false), zero);
  Value least = b.min(b.reduce(ReduceKind::min, x, axes, /*keepdims=*/false), zero);
  Value single = b.compare(ComparePredicate::eq, greatest, least);
  Value scale = b.div(b.select(single, b.like(x, 1), b.sub(greatest, least)), steps);
  Value point = b.min(b.max(b.sub(zero, b.div(least, scale)), zero), steps);
  point = b.cast(b.unary(UnaryKind::round, point), b.ui(8), /*saturate=*/true);
  return b.done({quantizeTo(b, b.div(x, scale), point, b.ui(8)), scale, point});
}

void adze::addQuantizationOps(OpTable &table) {
  table.onOp("QuantizeLinear", 10, lowerQuantizeLinear);
  table.onOp("DequantizeLinear", 10, lowerDequantizeLinear);
  table.onOp("DynamicQuantizeLinear", 11, lowerDynamicQuantizeLinear);
}
