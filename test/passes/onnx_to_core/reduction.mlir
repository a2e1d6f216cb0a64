// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --cse | FileCheck %s
// Reductions: axes as attribute, as constant input, and at run time.

// CHECK-LABEL: @mean
// CHECK: core.reduce sum {{.*}} axes [1] keepdims true : (tensor<?x3xf32>) -> tensor<?x1xf32>
// CHECK: core.binary div
// CHECK: return {{.*}} : tensor<?xf16>
func.func @mean(%x: tensor<?x3xf16>) -> !onnx.any {
  %r = onnx.node "ReduceMean" opset 13 (%x) {axes = array<i64: -1>, keepdims = 0 : i64} : (tensor<?x3xf16>) -> !onnx.any
  return %r : !onnx.any
}

// CHECK-LABEL: @no_axes
// CHECK-NOT: core.reduce
// CHECK: return %arg0
func.func @no_axes(%x: tensor<?x3xf32>) -> !onnx.any {
  %axes = core.constant dense<> : tensor<0xi64>
  %r = onnx.node "ReduceSum" opset 13 (%x, %axes) {noop_with_empty_axes = 1 : i64} : (tensor<?x3xf32>, tensor<0xi64>) -> !onnx.any
  return %r : !onnx.any
}

// The exponents are taken relative to the greatest element.
// CHECK-LABEL: @log_sum_exp
// CHECK: core.reduce max %arg0
// CHECK: core.unary exp
// CHECK: core.reduce sum
// CHECK: core.unary log
func.func @log_sum_exp(%x: tensor<?x3xf32>) -> !onnx.any {
  %r = onnx.node "ReduceLogSumExp" opset 18 (%x) {} : (tensor<?x3xf32>) -> !onnx.any
  return %r : !onnx.any
}

// An axis known at run time: the rank of the result is known all the same.
// CHECK-LABEL: @axis_at_run_time
// CHECK: core.require {{.*}}, "an axis is out of range"
// CHECK: core.generate
// CHECK-COUNT-2: scf.for
// CHECK: return {{.*}} : tensor<?xf32>
func.func @axis_at_run_time(%x: tensor<?x3xf32>, %axes: tensor<1xi64>) -> !onnx.any {
  %r = onnx.node "ReduceMax" opset 18 (%x, %axes) {keepdims = 0 : i64} : (tensor<?x3xf32>, tensor<1xi64>) -> !onnx.any
  return %r : !onnx.any
}

// A scan along an axis known at run time is one along the middle of three dimensions.
// CHECK-LABEL: @scan_at_run_time
// CHECK: core.scan sum {{.*}} axis 1 exclusive : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
// CHECK: return {{.*}} : tensor<?x3xf32>
func.func @scan_at_run_time(%x: tensor<?x3xf32>, %axis: tensor<i32>) -> !onnx.any {
  %r = onnx.node "CumSum" opset 14 (%x, %axis) {exclusive = 1 : i64} : (tensor<?x3xf32>, tensor<i32>) -> !onnx.any
  return %r : !onnx.any
}

// Before opset 13 the dimensions from the axis on are one row.
// CHECK-LABEL: @hardmax
// CHECK: core.arg_reduce max {{.*}} axis 1 keepdims true : (tensor<?x12xf32>)
func.func @hardmax(%x: tensor<?x3x4xf32>) -> !onnx.any {
  %r = onnx.node "Hardmax" opset 11 (%x) {} : (tensor<?x3x4xf32>) -> !onnx.any
  return %r : !onnx.any
}
