// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @softmax
func.func @softmax(%x: tensor<2x?x4xf32>) -> (!onnx.any, !onnx.any) {
  // CHECK: core.softmax %{{.*}} axis 1 log
  %0 = onnx.node "LogSoftmax" opset 13 (%x) {axis = -2 : i64} : (tensor<2x?x4xf32>) -> !onnx.any
  // Before opset 13 the dimensions from the axis on are one row.
  // CHECK: %[[F:.*]] = core.reshape {{.*}} : tensor<2x?x4xf32> -> tensor<2x?xf32>
  // CHECK: core.softmax %[[F]] axis 1 :
  %1 = onnx.node "Softmax" opset 11 (%x) {} : (tensor<2x?x4xf32>) -> !onnx.any
  return %0, %1 : !onnx.any, !onnx.any
}

// Statistics in f32, scale and bias in the type of the input.
// CHECK-LABEL: func.func @layer
func.func @layer(%x: tensor<2x?x4xf16>, %s: tensor<4xf16>, %b: tensor<4xf16>) -> !onnx.any {
  // CHECK: %[[N:.*]] = core.norm %{{.*}} axis 2 epsilon {{.*}} : (tensor<2x?x4xf32>) -> tensor<2x?x4xf32>
  // CHECK-NEXT: %[[C:.*]] = core.cast %[[N]] to f16
  // CHECK-NEXT: %[[M:.*]] = core.binary mul %[[C]], %{{.*}} : (tensor<2x?x4xf16>, tensor<4xf16>)
  // CHECK-NEXT: core.binary add %[[M]]
  %0 = onnx.node "LayerNormalization" opset 17 (%x, %s, %b) {} : (tensor<2x?x4xf16>, tensor<4xf16>, tensor<4xf16>) -> !onnx.any
  return %0 : !onnx.any
}

// One factor and one summand a channel.
// CHECK-LABEL: func.func @batch
// CHECK-SAME: (%[[X:.*]]: tensor<?x3x?xf32>, %[[V:.*]]: tensor<3xf32>)
func.func @batch(%x: tensor<?x3x?xf32>, %v: tensor<3xf32>) -> !onnx.any {
  // CHECK: %[[F:.*]] = core.binary div %[[V]], %{{.*}} : (tensor<3xf32>, tensor<3xf32>)
  // CHECK: %[[M:.*]] = core.binary mul %[[X]], %{{.*}} : (tensor<?x3x?xf32>, tensor<3x1xf32>)
  // CHECK: core.binary add %[[M]], %{{.*}} : (tensor<?x3x?xf32>, tensor<3x1xf32>)
  // CHECK-NEXT: return
  %0 = onnx.node "BatchNormalization" opset 15 (%x, %v, %v, %v, %v) {} : (tensor<?x3x?xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>, tensor<3xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// CHECK-LABEL: func.func @group
func.func @group(%x: tensor<?x6x?xf32>, %s: tensor<6xf32>) -> !onnx.any {
  // CHECK: core.norm %{{.*}} axis 2 epsilon {{.*}} : (tensor<?x3x?xf32>) -> tensor<?x3x?xf32>
  // CHECK: return %{{.*}} : tensor<?x6x?xf32>
  %0 = onnx.node "GroupNormalization" opset 21 (%x, %s, %s) {num_groups = 3 : i64} : (tensor<?x6x?xf32>, tensor<6xf32>, tensor<6xf32>) -> !onnx.any
  return %0 : !onnx.any
}
