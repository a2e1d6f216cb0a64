// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
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
      bool fits = true;
      for (Operation *op : ops)
        fits &= succeeded(refine(op, dims));
      if (!fits || dims.foundContradiction())
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

  /// Reports a place where a value of this type is taken for one of other sizes, as the model declares them.
  static LogicalResult checkUses(Value value, RankedTensorType refined) {
    for (Operation *user : value.getUsers())
      if (auto cast = dyn_cast<tensor::CastOp>(user);
          cast && !tensor::CastOp::areCastCompatible(refined, cast.getType()))
        return emitError(cast.getLoc()) << "a value is a " << refined << ", expected " << cast.getType();
    return success();
  }

  /// The results of a shape op take the sizes that are known.
  static LogicalResult refineResults(Operation *op, DimAnalysis &dims) {
    for (Value result : op->getResults()) {
      RankedTensorType refined = dims.shape(result).type();
      if (refined == result.getType())
        continue;
      if (failed(checkUses(result, refined)))
        return failure();
      keepForControlFlow(result);
      result.setType(refined);
    }
    return success();
  }

  /// What branches yield and loops carry on keeps its type, which is one of several that must agree.
  static void keepForControlFlow(Value result) {
    Value kept;
    for (OpOperand &use : llvm::make_early_inc_range(result.getUses())) {
      if (!isa<scf::SCFDialect>(use.getOwner()->getDialect()))
        continue;
      if (!kept) {
        OpBuilder b(result.getContext());
        b.setInsertionPointAfterValue(result);
        kept = tensor::CastOp::create(b, result.getLoc(), result.getType(), result);
      }
      use.set(kept);
    }
  }

  /// Index values that are constants become so; results of shape ops take the sizes that are known. Fails after an
  /// error.
  static LogicalResult refine(Operation *op, DimAnalysis &dims) {
    if (isa<ShapeOp>(op))
      return refineResults(op, dims);
    if (op->getNumResults() != 1 || isa<arith::ConstantOp>(op) || op->getParentOfType<GenerateOp>())
      return success();
    if (auto dim = dyn_cast<tensor::DimOp>(op); dim && readFromInputs(dim, dims))
      return success();
    Value v = op->getResult(0);
    std::optional<int64_t> known;
    if (isa<IndexType>(v.getType()))
      known = dims.size(v).constant();
    else if (v.getType().isInteger(1) && isa<arith::ArithDialect>(op->getDialect()))
      if (auto decided = dims.decide(v))
        known = *decided;
    if (!known)
      return success();
    OpBuilder b(op);
    TypedAttr attr = b.getIntegerAttr(v.getType(), *known);
    v.replaceAllUsesWith(arith::ConstantOp::create(b, op->getLoc(), attr));
    return success();
  }
};
} // namespace
} // namespace adze
