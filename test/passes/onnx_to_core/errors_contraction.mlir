// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --split-input-file --verify-diagnostics

func.func @inner(%x: tensor<2x3xf32>, %y: tensor<4x5xf32>) -> !onnx.any {
  // expected-error @+1 {{MatMul, opset 13, inputs tensor<2x3xf32>, tensor<4x5xf32>: inner sizes differ: 3 and 4}}
  %0 = onnx.node "MatMul" opset 13 (%x, %y) {} : (tensor<2x3xf32>, tensor<4x5xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @rank(%x: tensor<2x3xf32>, %y: tensor<3xf32>) -> !onnx.any {
  // expected-error @+1 {{operands have ranks 2 and 1, expected 2}}
  %0 = onnx.node "Gemm" opset 13 (%x, %y) {} : (tensor<2x3xf32>, tensor<3xf32>) -> !onnx.any
  return %0 : !onnx.any
}
