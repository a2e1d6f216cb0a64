// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Transposed convolution. A result position f of a dimension (before cropping) is q * stride + r, and sees only the
// taps k = t * stride + r of the window, each at input position q - t. So all stride phases r together are one
// convolution whose window has ceil(taps / stride) taps, with a channel for each phase, and their order is put right
// after it. With dilations or groups it is a convolution with the reversed filter over the input with zeros between its
// elements.
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
  CoreBuilder::Values sizes = b.dims(w);
  w = b.reverse(w, range(2, b.rank(w)));
  // [groups, C/groups, OC/groups, window...] -> [window..., C/groups, groups, OC/groups]
  CoreBuilder::Values grouped{b.index(groups), floorDiv(b, sizes[0], b.index(groups)), sizes[1]};
  grouped.append(sizes.begin() + 2, sizes.end());
  SmallVector<int64_t> permutation = range(3, b.rank(w) + 1);
  permutation.append({1, 0, 2});
  CoreBuilder::Values last(sizes.begin() + 2, sizes.end());
  last.append({grouped[1], b.muli(sizes[1], b.index(groups))});
  return b.reshape(b.transpose(b.reshape(w, grouped), permutation), last);
}

namespace {
/// A transposed convolution that has been checked, and what is cut from its full result.
struct Transposed {
  Value x, w; ///< as the node has them
  SmallVector<int64_t> strides, dilations;
  SmallVector<Value> extents; ///< of the window, dilated
  SmallVector<Crop> crops;
  int64_t groups;
};
} // namespace

/// By zeros between the input's elements: [N, size..., OC].
static Value convolveSpread(CoreBuilder &b, const Transposed &op) {
  Value input = spread(b, channelsLast(b, op.x), op.strides);
  if (!input)
    return {};
  // Each position of the result sees `extent` elements of the spread input, the last of them at its own place.
  CoreBuilder::Values low(b.rank(input), b.index(0)), sizes = b.dims(input);
  for (auto [i, crop] : llvm::enumerate(op.crops)) {
    low[i + 1] = b.subi(b.subi(op.extents[i], b.index(1)), crop.low);
    sizes[i + 1] = b.subi(b.addi(crop.size, op.extents[i]), b.index(1));
  }
  input = b.pad(PadMode::constant, input, b.like(op.x, 0), low, sizes);
  return b.create<ConvOp>(input, reversedFilter(b, op.w, op.groups), SmallVector<int64_t>(op.crops.size(), 1),
                          op.dilations, op.groups, b.element(op.x));
}

/// [C, OC, window...] -> [taps of a phase, reversed..., C, phases... * OC]; `taps` is their number in each dimension.
static Value phaseFilter(CoreBuilder &b, Value w, ArrayRef<int64_t> strides, ArrayRef<int64_t> taps) {
  size_t rank = strides.size();
  CoreBuilder::Values zeros(rank + 2, b.index(0)), sizes = b.dims(w), split{sizes[0], sizes[1]};
  CoreBuilder::Values offsets(2, b.index(0)), steps(2, b.index(1)), last;
  Value channels = sizes[1];
  SmallVector<int64_t> permutation;
  for (size_t i = 0; i < rank; ++i) {
    sizes[i + 2] = b.index(taps[i] * strides[i]);
    split.append({b.index(taps[i]), b.index(strides[i])});
    offsets.append({b.index(taps[i] - 1), b.index(0)});
    steps.append({b.index(-1), b.index(1)});
    permutation.push_back(2 + 2 * i);
    last.push_back(b.index(taps[i]));
    channels = b.muli(channels, b.index(strides[i]));
  }
  w = b.reshape(b.pad(PadMode::constant, w, b.like(w, 0), zeros, sizes), split);
  w = b.slice(w, offsets, steps, split);
  permutation.push_back(0);
  for (size_t i = 0; i < rank; ++i)
    permutation.push_back(3 + 2 * i);
  permutation.push_back(1);
  last.append({sizes[0], channels});
  return b.reshape(b.transpose(w, permutation), last);
}

/// By phases: [N, size..., OC]. One group, no dilation, a window of the known size `window`.
static Value convolvePhases(CoreBuilder &b, const Transposed &op, ArrayRef<int64_t> window) {
  size_t rank = window.size();
  SmallVector<int64_t> taps, permutation{0}, ones(rank, 1);
  Value input = channelsLast(b, op.x);
  CoreBuilder::Values low(rank + 2, b.index(0)), sizes = b.dims(input), split{sizes[0]}, whole{sizes[0]};
  CoreBuilder::Values cropLow{b.index(0)}, cropSizes{sizes[0]};
  for (size_t i = 0; i < rank; ++i) {
    Value stride = b.index(op.strides[i]);
    taps.push_back((window[i] + op.strides[i] - 1) / op.strides[i]);
    // Positions of the convolution: up to the last one that is not cropped.
    Value end = b.addi(op.crops[i].low, op.crops[i].size);
    Value positions = floorDiv(b, b.addi(end, b.index(op.strides[i] - 1)), stride);
    low[i + 1] = b.index(taps[i] - 1);
    sizes[i + 1] = b.addi(positions, low[i + 1]);
    split.push_back(positions);
    whole.push_back(b.muli(positions, stride));
    cropLow.push_back(op.crops[i].low);
    cropSizes.push_back(op.crops[i].size);
    permutation.append({int64_t(i) + 1, int64_t(rank + i) + 1});
  }
  input = b.pad(PadMode::constant, input, b.like(op.x, 0), low, sizes);
  Value out =
      b.create<ConvOp>(input, phaseFilter(b, op.w, op.strides, taps), ones, ones, /*groups=*/1, b.element(op.x));
  // [N, positions..., phases..., OC] -> [N, (position, phase)..., OC]
  for (int64_t stride : op.strides)
    split.push_back(b.index(stride));
  Value channels = b.dim(op.w, 1);
  for (CoreBuilder::Values *list : {&split, &whole, &cropSizes})
    list->push_back(channels);
  cropLow.push_back(b.index(0));
  permutation.push_back(2 * rank + 1);
  out = b.reshape(b.transpose(b.reshape(out, split), permutation), whole);
  return b.slice(out, cropLow, CoreBuilder::Values(rank + 2, b.index(1)), cropSizes);
}

/// The window's size where phases can be told apart and there is more than one.
static std::optional<SmallVector<int64_t>> phaseWindow(CoreBuilder &b, const Transposed &op) {
  ArrayRef<int64_t> window = b.type(op.w).getShape().drop_front(2);
  bool one = llvm::all_of(op.strides, [](int64_t s) { return s == 1; });
  bool dilated = llvm::any_of(op.dilations, [](int64_t d) { return d != 1; });
  // A negative crop would ask for positions before the first.
  bool known = llvm::all_of(op.crops, [&](const Crop &crop) {
    auto low = CoreBuilder::constant(crop.low);
    return low && *low >= 0;
  });
  int64_t phases = 1;
  for (int64_t s : op.strides)
    phases = s < 64 ? phases * s : 1 << 20;
  if (one || dilated || op.groups != 1 || !known || phases > 64 || llvm::is_contained(window, ShapedType::kDynamic) ||
      llvm::is_contained(window, 0))
    return std::nullopt;
  return SmallVector<int64_t>(window);
}

static LogicalResult lowerConvTranspose(CoreBuilder &b) {
  Transposed op{b.in(0), b.in(1), {}, {}, {}, {}, b.intAttr("group", 1)};
  if (!op.x || !op.w)
    return failure();
  if (b.rank(op.x) < 3 || b.rank(op.w) != b.rank(op.x))
    return b.error() << "input and filter have ranks " << b.rank(op.x) << " and " << b.rank(op.w)
                     << ", expected equal ranks of 3 or more";
  size_t rank = b.rank(op.x) - 2;
  auto strides = listAttr(b, "strides", rank, 1, 1), dilations = listAttr(b, "dilations", rank, 1, 1);
  if (!strides || !dilations)
    return failure();
  op.strides = *strides;
  op.dilations = *dilations;
  if (op.groups < 1 || op.groups > (int64_t(1) << 31))
    return b.error() << "group is " << op.groups << ", expected 1 or more";
  Value perGroup = floorDiv(b, b.dim(op.w, 0), b.index(op.groups));
  if (failed(requireEqual(b, b.dim(op.x, 1), b.dim(op.w, 0), "channels of the input and of the filter differ")) ||
      failed(
          requireEqual(b, b.muli(perGroup, b.index(op.groups)), b.dim(op.w, 0), "channels do not split into groups")))
    return failure();
  SmallVector<Value> full;
  for (size_t i = 0; i < rank; ++i) {
    Value taps = b.subi(b.dim(op.w, i + 2), b.index(1));
    op.extents.push_back(b.addi(b.muli(taps, b.index(op.dilations[i])), b.index(1)));
    full.push_back(fullSize(b, b.dim(op.x, i + 2), op.strides[i], op.extents[i]));
  }
  auto cropped = crops(b, op.x, full, op.strides);
  if (!cropped)
    return failure();
  op.crops = *cropped;
  for (const Crop &crop : op.crops)
    if (failed(require(b, arith::CmpIPredicate::sgt, crop.size, b.index(0), "the result would be empty")))
      return failure();
  auto window = phaseWindow(b, op);
  Value out = window ? convolvePhases(b, op, *window) : convolveSpread(b, op);
  if (b.has(2))
    out = b.add(out, b.in(2));
  return b.done(channelsFirst(b, out));
}

void adze::addConvTransposeOps(OpTable &table) { table.onOp("ConvTranspose", 1, lowerConvTranspose); }
