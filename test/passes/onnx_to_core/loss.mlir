// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --canonicalize | FileCheck %s

// Ignored labels take class 0 with a weight of zero.
// CHECK-LABEL: func.func @ignored
func.func @ignored(%x: tensor<?x5x?xf32>, %t: tensor<?x?xi64>) -> (!onnx.any, !onnx.any) {
  // CHECK: %[[L:.*]] = core.softmax %{{.*}} axis 1 log
  // CHECK: core.compare eq
  // CHECK: core.gather_elements %[[L]], %{{.*}} axis 1 : (tensor<?x5x?xf32>, tensor<?x1x?xi64>)
  // CHECK: return %{{.*}}, %[[L]] : tensor<f32>, tensor<?x5x?xf32>
  %0, %1 = onnx.node "SoftmaxCrossEntropyLoss" opset 13 (%x, %t) {ignore_index = -1 : i64} : (tensor<?x5x?xf32>, tensor<?x?xi64>) -> (!onnx.any, !onnx.any)
  return %0, %1 : !onnx.any, !onnx.any
}
