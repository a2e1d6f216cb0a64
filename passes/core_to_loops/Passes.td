// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef ADZE_CORE_TO_LOOPS_PASSES_TD
#define ADZE_CORE_TO_LOOPS_PASSES_TD
include "mlir/Pass/PassBase.td"

def LowerKernels : Pass<"adze-lower-kernels", "::mlir::ModuleOp"> {
  let summary = "Turn each kernel.func into a function on flat buffers and a function that says its grid";
  let description = [{
    `kernel.func @k` becomes `func.func private @k(begin, end, site, scalars..., operands..., results..., scratch, error)`
    with loops, and `func.func private @k.grid(scalars...) -> (items, grain, scratch bytes)`. Vectors are as wide as the module's
    `adze.target` says; there are none with `reference`.
  }];
  let options = [Option<"reference", "reference", "bool", "false", "plain loops on scalars: the numeric reference">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::math::MathDialect",
                           "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

def ApproximateMath : Pass<"adze-approximate-math", "::mlir::ModuleOp"> {
  let summary = "Compute functions of f32 by polynomials, on vectors and scalars alike";
  let description = "Relative errors are below 3e-7 (MLIR's polynomial approximations). Functions of other types stay calls.";
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::vector::VectorDialect"];
}
#endif
