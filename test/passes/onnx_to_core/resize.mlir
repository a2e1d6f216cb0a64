// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --canonicalize | FileCheck %s

// Nearest is one gather an axis; an axis of scale 1 costs nothing.
// CHECK-LABEL: func.func @nearest
func.func @nearest(%x: tensor<1x3x?x5xf32>) -> !onnx.any {
  %s = core.constant dense<[1.0, 1.0, 2.0, 2.0]> : tensor<4xf32>
  // CHECK: core.gather %{{.*}} axis 2 : (tensor<1x3x?x5xf32>, tensor<?xi64>) -> tensor<1x3x?x5xf32>
  // CHECK: core.gather %{{.*}} axis 3 : (tensor<1x3x?x5xf32>, tensor<10xi64>) -> tensor<1x3x?x10xf32>
  // CHECK-NOT: core.gather
  %0 = onnx.node "Resize" opset 19 (%x, %s) present [true, false, true] {} : (tensor<1x3x?x5xf32>, tensor<4xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// Sizes that come with the run: two taps an axis.
// CHECK-LABEL: func.func @linear
func.func @linear(%x: tensor<1x3x4x5xf16>, %s: tensor<2xi64>) -> !onnx.any {
  // CHECK-COUNT-2: core.gather %{{.*}} axis 2 : (tensor<1x3x4x5xf32>
  // CHECK-COUNT-2: core.gather %{{.*}} axis 3 : (tensor<1x3x?x5xf32>
  // CHECK: return %{{.*}} : tensor<1x3x?x?xf16>
  %0 = onnx.node "Resize" opset 19 (%x, %s) present [true, false, false, true] {mode = "linear", axes = array<i64: 2, 3>} : (tensor<1x3x4x5xf16>, tensor<2xi64>) -> !onnx.any
  return %0 : !onnx.any
}
