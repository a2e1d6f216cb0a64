// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --cse | FileCheck %s
// Elementwise operators, activations and casts: broadcasting of the first opsets, mixed types, narrow floats.

// Before opset 7, axis says where the second operand's dimensions stand.
// CHECK-LABEL: @broadcast_at_axis
// CHECK: %[[Y:.*]] = core.reshape %arg1 {{.*}} -> tensor<3x4x1xf32>
// CHECK: core.binary add %arg0, %[[Y]] : (tensor<?x3x4x5xf32>, tensor<3x4x1xf32>) -> tensor<?x3x4x5xf32>
func.func @broadcast_at_axis(%x: tensor<?x3x4x5xf32>, %y: tensor<3x4xf32>) -> !onnx.any {
  %0 = onnx.node "Add" opset 6 (%x, %y) {axis = 1 : i64, broadcast = 1 : i64} : (tensor<?x3x4x5xf32>, tensor<3x4xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// A float exponent of an integer base: both are exact in f64.
// CHECK-LABEL: @pow_of_integer
// CHECK: core.binary pow {{.*}} : (tensor<?xf64>, tensor<1xf64>) -> tensor<?xf64>
// CHECK: return {{.*}} : tensor<?xi32>
func.func @pow_of_integer(%x: tensor<?xi32>, %y: tensor<1xf32>) -> !onnx.any {
  %0 = onnx.node "Pow" opset 15 (%x, %y) {} : (tensor<?xi32>, tensor<1xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// Integers have the function of their f64.
// CHECK-LABEL: @erf_of_integers
// CHECK: %[[X:.*]] = core.cast %arg0 to f64
// CHECK: core.unary erf %[[X]]
// CHECK: return {{.*}} : tensor<?xi32>
func.func @erf_of_integers(%x: tensor<?xi32>) -> !onnx.any {
  %0 = onnx.node "Erf" opset 13 (%x) {} : (tensor<?xi32>) -> !onnx.any
  return %0 : !onnx.any
}

// CHECK-LABEL: @fmod
// CHECK: core.binary fmod
func.func @fmod(%x: tensor<?xf32>, %y: tensor<f32>) -> !onnx.any {
  %0 = onnx.node "Mod" opset 13 (%x, %y) {fmod = 1 : i64} : (tensor<?xf32>, tensor<f32>) -> !onnx.any
  return %0 : !onnx.any
}

// CHECK-LABEL: @sum_of_three
// CHECK: %[[S:.*]] = core.binary add %arg0, %arg1
// CHECK: core.binary add %[[S]], %arg2
func.func @sum_of_three(%x: tensor<?x3xf32>, %y: tensor<3xf32>, %z: tensor<1xf32>) -> !onnx.any {
  %0 = onnx.node "Sum" opset 13 (%x, %y, %z) {} : (tensor<?x3xf32>, tensor<3xf32>, tensor<1xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// Several steps on f16 are computed in f32 and rounded once.
// CHECK-LABEL: @celu_f16
// CHECK: core.cast %arg0 to f32
// CHECK-NOT: tensor<?xf16>, tensor<f16>
// CHECK: core.cast {{.*}} to f16
func.func @celu_f16(%x: tensor<?xf16>) -> !onnx.any {
  %0 = onnx.node "Celu" opset 28 (%x) {alpha = 2.0 : f32} : (tensor<?xf16>) -> !onnx.any
  return %0 : !onnx.any
}

// A slope of one entry a channel, before opset 7.
// CHECK-LABEL: @prelu_by_channel
// CHECK: core.reshape %arg1 {{.*}} -> tensor<3x1x1xf32>
func.func @prelu_by_channel(%x: tensor<?x3x?x?xf32>, %slope: tensor<3xf32>) -> !onnx.any {
  %0 = onnx.node "PRelu" opset 6 (%x, %slope) {} : (tensor<?x3x?x?xf32>, tensor<3xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// Only the upper bound is there.
// CHECK-LABEL: @clip_above
// CHECK-NOT: core.binary max
// CHECK: core.binary min %arg0, %arg1
func.func @clip_above(%x: tensor<?xi8>, %high: tensor<i8>) -> !onnx.any {
  %0 = onnx.node "Clip" opset 13 (%x, %high) present [true, false, true] {} : (tensor<?xi8>, tensor<i8>) -> !onnx.any
  return %0 : !onnx.any
}

// Whether it trains is known at run time: it must not.
// CHECK-LABEL: @dropout
// CHECK: core.require {{.*}}, "training mode is not supported"
// CHECK: %[[MASK:.*]] = core.broadcast {{.*}} -> tensor<?xi1>
// CHECK: return %arg0, %[[MASK]]
func.func @dropout(%x: tensor<?xf32>, %ratio: tensor<f32>, %trains: tensor<i1>) -> (!onnx.any, !onnx.any) {
  %0:2 = onnx.node "Dropout" opset 13 (%x, %ratio, %trains) {} : (tensor<?xf32>, tensor<f32>, tensor<i1>) -> (!onnx.any, !onnx.any)
  return %0#0, %0#1 : !onnx.any, !onnx.any
}

// Casts to 8-bit floats saturate unless the node says otherwise; others never do.
// CHECK-LABEL: @cast
// CHECK: core.cast %arg0 to f8E5M2 saturate :
// CHECK: core.cast %arg0 to f8E5M2 :
// CHECK: core.cast %arg0 to i8 :
func.func @cast(%x: tensor<?xf32>) -> (!onnx.any, !onnx.any, !onnx.any) {
  %0 = onnx.node "Cast" opset 25 (%x) {to = 19 : i64} : (tensor<?xf32>) -> !onnx.any
  %1 = onnx.node "Cast" opset 25 (%x) {to = 19 : i64, saturate = 0 : i64} : (tensor<?xf32>) -> !onnx.any
  %2 = onnx.node "Cast" opset 1 (%x) {to = "INT8"} : (tensor<?xf32>) -> !onnx.any
  return %0, %1, %2 : !onnx.any, !onnx.any, !onnx.any
}

// The threshold may have a fraction, so integers are compared as f64.
// CHECK-LABEL: @binarizer_of_integers
// CHECK: %[[X:.*]] = core.cast %arg0 to f64
// CHECK: core.compare gt %[[X]]
// CHECK: return {{.*}} : tensor<?x3xi64>
func.func @binarizer_of_integers(%x: tensor<?x3xi64>) -> !onnx.any {
  %0 = onnx.node "Binarizer" domain "ai.onnx.ml" opset 1 (%x) {threshold = 0.5 : f32} : (tensor<?x3xi64>) -> !onnx.any
  return %0 : !onnx.any
}

// CHECK-LABEL: @binarizer
// CHECK: core.compare gt %arg0
// CHECK: return {{.*}} : tensor<?xf32>
func.func @binarizer(%x: tensor<?xf32>) -> !onnx.any {
  %0 = onnx.node "Binarizer" domain "ai.onnx.ml" opset 1 (%x) {} : (tensor<?xf32>) -> !onnx.any
  return %0 : !onnx.any
}
