// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --canonicalize | FileCheck %s

// The axis may come with the run. Sums are of f64.
// CHECK-LABEL: func.func @dft
func.func @dft(%x: tensor<1x?x10x1xf32>, %axis: tensor<i64>) -> !onnx.any {
  // CHECK: core.require %{{.*}}, "axis is out of range"
  // CHECK: core.generate
  // CHECK: scf.for {{.*}} -> (f64, f64)
  // CHECK: return %{{.*}} : tensor<?x?x?x2xf32>
  %0 = onnx.node "DFT" opset 20 (%x, %axis) present [true, false, true] {} : (tensor<1x?x10x1xf32>, tensor<i64>) -> !onnx.any
  return %0 : !onnx.any
}

// CHECK-LABEL: func.func @window
func.func @window() -> !onnx.any {
  %size = core.constant dense<7> : tensor<i32>
  // CHECK: core.unary cos %{{.*}} : (tensor<7xf64>) -> tensor<7xf64>
  // CHECK: return %{{.*}} : tensor<7xf32>
  %0 = onnx.node "HannWindow" opset 17 (%size) {} : (tensor<i32>) -> !onnx.any
  return %0 : !onnx.any
}
