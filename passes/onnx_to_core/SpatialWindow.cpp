// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/onnx_to_core/SpatialWindow.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

Value adze::channelsLast(CoreBuilder &b, Value nchw) {
  if (!nchw)
    return {};
  SmallVector<int64_t> permutation{0};
  permutation.append(range(2, b.rank(nchw)));
  permutation.push_back(1);
  return b.transpose(nchw, permutation);
}

Value adze::channelsFirst(CoreBuilder &b, Value nhwc) {
  if (!nhwc)
    return {};
  SmallVector<int64_t> permutation{0, b.rank(nhwc) - 1};
  permutation.append(range(1, b.rank(nhwc) - 1));
  return b.transpose(nhwc, permutation);
}

std::optional<SmallVector<Value>> adze::kernelShape(CoreBuilder &b, Value nchw) {
  if (!nchw)
    return std::nullopt;
  if (b.rank(nchw) < 3) {
    b.error() << "input has rank " << b.rank(nchw)
              << ", expected 3 or more: batch, channels, and at least one spatial dimension";
    return std::nullopt;
  }
  if (!b.intsAttr("kernel_shape")) {
    b.error() << "attribute kernel_shape is missing";
    return std::nullopt;
  }
  auto sizes = listAttr(b, "kernel_shape", b.rank(nchw) - 2, 1, 1);
  if (!sizes)
    return std::nullopt;
  return llvm::map_to_vector(*sizes, [&](int64_t v) { return b.index(v); });
}

/// Padding such that there are ceil(size / stride) positions; the odd one goes to the end, or for `lower` to the
/// beginning.
static void samePadding(CoreBuilder &b, SpatialWindow &w, size_t i, Value size, Value extent, bool lower) {
  Value stride = b.index(w.strides[i]);
  w.out.push_back(ceilDiv(b, size, stride));
  Value needed = b.addi(b.muli(b.subi(w.out[i], b.index(1)), stride), extent);
  Value total = maxIndex(b, b.subi(needed, size), b.index(0));
  Value half = floorDiv(b, total, b.index(2)), rest = b.subi(total, half);
  w.low.push_back(lower ? rest : half);
  w.high.push_back(lower ? half : rest);
}

/// Number of positions in a padded size; with `ceil`, one that begins in the padding after the input does not count.
static Value positions(CoreBuilder &b, Value size, Value low, Value high, Value extent, int64_t strideOf, bool ceil) {
  Value stride = b.index(strideOf), one = b.index(1);
  Value room = b.subi(b.addi(b.addi(size, low), high), extent);
  if (!ceil)
    return b.addi(floorDiv(b, room, stride), one);
  Value out = b.addi(ceilDiv(b, room, stride), one);
  Value begin = b.muli(b.subi(out, one), stride);
  Value outside = compareIndex(b, arith::CmpIPredicate::sge, begin, b.addi(size, low));
  return selectIndex(b, outside, b.subi(out, one), out);
}

/// Makes sure that there is a position for the window.
static bool hasPosition(CoreBuilder &b, Value positions, Value extent, Value padded) {
  auto known = CoreBuilder::constant(positions);
  if (!known)
    return succeeded(
        require(b, arith::CmpIPredicate::sgt, positions, b.index(0), "the window is larger than the padded input"));
  if (*known > 0)
    return true;
  b.error() << "the window spans " << CoreBuilder::constant(extent).value_or(-1) << " elements, the padded input has "
            << CoreBuilder::constant(padded).value_or(-1);
  return false;
}

std::optional<SpatialWindow> adze::spatialWindow(CoreBuilder &b, Value nchw, ValueRange kernel) {
  size_t rank = kernel.size();
  SpatialWindow w;
  auto strides = listAttr(b, "strides", rank, 1, 1), dilations = listAttr(b, "dilations", rank, 1, 1);
  auto pads = listAttr(b, "pads", 2 * rank, 0, 0);
  if (!strides || !dilations || !pads)
    return std::nullopt;
  w.strides = *strides;
  w.dilations = *dilations;
  w.kernel.assign(kernel.begin(), kernel.end());
  std::string autoPad = b.stringAttr("auto_pad", "NOTSET");
  bool same = autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER";
  if (!same && autoPad != "NOTSET" && autoPad != "VALID" && !autoPad.empty()) {
    b.error() << "auto_pad is '" << autoPad << "', expected NOTSET, VALID, SAME_UPPER or SAME_LOWER";
    return std::nullopt;
  }
  bool ceil = b.intAttr("ceil_mode", 0);
  for (size_t i = 0; i < rank; ++i) {
    Value size = b.dim(nchw, i + 2);
    Value extent = b.addi(b.muli(b.subi(kernel[i], b.index(1)), b.index(w.dilations[i])), b.index(1));
    if (same) {
      samePadding(b, w, i, size, extent, autoPad == "SAME_LOWER");
    } else {
      bool valid = autoPad == "VALID";
      w.low.push_back(b.index(valid ? 0 : (*pads)[i]));
      w.high.push_back(b.index(valid ? 0 : (*pads)[rank + i]));
      w.out.push_back(positions(b, size, w.low[i], w.high[i], extent, w.strides[i], ceil));
    }
    Value paddedInput = b.addi(b.addi(size, w.low[i]), w.high[i]);
    if (!hasPosition(b, w.out[i], extent, paddedInput))
      return std::nullopt;
    w.padded.push_back(b.addi(b.muli(b.subi(w.out[i], b.index(1)), b.index(w.strides[i])), extent));
  }
  return w;
}

Value adze::padToWindow(CoreBuilder &b, Value nhwc, const SpatialWindow &w, Value value) {
  if (!nhwc || !value)
    return {};
  CoreBuilder::Values low(b.rank(nhwc), b.index(0)), sizes = b.dims(nhwc);
  bool trivial = true;
  for (size_t i = 0; i < w.rank(); ++i) {
    low[i + 1] = w.low[i];
    auto size = CoreBuilder::constant(sizes[i + 1]), needed = CoreBuilder::constant(w.padded[i]);
    bool inside = CoreBuilder::constant(w.high[i]) == 0 && !b.intAttr("ceil_mode", 0);
    trivial &= CoreBuilder::constant(w.low[i]) == 0 && (inside || (size && needed && *size >= *needed));
    sizes[i + 1] = w.padded[i];
  }
  return trivial ? nhwc : b.pad(PadMode::constant, nhwc, value, low, sizes);
}
