// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --canonicalize | FileCheck %s

// One product with the input for all steps, then a loop that hands the state on.
// CHECK-LABEL: func.func @unknown_length
func.func @unknown_length(%x: tensor<?x2x3xf32>, %w: tensor<1x20x3xf32>, %r: tensor<1x20x5xf32>) -> (!onnx.any, !onnx.any, !onnx.any) {
  // CHECK: core.matmul %{{.*}} : (tensor<?x2x3xf32>, tensor<3x20xf32>) -> tensor<?x2x20xf32>
  // CHECK: scf.for {{.*}} -> (tensor<2x5xf32>, tensor<2x5xf32>, tensor<?x2x5xf32>)
  // CHECK: core.matmul %{{.*}} : (tensor<2x5xf32>, tensor<5x20xf32>) -> tensor<2x20xf32>
  // CHECK: return {{.*}} : tensor<?x1x2x5xf32>, tensor<1x2x5xf32>, tensor<1x2x5xf32>
  %0, %1, %2 = onnx.node "LSTM" opset 22 (%x, %w, %r) {hidden_size = 5 : i64} : (tensor<?x2x3xf32>, tensor<1x20x3xf32>, tensor<1x20x5xf32>) -> (!onnx.any, !onnx.any, !onnx.any)
  return %0, %1, %2 : !onnx.any, !onnx.any, !onnx.any
}

// Few steps are unrolled.
// CHECK-LABEL: func.func @short
func.func @short(%x: tensor<2x2x3xf32>, %w: tensor<1x5x3xf32>, %r: tensor<1x5x5xf32>) -> !onnx.any {
  // CHECK-COUNT-3: core.matmul
  // CHECK-NOT: scf.for
  // CHECK: core.concat axis 0
  %0 = onnx.node "RNN" opset 22 (%x, %w, %r) {hidden_size = 5 : i64} : (tensor<2x2x3xf32>, tensor<1x5x3xf32>, tensor<1x5x5xf32>) -> !onnx.any
  return %0 : !onnx.any
}
