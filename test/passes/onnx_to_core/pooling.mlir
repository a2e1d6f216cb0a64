// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --canonicalize | FileCheck %s

// The last window begins inside the input and is completed by padding, which is the least value.
// CHECK-LABEL: func.func @max_ceil
func.func @max_ceil(%x: tensor<1x2x5xf32>) -> !onnx.any {
  // CHECK-DAG: core.constant dense<0xFF800000> : tensor<f32>
  // CHECK: core.pad constant %{{.*}} : tensor<1x5x2xf32>, tensor<f32> -> tensor<1x6x2xf32>
  // CHECK: core.pool max %{{.*}} window [2] strides [2] dilations [1] : (tensor<1x6x2xf32>) -> tensor<1x3x2xf32>
  %0 = onnx.node "MaxPool" opset 12 (%x) {kernel_shape = array<i64: 2>, strides = array<i64: 2>, ceil_mode = 1 : i64} : (tensor<1x2x5xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// CHECK-LABEL: func.func @max_indices
func.func @max_indices(%x: tensor<?x?x8x8xui8>) -> (!onnx.any, !onnx.any) {
  // CHECK: core.pool max {{.*}} -> tensor<?x4x4x?xui8>
  // CHECK: core.generate
  // CHECK: arith.cmpi ugt
  // CHECK: return {{.*}} : tensor<?x?x4x4xui8>, tensor<?x?x4x4xi64>
  %0, %1 = onnx.node "MaxPool" opset 12 (%x) {kernel_shape = array<i64: 2, 2>, strides = array<i64: 2, 2>} : (tensor<?x?x8x8xui8>) -> (!onnx.any, !onnx.any)
  return %0, %1 : !onnx.any, !onnx.any
}

// Without padding every window has the same count.
// CHECK-LABEL: func.func @average
func.func @average(%x: tensor<1x2x?xf16>) -> !onnx.any {
  // CHECK: core.pool sum %{{.*}} -> tensor<1x?x2xf32>
  // CHECK: core.binary div %{{.*}} : (tensor<1x?x2xf32>, tensor<f32>) -> tensor<1x?x2xf32>
  %0 = onnx.node "AveragePool" opset 19 (%x) {kernel_shape = array<i64: 3>} : (tensor<1x2x?xf16>) -> !onnx.any
  return %0 : !onnx.any
}

// CHECK-LABEL: func.func @global
func.func @global(%x: tensor<1x2x?x4xf32>) -> !onnx.any {
  // CHECK: core.reduce sum %{{.*}} axes [2, 3] keepdims true : (tensor<1x2x?x4xf32>) -> tensor<1x2x1x1xf32>
  %0 = onnx.node "GlobalAveragePool" opset 1 (%x) {} : (tensor<1x2x?x4xf32>) -> !onnx.any
  return %0 : !onnx.any
}
