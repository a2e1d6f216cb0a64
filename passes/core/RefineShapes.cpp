// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
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
      SmallVector<Operation *> ops; // refining adds ops and takes some away
      function.walk<WalkOrder::PreOrder>([&](Operation *op) { ops.push_back(op); });
      for (Operation *op : ops)
        refine(op, dims);
      if (dims.foundContradiction())
        return signalPassFailure(); // the op has been reported
      Operation *end = function.getBody().front().getTerminator();
      function.setType(FunctionType::get(&getContext(), function.getArgumentTypes(), end->getOperandTypes()));
    }
  }

private:
  /// A size of an op's result is computed from the sizes that the op's own are made of, so that no tensor is kept for
  /// its size. True if `dim` was replaced.
  static bool readFromInputs(tensor::DimOp dim, DimAnalysis &dims) {
    auto source = dim.getSource().getDefiningOp<ShapeOp>();
    std::optional<int64_t> number = dim.getConstantIndex();
    if (!source || !number || *number < 0 || *number >= cast<RankedTensorType>(dim.getSource().getType()).getRank())
      return false;
    DimExpr size = dims.dim(dim.getSource(), *number);
    if (auto atom = size.singleAtom(); atom && dims.dims.atom(*atom).value == dim.getSource())
      return false; // the op itself decides it
    OpBuilder b(dim);
    Value v = materialize(b, dim.getLoc(), dims.dims, size);
    dim.replaceAllUsesWith(v);
    dim.erase();
    return true;
  }

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
    if (auto dim = dyn_cast<tensor::DimOp>(op); dim && readFromInputs(dim, dims))
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
