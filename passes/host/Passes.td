// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef ADZE_HOST_PASSES_TD
#define ADZE_HOST_PASSES_TD
include "mlir/Pass/PassBase.td"

def HostToBuffers : Pass<"adze-host-to-buffers", "::mlir::ModuleOp"> {
  let summary = "Turn @main on tensors into adze_main on memory and calls of the runtime";
  let description = [{
    Each launch result gets memory: that of the output it is, a place in a plan (sizes known when a straight run of code begins), or a
    slot where it is carried by a loop. Adds the module attribute `adze.program` (see Program.h), and leaves the constants at the end
    of the module with their offsets among the weights (`adze.offset`). Kernels and their grids are not touched.
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect", "::mlir::func::FuncDialect",
                           "::mlir::LLVM::LLVMDialect"];
}

def HostToLlvm : Pass<"adze-host-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Convert adze_main and the kernels' grids to the LLVM dialect; kernel bodies stay";
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}
#endif
