// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Index arithmetic of 32 bits where ranges prove that nothing is lost.
#include "codegen/common/gpu/Passes.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Analysis/DataFlow/IntegerRangeAnalysis.h"
#include "mlir/Analysis/DataFlow/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace adze {
#define GEN_PASS_DEF_GPUNARROWINDICES
#include "codegen/common/gpu/Passes.h.inc"

/// The greatest that `value` may be, if it is not negative and that is known.
static std::optional<uint64_t> greatest(DataFlowSolver &solver, Value value) {
  auto *state = solver.lookupState<dataflow::IntegerValueRangeLattice>(value);
  if (!state || state->getValue().isUninitialized())
    return std::nullopt;
  const ConstantIntRanges &range = state->getValue().getValue();
  if (range.smin().isNegative())
    return std::nullopt;
  return range.smax().getZExtValue();
}

/// Gives a loop a counter of 32 bits, of which the loop's body makes the index.
static void narrow(scf::ForOp loop) {
  OpBuilder b(loop);
  Location loc = loop.getLoc();
  Type i32 = b.getI32Type();
  for (OpOperand *operand : {&loop.getLowerBoundMutable(), &loop.getUpperBoundMutable(), &loop.getStepMutable()})
    operand->set(b.createOrFold<arith::IndexCastUIOp>(loc, i32, operand->get()));
  Value counter = loop.getInductionVar();
  counter.setType(i32);
  b.setInsertionPointToStart(loop.getBody());
  auto index = arith::IndexCastUIOp::create(b, loc, b.getIndexType(), counter);
  counter.replaceAllUsesExcept(index, index);
}

namespace {
struct GpuNarrowIndices : impl::GpuNarrowIndicesBase<GpuNarrowIndices> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (!function->hasAttr(kernel::kDeviceAttr))
      return;
    narrowLoops(function);
    OpPassManager passes(func::FuncOp::getOperationName());
    passes.addPass(arith::createArithIntRangeNarrowing({{32}}));
    passes.addPass(createCSEPass());
    if (failed(runPipeline(passes, function)))
      signalPassFailure();
  }

private:
  void narrowLoops(func::FuncOp function) {
    DataFlowSolver solver;
    dataflow::loadBaselineAnalyses(solver);
    solver.load<dataflow::IntegerRangeAnalysis>();
    if (failed(solver.initializeAndRun(function)))
      return signalPassFailure();
    SmallVector<scf::ForOp> loops;
    function.walk([&](scf::ForOp loop) {
      if (!loop.getInductionVar().getType().isIndex())
        return;
      auto from = greatest(solver, loop.getLowerBound()), to = greatest(solver, loop.getUpperBound()),
           step = greatest(solver, loop.getStep());
      // The counter goes one step beyond the last number.
      if (from && to && step && *from <= INT32_MAX && *step <= INT32_MAX && *to <= INT32_MAX - *step)
        loops.push_back(loop);
    });
    llvm::for_each(loops, narrow);
  }
};
} // namespace
} // namespace adze
