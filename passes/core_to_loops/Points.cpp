// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions, matrix products and pools element by element, for machines whose many threads have one each.
#include "passes/core_to_loops/Nests.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

namespace {
/// One element of a convolution.
class Convolved {
public:
  Convolved(Emitter &e, ConvOp op, ArrayRef<Coord> at)
      : e(e), op(op), at(at), spatial(op.getStrides().size()), input(e.dims.shape(op.getInput()).dims.size()),
        filter(spatial + 2), perGroup(e.dims.dim(op.getFilter(), spatial)) {
    acc = valueType(accumulatorOf(op.getTo()));
  }

  Value emit() {
    Coord channel = at.back();
    DimExpr outPerGroup =
        e.dims.dims.floorDiv(e.dims.dim(op.getFilter(), spatial + 1), DimExpr(int64_t(op.getGroups())));
    Value group = outPerGroup.isConstant(1) ? channel.base : e.divui(channel.base, e.size(outPerGroup));
    firstChannel = {e.muli(group, e.size(perGroup)), channel.lane};
    filter.back() = channel;
    input[0] = at[0];
    Value start = e.constant(acc, 0);
    Value sum = taps(0, channel.lane ? e.splat(start, e.width) : start);
    return failed ? Value() : e.convert(sum, acc, getElementTypeOrSelf(op.getResult()), false);
  }

private:
  Value taps(size_t i, Value sum) {
    if (i == spatial)
      return channels(sum);
    Value base = e.muli(at[i + 1].base, e.index(op.getStrides()[i]));
    return e.loop(e.index(0), e.size(e.dims.dim(op.getFilter(), i)), e.index(1), sum, [&](Value k, ValueRange carried) {
      input[i + 1] = {e.addi(base, e.muli(k, e.index(op.getDilations()[i])))};
      filter[i] = {k};
      return Emitter::Values{taps(i + 1, carried[0])};
    })[0];
  }

  Value channels(Value sum) {
    return e.loop(e.index(0), e.size(perGroup), e.index(1), sum, [&](Value c, ValueRange carried) {
      input.back() = {e.addi(firstChannel.base, c), firstChannel.lane && perGroup.isConstant(1)};
      filter[spatial] = {c};
      Value values[] = {read(op.getInput(), input), read(op.getFilter(), filter)};
      e.unify(values);
      Value term = e.binary(BinaryKind::mul, values[0], values[1], acc);
      return Emitter::Values{e.binary(BinaryKind::add, carried[0], term, acc)};
    })[0];
  }

  Value read(Value tensor, ArrayRef<Coord> where) { return e.element(tensor, where, acc, failed); }

  Emitter &e;
  ConvOp op;
  ArrayRef<Coord> at;
  size_t spatial;
  Coords input, filter;
  DimExpr perGroup;
  Type acc;
  Coord firstChannel;
  bool failed = false;
};

/// One element of a matrix product.
class Multiplied {
public:
  Multiplied(Emitter &e, MatmulOp op, ArrayRef<Coord> at)
      : e(e), op(op), at(at), result(e.dims.shape(op.getResult()).dims), acc(valueType(accumulatorOf(op.getTo()))) {}

  Value emit() {
    Value start = e.constant(acc, 0);
    Value sum =
        e.loop(e.index(0), e.size(e.dims.shape(op.getLhs()).dims.back()), e.index(1),
               at.back().lane ? e.splat(start, e.width) : start, [&](Value k, ValueRange carried) {
                 Value values[] = {read(op.getLhs(), at[at.size() - 2], {k}), read(op.getRhs(), {k}, at.back())};
                 e.unify(values);
                 Value term = e.binary(BinaryKind::mul, values[0], values[1], acc);
                 return Emitter::Values{e.binary(BinaryKind::add, carried[0], term, acc)};
               })[0];
    return failed ? Value() : e.convert(sum, acc, getElementTypeOrSelf(op.getResult()), false);
  }

private:
  Value read(Value tensor, Coord row, Coord column) {
    SmallVector<DimExpr> sizes = e.dims.shape(tensor).dims;
    Coords in;
    size_t skip = result.size() - sizes.size();
    for (size_t i = 0; i + 2 < sizes.size(); ++i)
      in.push_back(e.broadcastCoord(sizes[i], result[skip + i], at[skip + i]));
    in.append({row, column});
    return e.element(tensor, in, acc, failed);
  }

  Emitter &e;
  MatmulOp op;
  ArrayRef<Coord> at;
  SmallVector<DimExpr> result;
  Type acc;
  bool failed = false;
};
} // namespace

Value adze::emitPoint(Emitter &e, Operation *op, ArrayRef<Coord> at) {
  if (auto conv = dyn_cast<ConvOp>(op))
    return Convolved(e, conv, at).emit();
  if (auto matmul = dyn_cast<MatmulOp>(op))
    return Multiplied(e, matmul, at).emit();
  return emitPooled(e, cast<PoolOp>(op), at);
}

bool adze::vectorizablePoint(Emitter &e, Operation *op, int64_t dim) {
  if (auto matmul = dyn_cast<MatmulOp>(op))
    return e.vectorizable(matmul.getRhs(), cast<RankedTensorType>(matmul.getRhs().getType()).getRank() - 1);
  auto conv = dyn_cast<ConvOp>(op);
  if (!conv)
    return e.vectorizable(op->getOperand(0), dim);
  int64_t spatial = conv.getStrides().size();
  bool depthwise = e.dims.dim(conv.getFilter(), spatial).isConstant(1) &&
                   e.dims.dim(conv.getFilter(), spatial + 1) == DimExpr(int64_t(conv.getGroups()));
  if (!e.vectorizable(conv.getFilter(), spatial + 1))
    return false;
  return depthwise ? e.vectorizable(conv.getInput(), spatial + 1) : conv.getGroups() == 1;
}
