// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elements of reductions and windows: loops with accumulators, vectors along the innermost reduced dimension or along a
// kept one.
#include "passes/core_to_loops/Nests.h"
#include "llvm/ADT/TypeSwitch.h"
#include <limits>

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// The type that sums of this element type are held in.
static Type accumulator(Type element) {
  if (isa<FloatType>(element) && element.getIntOrFloatBitWidth() < 32)
    return Float32Type::get(element.getContext());
  return element;
}

Value Emitter::neutral(ReduceKind kind, Type element) {
  Type type = valueType(element);
  if (kind == ReduceKind::sum || kind == ReduceKind::prod)
    return constant(type, kind == ReduceKind::prod);
  bool max = kind == ReduceKind::max;
  double inf = std::numeric_limits<double>::infinity();
  if (isa<FloatType>(type))
    return constant(type, max ? -inf : inf);
  unsigned bits = type.getIntOrFloatBitWidth();
  APInt least = isUnsignedElement(element) ? APInt::getZero(bits) : APInt::getSignedMinValue(bits);
  APInt greatest = isUnsignedElement(element) ? APInt::getMaxValue(bits) : APInt::getSignedMaxValue(bits);
  return create<arith::ConstantOp>(b.getIntegerAttr(type, max ? least : greatest));
}

Value Emitter::join(ReduceKind kind, Value x, Value y, Type element) {
  bool isBool = element.isInteger(1);
  switch (kind) {
  case ReduceKind::sum:
    return binary(isBool ? BinaryKind::bit_or : BinaryKind::add, x, y, element);
  case ReduceKind::prod:
    return binary(isBool ? BinaryKind::bit_and : BinaryKind::mul, x, y, element);
  case ReduceKind::max:
    return binary(isBool ? BinaryKind::bit_or : BinaryKind::max, x, y, element);
  case ReduceKind::min:
    return binary(isBool ? BinaryKind::bit_and : BinaryKind::min, x, y, element);
  }
  return {};
}

static vector::CombiningKind combining(ReduceKind kind, Type element) {
  using C = vector::CombiningKind;
  bool isFloat = isa<FloatType>(element), isUnsigned = isUnsignedElement(element);
  switch (kind) {
  case ReduceKind::sum:
    return C::ADD;
  case ReduceKind::prod:
    return C::MUL;
  case ReduceKind::max:
    return isFloat ? C::MAXIMUMF : isUnsigned ? C::MAXUI : C::MAXSI;
  case ReduceKind::min:
    return isFloat ? C::MINIMUMF : isUnsigned ? C::MINUI : C::MINSI;
  }
  return C::ADD;
}

namespace {
/// Emits the loops of one reduction at one place.
struct Reducer {
  Emitter &e;
  ReduceOp op;
  Type element = getElementTypeOrSelf(op.getInput()), acc = accumulator(element);
  bool failed = false;

  Value at(ArrayRef<Coord> in) {
    Value v = e.element(op.getInput(), in);
    failed |= !v;
    return v ? e.convert(v, element, acc, false) : e.neutral(op.getKind(), acc);
  }

  /// True for sums that round. They are made of sums of parts, since the error of one grows with the number of its
  /// terms: of each dimension's, and of blocks of one.
  bool inParts() { return op.getKind() == ReduceKind::sum && isa<FloatType>(acc); }

  /// Loops over the reduced dimensions `axes`; the last one in lanes of `lanes` where that is over 1. `none` is the
  /// neutral element in the lanes of the result.
  Value loops(Coords in, ArrayRef<int64_t> axes, Value start, Value none, int64_t lanes) {
    if (axes.empty())
      return e.join(op.getKind(), start, at(in), acc);
    DimExpr size = e.dims.dim(op.getInput(), axes[0]);
    Value end = e.size(size);
    if (axes.size() == 1 && lanes > 1)
      return rows(in, axes[0], end, start, lanes);
    auto along = [&](Value from, Value to, Value start) {
      return e.loop(from, to, e.index(1), start, [&](Value i, ValueRange carried) {
        in[axes[0]] = {i};
        if (!inParts() || axes.size() == 1)
          return Emitter::Values{loops(in, axes.drop_front(), carried[0], none, lanes)};
        Value part = loops(in, axes.drop_front(), none, none, lanes);
        return Emitter::Values{e.join(op.getKind(), carried[0], part, acc)};
      })[0];
    };
    constexpr int64_t kBlock = 64;
    auto known = size.constant();
    if (!inParts() || (known && *known <= kBlock))
      return along(e.index(0), end, start);
    return e.loop(e.index(0), end, e.index(kBlock), start, [&](Value i, ValueRange carried) {
      Value to = e.create<arith::MinSIOp>(e.addi(i, e.index(kBlock)), end);
      return Emitter::Values{e.join(op.getKind(), carried[0], along(i, to, none), acc)};
    })[0];
  }

  /// The innermost contiguous dimension: four vector accumulators (to hide the latency of one), then single elements.
  Value rows(Coords in, int64_t axis, Value end, Value start, int64_t lanes) {
    constexpr int64_t kUnroll = 4;
    Value neutral = e.splat(e.neutral(op.getKind(), acc), lanes);
    int64_t width = std::exchange(e.width, lanes);
    Value step = e.index(lanes * kUnroll);
    Value blocks = e.muli(e.b.createOrFold<arith::DivSIOp>(e.loc, end, step), step);
    auto sums = e.loop(e.index(0), blocks, step, Emitter::Values(kUnroll, neutral), [&](Value i, ValueRange carried) {
      Emitter::Values next;
      for (int64_t u = 0; u < kUnroll; ++u) {
        in[axis] = {e.addi(i, e.index(u * lanes)), /*lane=*/true};
        next.push_back(e.join(op.getKind(), carried[u], e.splat(at(in), lanes), acc));
      }
      return next;
    });
    Value rest = e.muli(e.b.createOrFold<arith::DivSIOp>(e.loc, end, e.index(lanes)), e.index(lanes));
    Value one = e.loop(blocks, rest, e.index(lanes), sums[0], [&](Value i, ValueRange carried) {
      in[axis] = {i, /*lane=*/true};
      return Emitter::Values{e.join(op.getKind(), carried[0], e.splat(at(in), lanes), acc)};
    })[0];
    for (int64_t u = 1; u < kUnroll; ++u)
      one = e.join(op.getKind(), one, sums[u], acc);
    e.width = width;
    Value all = e.create<vector::ReductionOp>(combining(op.getKind(), acc), one);
    all = e.join(op.getKind(), start, all, acc);
    int64_t outer = std::exchange(e.width, 1);
    all = e.loop(rest, end, e.index(1), all, [&](Value i, ValueRange carried) {
      in[axis] = {i};
      return Emitter::Values{e.join(op.getKind(), carried[0], at(in), acc)};
    })[0];
    e.width = outer;
    return all;
  }
};
} // namespace

static Value reduced(Emitter &e, ReduceOp op, ArrayRef<Coord> at) {
  size_t rank = cast<RankedTensorType>(op.getInput().getType()).getRank();
  Coords in(rank);
  bool lane = false;
  for (size_t i = 0, from = 0; i < rank; ++i) {
    bool isReduced = llvm::is_contained(op.getAxes(), int64_t(i));
    if (!isReduced || op.getKeepdims())
      in[i] = at[from++];
    if (isReduced)
      in[i] = {e.index(0)};
    lane |= in[i].lane;
  }
  Reducer reducer{e, op};
  Type acc = reducer.acc;
  Value start = e.neutral(op.getKind(), acc);
  if (lane)
    start = e.splat(start, e.width);
  int64_t lanes = 1;
  unsigned bytes = elementBytes(acc);
  bool plain = acc.isF32() || acc.isF64() || acc.isInteger(32) || acc.isInteger(64);
  if (!lane && e.vectorBytes && plain && !op.getAxes().empty() && op.getAxes().back() == int64_t(rank) - 1 &&
      e.vectorizable(op.getInput(), rank - 1))
    lanes = e.vectorBytes / bytes;
  Value v = reducer.loops(in, op.getAxes(), start, start, lanes);
  return reducer.failed ? Value() : e.convert(v, acc, reducer.element, false);
}

/// The first (or last) place of the greatest (or least) element along one axis; the first NaN wins.
static Value argReduced(Emitter &e, ArgReduceOp op, ArrayRef<Coord> at) {
  Value input = op.getInput();
  Type element = getElementTypeOrSelf(input);
  int64_t axis = op.getAxis();
  Coords in(at);
  if (op.getKeepdims())
    in[axis] = {e.index(0)};
  else
    in.insert(in.begin() + axis, Coord{e.index(0)});
  Value end = e.size(e.dims.dim(input, axis));
  int64_t width = std::exchange(e.width, 1);
  bool max = op.getKind() == ReduceKind::max, failed = false;
  auto better = max ? (op.getLast() ? ComparePredicate::ge : ComparePredicate::gt)
                    : (op.getLast() ? ComparePredicate::le : ComparePredicate::lt);
  // Starts from the first element; an empty axis gives 0.
  Type type = valueType(element);
  auto first = e.branch(
      e.cmpi(arith::CmpIPredicate::sgt, end, e.index(0)), type,
      [&] {
        Value v = e.element(input, in);
        failed |= !v;
        return Emitter::Values{v ? v : e.neutral(op.getKind(), element)};
      },
      [&] { return Emitter::Values{e.neutral(op.getKind(), element)}; });
  auto best = e.loop(e.index(1), end, e.index(1), {first[0], e.index(0)}, [&](Value i, ValueRange carried) {
    Coords here(in);
    here[axis] = {i};
    Value v = e.element(input, here);
    failed |= !v;
    if (!v)
      return Emitter::Values(carried);
    Value wins = e.compare(better, v, carried[0], element);
    if (isa<FloatType>(element)) {
      Value isNan = e.unary(UnaryKind::is_nan, v, element), was = e.unary(UnaryKind::is_nan, carried[0], element);
      Value notYet = e.create<arith::XOrIOp>(was, e.constant(was.getType(), 1));
      wins = e.create<arith::AndIOp>(e.create<arith::OrIOp>(wins, isNan), notYet);
    }
    return Emitter::Values{e.create<arith::SelectOp>(wins, v, carried[0]),
                           e.create<arith::SelectOp>(wins, i, carried[1])};
  });
  e.width = width;
  return failed ? Value() : e.create<arith::IndexCastOp>(e.b.getI64Type(), best[1]);
}

Value adze::emitReduction(Emitter &e, Operation *op, ArrayRef<Coord> at) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](ReduceOp op) { return reduced(e, op, at); })
      .Case([&](ArgReduceOp op) { return argReduced(e, op, at); });
}

Value adze::emitPooled(Emitter &e, PoolOp op, ArrayRef<Coord> at) {
  Type element = getElementTypeOrSelf(op.getInput()), acc = accumulator(element);
  bool failed = false;
  std::function<Value(Coords, size_t, Value)> loops = [&](Coords in, size_t i, Value carried) -> Value {
    if (i == op.getWindow().size()) {
      Value v = e.element(op.getInput(), in);
      failed |= !v;
      return v ? e.join(op.getKind(), carried, e.convert(v, element, acc, false), acc) : carried;
    }
    Value base = e.muli(at[i + 1].base, e.index(op.getStrides()[i]));
    return e.loop(e.index(0), e.index(op.getWindow()[i]), e.index(1), carried, [&](Value k, ValueRange next) {
      Coords inner(in);
      inner[i + 1] = {e.addi(base, e.muli(k, e.index(op.getDilations()[i])))};
      return Emitter::Values{loops(inner, i + 1, next[0])};
    })[0];
  };
  Value start = e.neutral(op.getKind(), acc);
  if (at.back().lane)
    start = e.splat(start, e.width);
  Value v = loops(Coords(at), 0, start);
  return failed ? Value() : e.convert(v, acc, element, false);
}

LogicalResult adze::emitPool(Emitter &e, PoolOp op, Value item, WriteFn write) {
  SmallVector<DimExpr> sizes = e.dims.shape(op.getResult()).dims;
  Coords at = e.delinearize(item, ArrayRef(sizes).drop_back());
  at.push_back({});
  bool failed = false;
  e.laneLoop(e.index(0), e.size(sizes.back()), nestLanes(e, op.getInput(), sizes.size() - 1), [&](Coord c) {
    at.back() = c;
    Value v = emitPooled(e, op, at);
    failed |= !v || mlir::failed(write(at, v));
  });
  return failure(failed);
}
