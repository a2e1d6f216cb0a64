// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --canonicalize | FileCheck %s

// Channels go last; without padding there is no pad.
// CHECK-LABEL: func.func @plain
// CHECK-SAME: (%[[X:.*]]: tensor<1x4x9x7xf32>, %[[W:.*]]: tensor<8x2x3x3xf32>, %[[B:.*]]: tensor<8xf32>)
func.func @plain(%x: tensor<1x4x9x7xf32>, %w: tensor<8x2x3x3xf32>, %b: tensor<8xf32>) -> !onnx.any {
  // CHECK-DAG: %[[XT:.*]] = core.transpose %[[X]] [0, 2, 3, 1]
  // CHECK-DAG: %[[WT:.*]] = core.transpose %[[W]] [2, 3, 1, 0]
  // CHECK: %[[Y:.*]] = core.conv %[[XT]], %[[WT]] strides [2, 1] dilations [1, 2] groups 2 to f32 : (tensor<1x9x7x4xf32>, tensor<3x3x2x8xf32>) -> tensor<1x4x3x8xf32>
  // CHECK: %[[S:.*]] = core.binary add %[[Y]], %[[B]]
  // CHECK: core.transpose %[[S]] [0, 3, 1, 2]
  %0 = onnx.node "Conv" opset 11 (%x, %w, %b) {group = 2 : i64, strides = array<i64: 2, 1>, dilations = array<i64: 1, 2>} : (tensor<1x4x9x7xf32>, tensor<8x2x3x3xf32>, tensor<8xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// The padding of SAME follows from the size when the program runs.
// CHECK-LABEL: func.func @same
func.func @same(%x: tensor<?x1x?xf32>, %w: tensor<1x1x4xf32>) -> !onnx.any {
  // CHECK: arith.ceildivsi
  // CHECK: core.pad constant
  // CHECK: core.conv %{{.*}} : (tensor<?x?x1xf32>, tensor<4x1x1xf32>) -> tensor<?x?x1xf32>
  %0 = onnx.node "Conv" opset 22 (%x, %w) {auto_pad = "SAME_LOWER", strides = array<i64: 3>} : (tensor<?x1x?xf32>, tensor<1x1x4xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// Two phases of two taps each: a convolution with a channel for each phase of each output channel, whose results are then
// put side by side.
// CHECK-LABEL: func.func @transposed
func.func @transposed(%x: tensor<1x2x?xf32>, %w: tensor<2x3x4xf32>) -> !onnx.any {
  // CHECK: core.pad constant %{{.*}} : tensor<1x?x2xf32>
  // CHECK: core.slice %{{.*}} : tensor<2x3x2x2xf32> -> tensor<2x3x2x2xf32>
  // CHECK: core.conv %{{.*}} strides [1] dilations [1] groups 1 to f32 : (tensor<1x?x2xf32>, tensor<2x2x6xf32>) -> tensor<1x?x6xf32>
  // CHECK: core.reshape %{{.*}} -> tensor<1x?x2x3xf32>
  %0 = onnx.node "ConvTranspose" opset 11 (%x, %w) {strides = array<i64: 2>} : (tensor<1x2x?xf32>, tensor<2x3x4xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// With dilations: zeros between the elements, and the reversed filter.
// CHECK-LABEL: func.func @dilated
func.func @dilated(%x: tensor<1x2x?xf32>, %w: tensor<2x3x4xf32>) -> !onnx.any {
  // CHECK: core.pad constant %{{.*}} -> tensor<1x?x2x2xf32>
  // CHECK: core.slice %{{.*}} : tensor<2x3x4xf32> -> tensor<2x3x4xf32>
  // CHECK: core.conv %{{.*}} strides [1] dilations [2] groups 1 to f32 : (tensor<1x?x2xf32>, tensor<4x2x3xf32>) -> tensor<1x?x3xf32>
  %0 = onnx.node "ConvTranspose" opset 11 (%x, %w) {strides = array<i64: 2>, dilations = array<i64: 2>} : (tensor<1x2x?xf32>, tensor<2x3x4xf32>) -> !onnx.any
  return %0 : !onnx.any
}
