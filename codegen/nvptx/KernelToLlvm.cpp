// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/BodyToLlvm.h"
#include "codegen/nvptx/DeviceToNvvm.h"
#include "codegen/nvptx/GpuToNvvm.h"
#include "codegen/nvptx/Passes.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/NVGPUToNVVM/NVGPUToNVVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

using namespace mlir;

namespace adze {
#define GEN_PASS_DEF_NVPTXKERNELTOLLVM
#include "codegen/nvptx/Passes.h.inc"

static LogicalResult convert(ModuleOp module, int capability) {
  LLVMTypeConverter types(module.getContext());
  nvgpu::populateCommonGPUTypeAndAttributeConversions(types);
  RewritePatternSet patterns(module.getContext());
  arith::populateCeilFloorDivExpandOpsPatterns(patterns);
  arith::populateArithToLLVMConversionPatterns(types, patterns);
  cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
  populateFinalizeMemRefToLLVMConversionPatterns(types, patterns);
  populateFuncToLLVMConversionPatterns(types, patterns);
  populateMathToLLVMConversionPatterns(types, patterns, /*approximateLog1p=*/false);
  populateVectorToLLVMConversionPatterns(types, patterns);
  nvptx::addGpuConversions(types, patterns);
  nvptx::addDeviceConversions(types, capability, patterns);
  LLVMConversionTarget target(*module.getContext());
  target.addLegalDialect<NVVM::NVVMDialect>();
  target.addLegalOp<ModuleOp, UnrealizedConversionCastOp>();
  if (failed(applyFullConversion(module, target, std::move(patterns))))
    return failure();
  SmallVector<UnrealizedConversionCastOp> casts;
  module.walk([&](UnrealizedConversionCastOp cast) { casts.push_back(cast); });
  reconcileUnrealizedCasts(casts);
  return success();
}

/// Makes the functions of blocks of so many threads entries.
static void markEntries(ModuleOp module) {
  Builder b(module.getContext());
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    auto device = dyn_cast_or_null<DictionaryAttr>(function->removeAttr(kernel::kDeviceAttr));
    if (!device)
      continue;
    auto threads = device.getAs<IntegerAttr>("threads"), blocks = device.getAs<IntegerAttr>("blocks");
    if (blocks)
      function->setAttr(NVVM::NVVMDialect::getMinctasmAttrName(), b.getI32IntegerAttr(blocks.getInt()));
    function->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), b.getUnitAttr());
    function->setAttr(NVVM::NVVMDialect::getReqntidAttrName(), b.getDenseI32ArrayAttr({int32_t(threads.getInt())}));
  }
}

namespace {
struct NvptxKernelToLlvm : impl::NvptxKernelToLlvmBase<NvptxKernelToLlvm> {
  using NvptxKernelToLlvmBase::NvptxKernelToLlvmBase;
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (failed(flattenVectors(module)) || failed(lowerLoops(module)) || failed(convert(module, capability)))
      return signalPassFailure();
    markEntries(module);
  }
};
} // namespace
} // namespace adze
