// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --split-input-file --verify-diagnostics

func.func @nothing(%x: tensor<1x3x4xf32>) -> !onnx.any {
  // expected-error @+1 {{neither scales nor sizes is given}}
  %0 = onnx.node "Resize" opset 19 (%x) {} : (tensor<1x3x4xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @scale(%x: tensor<3xf32>) -> !onnx.any {
  %s = core.constant dense<-2.0> : tensor<1xf32>
  // expected-error @+1 {{scales has the entry -2.0}}
  %0 = onnx.node "Resize" opset 10 (%x, %s) {} : (tensor<3xf32>, tensor<1xf32>) -> !onnx.any
  return %0 : !onnx.any
}
