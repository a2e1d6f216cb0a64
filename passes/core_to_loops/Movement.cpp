// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elements of the ops that move data: the operand's element at other coordinates.
#include "passes/core_to_loops/Emitter.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// The row-major position in the result, split by the input's sizes; trailing dimensions that are equal keep their
/// coordinates.
static Value reshaped(Emitter &e, ReshapeOp op, ArrayRef<Coord> at) {
  SmallVector<DimExpr> from = e.dims.shape(op.getInput()).dims, to = e.dims.shape(op.getResult()).dims;
  size_t same = 0;
  while (same < from.size() && same < to.size() && from[from.size() - 1 - same] == to[to.size() - 1 - same])
    ++same;
  Value head = e.linear(at.drop_back(same), ArrayRef(to).drop_back(same));
  Coords in = e.delinearize(head, ArrayRef(from).drop_back(same));
  in.append(at.end() - same, at.end());
  // A lane coordinate that is not kept: neighbours are neighbours in the row-major order of both.
  auto lane = llvm::find_if(at.drop_back(same), [](const Coord &c) { return c.lane; });
  if (lane != at.end() - same)
    return {};
  return e.element(op.getInput(), in);
}

static Value transposed(Emitter &e, TransposeOp op, ArrayRef<Coord> at) {
  Coords in(at.size());
  for (auto [to, from] : llvm::enumerate(op.getPermutation()))
    in[from] = at[to];
  return e.element(op.getInput(), in);
}

static Value sliced(Emitter &e, SliceOp op, ArrayRef<Coord> at) {
  Coords in;
  for (auto [coord, offset, step] : llvm::zip(at, op.getOffsets(), op.getSteps()))
    in.push_back({e.addi(e.scalar(offset), e.muli(coord.base, e.scalar(step))), coord.lane});
  return e.element(op.getInput(), in);
}

/// The coordinate inside [0, size) that `i` outside of it stands for.
static Value wrapInside(Emitter &e, PadMode mode, Value i, Value size) {
  using P = arith::CmpIPredicate;
  Value zero = e.index(0), one = e.index(1);
  Value last = e.subi(size, one);
  switch (mode) {
  case PadMode::constant:
    return i;
  case PadMode::edge:
    return e.create<arith::MinSIOp>(e.create<arith::MaxSIOp>(i, zero), last);
  case PadMode::wrap: {
    Value period = e.create<arith::MaxSIOp>(size, one);
    Value r = e.create<arith::RemSIOp>(i, period);
    return e.select(e.cmpi(P::slt, r, zero), e.addi(r, period), r);
  }
  case PadMode::reflect: {
    Value period = e.create<arith::MaxSIOp>(e.muli(last, e.index(2)), one);
    Value r = e.create<arith::RemSIOp>(i, period);
    r = e.select(e.cmpi(P::slt, r, zero), e.addi(r, period), r);
    return e.select(e.cmpi(P::sgt, r, last), e.subi(period, r), r);
  }
  }
  return i;
}

static Value padded(Emitter &e, PadOp op, ArrayRef<Coord> at) {
  using P = arith::CmpIPredicate;
  SmallVector<DimExpr> sizes = e.dims.shape(op.getInput()).dims, to = e.dims.shape(op.getResult()).dims;
  Coords in;
  Value inside;
  for (auto [i, coord] : llvm::enumerate(at)) {
    if (e.dims.size(op.getLow()[i]).isConstant(0) && sizes[i] == to[i]) {
      in.push_back(coord);
      continue;
    }
    Value from = e.subi(coord.base, e.scalar(op.getLow()[i])), size = e.size(sizes[i]);
    in.push_back({wrapInside(e, op.getMode(), from, size)});
    Value here = e.cmpi(P::ult, from, size);
    inside = inside ? e.create<arith::AndIOp>(inside, here) : here;
  }
  if (op.getMode() != PadMode::constant || !inside)
    return e.element(op.getInput(), in);
  Type type = valueType(getElementTypeOrSelf(op.getInput()));
  bool lanes = llvm::any_of(at, [](const Coord &c) { return c.lane; });
  if (lanes)
    type = VectorType::get({e.width}, type);
  bool failed = false;
  auto side = [&](Value tensor, ArrayRef<Coord> where) {
    Value v = e.element(tensor, where);
    failed |= !v;
    return Emitter::Values{v ? e.splat(v, lanes ? e.width : 1) : e.constant(type, 0)};
  };
  auto values =
      e.branch(inside, type, [&] { return side(op.getInput(), in); }, [&] { return side(op.getValue(), {}); });
  return failed ? Value() : values[0];
}

static Value concatenated(Emitter &e, ConcatOp op, ArrayRef<Coord> at) {
  Type type = valueType(getElementTypeOrSelf(op.getResult()));
  if (llvm::any_of(at, [](const Coord &c) { return c.lane; }))
    type = VectorType::get({e.width}, type);
  int64_t axis = op.getAxis();
  bool failed = false;
  // Inputs from `i` on, at a coordinate that counts from where input i begins.
  std::function<Value(size_t, Value)> from = [&](size_t i, Value coord) -> Value {
    Value input = op.getInputs()[i];
    auto here = [&] {
      Coords in(at);
      in[axis].base = coord;
      Value v = e.element(input, in);
      failed |= !v;
      return v ? e.splat(v, isa<VectorType>(type) ? e.width : 1) : e.constant(type, 0);
    };
    if (i + 1 == op.getInputs().size())
      return here();
    Value size = e.size(e.dims.dim(input, axis));
    return e.branch(
        e.cmpi(arith::CmpIPredicate::slt, coord, size), type, [&] { return Emitter::Values{here()}; },
        [&] { return Emitter::Values{from(i + 1, e.subi(coord, size))}; })[0];
  };
  Value v = from(0, at[axis].base);
  return failed ? Value() : v;
}

static Value counted(Emitter &e, IotaOp op, ArrayRef<Coord> at) {
  const Coord &coord = at[op.getAxis()];
  Type i64 = e.b.getI64Type();
  Value v = e.create<arith::IndexCastOp>(i64, coord.base);
  if (coord.lane) {
    SmallVector<int64_t> steps = llvm::to_vector(llvm::seq<int64_t>(0, e.width));
    auto type = VectorType::get({e.width}, i64);
    v = e.create<arith::AddIOp>(e.splat(v, e.width),
                                e.create<arith::ConstantOp>(DenseElementsAttr::get(type, ArrayRef(steps))));
  }
  return e.convert(v, i64, op.getType(), /*saturate=*/false);
}

/// Element (..., panel, k, j) of packed panels: row k, column panel * 16 + j of f32; of i8 row 4 k + j % 4, column
/// panel * 16 + j / 4. Zero outside of the matrix.
static Value packed(Emitter &e, PackOp op, ArrayRef<Coord> at) {
  size_t rank = at.size();
  SmallVector<DimExpr> sizes = e.dims.shape(op.getInput()).dims;
  Type element = getElementTypeOrSelf(op.getInput());
  Coords in(at.drop_back(3));
  Value row = at[rank - 2].base, column = at[rank - 1].base;
  if (!element.isF32()) {
    row = e.addi(e.muli(row, e.index(4)), e.remui(column, 4));
    column = e.divui(column, 4);
  }
  column = e.addi(e.muli(at[rank - 3].base, e.index(16)), column);
  in.push_back({row});
  in.push_back({column});
  Value inside = e.create<arith::AndIOp>(e.cmpi(arith::CmpIPredicate::slt, column, e.size(sizes.back())),
                                         e.cmpi(arith::CmpIPredicate::slt, row, e.size(sizes[sizes.size() - 2])));
  bool failed = false;
  Type type = valueType(element);
  Value v = e.branch(
      inside, type,
      [&] {
        Value v = e.element(op.getInput(), in);
        failed |= !v;
        return Emitter::Values{v ? v : e.constant(type, 0)};
      },
      [&] { return Emitter::Values{e.constant(type, 0)}; })[0];
  return failed ? Value() : v;
}

Value adze::emitMovement(Emitter &e, Operation *op, ArrayRef<Coord> at) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](ReshapeOp op) { return reshaped(e, op, at); })
      .Case([&](BroadcastOp op) {
        return e.element(op.getInput(), e.broadcastCoords(op.getInput(), op.getResult(), at));
      })
      .Case([&](TransposeOp op) { return transposed(e, op, at); })
      .Case([&](SliceOp op) { return sliced(e, op, at); })
      .Case([&](PadOp op) { return padded(e, op, at); })
      .Case([&](ConcatOp op) { return concatenated(e, op, at); })
      .Case([&](PackOp op) { return packed(e, op, at); })
      .Case([&](IotaOp op) { return counted(e, op, at); });
}
