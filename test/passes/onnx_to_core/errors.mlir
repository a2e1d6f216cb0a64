// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core -split-input-file -verify-diagnostics
// What a node that cannot be lowered says.

func.func @unknown(%x: tensor<2xf32>) -> !onnx.any {
  // expected-error@+1 {{Frobnicate, opset 13, inputs tensor<2xf32>: the operator is not supported}}
  %0 = onnx.node "Frobnicate" opset 13 (%x) {} : (tensor<2xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @too_old(%x: tensor<2xf32>) -> !onnx.any {
  // expected-error@+1 {{Round, opset 10, inputs tensor<2xf32>: supported from opset 11 on}}
  %0 = onnx.node "Round" opset 10 (%x) {} : (tensor<2xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @missing(%x: tensor<2xf32>) -> !onnx.any {
  // expected-error@+1 {{input 1 is missing}}
  %0 = onnx.node "Add" opset 13 (%x) {} : (tensor<2xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @unknown_rank(%x: tensor<*xf32>) -> !onnx.any {
  // expected-error@+1 {{input 0 is 'tensor<*xf32>', expected a tensor whose rank is known at compile time}}
  %0 = onnx.node "Abs" opset 13 (%x) {} : (tensor<*xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @strings(%x: tensor<3x!core.string>, %i: tensor<2xi64>) -> !onnx.any {
  // expected-error@+1 {{input 0 has elements of type '!core.string', expected no strings}}
  %0 = onnx.node "Gather" opset 13 (%x, %i) {} : (tensor<3x!core.string>, tensor<2xi64>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @string_cast(%x: tensor<2xf32>) -> !onnx.any {
  // expected-error@+1 {{a cast from 'f32' to '!core.string' is not supported}}
  %0 = onnx.node "Cast" opset 13 (%x) {to = 8 : i64} : (tensor<2xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @data_type(%x: tensor<2xf32>) -> !onnx.any {
  // expected-error@+1 {{data type 99 is not supported}}
  %0 = onnx.node "Cast" opset 13 (%x) {to = 99 : i64} : (tensor<2xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @axis(%x: tensor<2x3xf32>) -> !onnx.any {
  // expected-error@+1 {{axis 2 is out of range for rank 2}}
  %0 = onnx.node "ReduceSum" opset 11 (%x) {axes = array<i64: 2>} : (tensor<2x3xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @axis_twice(%x: tensor<2x3xf32>) -> !onnx.any {
  // expected-error@+1 {{axis -1 is named twice}}
  %0 = onnx.node "Squeeze" opset 11 (%x) {axes = array<i64: 1, -1>} : (tensor<2x3xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @squeezed_size(%x: tensor<2x3xf32>) -> !onnx.any {
  // expected-error@+1 {{a dimension that is squeezed has another size than 1: 2 and 1}}
  %0 = onnx.node "Squeeze" opset 11 (%x) {axes = array<i64: 0>} : (tensor<2x3xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @reshape_rank(%x: tensor<2x3xf32>, %s: tensor<?xi64>) -> !onnx.any {
  // expected-error@+1 {{the shape is 'tensor<?xi64>', whose number of entries, the result's rank, is not known at compile time}}
  %0 = onnx.node "Reshape" opset 13 (%x, %s) {} : (tensor<2x3xf32>, tensor<?xi64>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @reshape_count(%x: tensor<2x3xf32>) -> !onnx.any {
  %s = core.constant dense<[-1, 4]> : tensor<2xi64>
  // expected-error@+1 {{the input's elements do not fill the shape evenly}}
  %0 = onnx.node "Reshape" opset 13 (%x, %s) {} : (tensor<2x3xf32>, tensor<2xi64>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @reduced_rank(%x: tensor<2x3xf32>, %axes: tensor<?xi64>) -> !onnx.any {
  // expected-error@+1 {{the number of axes is not known at compile time, so without keepdims the result's rank is not}}
  %0 = onnx.node "ReduceSum" opset 13 (%x, %axes) {keepdims = 0 : i64} : (tensor<2x3xf32>, tensor<?xi64>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @pads(%x: tensor<2x3xf32>) -> !onnx.any {
  // expected-error@+1 {{pads has 2 entries, expected 4}}
  %0 = onnx.node "Pad" opset 2 (%x) {pads = array<i64: 1, 1>} : (tensor<2x3xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @both_reported(%x: tensor<2x3xf32>) -> !onnx.any {
  // expected-error@+1 {{attribute 'value' is not a tensor}}
  %0 = onnx.node "Constant" opset 1 () {value = 1 : i64} : () -> !onnx.any
  // expected-error@+1 {{mode is 'mirror'}}
  %1 = onnx.node "Pad" opset 2 (%x) {mode = "mirror", pads = array<i64: 1, 1, 1, 1>} : (tensor<2x3xf32>) -> !onnx.any
  return %1 : !onnx.any
}

// -----

// An attribute of another type is no attribute that is left out; it is reported once, whatever else is wrong.
func.func @attribute_types(%x: tensor<2x3xf32>) -> !onnx.any {
  // expected-error@+1 {{attribute 'axis' is of type FLOAT, expected INT}}
  %0 = onnx.node "Softmax" opset 13 (%x) {axis = 1.0 : f32} : (tensor<2x3xf32>) -> !onnx.any
  // expected-error@+1 {{attribute 'alpha' is of type STRING, expected FLOAT}}
  %1 = onnx.node "LeakyRelu" opset 16 (%x) {alpha = "small"} : (tensor<2x3xf32>) -> !onnx.any
  // expected-error@+1 {{attribute 'perm' is of type INT, expected INTS}}
  %2 = onnx.node "Transpose" opset 13 (%x) {perm = 1 : i64} : (tensor<2x3xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @more_outputs_than_the_operator_has(%x: tensor<2xf32>) -> !onnx.any {
  // expected-error@+1 {{Relu, opset 13, inputs tensor<2xf32>: output 1 is used, but the operator gives only 1}}
  %0:2 = onnx.node "Relu" opset 13 (%x) {} : (tensor<2xf32>) -> (!onnx.any, !onnx.any)
  return %0#1 : !onnx.any
}

// -----

func.func @features_of_scalar(%x: tensor<f32>, %y: tensor<2xi64>) -> !onnx.any {
  // expected-error@+1 {{ArrayFeatureExtractor, opset 1, inputs tensor<f32>, tensor<2xi64>: axis -1}}
  %0 = onnx.node "ArrayFeatureExtractor" domain "ai.onnx.ml" opset 1 (%x, %y) {} : (tensor<f32>, tensor<2xi64>) -> !onnx.any
  return %0 : !onnx.any
}
