// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --split-input-file --verify-diagnostics

func.func @heads(%x: tensor<1x3x16xf32>) -> !onnx.any {
  // expected-error @+1 {{q_num_heads is missing: inputs of rank 3 need it}}
  %0 = onnx.node "Attention" opset 23 (%x, %x, %x) {} : (tensor<1x3x16xf32>, tensor<1x3x16xf32>, tensor<1x3x16xf32>) -> !onnx.any
  return %0 : !onnx.any
}
