// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --cse | FileCheck %s
// Sizes that the model computes become host scalars; sizes given at run time are checked.

// The exporters' chain of Shape, Gather, Unsqueeze, Concat and Reshape: -1 divides exactly, so the last size is known.
// CHECK-LABEL: @split_heads
// CHECK-NOT: core.require
// CHECK: core.reshape %arg0 {{.*}} : tensor<?x?x768xf32> -> tensor<?x?x12x64xf32>
func.func @split_heads(%x: tensor<?x?x768xf32>) -> !onnx.any {
  %s = onnx.node "Shape" opset 13 (%x) {} : (tensor<?x?x768xf32>) -> !onnx.any
  %i0 = onnx.node "Constant" opset 13 () {value = dense<0> : tensor<i64>} : () -> !onnx.any
  %i1 = onnx.node "Constant" opset 13 () {value_int = 1 : i64} : () -> !onnx.any
  %h = onnx.node "Constant" opset 13 () {value_ints = array<i64: 12, -1>} : () -> !onnx.any
  %z = onnx.node "Constant" opset 13 () {value_ints = array<i64: 0>} : () -> !onnx.any
  %d0 = onnx.node "Gather" opset 13 (%s, %i0) {} : (!onnx.any, !onnx.any) -> !onnx.any
  %d1 = onnx.node "Gather" opset 13 (%s, %i1) {} : (!onnx.any, !onnx.any) -> !onnx.any
  %u0 = onnx.node "Unsqueeze" opset 13 (%d0, %z) {} : (!onnx.any, !onnx.any) -> !onnx.any
  %u1 = onnx.node "Unsqueeze" opset 13 (%d1, %z) {} : (!onnx.any, !onnx.any) -> !onnx.any
  %t = onnx.node "Concat" opset 13 (%u0, %u1, %h) {axis = 0 : i64} : (!onnx.any, !onnx.any, !onnx.any) -> !onnx.any
  %r = onnx.node "Reshape" opset 13 (%x, %t) {} : (tensor<?x?x768xf32>, !onnx.any) -> !onnx.any
  return %r : !onnx.any
}

// Entries known at run time may be 0 or -1, and must make the input's number of elements.
// CHECK-LABEL: @reshape_at_run_time
// CHECK: arith.floordivsi
// CHECK: core.require {{.*}}, "the input's number of elements is not that of the shape"
// CHECK: core.reshape %arg0 {{.*}} -> tensor<?x?x?xf32>
func.func @reshape_at_run_time(%x: tensor<?x?xf32>, %s: tensor<3xi64>) -> !onnx.any {
  %r = onnx.node "Reshape" opset 13 (%x, %s) {} : (tensor<?x?xf32>, tensor<3xi64>) -> !onnx.any
  return %r : !onnx.any
}

// Both sides may be the larger one.
// CHECK-LABEL: @expand
// CHECK: core.require {{.*}}, "the input does not broadcast"
// CHECK: core.broadcast %arg0 {{.*}} : tensor<?x1xf32> -> tensor<4x?x?xf32>
func.func @expand(%x: tensor<?x1xf32>, %y: tensor<4x?x?xf32>) -> !onnx.any {
  %s = onnx.node "Shape" opset 13 (%y) {} : (tensor<4x?x?xf32>) -> !onnx.any
  %r = onnx.node "Expand" opset 13 (%x, %s) {} : (tensor<?x1xf32>, !onnx.any) -> !onnx.any
  return %r : !onnx.any
}

// Negative bounds count from the end; "to the end" needs no arithmetic.
// CHECK-LABEL: @slice
// CHECK: %[[N:.*]] = tensor.dim %arg0, %c0
// CHECK: core.slice %arg0 offsets(%c0, {{.*}}) steps(%c1, %c-1) sizes(%[[N]], {{.*}})
func.func @slice(%x: tensor<?x?xf32>) -> !onnx.any {
  %a = core.constant dense<[0, -2]> : tensor<2xi64>
  %e = core.constant dense<[9223372036854775807, -4]> : tensor<2xi64>
  %axes = core.constant dense<[0, -1]> : tensor<2xi64>
  %steps = core.constant dense<[1, -1]> : tensor<2xi64>
  %r = onnx.node "Slice" opset 13 (%x, %a, %e, %axes, %steps) {} : (tensor<?x?xf32>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>, tensor<2xi64>) -> !onnx.any
  return %r : !onnx.any
}

// Even the number of bounds is known at run time only.
// CHECK-LABEL: @slice_at_run_time
// CHECK: core.require {{.*}}, "starts has more entries than dimensions"
// CHECK: core.require {{.*}}, "an axis is out of range"
// CHECK: core.require {{.*}}, "a step is zero"
// CHECK: core.slice %arg0
func.func @slice_at_run_time(%x: tensor<?xf32>, %a: tensor<?xi32>, %e: tensor<?xi32>, %axes: tensor<?xi32>, %steps: tensor<?xi32>) -> !onnx.any {
  %r = onnx.node "Slice" opset 13 (%x, %a, %e, %axes, %steps) {} : (tensor<?xf32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>, tensor<?xi32>) -> !onnx.any
  return %r : !onnx.any
}

// CHECK-LABEL: @unsqueeze_at_run_time
// CHECK: core.reshape %arg0 {{.*}} : tensor<?x?xf32> -> tensor<?x?x?xf32>
func.func @unsqueeze_at_run_time(%x: tensor<?x?xf32>, %axes: tensor<1xi64>) -> !onnx.any {
  %r = onnx.node "Unsqueeze" opset 13 (%x, %axes) {} : (tensor<?x?xf32>, tensor<1xi64>) -> !onnx.any
  return %r : !onnx.any
}

// From opset 18 on the last part may be smaller.
// CHECK-LABEL: @split
// CHECK: return {{.*}} : tensor<3xf32>, tensor<3xf32>, tensor<1xf32>
func.func @split(%x: tensor<7xf32>) -> (!onnx.any, !onnx.any, !onnx.any) {
  %r:3 = onnx.node "Split" opset 18 (%x) {num_outputs = 3 : i64} : (tensor<7xf32>) -> (!onnx.any, !onnx.any, !onnx.any)
  return %r#0, %r#1, %r#2 : !onnx.any, !onnx.any, !onnx.any
}

// CHECK-LABEL: @range
// CHECK: core.iota i64 axis 0 sizes(%{{.*}}) : tensor<?xi64>
func.func @range(%x: tensor<?x4xf32>) -> !onnx.any {
  %zero = core.constant dense<0> : tensor<i64>
  %one = core.constant dense<1> : tensor<i64>
  %n = onnx.node "Size" opset 13 (%x) {} : (tensor<?x4xf32>) -> !onnx.any
  %r = onnx.node "Range" opset 13 (%zero, %n, %one) {} : (tensor<i64>, !onnx.any, tensor<i64>) -> !onnx.any
  return %r : !onnx.any
}

// A number of elements that depends on the values is computed by a count.
// CHECK-LABEL: @nonzero
// CHECK: core.nonzero_count %arg0
// CHECK: core.nonzero_indices %arg0 count {{.*}} -> tensor<2x?xi64>
func.func @nonzero(%x: tensor<?x?xf32>) -> !onnx.any {
  %r = onnx.node "NonZero" opset 13 (%x) {} : (tensor<?x?xf32>) -> !onnx.any
  return %r : !onnx.any
}
