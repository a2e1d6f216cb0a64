// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/AttentionBlock.h"
#include <limits>

using namespace mlir;
using namespace adze;
using namespace adze::core;
using adze::gpu::AttentionBlock;

AttentionBlock::AttentionBlock(KernelFunction &kernel, ThreadBlock &block, int64_t queriesOfBlock)
    : kernel(kernel), block(block), e(block.e), op(cast<AttentionOp>(kernel.nest)), parts(e, op) {
  SmallVector<DimExpr> items(parts.batch);
  items.push_back(e.dims.dims.ceilDiv(parts.queries, queriesOfBlock));
  blocks = product(items);
  batch = e.delinearize(block.number, items);
  firstQuery = e.muli(batch.pop_back_val().base, e.index(queriesOfBlock));
}

Value AttentionBlock::least() { return e.constant(parts.acc, -std::numeric_limits<double>::infinity()); }

Value AttentionBlock::baseOf(Value greatest) {
  Value none = e.create<arith::CmpFOp>(arith::CmpFPredicate::OEQ, greatest, least());
  return e.create<arith::SelectOp>(none, e.constant(parts.acc, 0), greatest);
}

Value AttentionBlock::inverseOf(Value greatest, Value sum) {
  // There were keys, and none was allowed: a softmax of minus infinities.
  Value none = e.create<arith::CmpFOp>(arith::CmpFPredicate::OEQ, greatest, least());
  Value some = e.cmpi(arith::CmpIPredicate::ne, e.size(parts.keys), e.index(0));
  Value nan = e.constant(parts.acc, std::numeric_limits<double>::quiet_NaN());
  return e.create<arith::SelectOp>(e.create<arith::AndIOp>(none, some), nan, parts.inverse(sum));
}

Value AttentionBlock::maskElement(Value query, Coord key) {
  Value v = parts.maskElement(batch, query, key);
  failedAny |= !v;
  return v ? v : e.constant(valueType(getElementTypeOrSelf(op.getMask())), 0);
}

void AttentionBlock::store(Value query, Coord column, Value element) {
  Coords at(batch);
  at.append({Coord{query}, column});
  failedAny |= failed(kernel.storeEpilogue(e, at, element, parts.out));
}
