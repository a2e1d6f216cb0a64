// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef ADZE_CPU_PASSES_TD
#define ADZE_CPU_PASSES_TD
include "mlir/Pass/PassBase.td"

def CpuKernelAbi : Pass<"adze-cpu-kernel-abi", "::mlir::ModuleOp"> {
  let summary = "Give each kernel body plain pointers, and a function of the type adze_kernel_fn that calls it";
  let description = [{
    `@k(%begin: index, ..., %x: memref<?xf32>, ...)` becomes `@k(%begin: index, ..., %x: !llvm.ptr {llvm.noalias}, ...)`, and
    `@"adze.kernel.k"(%begin, %end, %buffers, %scalars, %scratch, %error)` loads its arguments. Pointers of operands and results are
    aligned to their elements only: a caller's tensors are.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect"];
}

def CpuKernelToLlvm : Pass<"adze-cpu-kernel-to-llvm", "::mlir::ModuleOp"> {
  let summary = "Convert kernels to the LLVM dialect; functions of math that no instruction computes become calls of libm";
  let options = [Option<"dot", "dot", "std::string", "\"\"",
                        "instruction for kernel.dot: vpdpbusd, pmaddwd, or none (empty): multiplications and additions">];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect", "::mlir::cf::ControlFlowDialect", "::mlir::func::FuncDialect",
                           "::mlir::vector::VectorDialect", "::mlir::arith::ArithDialect"];
}
#endif
