// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Softmax and the normalisations.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// Mean over `axes`, which stay as dimensions of size 1.
static Value mean(CoreBuilder &b, Value x, ArrayRef<int64_t> axes) {
  if (!x)
    return {};
  CoreBuilder::Values sizes;
  for (int64_t axis : axes)
    sizes.push_back(b.dim(x, axis));
  Value sum = b.reduce(ReduceKind::sum, x, axes, /*keepdims=*/true);
  return b.div(sum, b.scalarOf(product(b, sizes), b.element(x)));
}

/// Mean of the squared distances from `center`.
static Value variance(CoreBuilder &b, Value x, Value center, ArrayRef<int64_t> axes) {
  Value distance = b.sub(x, center);
  return mean(b, b.mul(distance, distance), axes);
}

/// sqrt(x + epsilon).
static Value sqrtOf(CoreBuilder &b, Value x, double epsilon) {
  return b.unary(UnaryKind::sqrt, b.add(x, b.like(x, epsilon)));
}

//===- softmax
//-----------------------------------------------------------------------------------------------------===//

template <bool log> static LogicalResult lowerSoftmax(CoreBuilder &b) {
  Value x = b.in(0);
  if (!x)
    return failure();
  auto axis = b.axis(b.intAttr("axis", -1), b.rank(x));
  if (!axis)
    return failure();
  return b.done(b.create<SoftmaxOp>(x, *axis, log));
}

/// Before opset 13 all dimensions from `axis` on are one row.
template <bool log> static LogicalResult lowerSoftmaxOfRows(CoreBuilder &b) {
  Value x = b.in(0);
  if (!x)
    return failure();
  auto axis = b.axis(b.intAttr("axis", b.rank(x) > 1 ? 1 : 0), b.rank(x));
  if (!axis)
    return failure();
  if (*axis == b.rank(x) - 1)
    return b.done(b.create<SoftmaxOp>(x, *axis, log));
  CoreBuilder::Values sizes = b.dims(x);
  Value rows = product(b, ArrayRef(sizes).take_front(*axis)), columns = product(b, ArrayRef(sizes).drop_front(*axis));
  Value flat = b.create<SoftmaxOp>(b.reshape(x, {rows, columns}), 1, log);
  return b.done(b.reshape(flat, sizes));
}

//===- rows
//--------------------------------------------------------------------------------------------------------===//

static LogicalResult lowerLayerNormalization(CoreBuilder &b) {
  Value x = b.in(0), scale = b.in(1);
  Type stash = b.elementOf(b.intAttr("stash_type", 1));
  if (!x || !scale || !stash)
    return failure();
  auto axis = b.axis(b.intAttr("axis", -1), b.rank(x));
  if (!axis)
    return failure();
  double epsilon = b.floatAttr("epsilon", 1e-5f);
  Value wide = b.cast(x, stash);
  Value y = b.cast(b.create<NormOp>(wide, *axis, APFloat(epsilon), /*rms=*/false), b.element(x));
  y = b.mul(y, scale);
  if (b.has(2))
    y = b.add(y, b.in(2));
  CoreBuilder::Values out{y};
  auto used = [&](unsigned i) { return b.node.getNumResults() > i && !b.node.getResult(i).use_empty(); };
  if (used(1) || used(2)) {
    SmallVector<int64_t> axes = range(*axis, b.rank(x));
    Value center = mean(b, wide, axes);
    Value deviation = sqrtOf(b, variance(b, wide, center, axes), epsilon);
    out.append({center, b.unary(UnaryKind::reciprocal, deviation)});
  }
  return b.done(out);
}

static LogicalResult lowerRMSNormalization(CoreBuilder &b) {
  Value x = b.in(0), scale = b.in(1);
  Type stash = b.elementOf(b.intAttr("stash_type", 1));
  if (!x || !scale || !stash)
    return failure();
  auto axis = b.axis(b.intAttr("axis", -1), b.rank(x));
  if (!axis)
    return failure();
  Value y = b.create<NormOp>(b.cast(x, stash), *axis, APFloat(b.floatAttr("epsilon", 1e-5f)), /*rms=*/true);
  return b.done(b.mul(b.cast(b.cast(y, b.element(x)), b.element(scale)), scale));
}

//===- channels
//----------------------------------------------------------------------------------------------------===//

/// A vector of the channels, as it broadcasts to [N, C, ...]; parameters of more dimensions (spatial = 0) do already.
static Value perChannel(CoreBuilder &b, Value parameter, int64_t rank, Type element) {
  parameter = b.cast(parameter, element);
  return parameter && b.rank(parameter) == 1 && rank > 1 ? alongAxis(b, parameter, 0, rank - 1) : parameter;
}

static LogicalResult lowerBatchNormalization(CoreBuilder &b) {
  Value x = b.in(0), scale = b.in(1), bias = b.in(2), center = b.in(3), var = b.in(4);
  if (!x || !scale || !bias || !center || !var)
    return failure();
  auto used = [&](unsigned i) { return b.node.getNumResults() > i && !b.node.getResult(i).use_empty(); };
  bool training = b.opset() >= 14 ? b.intAttr("training_mode", 0) : used(1) || used(2) || used(3) || used(4);
  if (b.rank(x) < 2 && training)
    return b.error() << "input has rank " << b.rank(x) << ", expected 2 or more";
  Type element = b.element(x), wide = wideFloat(element), statistics = b.element(center);
  Value wideX = b.cast(x, wide);
  CoreBuilder::Values out{Value()};
  if (training) {
    SmallVector<int64_t> axes = range(2, b.rank(x));
    axes.insert(axes.begin(), 0);
    Value batchMean = mean(b, wideX, axes), batchVar = variance(b, wideX, batchMean, axes);
    double momentum = b.floatAttr("momentum", 0.9f);
    auto vector = [&](Value v) { return v ? b.reshape(v, b.dim(x, 1)) : Value(); };
    auto running = [&](Value old, Value fresh) {
      Value kept = b.mul(b.cast(old, wide), b.scalar(wide, momentum));
      return b.cast(b.add(kept, b.mul(fresh, b.scalar(wide, 1 - momentum))), statistics);
    };
    Value freshMean = vector(batchMean), freshVar = vector(batchVar);
    out.append({running(center, freshMean), running(var, freshVar), b.cast(freshMean, statistics),
                b.cast(freshVar, statistics)});
    center = freshMean;
    var = freshVar;
  }
  // One factor and one summand a channel, so that they fold into the weights of a convolution before.
  Value deviation = sqrtOf(b, b.cast(var, wide), b.floatAttr("epsilon", 1e-5f));
  Value factor = b.div(b.cast(scale, wide), deviation);
  Value summand = b.sub(b.cast(bias, wide), b.mul(b.cast(center, wide), factor));
  Value y = b.mul(wideX, perChannel(b, factor, b.rank(x), wide));
  out[0] = b.cast(b.add(y, perChannel(b, summand, b.rank(x), wide)), element);
  return b.done(out);
}

static LogicalResult lowerInstanceNormalization(CoreBuilder &b) {
  Value x = b.in(0), scale = b.in(1), bias = b.in(2);
  if (!x || !scale || !bias)
    return failure();
  if (b.rank(x) < 3)
    return b.error() << "input has rank " << b.rank(x) << ", expected 3 or more";
  Type element = b.element(x), wide = wideFloat(element);
  Value y = b.create<NormOp>(b.cast(x, wide), 2, APFloat(b.floatAttr("epsilon", 1e-5f)), /*rms=*/false);
  y = b.mul(y, perChannel(b, scale, b.rank(x), wide));
  return b.done(b.cast(b.add(y, perChannel(b, bias, b.rank(x), wide)), element));
}

/// Scale and bias: one a group in opset 18, one a channel since 21.
static LogicalResult lowerGroupNormalization(CoreBuilder &b) {
  Value x = b.in(0), scale = b.in(1), bias = b.in(2);
  if (!x || !scale || !bias)
    return failure();
  int64_t groups = b.intAttr("num_groups", 0), rank = b.rank(x);
  if (rank < 2 || groups < 1)
    return b.error() << "input has rank " << rank << " and num_groups is " << groups << ", expected 2 and 1 or more";
  Type element = b.element(x), stash = b.opset() < 21 ? wideFloat(element) : b.elementOf(b.intAttr("stash_type", 1));
  CoreBuilder::Values sizes = b.dims(x);
  Value perGroup = floorDiv(b, sizes[1], b.index(groups));
  if (!stash ||
      failed(requireEqual(b, b.muli(perGroup, b.index(groups)), sizes[1], "channels do not split into num_groups")))
    return failure();
  Value members = b.muli(perGroup, product(b, ArrayRef(sizes).drop_front(2)));
  Value grouped = b.reshape(b.cast(x, stash), {sizes[0], b.index(groups), members});
  Value y = b.create<NormOp>(grouped, 2, APFloat(b.floatAttr("epsilon", 1e-5f)), /*rms=*/false);
  y = b.cast(y, element);
  auto affine = [&](Value v) {
    v = b.mul(v, perChannel(b, scale, v ? b.rank(v) : 0, element));
    return b.add(v, perChannel(b, bias, v ? b.rank(v) : 0, element));
  };
  if (!y || b.rank(scale) != 1 || b.rank(bias) != 1)
    return y ? b.error() << "scale and bias have ranks " << b.rank(scale) << " and " << b.rank(bias) << ", expected 1"
             : failure();
  return b.done(b.opset() < 21 ? b.reshape(affine(y), sizes) : affine(b.reshape(y, sizes)));
}

//===- others
//------------------------------------------------------------------------------------------------------===//

/// x over its p-norm along an axis; rows whose norm is zero stay zero.
static LogicalResult lowerLpNormalization(CoreBuilder &b) {
  Value x = b.in(0);
  if (!x)
    return failure();
  auto axis = b.axis(b.intAttr("axis", -1), b.rank(x));
  int64_t p = b.intAttr("p", 2);
  if (!axis)
    return failure();
  if (p != 1 && p != 2)
    return b.error() << "p is " << p << ", expected 1 or 2";
  Type element = b.element(x);
  Value wide = b.cast(x, wideFloat(element));
  Value powered = p == 1 ? b.unary(UnaryKind::abs, wide) : b.mul(wide, wide);
  Value norm = b.reduce(ReduceKind::sum, powered, *axis, /*keepdims=*/true);
  if (p == 2)
    norm = b.unary(UnaryKind::sqrt, norm);
  Value zero = b.like(norm, 0);
  Value y = b.select(b.compare(ComparePredicate::eq, norm, zero), zero, b.div(wide, norm));
  return b.done(b.cast(y, element));
}

static LogicalResult lowerMeanVarianceNormalization(CoreBuilder &b) {
  Value x = b.in(0);
  if (!x)
    return failure();
  SmallVector<int64_t> axes;
  for (int64_t given : b.intsAttr("axes").value_or(SmallVector<int64_t>{0, 2, 3})) {
    auto axis = b.axis(given, b.rank(x));
    if (!axis)
      return failure();
    axes.push_back(*axis);
  }
  llvm::sort(axes);
  axes.erase(llvm::unique(axes), axes.end());
  Type element = b.element(x);
  Value wide = b.cast(x, wideFloat(element)), center = mean(b, wide, axes);
  Value deviation = b.unary(UnaryKind::sqrt, variance(b, wide, center, axes));
  Value y = b.div(b.sub(wide, center), b.add(deviation, b.like(wide, 1e-9)));
  return b.done(b.cast(y, element));
}

/// x / (bias + alpha / size * sum of squares of `size` neighbouring channels) ^ beta.
static LogicalResult lowerLRN(CoreBuilder &b) {
  Value x = b.in(0);
  if (!x)
    return failure();
  int64_t size = b.intAttr("size", 0);
  if (b.rank(x) < 2 || size < 1 || size > (int64_t(1) << 20))
    return b.error() << "input has rank " << b.rank(x) << " and size is " << size << ", expected 2 and 1 or more";
  Type element = b.element(x), wide = wideFloat(element);
  CoreBuilder::Values sizes = b.dims(x);
  CoreBuilder::Values flat{sizes[0], sizes[1], product(b, ArrayRef(sizes).drop_front(2))};
  Value wideX = b.reshape(b.cast(x, wide), flat); // the channels are the window's dimension, all others the last
  CoreBuilder::Values low{b.index(0), b.index((size - 1) / 2), b.index(0)}, padded = flat;
  padded[1] = b.addi(flat[1], b.index(size - 1));
  Value squares = b.pad(PadMode::constant, b.mul(wideX, wideX), b.scalar(wide, 0), low, padded);
  Value sum =
      b.create<PoolOp>(ReduceKind::sum, squares, ArrayRef<int64_t>{size}, ArrayRef<int64_t>{1}, ArrayRef<int64_t>{1});
  Value scaled = b.mul(sum, b.scalar(wide, b.floatAttr("alpha", 1e-4f) / double(size)));
  Value base = b.add(scaled, b.scalar(wide, b.floatAttr("bias", 1)));
  Value divisor = b.binary(BinaryKind::pow, base, b.scalar(wide, b.floatAttr("beta", 0.75)));
  return b.done(b.reshape(b.cast(b.div(wideX, divisor), element), sizes));
}

void adze::addNormalizationOps(OpTable &table) {
  table.onOp("Softmax", 1, lowerSoftmaxOfRows<false>);
  table.onOp("Softmax", 13, lowerSoftmax<false>);
  table.onOp("LogSoftmax", 1, lowerSoftmaxOfRows<true>);
  table.onOp("LogSoftmax", 13, lowerSoftmax<true>);
  table.onOp("LayerNormalization", 17, lowerLayerNormalization);
  table.onOp("RMSNormalization", 23, lowerRMSNormalization);
  table.onOp("BatchNormalization", 1, lowerBatchNormalization);
  table.onOp("InstanceNormalization", 1, lowerInstanceNormalization);
  table.onOp("GroupNormalization", 18, lowerGroupNormalization);
  table.onOp("LpNormalization", 1, lowerLpNormalization);
  table.onOp("MeanVarianceNormalization", 9, lowerMeanVarianceNormalization);
  table.onOp("LRN", 1, lowerLRN);
}
