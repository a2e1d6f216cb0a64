// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s | FileCheck %s

// CHECK-LABEL: func.func @typed
func.func @typed(%x: tensor<4x8xf32>) -> !onnx.any {
  // CHECK: onnx.node "ReduceSum" opset 13(%{{.*}}) {keepdims = 0 : i64} : (tensor<4x8xf32>) -> !onnx.any
  %0 = onnx.node "ReduceSum" opset 13 (%x) {keepdims = 0 : i64} : (tensor<4x8xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// The second of three inputs is left empty.
// CHECK-LABEL: func.func @empty_input
func.func @empty_input(%x: tensor<4xf32>, %max: tensor<f32>) -> !onnx.any {
  // CHECK: onnx.node "Clip" opset 13(%{{.*}}, %{{.*}}) present [true, false, true] {}
  %0 = onnx.node "Clip" opset 13 (%x, %max) present [true, false, true] {} : (tensor<4xf32>, tensor<f32>) -> !onnx.any
  return %0 : !onnx.any
}

// CHECK-LABEL: func.func @domain
func.func @domain(%x: tensor<4xf32>) -> !onnx.any {
  // CHECK: onnx.node "Gelu" domain "com.microsoft" opset 1(%{{.*}}) {}
  %0 = onnx.node "Gelu" domain "com.microsoft" opset 1 (%x) {} : (tensor<4xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// A subgraph sees the values around it.
// CHECK-LABEL: func.func @graphs
func.func @graphs(%c: tensor<i1>, %x: tensor<4xf32>) -> !onnx.any {
  // CHECK: onnx.node "If" opset 16(%{{.*}}) {} graphs ["then_branch", "else_branch"] {
  %0 = onnx.node "If" opset 16 (%c) {} graphs ["then_branch", "else_branch"] {
    // CHECK: onnx.yield %{{.*}} : tensor<4xf32>
    onnx.yield %x : tensor<4xf32>
  }, {
    // CHECK: %[[N:.*]] = onnx.node "Neg" opset 13
    %1 = onnx.node "Neg" opset 13 (%x) {} : (tensor<4xf32>) -> !onnx.any
    // CHECK: onnx.yield %[[N]] : !onnx.any
    onnx.yield %1 : !onnx.any
  } : (tensor<i1>) -> !onnx.any
  return %0 : !onnx.any
}

// Attributes of each kind.
// CHECK-LABEL: func.func @attributes
func.func @attributes() -> (!onnx.any, !onnx.any) {
  // CHECK: onnx.node "Frobnicate" opset 1() {
  // CHECK-SAME: alpha = 5.000000e-01 : f32
  // CHECK-SAME: axes = array<i64: 0, -1>
  // CHECK-SAME: names = ["a", "b\FF"]
  // CHECK-SAME: value = dense<1> : tensor<2xi64>
  // CHECK-SAME: weights = #core.blob<"model.onnx", 64, 8, "">
  %0:2 = onnx.node "Frobnicate" opset 1 () {alpha = 0.5 : f32, axes = array<i64: 0, -1>, names = ["a", "b\FF"],
    value = dense<1> : tensor<2xi64>, weights = #core.blob<"model.onnx", 64, 8, "">} : () -> (!onnx.any, !onnx.any)
  return %0#0, %0#1 : !onnx.any, !onnx.any
}
