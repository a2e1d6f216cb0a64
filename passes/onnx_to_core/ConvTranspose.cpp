// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Transposed convolution: a convolution with the reversed filter over the input with zeros between its elements.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/Sizes.h"
#include "passes/onnx_to_core/SpatialWindow.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

namespace {
/// What is cut from the full result along one dimension, and its size then.
struct Crop {
  Value low, size;
};
} // namespace

/// Size of the full result of one dimension: every element of the input spread over the extent of the window.
static Value fullSize(CoreBuilder &b, Value size, int64_t stride, Value extent) {
  return b.addi(b.muli(b.subi(size, b.index(1)), b.index(stride)), extent);
}

/// The crop of each spatial dimension, by pads, auto_pad, output_shape and output_padding. `full` is without
/// output_padding.
static std::optional<SmallVector<Crop>> crops(CoreBuilder &b, Value x, ArrayRef<Value> full,
                                              ArrayRef<int64_t> strides) {
  size_t rank = full.size();
  auto pads = listAttr(b, "pads", 2 * rank, 0, 0), more = listAttr(b, "output_padding", rank, 0, 0);
  auto shape = b.intsAttr("output_shape");
  if (shape && shape->size() == rank + 2) // early models give batch and channels too
    shape->erase(shape->begin(), shape->begin() + 2);
  std::string autoPad = b.stringAttr("auto_pad", "NOTSET");
  bool same = autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER";
  if (!pads || !more)
    return std::nullopt;
  if (shape && shape->size() != rank) {
    b.error() << "output_shape has " << shape->size() << " entries, expected " << rank;
    return std::nullopt;
  }
  SmallVector<Crop> out;
  for (size_t i = 0; i < rank; ++i) {
    Value whole = b.addi(full[i], b.index((*more)[i]));
    if (!shape && !same) {
      bool valid = autoPad == "VALID";
      int64_t low = valid ? 0 : (*pads)[i], high = valid ? 0 : (*pads)[rank + i];
      out.push_back({b.index(low), b.subi(whole, b.index(low + high))});
      continue;
    }
    Value size = shape ? b.index((*shape)[i]) : b.muli(b.dim(x, i + 2), b.index(strides[i]));
    Value total = maxIndex(b, b.subi(whole, size), b.index(0));
    Value half = floorDiv(b, total, b.index(2));
    out.push_back({autoPad == "SAME_UPPER" ? half : b.subi(total, half), size});
  }
  return out;
}

/// [N, spatial..., C] with stride - 1 zeros between the elements of each spatial dimension, and stride - 1 after the
/// last.
static Value spread(CoreBuilder &b, Value x, ArrayRef<int64_t> strides) {
  if (!x || llvm::all_of(strides, [](int64_t s) { return s == 1; }))
    return x;
  CoreBuilder::Values sizes = b.dims(x), apart, padded, spreadSizes;
  for (auto [i, size] : llvm::enumerate(sizes)) {
    bool spatial = i > 0 && i + 1 < sizes.size();
    int64_t stride = spatial ? strides[i - 1] : 1;
    apart.push_back(size);
    padded.push_back(size);
    spreadSizes.push_back(b.muli(size, b.index(stride)));
    if (!spatial)
      continue;
    apart.push_back(b.index(1));
    padded.push_back(b.index(stride));
  }
  Value zeros = b.pad(PadMode::constant, b.reshape(x, apart), b.like(x, 0),
                      CoreBuilder::Values(apart.size(), b.index(0)), padded);
  return b.reshape(zeros, spreadSizes);
}

/// [C, OC/groups, window...] -> [window reversed..., C/groups, OC].
static Value reversedFilter(CoreBuilder &b, Value w, int64_t groups) {
  CoreBuilder::Values offsets(b.rank(w), b.index(0)), steps(b.rank(w), b.index(1)), sizes = b.dims(w);
  for (int64_t i = 2; i < b.rank(w); ++i) {
    offsets[i] = b.subi(sizes[i], b.index(1));
    steps[i] = b.index(-1);
  }
  w = b.slice(w, offsets, steps, sizes);
  // [groups, C/groups, OC/groups, window...] -> [window..., C/groups, groups, OC/groups]
  CoreBuilder::Values grouped{b.index(groups), floorDiv(b, sizes[0], b.index(groups)), sizes[1]};
  grouped.append(sizes.begin() + 2, sizes.end());
  SmallVector<int64_t> permutation = range(3, b.rank(w) + 1);
  permutation.append({1, 0, 2});
  CoreBuilder::Values last(sizes.begin() + 2, sizes.end());
  last.append({grouped[1], b.muli(sizes[1], b.index(groups))});
  return b.reshape(b.transpose(b.reshape(w, grouped), permutation), last);
}

static LogicalResult lowerConvTranspose(CoreBuilder &b) {
  Value x = b.in(0), w = b.in(1);
  if (!x || !w)
    return failure();
  if (b.rank(x) < 3 || b.rank(w) != b.rank(x))
    return b.error() << "input and filter have ranks " << b.rank(x) << " and " << b.rank(w)
                     << ", expected equal ranks of 3 or more";
  size_t rank = b.rank(x) - 2;
  int64_t groups = b.intAttr("group", 1);
  auto strides = listAttr(b, "strides", rank, 1, 1), dilations = listAttr(b, "dilations", rank, 1, 1);
  if (!strides || !dilations)
    return failure();
  if (groups < 1 || groups > (int64_t(1) << 31))
    return b.error() << "group is " << groups << ", expected 1 or more";
  Value perGroup = floorDiv(b, b.dim(w, 0), b.index(groups));
  if (failed(requireEqual(b, b.dim(x, 1), b.dim(w, 0), "channels of the input and of the filter differ")) ||
      failed(requireEqual(b, b.muli(perGroup, b.index(groups)), b.dim(w, 0), "channels do not split into groups")))
    return failure();
  SmallVector<Value> extents, full;
  for (size_t i = 0; i < rank; ++i) {
    Value taps = b.subi(b.dim(w, i + 2), b.index(1));
    extents.push_back(b.addi(b.muli(taps, b.index((*dilations)[i])), b.index(1)));
    full.push_back(fullSize(b, b.dim(x, i + 2), (*strides)[i], extents[i]));
  }
  auto cropped = crops(b, x, full, *strides);
  if (!cropped)
    return failure();
  // Each position of the result sees `extent` elements of the spread input, the last of them at its own place.
  Value input = spread(b, channelsLast(b, x), *strides);
  if (!input)
    return failure();
  CoreBuilder::Values low(rank + 2, b.index(0)), sizes = b.dims(input);
  for (size_t i = 0; i < rank; ++i) {
    low[i + 1] = b.subi(b.subi(extents[i], b.index(1)), (*cropped)[i].low);
    if (failed(require(b, arith::CmpIPredicate::sgt, (*cropped)[i].size, b.index(0), "the result would be empty")))
      return failure();
    sizes[i + 1] = b.subi(b.addi((*cropped)[i].size, extents[i]), b.index(1));
  }
  input = b.pad(PadMode::constant, input, b.like(x, 0), low, sizes);
  Value out = b.create<ConvOp>(input, reversedFilter(b, w, groups), SmallVector<int64_t>(rank, 1), *dilations, groups,
                               b.element(x));
  if (b.has(2))
    out = b.add(out, b.in(2));
  return b.done(channelsFirst(b, out));
}

void adze::addConvTransposeOps(OpTable &table) { table.onOp("ConvTranspose", 1, lowerConvTranspose); }
