// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --canonicalize | FileCheck %s

// How many boxes stay is known only when the program runs.
// CHECK-LABEL: func.func @suppress
func.func @suppress(%b: tensor<1x?x4xf32>, %s: tensor<1x2x?xf32>, %n: tensor<1xi64>) -> !onnx.any {
  // CHECK: core.sort %{{.*}} axis 2 descending
  // CHECK: scf.for {{.*}} -> (tensor<1x2x?xi1>)
  // CHECK: core.nonzero_count
  // CHECK: return %{{.*}} : tensor<?x3xi64>
  %0 = onnx.node "NonMaxSuppression" opset 11 (%b, %s, %n) {} : (tensor<1x?x4xf32>, tensor<1x2x?xf32>, tensor<1xi64>) -> !onnx.any
  return %0 : !onnx.any
}

// The image's number comes from data, so it is checked.
// CHECK-LABEL: func.func @align
func.func @align(%x: tensor<?x3x?x?xf32>, %r: tensor<?x4xf32>, %i: tensor<?xi64>) -> !onnx.any {
  // CHECK: core.check_index
  // CHECK: return %{{.*}} : tensor<?x3x5x5xf32>
  %0 = onnx.node "RoiAlign" opset 16 (%x, %r, %i) {output_height = 5 : i64, output_width = 5 : i64} : (tensor<?x3x?x?xf32>, tensor<?x4xf32>, tensor<?xi64>) -> !onnx.any
  return %0 : !onnx.any
}
