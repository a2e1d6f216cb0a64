// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/core/Passes.h"

using namespace mlir;
using namespace adze::core;

namespace adze {
#define GEN_PASS_DEF_REFINESHAPES
#include "passes/core/Passes.h.inc"

namespace {
struct RefineShapes : impl::RefineShapesBase<RefineShapes> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isDeclaration())
        continue;
      DimAnalysis dims;
      function.walk<WalkOrder::PreOrder>([&](Operation *op) { refine(op, dims); });
      Operation *end = function.getBody().front().getTerminator();
      function.setType(FunctionType::get(&getContext(), function.getArgumentTypes(), end->getOperandTypes()));
    }
  }

private:
  /// Index values that are constants become so; results of shape ops take the sizes that are known.
  static void refine(Operation *op, DimAnalysis &dims) {
    if (isa<ShapeOp>(op)) {
      for (Value result : op->getResults()) {
        RankedTensorType refined = dims.shape(result).type();
        if (refined != result.getType())
          result.setType(refined);
      }
      return;
    }
    if (op->getNumResults() != 1 || isa<arith::ConstantOp>(op) || op->getParentOfType<GenerateOp>())
      return;
    Value v = op->getResult(0);
    std::optional<int64_t> known;
    if (isa<IndexType>(v.getType()))
      known = dims.size(v).constant();
    else if (v.getType().isInteger(1) && isa<arith::ArithDialect>(op->getDialect()))
      if (auto decided = dims.decide(v))
        known = *decided;
    if (!known)
      return;
    OpBuilder b(op);
    TypedAttr attr = b.getIntegerAttr(v.getType(), *known);
    v.replaceAllUsesWith(arith::ConstantOp::create(b, op->getLoc(), attr));
  }
};
} // namespace
} // namespace adze
