// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators that take or make a window of their input: Slice, Pad, CenterCropPad. Bounds may be run-time values.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/ShapeMath.h"
#include "passes/onnx_to_core/Sizes.h"
#include <limits>

using namespace mlir;
using namespace adze;
using namespace adze::core;
using P = arith::CmpIPredicate;
using Values = CoreBuilder::Values;

static constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
/// Exporters write any of these for "to the end".
static constexpr int64_t kFar = std::numeric_limits<int32_t>::max();

/// Entries by dimension: those that lists name, in order of the dimensions.
namespace {
struct AxisLists {
  CoreBuilder &b;
  int64_t rank;
  /// The axis of each entry of the lists, counted from the front; entries beyond the lists' end have `rank`.
  Values axes;

  /// The entry for each dimension, `otherwise` where there is none.
  Values perDimension(ArrayRef<Value> list, int64_t otherwise) {
    Values out(rank, b.index(otherwise));
    for (auto [axis, value] : llvm::zip(axes, list))
      if (auto constant = b.constant(axis)) {
        if (*constant < rank)
          out[*constant] = value;
      } else {
        for (int64_t d = 0; d < rank; ++d)
          out[d] = selectIndex(b, compareIndex(b, P::eq, axis, b.index(d)), value, out[d]);
      }
    return out;
  }
};
} // namespace

/// The axes that the optional input `i` gives, or 0, 1, ... for `count` entries.
static std::optional<AxisLists> axisLists(CoreBuilder &b, unsigned i, int64_t rank, int64_t count) {
  AxisLists out{b, rank, {}};
  if (!b.has(i)) {
    for (int64_t d = 0; d < count; ++d)
      out.axes.push_back(b.index(std::min(d, rank)));
    return out;
  }
  auto list = boundedList(b, b.in(i), rank, rank, "axes");
  if (!list)
    return std::nullopt;
  bool exact = b.constant(list->count).has_value();
  int64_t given = exact ? *b.constant(list->count) : rank;
  for (int64_t k = 0; k < given; ++k) {
    Value axis = list->values[k];
    if (!exact) // beyond the end any axis will do for the check
      axis = selectIndex(b, compareIndex(b, P::slt, b.index(k), list->count), axis, b.index(0));
    Value checked = checkedAxis(b, axis, rank);
    if (!checked)
      return std::nullopt;
    if (!exact)
      checked = selectIndex(b, compareIndex(b, P::slt, b.index(k), list->count), checked, b.index(rank));
    out.axes.push_back(checked);
  }
  return out;
}

namespace {
struct Window {
  Value offset, size;
};
} // namespace

/// Counts `bound` from the front, inside [low, high].
static Value clamped(CoreBuilder &b, Value bound, Value n, Value low, Value high) {
  if (!isSize(bound))
    bound = selectIndex(b, compareIndex(b, P::slt, bound, b.index(0)), b.addi(bound, n), bound);
  return minIndex(b, maxIndex(b, bound, low), high);
}

/// start:end of a dimension of n by a positive constant step.
static Window forwards(CoreBuilder &b, Value start, Value end, int64_t step, Value n) {
  auto bound = [&](Value v, bool farIsEnd) {
    auto c = b.constant(v);
    if (c == 0 || (c && *c >= kFar && farIsEnd))
      return *c ? n : v;
    if (c && *c < 0)
      return *c <= -kFar ? b.index(0) : maxIndex(b, b.addi(n, v), b.index(0));
    return isSize(v) ? minIndex(b, v, n) : clamped(b, v, n, b.index(0), n);
  };
  Value from = bound(start, true), to = bound(end, true);
  Value length = b.constant(from) == 0 ? to : b.subi(to, from);
  if (!isSize(length))
    length = maxIndex(b, length, b.index(0));
  return {from, ceilDiv(b, length, b.index(step))};
}

/// By a step that is negative, or known only at run time.
static Window anyWay(CoreBuilder &b, Value start, Value end, Value step, Value n) {
  Value zero = b.index(0), minus = b.index(-1), isForwards = compareIndex(b, P::sgt, step, zero);
  Value low = selectIndex(b, isForwards, zero, minus);
  Value high = selectIndex(b, isForwards, n, b.subi(n, b.index(1)));
  Value from = clamped(b, start, n, low, high), to = clamped(b, end, n, low, high);
  Value size = b.b.createOrFold<arith::CeilDivSIOp>(b.loc, b.subi(to, from), step);
  return {from, maxIndex(b, size, zero)};
}

static LogicalResult slice(CoreBuilder &b, Value x, ArrayRef<Value> starts, ArrayRef<Value> ends, Values steps) {
  Values offsets, sizes;
  for (int64_t d = 0; d < b.rank(x); ++d) {
    Value n = b.dim(x, d);
    auto constant = b.constant(steps[d]);
    if (constant) // a longer step goes no further
      steps[d] = b.index(std::clamp(*constant, -kFar, kFar));
    if (failed(require(b, P::ne, steps[d], b.index(0), "a step is zero")))
      return failure();
    Window window = constant && *constant > 0 ? forwards(b, starts[d], ends[d], std::min(*constant, kFar), n)
                                              : anyWay(b, starts[d], ends[d], steps[d], n);
    offsets.push_back(window.offset);
    sizes.push_back(window.size);
  }
  return b.done(b.slice(x, offsets, steps, sizes));
}

static LogicalResult lowerSlice1(CoreBuilder &b) {
  Value x = b.in(0);
  auto starts = b.intsAttr("starts"), ends = b.intsAttr("ends"), axes = b.intsAttr("axes");
  if (!x || !starts || !ends)
    return x ? LogicalResult(b.error() << "starts or ends are missing, expected attributes of type INTS") : failure();
  int64_t rank = b.rank(x);
  if (!axes)
    axes = range(0, starts->size());
  if (ends->size() != starts->size() || axes->size() != starts->size())
    return b.error() << "starts, ends and axes have " << starts->size() << ", " << ends->size() << " and "
                     << axes->size() << " entries, expected as many in each";
  Values from(rank, b.index(0)), to(rank, b.index(kEnd));
  for (auto [given, start, end] : llvm::zip(*axes, *starts, *ends)) {
    auto axis = b.axis(given, rank);
    if (!axis)
      return failure();
    from[*axis] = b.index(start);
    to[*axis] = b.index(end);
  }
  return slice(b, x, from, to, Values(rank, b.index(1)));
}

static LogicalResult lowerSlice10(CoreBuilder &b) {
  Value x = b.in(0);
  if (!x)
    return failure();
  int64_t rank = b.rank(x);
  auto starts = boundedList(b, b.in(1), rank, 0, "starts"), ends = boundedList(b, b.in(2), rank, kEnd, "ends");
  std::optional<BoundedList> steps;
  if (b.has(4) && !(steps = boundedList(b, b.in(4), rank, 1, "steps")))
    return failure();
  if (!starts || !ends || failed(requireEqual(b, starts->count, ends->count, "starts and ends differ in number")) ||
      (steps && failed(requireEqual(b, starts->count, steps->count, "starts and steps differ in number"))))
    return failure();
  if (b.has(3))
    if (Value axes = b.in(3);
        !axes || b.rank(axes) != 1 ||
        failed(requireEqual(b, starts->count, b.dim(axes, 0), "starts and axes differ in number")))
      return axes && b.rank(axes) != 1
                 ? LogicalResult(b.error() << "axes are " << axes.getType() << ", expected a vector of integers")
                 : failure();
  auto lists = axisLists(b, 3, rank, b.constant(starts->count).value_or(rank));
  if (!lists)
    return failure();
  return slice(b, x, lists->perDimension(starts->values, 0), lists->perDimension(ends->values, kEnd),
               steps ? lists->perDimension(steps->values, 1) : Values(rank, b.index(1)));
}

/// `low` elements before and `high` after each dimension; negative ones take away.
static LogicalResult pad(CoreBuilder &b, Value x, Value value, ArrayRef<Value> low, ArrayRef<Value> high) {
  static const std::pair<StringRef, PadMode> modes[] = {
      {"constant", PadMode::constant}, {"edge", PadMode::edge}, {"reflect", PadMode::reflect}, {"wrap", PadMode::wrap}};
  std::string name = b.stringAttr("mode", "constant");
  auto mode = llvm::find_if(modes, [&](auto &m) { return m.first == name; });
  if (mode == std::end(modes))
    return b.error() << "mode is '" << name << "', expected constant, edge, reflect or wrap";
  Values sizes;
  for (int64_t d = 0; d < b.rank(x); ++d) {
    Value n = b.dim(x, d);
    Value size = checkedSize(b, b.addi(b.addi(n, low[d]), high[d]), "a padded size");
    if (!size)
      return failure();
    sizes.push_back(size);
  }
  return b.done(b.pad(mode->second, x, value, low, sizes));
}

static LogicalResult lowerPad1(CoreBuilder &b) {
  Value x = b.in(0);
  auto pads = b.intsAttr(b.opset() < 2 ? "paddings" : "pads");
  if (!x || !pads)
    return x ? LogicalResult(b.error() << "pads are missing, expected an attribute of type INTS") : failure();
  int64_t rank = b.rank(x);
  if (int64_t(pads->size()) != 2 * rank)
    return b.error() << "pads has " << pads->size() << " entries, expected " << 2 * rank;
  Values all = llvm::map_to_vector<6>(*pads, [&](int64_t v) { return b.index(v); });
  return pad(b, x, b.like(x, b.floatAttr("value", 0)), ArrayRef(all).take_front(rank), ArrayRef(all).drop_front(rank));
}

static LogicalResult lowerPad11(CoreBuilder &b) {
  Value x = b.in(0), pads = b.in(1);
  if (!x || !pads)
    return failure();
  Value value = b.has(2) ? b.cast(asScalar(b, b.in(2)), b.element(x)) : b.like(x, 0);
  int64_t rank = b.rank(x);
  auto lists = axisLists(b, 3, rank, rank);
  if (!lists || !value)
    return failure();
  Value axes = b.has(3) ? b.in(3) : Value(), count = axes ? b.dim(axes, 0) : b.index(rank);
  if (auto known = b.constant(count)) {
    auto all = indicesOf(b, pads, 2 * *known, "pads");
    if (!all)
      return failure();
    return pad(b, x, value, lists->perDimension(ArrayRef(*all).take_front(*known), 0),
               lists->perDimension(ArrayRef(*all).drop_front(*known), 0));
  }
  if (b.rank(pads) != 1 || failed(requireEqual(b, b.dim(pads, 0), b.muli(count, b.index(2)), "pads do not fit axes")))
    return failure();
  auto low = boundedList(b, b.sliceAxis(pads, 0, b.index(0), count), rank, 0, "pads");
  auto high = boundedList(b, b.sliceAxis(pads, 0, count, count), rank, 0, "pads");
  return low && high ? pad(b, x, value, lists->perDimension(low->values, 0), lists->perDimension(high->values, 0))
                     : failure();
}

/// A window in the middle: rounded towards zero, half the difference is cut or added before.
static LogicalResult lowerCenterCropPad(CoreBuilder &b) {
  Value x = b.in(0);
  if (!x)
    return failure();
  auto axes = b.intsAttr("axes").value_or(range(0, b.rank(x)));
  auto wanted = indicesOf(b, b.in(1), axes.size(), "shape");
  if (!wanted)
    return failure();
  Values low(b.rank(x), b.index(0)), sizes = b.dims(x);
  for (auto [given, entry] : llvm::zip(axes, *wanted)) {
    auto axis = b.axis(given, b.rank(x));
    Value size = checkedSize(b, entry, "a size of the shape");
    if (!axis || !size)
      return failure();
    low[*axis] = b.b.createOrFold<arith::DivSIOp>(b.loc, b.subi(size, b.dim(x, *axis)), b.index(2));
    sizes[*axis] = size;
  }
  return b.done(b.pad(PadMode::constant, x, b.like(x, 0), low, sizes));
}

void adze::addSliceOps(OpTable &table) {
  table.onOp("Slice", 1, lowerSlice1);
  table.onOp("Slice", 10, lowerSlice10);
  table.onOp("Pad", 1, lowerPad1);
  table.onOp("Pad", 11, lowerPad11);
  table.onOp("CenterCropPad", 18, lowerCenterCropPad);
}
