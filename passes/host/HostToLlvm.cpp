// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MathToLibm/MathToLibm.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Transforms/DialectConversion.h"
#include "passes/host/Passes.h"
#include "passes/host/Program.h"

using namespace mlir;

namespace adze {
#define GEN_PASS_DEF_HOSTTOLLVM
#include "passes/host/Passes.h.inc"

namespace {
struct HostToLlvm : impl::HostToLlvmBase<HostToLlvm> {
  using HostToLlvmBase::HostToLlvmBase;
  void runOnOperation() override {
    ModuleOp module = getOperation();
    LLVMTypeConverter types(&getContext());
    RewritePatternSet patterns(&getContext());
    arith::populateCeilFloorDivExpandOpsPatterns(patterns);
    arith::populateArithToLLVMConversionPatterns(types, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
    populateFuncToLLVMConversionPatterns(types, patterns);
    populateMathToLLVMConversionPatterns(types, patterns, /*approximateLog1p=*/false);
    populateMathToLibmConversionPatterns(patterns, /*benefit=*/1);
    LLVMConversionTarget target(getContext());
    SmallVector<Operation *> functions;
    for (auto function : module.getOps<func::FuncOp>())
      if (!function->hasAttr(host::kKernelAttr))
        functions.push_back(function);
    FrozenRewritePatternSet frozen(std::move(patterns));
    if (failed(applyPartialConversion(functions, target, frozen)))
      return signalPassFailure();
    SmallVector<UnrealizedConversionCastOp> casts;
    for (auto function : module.getOps<LLVM::LLVMFuncOp>())
      function.walk([&](UnrealizedConversionCastOp cast) { casts.push_back(cast); });
    reconcileUnrealizedCasts(casts);
  }
};
} // namespace
} // namespace adze
