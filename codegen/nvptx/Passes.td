// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef ADZE_NVPTX_PASSES_TD
#define ADZE_NVPTX_PASSES_TD
include "mlir/Pass/PassBase.td"

def NvptxKernelAbi : Pass<"adze-nvptx-kernel-abi", "::mlir::ModuleOp"> {
  let summary = "Give each kernel of the device the parameters that the runtime passes: adze_device_kernel of runtime/abi.h";
  let description = [{
    `@k(%begin, %end, %site, sizes..., %x: memref<?xf32>, ..., %scratch, %error)` becomes the entry
    `@adze_k(%items: i64, %site: i64, sizes: i64..., %x: !llvm.ptr<1> {llvm.noalias, llvm.align = 256}, ...)`, `llvm.readonly` where the
    body does not write.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect", "::mlir::arith::ArithDialect"];
}

def NvptxKernelToLlvm : Pass<"adze-nvptx-kernel-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Convert kernels of the device to the LLVM and NVVM dialects";
  let options = [Option<"capability", "capability", "int", /*default=*/"80", "Of the chip: 10 * major + minor">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::NVVM::NVVMDialect", "::mlir::cf::ControlFlowDialect",
                           "::mlir::func::FuncDialect", "::mlir::vector::VectorDialect", "::mlir::arith::ArithDialect"];
}
#endif
