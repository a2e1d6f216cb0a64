// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --canonicalize | FileCheck %s

// What both have and the result has not is the inner size of a matrix product; what both keep is its batch.
// CHECK-LABEL: func.func @attention
func.func @attention(%q: tensor<2x?x8x16xf32>, %k: tensor<2x?x8x16xf32>) -> !onnx.any {
  // CHECK: core.matmul %{{.*}} : (tensor<2x8x?x16xf32>, tensor<2x8x16x?xf32>) -> tensor<2x8x?x?xf32>
  // CHECK: return %{{.*}} : tensor<2x8x?x?xf32>
  %0 = onnx.node "Einsum" opset 12 (%q, %k) {equation = "bihd, bjhd -> bhij"} : (tensor<2x?x8x16xf32>, tensor<2x?x8x16xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// A name that comes twice in one operand is its diagonal.
// CHECK-LABEL: func.func @trace
func.func @trace(%x: tensor<3x4x4xf32>) -> !onnx.any {
  // CHECK: core.generate
  // CHECK: core.reduce sum %{{.*}} axes [1] keepdims false : (tensor<3x4xf32>) -> tensor<3xf32>
  %0 = onnx.node "Einsum" opset 12 (%x) {equation = "...ii->..."} : (tensor<3x4x4xf32>) -> !onnx.any
  return %0 : !onnx.any
}
