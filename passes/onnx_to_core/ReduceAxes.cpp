// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/onnx_to_core/ReduceAxes.h"
#include "passes/onnx_to_core/ScalarCode.h"
#include "passes/onnx_to_core/ShapeMath.h"
#include "passes/onnx_to_core/Sizes.h"
#include <limits>

using namespace mlir;
using namespace adze;
using namespace adze::core;
using P = arith::CmpIPredicate;

std::optional<ReduceAxes> ReduceAxes::of(CoreBuilder &b, Value x, int64_t inputSince) {
  if (!x)
    return std::nullopt;
  ReduceAxes out(b);
  out.sizes = b.dims(x);
  int64_t rank = b.rank(x);
  SmallVector<int64_t> given;
  if (b.opset() < inputSince) {
    given = b.intsAttr("axes").value_or(SmallVector<int64_t>());
  } else if (b.has(1)) {
    Value axes = b.in(1);
    if (!axes)
      return std::nullopt;
    auto constants = b.constantInts(axes);
    if (!constants)
      return out.readInput(axes) ? std::optional(out) : std::nullopt;
    given = *constants;
  }
  if (given.empty() && !b.intAttr("noop_with_empty_axes", 0))
    given = range(0, rank);
  out.constants.emplace();
  for (int64_t v : given) {
    auto axis = b.axis(v, rank);
    if (!axis)
      return std::nullopt;
    if (llvm::is_contained(*out.constants, *axis)) {
      b.error() << "axis " << v << " is named twice, expected each once";
      return std::nullopt;
    }
    out.constants->push_back(*axis);
  }
  llvm::sort(*out.constants);
  out.resultRank = rank - int64_t(given.size());
  return out;
}

/// Axes known at run time only.
bool ReduceAxes::readInput(Value axes) {
  int64_t rank = sizes.size();
  if (b.rank(axes) == 1 && b.type(axes).isDynamicDim(0))
    return readUnknown(axes);
  auto values = b.indices(axes);
  if (!values || int64_t(values->size()) > rank) {
    b.error() << "axes are " << axes.getType() << " for an input of rank " << rank
              << ", expected a vector of as many integers or fewer";
    return false;
  }
  flags = axisFlags(b, *values, rank);
  resultRank = rank - int64_t(values->size());
  return !flags.empty();
}

/// Even their number is known at run time only: none means all, or no axis where the node says so.
bool ReduceAxes::readUnknown(Value axes) {
  int64_t rank = sizes.size();
  auto list = boundedList(b, axes, rank, 0, "axes");
  if (!list)
    return false;
  bool noneIsAll = !b.intAttr("noop_with_empty_axes", 0);
  Value none = compareIndex(b, P::eq, list->count, b.index(0));
  if (!noneIsAll)
    none = arith::ConstantIntOp::create(b.b, b.loc, 0, 1);
  flags.assign(rank, none);
  for (auto [k, given] : llvm::enumerate(list->values)) {
    Value axis = checkedAxis(b, given, rank);
    if (!axis)
      return false;
    Value isThere = compareIndex(b, P::slt, b.index(k), list->count);
    for (int64_t d = 0; d < rank; ++d) {
      Value here = b.b.createOrFold<arith::AndIOp>(b.loc, isThere, compareIndex(b, P::eq, axis, b.index(d)));
      flags[d] = b.b.createOrFold<arith::OrIOp>(b.loc, flags[d], here);
    }
  }
  return true;
}

Value ReduceAxes::count() {
  SmallVector<Value> reduced;
  if (constants)
    for (int64_t axis : *constants)
      reduced.push_back(sizes[axis]);
  else
    for (auto [flag, size] : llvm::zip(flags, sizes))
      reduced.push_back(selectIndex(b, flag, size, b.index(1)));
  return product(b, reduced);
}

Value ReduceAxes::shaped(Value reduced) {
  if (!reduced || b.intAttr("keepdims", 1))
    return reduced;
  if (constants)
    return constants->empty() ? reduced : b.squeeze(reduced, *constants);
  if (!resultRank) {
    b.error() << "the number of axes is not known at compile time, so without keepdims the result's rank is not";
    return {};
  }
  return b.reshape(reduced, unflagged(b, flags, sizes, *resultRank));
}

Value ReduceAxes::reduce(ReduceKind kind, Value x) {
  if (!x || (constants && constants->empty()))
    return x;
  return constants ? b.reduce(kind, x, *constants, /*keepdims=*/true) : reduceByFlags(kind, x);
}

/// What joining starts from.
static Value neutral(OpBuilder &b, Location loc, ReduceKind kind, Type element) {
  Type type = isa<FloatType>(element) ? element : b.getIntegerType(element.getIntOrFloatBitWidth());
  if (auto f = dyn_cast<FloatType>(element)) {
    double inf = std::numeric_limits<double>::infinity();
    double v = kind == ReduceKind::sum ? 0 : kind == ReduceKind::prod ? 1 : kind == ReduceKind::max ? -inf : inf;
    return arith::ConstantOp::create(b, loc, b.getFloatAttr(f, v));
  }
  unsigned bits = element.getIntOrFloatBitWidth();
  bool isUnsigned = isUnsignedElement(element);
  APInt v(bits, kind == ReduceKind::prod);
  if (kind == ReduceKind::max)
    v = isUnsigned ? APInt::getMinValue(bits) : APInt::getSignedMinValue(bits);
  if (kind == ReduceKind::min)
    v = isUnsigned ? APInt::getMaxValue(bits) : APInt::getSignedMaxValue(bits);
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(type, v));
}

static Value join(OpBuilder &b, Location loc, ReduceKind kind, Value x, Value y, Type element) {
  auto make = [&](auto op) -> Value { return decltype(op)::create(b, loc, x, y).getResult(); };
  bool isFloat = isa<FloatType>(element), isUnsigned = isUnsignedElement(element);
  switch (kind) {
  case ReduceKind::sum:
    return isFloat ? make(arith::AddFOp()) : make(arith::AddIOp());
  case ReduceKind::prod:
    return isFloat ? make(arith::MulFOp()) : make(arith::MulIOp());
  case ReduceKind::max:
    return isFloat ? make(arith::MaximumFOp()) : isUnsigned ? make(arith::MaxUIOp()) : make(arith::MaxSIOp());
  case ReduceKind::min:
    return isFloat ? make(arith::MinimumFOp()) : isUnsigned ? make(arith::MinUIOp()) : make(arith::MinSIOp());
  }
  return {};
}

/// A nest over all dimensions, of one step in those without a flag: element i + j of the input, where i is the result's
/// coordinate (0 in flagged dimensions) and j the nest's.
Value ReduceAxes::reduceByFlags(ReduceKind kind, Value x) {
  Type element = b.element(x);
  if (isa<FloatType>(element) && element.getIntOrFloatBitWidth() < 32)
    return b.cast(reduceByFlags(kind, b.cast(x, b.b.getF32Type())), element);
  SmallVector<Value> kept, ends;
  for (auto [flag, size] : llvm::zip(flags, sizes)) {
    kept.push_back(selectIndex(b, flag, b.index(1), size));
    ends.push_back(selectIndex(b, flag, size, b.index(1)));
  }
  return generate(b, x, element, kept, [&](ScalarCode &code, ValueRange at) {
    std::function<Value(SmallVector<Value>, Value)> nest = [&](SmallVector<Value> where, Value joined) -> Value {
      size_t d = where.size();
      if (d == sizes.size())
        return join(code.b, b.loc, kind, joined, code.load(x, where), element);
      return code.loop(code.index(0), ends[d], joined, [&](Value j, ValueRange carried) {
        SmallVector<Value> next(where);
        next.push_back(code.add(at[d], j));
        return ScalarCode::Values{nest(next, carried[0])};
      })[0];
    };
    return nest({}, neutral(code.b, b.loc, kind, element));
  });
}
