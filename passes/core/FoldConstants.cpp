// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "passes/core/ConstEval.h"
#include "passes/core/Passes.h"

using namespace mlir;
using namespace adze::core;

namespace adze {
#define GEN_PASS_DEF_FOLDCONSTANTS
#include "passes/core/Passes.h.inc"

namespace {
uint64_t bytesOf(Value v) {
  auto type = dyn_cast<RankedTensorType>(v.getType());
  return type && type.hasStaticShape() ? uint64_t(type.getNumElements()) * elementBytes(type.getElementType()) : 0;
}

/// True if the result is no larger than what it is made of, or small.
bool isWorthwhile(Operation *op) {
  uint64_t from = 4096;
  for (Value v : op->getOperands())
    from += bytesOf(v);
  return bytesOf(op->getResult(0)) <= 2 * from;
}

/// Constants of other dialects, and scalars joined to a tensor, as core.constants.
Attribute foreignConstant(Operation *op) {
  if (auto constant = dyn_cast<arith::ConstantOp>(op))
    return isa<RankedTensorType>(constant.getType()) ? dyn_cast<DenseElementsAttr>(constant.getValue()) : Attribute();
  auto elements = dyn_cast<tensor::FromElementsOp>(op);
  if (!elements)
    return {};
  SmallVector<Attribute> values;
  for (Value v : elements.getElements()) {
    Attribute value;
    if (!matchPattern(v, m_Constant(&value)))
      return {};
    values.push_back(value);
  }
  return DenseElementsAttr::get(cast<RankedTensorType>(elements.getType()), values);
}

struct FoldConstants : impl::FoldConstantsBase<FoldConstants> {
  using FoldConstantsBase::FoldConstantsBase;
  void runOnOperation() override {
    SmallVector<Operation *> candidates;
    getOperation().walk([&](Operation *op) {
      if (op->getNumResults() == 1 && isa<RankedTensorType>(op->getResult(0).getType()) && !isa<ConstantOp>(op))
        candidates.push_back(op);
    });
    for (Operation *op : candidates) {
      Attribute value = foreignConstant(op);
      if (!value && evaluate && isa<CoreDialect>(op->getDialect()) && isWorthwhile(op))
        if (auto folded = evaluateConstant(op); succeeded(folded))
          value = *folded;
      if (!value)
        continue;
      OpBuilder b(op);
      auto constant = ConstantOp::create(b, op->getLoc(), op->getResult(0).getType(), value);
      op->replaceAllUsesWith(ValueRange(constant.getResult()));
      op->erase();
    }
  }
};
} // namespace
} // namespace adze
