// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --split-input-file --verify-diagnostics

func.func @axis(%x: tensor<2x3xf32>) -> !onnx.any {
  // expected-error @+1 {{axis 2 is out of range for rank 2}}
  %0 = onnx.node "Softmax" opset 13 (%x) {axis = 2 : i64} : (tensor<2x3xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @groups(%x: tensor<2x5x3xf32>, %s: tensor<5xf32>) -> !onnx.any {
  // expected-error @+1 {{channels do not split into num_groups: 4 and 5}}
  %0 = onnx.node "GroupNormalization" opset 21 (%x, %s, %s) {num_groups = 2 : i64} : (tensor<2x5x3xf32>, tensor<5xf32>, tensor<5xf32>) -> !onnx.any
  return %0 : !onnx.any
}
