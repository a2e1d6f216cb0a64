// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --split-input-file --verify-diagnostics

func.func @activation(%x: tensor<2x2x3xf32>, %w: tensor<1x5x3xf32>, %r: tensor<1x5x5xf32>) -> !onnx.any {
  // expected-error @+1 {{activation 'cosh' is not supported}}
  %0 = onnx.node "RNN" opset 22 (%x, %w, %r) {activations = ["Cosh"]} : (tensor<2x2x3xf32>, tensor<1x5x3xf32>, tensor<1x5x5xf32>) -> !onnx.any
  return %0 : !onnx.any
}
