// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mlir-reduce with Adze's dialects and passes, and ways to do without any op.
#include "compiler/InitAll.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Reducer/ReductionPatternInterface.h"
#include "mlir/Reducer/Tester.h"
#include "mlir/Tools/mlir-reduce/MlirReduceMain.h"

using namespace mlir;

namespace {
/// A result's stand-in: an operand of the same type, or zero. Null: there is none.
Value standIn(OpBuilder &b, OpResult result) {
  Operation *op = result.getOwner();
  for (Value operand : op->getOperands())
    if (operand.getType() == result.getType())
      return operand;
  auto shaped = dyn_cast<ShapedType>(result.getType());
  bool isNumber = getElementTypeOrSelf(result.getType()).isSignlessIntOrIndexOrFloat();
  if (!isNumber || op->hasTrait<OpTrait::ConstantLike>() || (shaped && !shaped.hasStaticShape()))
    return {};
  return arith::ConstantOp::create(b, op->getLoc(), cast<TypedAttr>(b.getZeroAttr(result.getType())));
}

/// Puts stand-ins in the place of an op. False: it cannot be done without.
bool dropOp(RewriterBase &b, Operation *op) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(op);
  if (op->use_empty()) {
    b.eraseOp(op);
    return true;
  }
  SmallVector<Value> values;
  for (OpResult result : op->getResults()) {
    values.push_back(standIn(b, result));
    if (!values.back())
      return false;
  }
  b.replaceOp(op, values);
  return true;
}

/// Drops an op where the module without it is still interesting.
struct DropOp : RewritePattern {
  DropOp(MLIRContext *context, Tester &tester) : RewritePattern(MatchAnyOpTypeTag(), 1, context), tester(tester) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (op->hasTrait<OpTrait::IsTerminator>() || isa<SymbolOpInterface, ModuleOp>(op))
      return rewriter.notifyMatchFailure(op, "part of the frame");
    ScopedDiagnosticHandler silence(op->getContext(), [](Diagnostic &) { return success(); });
    IRMapping copies;
    OwningOpRef<ModuleOp> trial = cast<ModuleOp>(op->getParentOfType<ModuleOp>()->clone(copies));
    IRRewriter trialRewriter(op->getContext());
    if (!dropOp(trialRewriter, copies.lookup(op)) || failed(verify(*trial)) ||
        tester.isInteresting(*trial).first != Tester::Interestingness::True)
      return rewriter.notifyMatchFailure(op, "of interest");
    return success(dropOp(rewriter, op));
  }
  Tester &tester;
};

struct Reductions : DialectReductionPatternInterface {
  explicit Reductions(Dialect *dialect) : DialectReductionPatternInterface(dialect) {}
  void populateReductionPatterns(RewritePatternSet &) const override {}
  void populateReductionPatternsWithTester(RewritePatternSet &patterns, Tester &tester) const override {
    patterns.add<DropOp>(patterns.getContext(), tester);
  }
};
} // namespace

int main(int argc, char **argv) {
  DialectRegistry registry;
  adze::registerDialects(registry);
  adze::registerPasses();
  registry.addExtension(+[](MLIRContext *, func::FuncDialect *dialect) { dialect->addInterfaces<Reductions>(); });
  MLIRContext context(registry);
  return failed(mlirReduceMain(argc, argv, context));
}
