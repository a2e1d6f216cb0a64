// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/BodyToLlvm.h"
#include "codegen/nvptx/DeviceToNvvm.h"
#include "codegen/nvptx/GpuToNvvm.h"
#include "codegen/nvptx/Passes.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Conversion/NVGPUToNVVM/NVGPUToNVVM.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"

using namespace mlir;

namespace adze {
#define GEN_PASS_DEF_NVPTXKERNELTOLLVM
#include "codegen/nvptx/Passes.h.inc"

static LogicalResult convert(ModuleOp module, int capability) {
  LLVMTypeConverter types(module.getContext());
  nvgpu::populateCommonGPUTypeAndAttributeConversions(types);
  RewritePatternSet patterns(module.getContext());
  nvptx::addGpuConversions(types, patterns);
  nvptx::addDeviceConversions(types, capability, patterns);
  LLVMConversionTarget target(*module.getContext());
  target.addLegalDialect<NVVM::NVVMDialect>();
  return convertBodies(module, types, target, std::move(patterns));
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
