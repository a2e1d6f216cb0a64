// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/BodyToLlvm.h"
#include "codegen/cpu/Dot.h"
#include "codegen/cpu/Passes.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace adze {
#define GEN_PASS_DEF_CPUKERNELTOLLVM
#include "codegen/cpu/Passes.h.inc"

/// Functions that are code of a library on every CPU. The others become LLVM's intrinsics, which are instructions or
/// short sequences.
static LogicalResult callLibrary(ModuleOp module) {
  RewritePatternSet patterns(module.getContext());
  populateMathToLibmConversionPatterns(patterns, /*benefit=*/1);
  ConversionTarget target(*module.getContext());
  target.markUnknownOpDynamicallyLegal([](Operation *) { return true; });
  target.addIllegalOp<math::AcosOp, math::AcoshOp, math::AsinOp, math::AsinhOp, math::AtanOp, math::Atan2Op,
                      math::AtanhOp, math::CbrtOp, math::CosOp, math::CoshOp, math::ErfOp, math::ExpOp, math::Exp2Op,
                      math::ExpM1Op, math::LogOp, math::Log10Op, math::Log1pOp, math::Log2Op, math::PowFOp, math::SinOp,
                      math::SinhOp, math::TanOp, math::TanhOp>();
  return applyPartialConversion(module, target, std::move(patterns));
}

static LogicalResult convert(ModuleOp module) {
  LLVMTypeConverter types(module.getContext());
  LLVMConversionTarget target(*module.getContext());
  return convertBodies(module, types, target, RewritePatternSet(module.getContext()));
}

namespace {
struct CpuKernelToLlvm : impl::CpuKernelToLlvmBase<CpuKernelToLlvm> {
  using CpuKernelToLlvmBase::CpuKernelToLlvmBase;
  void runOnOperation() override {
    ModuleOp module = getOperation();
    lowerDots(module, dot);
    if (failed(flattenVectors(module)) || failed(lowerLoops(module)) || failed(callLibrary(module)) ||
        failed(convert(module)))
      signalPassFailure();
  }
};
} // namespace
} // namespace adze
