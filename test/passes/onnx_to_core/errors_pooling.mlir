// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --split-input-file --verify-diagnostics

func.func @kernel(%x: tensor<1x2x5xf32>) -> !onnx.any {
  // expected-error @+1 {{attribute kernel_shape is missing}}
  %0 = onnx.node "MaxPool" opset 12 (%x) {} : (tensor<1x2x5xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @auto_pad(%x: tensor<1x2x5xf32>) -> !onnx.any {
  // expected-error @+1 {{auto_pad is 'WIDE', expected NOTSET, VALID, SAME_UPPER or SAME_LOWER}}
  %0 = onnx.node "AveragePool" opset 12 (%x) {kernel_shape = array<i64: 2>, auto_pad = "WIDE"} : (tensor<1x2x5xf32>) -> !onnx.any
  return %0 : !onnx.any
}
