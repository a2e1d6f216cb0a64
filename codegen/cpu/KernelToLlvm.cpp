// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/BodyToLlvm.h"
#include "codegen/cpu/Dot.h"
#include "codegen/cpu/Passes.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
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
  RewritePatternSet patterns(module.getContext());
  arith::populateCeilFloorDivExpandOpsPatterns(patterns);
  arith::populateArithToLLVMConversionPatterns(types, patterns);
  cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
  populateFinalizeMemRefToLLVMConversionPatterns(types, patterns);
  populateFuncToLLVMConversionPatterns(types, patterns);
  populateMathToLLVMConversionPatterns(types, patterns, /*approximateLog1p=*/false);
  populateVectorToLLVMConversionPatterns(types, patterns);
  LLVMConversionTarget target(*module.getContext());
  target.addLegalOp<ModuleOp, UnrealizedConversionCastOp>();
  if (failed(applyFullConversion(module, target, std::move(patterns))))
    return failure();
  SmallVector<UnrealizedConversionCastOp> casts;
  module.walk([&](UnrealizedConversionCastOp cast) { casts.push_back(cast); });
  reconcileUnrealizedCasts(casts);
  return success();
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
