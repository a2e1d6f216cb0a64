// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @per_axis
func.func @per_axis(%x: tensor<?x3x?xf32>, %s: tensor<3xf32>, %z: tensor<3xi8>) -> !onnx.any {
  // CHECK: core.binary div %{{.*}} : (tensor<?x3x?xf32>, tensor<1x3x1xf32>)
  // CHECK: core.unary round
  // CHECK: core.cast %{{.*}} to i8 saturate
  %0 = onnx.node "QuantizeLinear" opset 13 (%x, %s, %z) {} : (tensor<?x3x?xf32>, tensor<3xf32>, tensor<3xi8>) -> !onnx.any
  return %0 : !onnx.any
}

// Each block of four indices has a scale.
// CHECK-LABEL: func.func @blocks
func.func @blocks(%x: tensor<2x?xui4>, %s: tensor<2x?xf16>) -> !onnx.any {
  // CHECK: core.require
  // CHECK: core.gather %{{.*}} axis 1 : (tensor<2x?xf16>, tensor<?xi64>)
  // CHECK: return %{{.*}} : tensor<2x?xf16>
  %0 = onnx.node "DequantizeLinear" opset 25 (%x, %s) {block_size = 4 : i64} : (tensor<2x?xui4>, tensor<2x?xf16>) -> !onnx.any
  return %0 : !onnx.any
}
