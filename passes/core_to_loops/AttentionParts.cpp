// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/core_to_loops/AttentionParts.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

AttentionParts::AttentionParts(Emitter &e, AttentionOp op) : e(e), op(op), out(e.dims.shape(op.getResult()).dims) {
  SmallVector<DimExpr> k = e.dims.shape(op.getKey()).dims;
  batch.assign(out.begin(), out.end() - 2);
  queries = out[out.size() - 2];
  columns = out.back();
  keys = k[k.size() - 2];
  depth = k.back();
  bool wide = getElementTypeOrSelf(op.getQuery()).isF64();
  acc = wide ? Type(e.b.getF64Type()) : Type(e.b.getF32Type());
}

Coords AttentionParts::sharedAt(Value operand, ArrayRef<Coord> at) {
  SmallVector<DimExpr> sizes = e.dims.shape(operand).dims;
  Coords in;
  for (size_t i = 0; i < batch.size(); ++i) {
    if (sizes[i] == batch[i]) {
      in.push_back(at[i]);
    } else if (sizes[i].isConstant(1)) {
      in.push_back({e.index(0)});
    } else {
      // Sizes are positive wherever there is an item.
      Value group = e.divui(e.size(batch[i]), e.size(sizes[i]));
      in.push_back({e.divui(at[i].base, group)});
    }
  }
  in.append(2, Coord());
  return in;
}

Value AttentionParts::mask(ArrayRef<Coord> at, Value query, Coord key) {
  Value v = maskElement(at, query, key);
  return v ? convertMask(v) : v;
}

Value AttentionParts::convertMask(Value element) {
  return e.convert(element, getElementTypeOrSelf(op.getMask()), acc, false);
}

Value AttentionParts::maskElement(ArrayRef<Coord> at, Value query, Coord key) {
  SmallVector<DimExpr> sizes = e.dims.shape(op.getMask()).dims, scores(batch);
  scores.append({queries, keys});
  Coords all(at), in;
  all.append({Coord{query}, key});
  size_t skip = scores.size() - sizes.size();
  for (size_t i = 0; i < sizes.size(); ++i)
    in.push_back(e.broadcastCoord(sizes[i], scores[skip + i], all[skip + i]));
  return e.element(op.getMask(), in);
}

bool AttentionParts::maskIsOneRow() {
  SmallVector<DimExpr> sizes = e.dims.shape(op.getMask()).dims;
  return sizes.size() < 2 || sizes[sizes.size() - 2].isConstant(1);
}

Value AttentionParts::inverse(Value sum) {
  Value zero = e.constant(sum.getType(), 0);
  Value none = e.create<arith::CmpFOp>(arith::CmpFPredicate::OEQ, sum, zero);
  return e.create<arith::SelectOp>(none, zero, e.unary(UnaryKind::reciprocal, sum, acc));
}

Value AttentionParts::divide(Value sum, Value inverse) {
  Value v = e.binary(BinaryKind::mul, sum, e.isVector(sum) ? e.splat(inverse, e.width) : inverse, acc);
  if (op.getNanAsZero()) {
    Value none = e.create<arith::CmpFOp>(arith::CmpFPredicate::UNO, inverse, inverse);
    v = e.create<arith::SelectOp>(none, e.constant(v.getType(), 0), v);
  }
  return v;
}

Value AttentionParts::finish(Value quotient) {
  return e.convert(quotient, acc, getElementTypeOrSelf(op.getResult()), false);
}
