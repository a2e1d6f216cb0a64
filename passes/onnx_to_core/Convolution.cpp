// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions. Each becomes core.conv on channels-last tensors between transposes, which a layout pass cancels.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/Quantize.h"
#include "passes/onnx_to_core/Sizes.h"
#include "passes/onnx_to_core/SpatialWindow.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// Checks ranks, and sizes of channels and windows, of an input [N, C, spatial...] and a filter [OC, C/groups,
/// window...].
static LogicalResult checkOperands(CoreBuilder &b, Value x, Value w, int64_t groups) {
  if (b.rank(x) < 3 || b.rank(w) != b.rank(x))
    return b.error() << "input and filter have ranks " << b.rank(x) << " and " << b.rank(w)
                     << ", expected equal ranks of 3 or more";
  if (groups < 1 || groups > (int64_t(1) << 31))
    return b.error() << "group is " << groups << ", expected 1 or more";
  Value channels = b.muli(b.dim(w, 1), b.index(groups));
  if (failed(requireEqual(b, b.dim(x, 1), channels, "channels of the input and of the filter times group differ")))
    return failure();
  auto oc = CoreBuilder::constant(b.dim(w, 0));
  if (groups > 1 && !oc) {
    Value rest = b.subi(b.dim(w, 0), b.muli(floorDiv(b, b.dim(w, 0), b.index(groups)), b.index(groups)));
    return requireEqual(b, rest, b.index(0), "output channels do not split into groups");
  }
  for (int64_t i = 2; i < b.rank(w); ++i)
    if (failed(require(b, arith::CmpIPredicate::sgt, b.dim(w, i), b.index(0), "the filter has a window of size 0")))
      return failure();
  auto kernel = b.intsAttr("kernel_shape");
  for (size_t i = 0; kernel && int64_t(kernel->size()) == b.rank(w) - 2 && i < kernel->size(); ++i)
    if (failed(requireEqual(b, b.dim(w, i + 2), b.index((*kernel)[i]), "kernel_shape and the filter's sizes differ")))
      return failure();
  return success();
}

/// The convolution without bias, channels last. `x` is padded with zeros.
static Value convolve(CoreBuilder &b, Value x, Value w, Type to) {
  int64_t groups = b.intAttr("group", 1);
  if (!x || !w || failed(checkOperands(b, x, w, groups)))
    return {};
  CoreBuilder::Values kernel;
  for (int64_t i = 2; i < b.rank(w); ++i)
    kernel.push_back(b.dim(w, i));
  auto window = spatialWindow(b, x, kernel);
  if (!window)
    return {};
  SmallVector<int64_t> filterOrder = range(2, b.rank(w)); // [OC, IC, window...] -> [window..., IC, OC]
  filterOrder.append({1, 0});
  Value padded = padToWindow(b, channelsLast(b, x), *window, b.like(x, 0));
  return b.create<ConvOp>(padded, b.transpose(w, filterOrder), window->strides, window->dilations, groups, to);
}

static LogicalResult lowerConv(CoreBuilder &b) {
  Value x = b.in(0), w = b.in(1);
  if (!x || !w)
    return failure();
  Value out = convolve(b, x, w, b.element(x));
  if (b.has(2))
    out = b.add(out, b.in(2));
  return b.done(channelsFirst(b, out));
}

/// x - zero as i32, where the zero point is one number or one for each index of dimension 0.
static Value filterWithoutZeroPoint(CoreBuilder &b, Value w, Value zero) {
  if (!w)
    return {};
  if (zero && b.rank(zero) == 1 && b.type(zero).getDimSize(0) != 1)
    zero = alongAxis(b, zero, 0, b.rank(w));
  else if (zero)
    zero = asScalar(b, zero);
  return withoutZeroPoint(b, w, zero, 1);
}

static LogicalResult lowerConvInteger(CoreBuilder &b) {
  Value x = withoutZeroPoint(b, b.in(0), b.has(2) ? asScalar(b, b.in(2)) : Value(), 1);
  Value w = filterWithoutZeroPoint(b, b.in(1), b.has(3) ? b.in(3) : Value());
  return b.done(channelsFirst(b, convolve(b, x, w, b.i(32))));
}

static LogicalResult lowerQLinearConv(CoreBuilder &b) {
  Value xScale = b.in(1), wScale = b.in(4), outScale = b.in(6), outZero = b.in(7);
  if (!xScale || !wScale || !outScale || !outZero)
    return failure();
  Value x = withoutZeroPoint(b, b.in(0), asScalar(b, b.in(2)), 1);
  Value w = filterWithoutZeroPoint(b, b.in(3), b.in(5));
  Value sum = convolve(b, x, w, b.i(32));
  if (b.has(8))
    sum = b.add(sum, b.in(8));
  // A scale for each output channel lies along the last dimension here.
  Value scale = b.mul(asScalar(b, xScale), perRowOrColumn(b, wScale, 1));
  return b.done(channelsFirst(b, requantize(b, sum, scale, asScalar(b, outScale), asScalar(b, outZero))));
}

void adze::addConvolutionOps(OpTable &table) {
  table.onOp("Conv", 1, lowerConv);
  table.onOp("ConvInteger", 10, lowerConvInteger);
  table.onOp("QLinearConv", 10, lowerQLinearConv);
}
