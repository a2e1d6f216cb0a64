// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --split-input-file --verify-diagnostics

func.func @channels(%x: tensor<1x3x9xf32>, %w: tensor<4x2x3xf32>) -> !onnx.any {
  // expected-error @+1 {{channels of the input and of the filter times group differ: 3 and 2}}
  %0 = onnx.node "Conv" opset 11 (%x, %w) {} : (tensor<1x3x9xf32>, tensor<4x2x3xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @pads(%x: tensor<1x2x9xf32>, %w: tensor<4x2x3xf32>) -> !onnx.any {
  // expected-error @+1 {{pads has 4 entries, expected 2}}
  %0 = onnx.node "Conv" opset 11 (%x, %w) {pads = array<i64: 1, 1, 1, 1>} : (tensor<1x2x9xf32>, tensor<4x2x3xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @window(%x: tensor<1x2x2xf32>, %w: tensor<4x2x3xf32>) -> !onnx.any {
  // expected-error @+1 {{the window spans 3 elements, the padded input has 2}}
  %0 = onnx.node "Conv" opset 11 (%x, %w) {} : (tensor<1x2x2xf32>, tensor<4x2x3xf32>) -> !onnx.any
  return %0 : !onnx.any
}
