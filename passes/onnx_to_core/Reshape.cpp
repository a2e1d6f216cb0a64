// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators that keep the elements and their order under other sizes, and Expand.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/ShapeMath.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using P = arith::CmpIPredicate;
using Values = CoreBuilder::Values;

namespace {
/// The sizes that a Reshape asks for, entry by entry: 0 copies the input's, -1 takes what is left.
class Request {
public:
  Request(CoreBuilder &b, Value x, bool allowZero) : b(b), x(x), allowZero(allowZero) {}
  LogicalResult add(Value entry);
  /// The result's sizes, checked against the input's.
  std::optional<Values> resolve();

private:
  LogicalResult addConstant(int64_t entry);
  LogicalResult fillRest();
  LogicalResult fillUnknown();
  LogicalResult checkCount();

  CoreBuilder &b;
  Value x;
  bool allowZero;
  Values sizes;
  std::optional<size_t> rest;  ///< the entry that is -1
  SmallVector<size_t> unknown; ///< entries that may be -1 or negative at run time
};
} // namespace

LogicalResult Request::addConstant(int64_t entry) {
  size_t place = sizes.size();
  if (entry < -1)
    return b.error() << "the shape has the entry " << entry << ", expected a size, 0 or -1";
  if (entry == -1 && rest)
    return b.error() << "the shape has -1 twice, expected it once at most";
  if (entry == 0 && !allowZero && int64_t(place) >= b.rank(x))
    return b.error() << "entry " << place << " of the shape copies a size of the input, whose rank is " << b.rank(x);
  if (entry == -1) {
    rest = place;
    sizes.push_back({});
  } else {
    sizes.push_back(entry == 0 && !allowZero ? b.dim(x, place) : b.index(entry));
  }
  return success();
}

LogicalResult Request::add(Value entry) {
  if (auto constant = b.constant(entry))
    return addConstant(*constant);
  int64_t place = sizes.size();
  if (!isSize(entry)) { // a size of a tensor is meant as it is, even where it is 0
    if (!allowZero && place < b.rank(x))
      entry = selectIndex(b, compareIndex(b, P::eq, entry, b.index(0)), b.dim(x, place), entry);
    unknown.push_back(place);
  }
  sizes.push_back(entry);
  return success();
}

/// The entry that is -1: the number of elements divided by the other sizes.
LogicalResult Request::fillRest() {
  for (size_t i : unknown)
    if (!(sizes[i] = checkedSize(b, sizes[i], "the shape has a second entry that")))
      return failure();
  Values others;
  for (auto [i, size] : llvm::enumerate(sizes))
    if (i != *rest)
      others.push_back(size);
  Fraction left(b.dims(x), others);
  if (left.isWhole()) {
    sizes[*rest] = left.numerator(b);
    return success();
  }
  Value above = left.numerator(b), below = left.denominator(b);
  if (failed(require(b, P::sgt, below, b.index(0), "the size for -1 cannot be told: the others make zero")))
    return failure();
  Value quotient = floorDiv(b, above, below);
  sizes[*rest] = quotient;
  return requireEqual(b, b.muli(quotient, below), above, "the input's elements do not fill the shape evenly");
}

/// Entries known at run time only: each that is -1 then takes what the others leave.
LogicalResult Request::fillUnknown() {
  Value minus = b.index(-1), one = b.index(1), others = one;
  for (auto [i, size] : llvm::enumerate(sizes)) {
    bool maybeRest = llvm::is_contained(unknown, i);
    Value factor = maybeRest ? selectIndex(b, compareIndex(b, P::eq, size, minus), one, size) : size;
    others = b.muli(others, factor);
  }
  Value left = floorDiv(b, product(b, b.dims(x)), maxIndex(b, others, one));
  for (size_t i : unknown) {
    sizes[i] = selectIndex(b, compareIndex(b, P::eq, sizes[i], minus), left, sizes[i]);
    if (!(sizes[i] = checkedSize(b, sizes[i], "an entry of the shape")))
      return failure();
  }
  return success();
}

LogicalResult Request::checkCount() {
  Fraction ratio(b.dims(x), sizes);
  if (ratio.isWhole() && ratio.above.empty() && ratio.constantAbove == 1)
    return success();
  return requireEqual(b, product(b, b.dims(x)), product(b, sizes),
                      "the input's number of elements is not that of the shape");
}

std::optional<Values> Request::resolve() {
  if (failed(rest ? fillRest() : unknown.empty() ? success() : fillUnknown()) || (!rest && failed(checkCount())))
    return std::nullopt;
  return sizes;
}

static LogicalResult reshapeTo(CoreBuilder &b, Value x, ArrayRef<Value> entries, bool allowZero) {
  Request request(b, x, allowZero);
  for (Value entry : entries)
    if (failed(request.add(entry)))
      return failure();
  auto sizes = request.resolve();
  return sizes ? b.done(b.reshape(x, *sizes)) : failure();
}

static LogicalResult lowerReshape1(CoreBuilder &b) {
  Value x = b.in(0);
  auto shape = b.intsAttr("shape");
  if (!x || !shape)
    return x ? LogicalResult(b.error() << "has no attribute 'shape', expected one of type INTS") : failure();
  return reshapeTo(b, x, llvm::map_to_vector(*shape, [&](int64_t v) { return b.index(v); }), /*allowZero=*/false);
}

static LogicalResult lowerReshape5(CoreBuilder &b) {
  Value x = b.in(0), shape = b.in(1);
  if (!x || !shape)
    return failure();
  auto entries = b.rank(shape) == 1 ? b.indices(shape) : std::nullopt;
  if (!entries)
    return b.error() << "the shape is " << shape.getType()
                     << ", whose number of entries, the result's rank, is not known at compile time";
  return reshapeTo(b, x, *entries, b.intAttr("allowzero", 0));
}

static LogicalResult lowerFlatten(CoreBuilder &b) {
  Value x = b.in(0);
  if (!x)
    return failure();
  int64_t rank = b.rank(x), axis = b.intAttr("axis", 1);
  if (axis < -rank || axis > rank)
    return b.error() << "axis " << axis << " is out of range for rank " << rank << ", expected " << -rank << " to "
                     << rank;
  auto sizes = b.dims(x);
  ValueRange all(sizes);
  int64_t head = axis < 0 ? axis + rank : axis;
  return b.done(b.reshape(x, {product(b, all.take_front(head)), product(b, all.drop_front(head))}));
}

/// Axes that an operator takes as an attribute, from opset 13 on as input 1.
struct GivenAxes {
  bool present = false;
  Values values;
  std::optional<SmallVector<int64_t>> constants;
};

static FailureOr<GivenAxes> givenAxes(CoreBuilder &b) {
  GivenAxes out;
  if (b.opset() < 13) {
    auto list = b.intsAttr("axes");
    out.present = bool(list);
    out.constants = list ? *list : SmallVector<int64_t>();
  } else if (b.has(1)) {
    Value tensor = b.in(1);
    auto values = b.indices(tensor);
    if (!values)
      return tensor
                 ? LogicalResult(b.error() << "axes are " << tensor.getType()
                                           << ", whose number, and so the result's rank, is not known at compile time")
                 : failure();
    out.present = true;
    out.values = *values;
    out.constants = b.constantInts(tensor);
  }
  return out;
}

/// Constant axes counted from the front; nothing after an error.
static std::optional<SmallVector<int64_t>> fromFront(CoreBuilder &b, ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<int64_t> out;
  for (int64_t given : axes) {
    auto axis = b.axis(given, rank);
    if (!axis)
      return std::nullopt;
    if (llvm::is_contained(out, *axis)) {
      b.error() << "axis " << given << " is named twice, expected each once";
      return std::nullopt;
    }
    out.push_back(*axis);
  }
  return out;
}

static LogicalResult requireOne(CoreBuilder &b, Value size) {
  return requireEqual(b, size, b.index(1), "a dimension that is squeezed has another size than 1");
}

static LogicalResult lowerSqueeze(CoreBuilder &b) {
  Value x = b.in(0);
  auto axes = givenAxes(b);
  if (!x || failed(axes))
    return failure();
  int64_t rank = b.rank(x);
  if (!axes->present) {
    if (!b.type(x).hasStaticShape())
      return b.error() << "without axes, the sizes of " << x.getType()
                       << " must be known at compile time: name the axes, or pin the sizes";
    axes->constants.emplace();
    for (int64_t d = 0; d < rank; ++d)
      if (b.type(x).getDimSize(d) == 1)
        axes->constants->push_back(d);
  }
  if (axes->constants) {
    auto list = fromFront(b, *axes->constants, rank);
    if (!list)
      return failure();
    for (int64_t axis : *list)
      if (failed(requireOne(b, b.dim(x, axis))))
        return failure();
    return b.done(b.squeeze(x, *list));
  }
  if (int64_t(axes->values.size()) > rank)
    return b.error() << "there are " << axes->values.size() << " axes, expected at most the " << rank
                     << " dimensions of input 0";
  auto flags = axisFlags(b, axes->values, rank);
  if (flags.empty())
    return failure();
  for (auto [flag, size] : llvm::zip(flags, b.dims(x)))
    if (failed(requireOne(b, selectIndex(b, flag, size, b.index(1)))))
      return failure();
  return b.done(b.reshape(x, unflagged(b, flags, b.dims(x), rank - axes->values.size())));
}

static LogicalResult lowerUnsqueeze(CoreBuilder &b) {
  Value x = b.in(0);
  auto axes = givenAxes(b);
  if (!x || failed(axes))
    return failure();
  if (!axes->present)
    return b.error() << "axes are missing, expected an attribute or an input";
  if (axes->constants) {
    auto list = fromFront(b, *axes->constants, b.rank(x) + axes->constants->size());
    return list ? b.done(b.unsqueeze(x, *list)) : failure();
  }
  int64_t rank = b.rank(x) + axes->values.size();
  auto flags = axisFlags(b, axes->values, rank);
  if (flags.empty())
    return failure();
  // Dimension i of the result is 1, or the one of x that as many unflagged ones come before.
  Values sizes;
  Value before = b.index(0);
  for (Value flag : flags) {
    Value size = b.index(1);
    for (int64_t d = 0; d < b.rank(x); ++d)
      size = selectIndex(b, compareIndex(b, P::eq, before, b.index(d)), b.dim(x, d), size);
    sizes.push_back(selectIndex(b, flag, b.index(1), size));
    before = b.addi(before, selectIndex(b, flag, b.index(0), b.index(1)));
  }
  return b.done(b.reshape(x, sizes));
}

static LogicalResult lowerExpand(CoreBuilder &b) {
  Value x = b.in(0), shape = b.in(1);
  if (!x || !shape)
    return failure();
  auto wanted = b.rank(shape) == 1 ? b.indices(shape) : std::nullopt;
  if (!wanted)
    return b.error() << "the shape is " << shape.getType()
                     << ", whose number of entries is not known at compile time, so the result's rank is not";
  Values sizes = b.dims(x);
  size_t rank = std::max(sizes.size(), wanted->size());
  sizes.insert(sizes.begin(), rank - sizes.size(), b.index(1));
  for (auto [i, entry] : llvm::enumerate(*wanted)) {
    Value &size = sizes[rank - wanted->size() + i], given = checkedSize(b, entry, "a size of the shape");
    if (!given || !(size = broadcastSize(b, size, given, "the input")))
      return failure();
  }
  return b.done(b.broadcast(x, sizes));
}

void adze::addReshapeOps(OpTable &table) {
  table.onOp("Reshape", 1, lowerReshape1);
  table.onOp("Reshape", 5, lowerReshape5);
  table.onOp("Flatten", 1, lowerFlatten);
  table.onOp("Squeeze", 1, lowerSqueeze);
  table.onOp("Unsqueeze", 1, lowerUnsqueeze);
  table.onOp("Expand", 8, lowerExpand);
}
