// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --canonicalize | FileCheck %s

// Operands of rank 1 are a row and a column.
// CHECK-LABEL: func.func @vectors
func.func @vectors(%x: tensor<3xf32>, %y: tensor<3xf32>) -> !onnx.any {
  // CHECK: core.matmul %{{.*}}, %{{.*}} to f32 : (tensor<1x3xf32>, tensor<3x1xf32>) -> tensor<1x1xf32>
  // CHECK: return %{{.*}} : tensor<f32>
  %0 = onnx.node "MatMul" opset 13 (%x, %y) {} : (tensor<3xf32>, tensor<3xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// Sizes that the types leave open are checked when the program runs; leading ones may be 1.
// CHECK-LABEL: func.func @unknown
func.func @unknown(%x: tensor<?x?x?xf32>, %y: tensor<?x8xf32>) -> !onnx.any {
  // CHECK: core.matmul %{{.*}}, %{{.*}} to f32 : (tensor<?x?x?xf32>, tensor<?x8xf32>) -> tensor<?x?x8xf32>
  %0 = onnx.node "MatMul" opset 13 (%x, %y) {} : (tensor<?x?x?xf32>, tensor<?x8xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// Factors of one leave nothing behind.
// CHECK-LABEL: func.func @gemm
// CHECK-SAME: (%[[A:.*]]: tensor<2x3xf32>, %[[B:.*]]: tensor<4x3xf32>, %[[C:.*]]: tensor<4xf32>)
func.func @gemm(%a: tensor<2x3xf32>, %b: tensor<4x3xf32>, %c: tensor<4xf32>) -> !onnx.any {
  // CHECK-NEXT: %[[T:.*]] = core.transpose %[[B]] [1, 0]
  // CHECK-NEXT: %[[P:.*]] = core.matmul %[[A]], %[[T]] to f32
  // CHECK-NEXT: %[[S:.*]] = core.binary add %[[P]], %[[C]]
  // CHECK-NEXT: return %[[S]]
  %0 = onnx.node "Gemm" opset 13 (%a, %b, %c) {transB = 1 : i64, alpha = 1.0 : f32} : (tensor<2x3xf32>, tensor<4x3xf32>, tensor<4xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// CHECK-LABEL: func.func @integer
func.func @integer(%a: tensor<2x3xui8>, %b: tensor<3x4xi8>, %za: tensor<2xui8>) -> !onnx.any {
  // CHECK: core.binary sub %{{.*}} : (tensor<2x3xi32>, tensor<2x1xi32>) -> tensor<2x3xi32>
  // CHECK: core.matmul %{{.*}} to i32 : (tensor<2x3xi32>, tensor<3x4xi32>) -> tensor<2x4xi32>
  %0 = onnx.node "MatMulInteger" opset 10 (%a, %b, %za) {} : (tensor<2x3xui8>, tensor<3x4xi8>, tensor<2xui8>) -> !onnx.any
  return %0 : !onnx.any
}
