// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef ADZE_FUSION_PASSES_TD
#define ADZE_FUSION_PASSES_TD
include "mlir/Pass/PassBase.td"

def FormKernels : Pass<"adze-form-kernels", "::mlir::ModuleOp"> {
  let summary = "Put every core op on tensors into a kernel, and launch it";
  let description = [{
    With `fuse`, ops are joined around what costs most: a contraction, row function or reduction with the elementwise ops after it, elementwise
    trees with the data movement before them. Without, each op is a kernel of its own. Equal kernels become one.
    What stays on the host: constants, reshapes (of the same buffer), index arithmetic, control flow.
  }];
  let options = [Option<"fuse", "fuse", "bool", "true", "join ops into kernels of several">,
                 Option<"readInPlace", "read-in-place", "bool", "false",
                        "matrix products read transposed matrices, and convolutions of one group leave out padding, in their kernels">];
  let dependentDialects = ["::adze::kernel::KernelDialect", "::adze::core::CoreDialect",
                           "::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect"];
}
#endif
