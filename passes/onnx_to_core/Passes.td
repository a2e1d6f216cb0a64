// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef ADZE_ONNX_TO_CORE_PASSES_TD
#define ADZE_ONNX_TO_CORE_PASSES_TD
include "mlir/Pass/PassBase.td"

def OnnxToCore : Pass<"adze-onnx-to-core", "::mlir::ModuleOp"> {
  let summary = "Replace every onnx.node by typed core ops";
  let description = [{
    Walks each function in order; a node's operands are typed when it is reached. A node that cannot be lowered is an error on its own
    location, and all such nodes are reported in one run. Declared types of intermediate values and outputs are never read.
  }];
  let dependentDialects = ["::adze::core::CoreDialect", "::mlir::arith::ArithDialect", "::mlir::tensor::TensorDialect",
                           "::mlir::scf::SCFDialect", "::mlir::math::MathDialect"];
}
#endif
