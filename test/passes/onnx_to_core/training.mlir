// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --canonicalize | FileCheck %s

// Any number of tensors: all new values, then all new states.
// CHECK-LABEL: func.func @momentum
func.func @momentum(%r: tensor<f32>, %t: tensor<i64>, %x: tensor<2xf32>, %y: tensor<?x3xf32>) -> (!onnx.any, !onnx.any, !onnx.any, !onnx.any) {
  // CHECK: return {{.*}} : tensor<2xf32>, tensor<?x3xf32>, tensor<2xf32>, tensor<?x3xf32>
  %0, %1, %2, %3 = onnx.node "Momentum" domain "ai.onnx.preview.training" opset 1 (%r, %t, %x, %y, %x, %y, %x, %y) {mode = "nesterov"} : (tensor<f32>, tensor<i64>, tensor<2xf32>, tensor<?x3xf32>, tensor<2xf32>, tensor<?x3xf32>, tensor<2xf32>, tensor<?x3xf32>) -> (!onnx.any, !onnx.any, !onnx.any, !onnx.any)
  return %0, %1, %2, %3 : !onnx.any, !onnx.any, !onnx.any, !onnx.any
}
