// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Regions and boxes: RoiAlign, MaxRoiPool, NonMaxSuppression, and DeformConv, which samples at displaced places.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/ScalarCode.h"
#include "passes/onnx_to_core/Sizes.h"
#include "passes/onnx_to_core/SpatialWindow.h"
#include "passes/onnx_to_core/Steps.h"
#include <limits>

using namespace mlir;
using namespace adze;
using namespace adze::core;

using P = arith::CmpIPredicate;

//===- regions
//-----------------------------------------------------------------------------------------------------===//

namespace {
/// One dimension of a sample between elements: two indices inside and the share of the second.
struct Between {
  Value low, high, share;
};
} // namespace

/// Where v lies between elements; beyond the last one it is the last.
static Between between(ScalarCode &s, Value v, Value size) {
  Value last = s.sub(size, s.index(1)), low = s.toIndex(s.max(v, s.number(v.getType(), 0)));
  Value beyond = s.ge(low, last);
  low = s.clamp(s.select(beyond, last, low), s.index(0), last);
  Value high = s.select(beyond, last, s.add(low, s.index(1)));
  Value share = s.sub(s.max(v, s.number(v.getType(), 0)), s.toFloat(low, v.getType()));
  return {low, s.clamp(high, s.index(0), last), s.select(beyond, s.number(v.getType(), 0), share)};
}

static LogicalResult lowerRoiAlign(CoreBuilder &b) {
  Value x = b.in(0), rois = b.in(1), batches = b.in(2);
  if (!x || !rois || !batches)
    return failure();
  if (b.rank(x) != 4 || b.rank(rois) != 2 || b.rank(batches) != 1)
    return b.error() << "inputs have ranks " << b.rank(x) << ", " << b.rank(rois) << " and " << b.rank(batches)
                     << ", expected 4, 2 and 1";
  int64_t height = b.intAttr("output_height", 1), width = b.intAttr("output_width", 1);
  int64_t ratio = b.intAttr("sampling_ratio", 0);
  double scale = b.floatAttr("spatial_scale", 1);
  std::string mode = b.stringAttr("mode", "avg");
  bool half = b.opset() >= 16 && b.stringAttr("coordinate_transformation_mode", "half_pixel") == "half_pixel";
  if (height < 1 || width < 1 || ratio < 0 || ratio > (1 << 16) || (mode != "avg" && mode != "max"))
    return b.error() << "output size is " << height << " x " << width << ", sampling_ratio " << ratio << ", mode '"
                     << mode << "', expected positive sizes, a ratio of 0 to 65536, and avg or max";
  if (failed(requireEqual(b, b.dim(rois, 1), b.index(4), "rois does not have four numbers a region")) ||
      failed(requireEqual(b, b.dim(rois, 0), b.dim(batches, 0), "rois and batch_indices differ in size")) ||
      failed(require(b, P::sgt, b.dim(x, 2), b.index(0), "the input is empty")) ||
      failed(require(b, P::sgt, b.dim(x, 3), b.index(0), "the input is empty")))
    return failure();
  Type element = b.element(x), f32 = wideFloat(element);
  CoreBuilder::Values sizes{b.dim(rois, 0), b.dim(x, 1), b.index(height), b.index(width)};
  return b.done(generate(b, {x, rois, batches}, element, sizes, [&](ScalarCode &s, ValueRange at) {
    auto f = [&](double v) { return s.number(f32, v); };
    Value batch = s.checked(s.asIndex(s.load(batches, at[0])), s.dim(x, 0));
    Value start[2], bin[2], grid[2]; // height, width
    for (int d = 0; d < 2; ++d) {
      auto corner = [&](int64_t i) {
        Value v = s.mul(s.convert(s.load(rois, {at[0], s.index(i)}), f32), f(scale));
        return half ? s.sub(v, f(0.5)) : v;
      };
      start[d] = corner(1 - d);
      Value extent = s.sub(corner(3 - d), start[d]);
      extent = half ? extent : s.max(extent, f(1));
      bin[d] = s.div(extent, f(d ? width : height));
      // A number of samples that is absurd for the input would only be a way to hang.
      grid[d] = ratio ? s.index(ratio) : s.min(s.toIndex(s.ceil(bin[d])), s.index(1 << 16));
    }
    auto place = [&](int d, Value i) {
      Value step = s.div(s.mul(s.add(s.toFloat(i, f32), f(0.5)), bin[d]), s.toFloat(grid[d], f32));
      return s.add(s.add(start[d], s.mul(s.toFloat(at[2 + d], f32), bin[d])), step);
    };
    auto outside = [&](int d, Value v) {
      return s.either(s.lt(v, f(-1)), s.compare(P::sgt, v, s.toFloat(s.dim(x, 2 + d), f32)));
    };
    bool max = mode == "max";
    Value none = f(max ? -std::numeric_limits<double>::infinity() : 0);
    Value sum = s.loop(s.index(0), grid[0], none, [&](Value iy, ValueRange outer) -> ScalarCode::Values {
      Value y = place(0, iy);
      return s.loop(s.index(0), grid[1], outer, [&](Value ix, ValueRange inner) -> ScalarCode::Values {
        Value v = place(1, ix), skip = s.either(outside(0, y), outside(1, v));
        Between p = between(s, y, s.dim(x, 2)), q = between(s, v, s.dim(x, 3));
        Value total;
        for (int corner = 0; corner < 4; ++corner) {
          Value wy = corner / 2 ? p.share : s.sub(f(1), p.share), wx = corner % 2 ? q.share : s.sub(f(1), q.share);
          Value e = s.load(x, {batch, at[1], corner / 2 ? p.high : p.low, corner % 2 ? q.high : q.low});
          Value term = s.mul(s.mul(wy, wx), s.convert(e, f32));
          total = !total ? term : max ? s.max(total, term) : s.add(total, term);
        }
        total = s.select(skip, f(0), total);
        return {max ? s.max(inner[0], total) : s.add(inner[0], total)};
      });
    })[0];
    Value count = s.max(s.mul(grid[0], grid[1]), s.index(1));
    Value empty = s.either(s.le(grid[0], s.index(0)), s.le(grid[1], s.index(0)));
    Value result = max ? s.select(empty, f(0), sum) : s.div(sum, s.toFloat(count, f32));
    return s.convert(result, element);
  }));
}

static LogicalResult lowerMaxRoiPool(CoreBuilder &b) {
  Value x = b.in(0), rois = b.in(1);
  auto pooled = listAttr(b, "pooled_shape", 2, 1, 1);
  if (!x || !rois || !pooled)
    return failure();
  if (b.rank(x) != 4 || b.rank(rois) != 2)
    return b.error() << "inputs have ranks " << b.rank(x) << " and " << b.rank(rois) << ", expected 4 and 2";
  if (failed(requireEqual(b, b.dim(rois, 1), b.index(5), "rois does not have five numbers a region")))
    return failure();
  double scale = b.floatAttr("spatial_scale", 1);
  Type element = b.element(x), f32 = wideFloat(element);
  CoreBuilder::Values sizes{b.dim(rois, 0), b.dim(x, 1), b.index((*pooled)[0]), b.index((*pooled)[1])};
  return b.done(generate(b, {x, rois}, element, sizes, [&](ScalarCode &s, ValueRange at) {
    auto corner = [&](int64_t i) {
      Value v = s.mul(s.convert(s.load(rois, {at[0], s.index(i)}), f32), s.number(f32, scale));
      return s.toIndex(s.floor(s.add(v, s.number(f32, 0.5))));
    };
    Value batch = s.checked(s.toIndex(s.convert(s.load(rois, {at[0], s.index(0)}), f32)), s.dim(x, 0));
    Value begin[2], end[2];
    for (int d = 0; d < 2; ++d) {
      Value first = corner(2 - d), extent = s.max(s.add(s.sub(corner(4 - d), first), s.index(1)), s.index(1));
      Value bin = s.div(s.toFloat(extent, f32), s.number(f32, (*pooled)[d]));
      Value i = s.toFloat(at[2 + d], f32), size = s.dim(x, 2 + d);
      begin[d] = s.clamp(s.add(s.toIndex(s.floor(s.mul(i, bin))), first), s.index(0), size);
      Value next = s.mul(s.add(i, s.number(f32, 1)), bin);
      end[d] = s.clamp(s.add(s.toIndex(s.ceil(next)), first), s.index(0), size);
    }
    Value least = s.number(f32, -std::numeric_limits<double>::infinity());
    Value best = s.loop(begin[0], end[0], least, [&](Value y, ValueRange outer) -> ScalarCode::Values {
      return s.loop(begin[1], end[1], outer, [&](Value v, ValueRange inner) -> ScalarCode::Values {
        return {s.max(inner[0], s.convert(s.load(x, {batch, at[1], y, v}), f32))};
      });
    })[0];
    Value empty = s.either(s.le(end[0], begin[0]), s.le(end[1], begin[1]));
    return s.convert(s.select(empty, s.number(f32, 0), best), element);
  }));
}

//===- boxes
//-------------------------------------------------------------------------------------------------------===//

/// i1 of pairs of boxes [..., 4]: the share of what they have in common in what they cover is over the threshold.
static Value overlap(CoreBuilder &b, Value p, Value q, bool centers, Value threshold) {
  int64_t last = b.rank(p) - 1;
  auto column = [&](Value v, int64_t i) { return b.squeeze(b.sliceAxis(v, last, b.index(i), b.index(1)), {last}); };
  auto edges = [&](Value v, int64_t d) -> std::pair<Value, Value> { // d: 0 first, 1 second coordinate
    if (!centers)
      return {b.min(column(v, d), column(v, d + 2)), b.max(column(v, d), column(v, d + 2))};
    Value half = b.mul(column(v, d + 2), b.like(v, 0.5));
    return {b.sub(column(v, d), half), b.add(column(v, d), half)};
  };
  Value common, areaP, areaQ, zero = b.like(p, 0);
  for (int64_t d = 0; d < 2; ++d) {
    auto [pLow, pHigh] = edges(p, d);
    auto [qLow, qHigh] = edges(q, d);
    Value side = b.max(b.sub(b.min(pHigh, qHigh), b.max(pLow, qLow)), zero);
    common = common ? b.mul(common, side) : side;
    areaP = areaP ? b.mul(areaP, b.sub(pHigh, pLow)) : b.sub(pHigh, pLow);
    areaQ = areaQ ? b.mul(areaQ, b.sub(qHigh, qLow)) : b.sub(qHigh, qLow);
  }
  Value covered = b.sub(b.add(areaP, areaQ), common);
  Value some = b.binary(BinaryKind::bit_and, b.compare(ComparePredicate::gt, common, zero),
                        b.compare(ComparePredicate::gt, covered, zero));
  return b.binary(BinaryKind::bit_and, some, b.compare(ComparePredicate::gt, b.div(common, covered), threshold));
}

/// Boxes in order of their scores, without those that overlap a better one that stays.
static LogicalResult lowerNonMaxSuppression(CoreBuilder &b) {
  Value boxes = b.in(0), scores = b.in(1);
  if (!boxes || !scores)
    return failure();
  if (b.rank(boxes) != 3 || b.rank(scores) != 3)
    return b.error() << "boxes and scores have ranks " << b.rank(boxes) << " and " << b.rank(scores) << ", expected 3";
  if (failed(requireEqual(b, b.dim(boxes, 2), b.index(4), "boxes does not have four numbers a box")) ||
      failed(requireEqual(b, b.dim(boxes, 0), b.dim(scores, 0), "boxes and scores differ in batch size")) ||
      failed(requireEqual(b, b.dim(boxes, 1), b.dim(scores, 2), "boxes and scores differ in number")))
    return failure();
  Type i64 = b.i(64), element = b.element(boxes);
  Value one = b.index(1), batch = b.dim(scores, 0), classes = b.dim(scores, 1), count = b.dim(scores, 2);
  Value limit = b.has(2) ? b.cast(asScalar(b, b.in(2)), i64) : b.scalar(i64, 0);
  Value threshold = b.has(3) ? b.cast(asScalar(b, b.in(3)), element) : b.scalar(element, 0);
  Operation *sort = b.tryCreate<SortOp>(scores, 2, /*descending=*/true);
  if (!sort || !limit || !threshold)
    return failure();
  Value sorted = sort->getResult(0), order = sort->getResult(1);
  Value at = b.unsqueeze(order, {3});
  Value ranked = b.create<GatherNdOp>(boxes, at, /*batch_dims=*/1); // [B, C, N, 4]
  Value alive = b.has(4) ? b.compare(ComparePredicate::gt, sorted, asScalar(b, b.in(4)))
                         : b.broadcast(b.scalar(b.i(1), 1), {batch, classes, count});
  if (!ranked || !alive)
    return failure();
  bool centers = b.intAttr("center_point_box", 0);
  Stepped all = runSteps(b, count, false, alive, {}, {}, [&](Value i, ValueRange state) -> StepResult {
    Value over = overlap(b, b.sliceAxis(ranked, 2, i, one), ranked, centers, threshold);
    Value later = b.compare(ComparePredicate::gt, b.iota(i64, 0, count), b.scalarOf(i, i64));
    Value hit =
        b.binary(BinaryKind::bit_and, b.binary(BinaryKind::bit_and, over, later), b.sliceAxis(state[0], 2, i, one));
    return {{b.binary(BinaryKind::bit_and, state[0], b.unary(UnaryKind::bit_not, hit))}, Value()};
  });
  if (all.state.empty())
    return failure();
  Value before = b.create<ScanOp>(ReduceKind::sum, b.cast(all.state[0], i64), 2, /*exclusive=*/true, /*reverse=*/false);
  Value chosen = b.binary(BinaryKind::bit_and, all.state[0], b.compare(ComparePredicate::lt, before, limit));
  auto found = b.indices(b.create<NonZeroOp>(chosen));
  if (!found)
    return failure();
  Value places = b.transpose(b.create<NonZeroIndicesOp>(chosen, found->front()), {1, 0}); // [n, 3]: batch, class, rank
  Value box = b.unsqueeze(b.create<GatherNdOp>(order, places, 0), {1});
  return b.done(b.concat(1, {b.sliceAxis(places, 1, b.index(0), b.index(2)), box}));
}

//===- deformed convolution
//----------------------------------------------------------------------------------------===//

static LogicalResult lowerDeformConv(CoreBuilder &b) {
  Value x = b.in(0), w = b.in(1), offset = b.in(2), mask = b.has(4) ? b.in(4) : Value();
  if (!x || !w || !offset || (b.has(4) && !mask))
    return failure();
  if (b.rank(x) != 4 || b.rank(w) != 4 || b.rank(offset) != 4 || (mask && b.rank(mask) != 4))
    return b.error() << "only two spatial dimensions are supported: X, W and offset have ranks " << b.rank(x) << ", "
                     << b.rank(w) << " and " << b.rank(offset);
  int64_t groups = b.intAttr("group", 1), offsetGroups = b.intAttr("offset_group", 1);
  if (groups < 1 || offsetGroups < 1)
    return b.error() << "group is " << groups << " and offset_group " << offsetGroups << ", expected 1 or more";
  auto window = spatialWindow(b, x, {b.dim(w, 2), b.dim(w, 3)});
  if (!window)
    return failure();
  Value channels = b.dim(x, 1), perGroup = b.dim(w, 1), kh = b.dim(w, 2), kw = b.dim(w, 3);
  Value perOffset = floorDiv(b, channels, b.index(offsetGroups)),
        outPerGroup = floorDiv(b, b.dim(w, 0), b.index(groups));
  Value taps = b.muli(b.muli(kh, kw), b.index(offsetGroups));
  if (failed(requireEqual(b, b.muli(perGroup, b.index(groups)), channels, "channels of X and W times group differ")) ||
      failed(requireEqual(b, b.muli(perOffset, b.index(offsetGroups)), channels,
                          "channels do not split by offset_group")) ||
      failed(requireEqual(b, b.muli(outPerGroup, b.index(groups)), b.dim(w, 0),
                          "output channels do not split by group")) ||
      failed(requireEqual(b, b.dim(offset, 1), b.muli(taps, b.index(2)), "offset does not fit the window")) ||
      failed(requireEqual(b, b.dim(offset, 0), b.dim(x, 0), "offset does not fit the batch")) ||
      (mask && (failed(requireEqual(b, b.dim(mask, 1), taps, "mask does not fit the window")) ||
                failed(requireEqual(b, b.dim(mask, 0), b.dim(x, 0), "mask does not fit the batch")))))
    return failure();
  for (int64_t d = 0; d < 2; ++d)
    for (Value v : {offset, mask})
      if (v && failed(requireEqual(b, b.dim(v, 2 + d), window->out[d], "offset or mask does not fit the result")))
        return failure();
  Type element = b.element(x), real = wideFloat(element);
  CoreBuilder::Values inputs{x, offset};
  if (mask)
    inputs.push_back(mask);
  // What each tap of the window sees: [N, C, kh, kw, height, width].
  CoreBuilder::Values sizes{b.dim(x, 0), channels, kh, kw, window->out[0], window->out[1]};
  Value seen = generate(b, inputs, real, sizes, [&](ScalarCode &s, ValueRange at) {
    Value group = s.div(at[1], perOffset), tap = s.add(s.mul(s.add(s.mul(group, kh), at[2]), kw), at[3]);
    Value place[2], low[2], share[2];
    for (int d = 0; d < 2; ++d) {
      Value start = s.sub(s.mul(at[4 + d], s.index(window->strides[d])), window->low[d]);
      start = s.add(start, s.mul(at[2 + d], s.index(window->dilations[d])));
      Value moved = s.load(offset, {at[0], s.add(s.mul(tap, s.index(2)), s.index(d)), at[4], at[5]});
      place[d] = s.add(s.toFloat(start, real), s.convert(moved, real));
      Value floor = s.floor(place[d]);
      low[d] = s.toIndex(floor);
      share[d] = s.sub(place[d], floor);
    }
    Value sum;
    for (int corner = 0; corner < 4; ++corner) {
      int dy = corner / 2, dx = corner % 2;
      Value wy = dy ? share[0] : s.sub(s.number(real, 1), share[0]),
            wx = dx ? share[1] : s.sub(s.number(real, 1), share[1]);
      Value e =
          s.loadOr(x, {at[0], at[1], s.add(low[0], s.index(dy)), s.add(low[1], s.index(dx))}, s.number(element, 0));
      Value term = s.mul(s.mul(wy, wx), s.convert(e, real));
      sum = sum ? s.add(sum, term) : term;
    }
    if (mask)
      sum = s.mul(sum, s.convert(s.load(mask, {at[0], tap, at[4], at[5]}), real));
    return sum;
  });
  Value inner = b.muli(perGroup, b.muli(kh, kw)), places = b.muli(window->out[0], window->out[1]), g = b.index(groups);
  Value columns = b.reshape(seen, {b.dim(x, 0), g, inner, places});
  Value y = b.matmul(b.reshape(b.cast(w, real), {b.index(1), g, outPerGroup, inner}), columns);
  y = b.reshape(y, {b.dim(x, 0), b.dim(w, 0), window->out[0], window->out[1]});
  if (b.has(3))
    y = b.add(y, b.cast(alongAxis(b, b.in(3), 0, 3), real));
  return b.done(b.cast(y, element));
}

void adze::addDetectionOps(OpTable &table) {
  table.onOp("RoiAlign", 10, lowerRoiAlign);
  table.onOp("MaxRoiPool", 1, lowerMaxRoiPool);
  table.onOp("NonMaxSuppression", 10, lowerNonMaxSuppression);
  table.onOp("DeformConv", 19, lowerDeformConv);
}
