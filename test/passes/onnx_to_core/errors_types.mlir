// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core -split-input-file -verify-diagnostics
// Element types that the standard does not let an operator take, whatever its lowering would make of them.

func.func @one_of(%x: tensor<2xi32>) -> !onnx.any {
  // expected-error@+1 {{Exp, opset 13, inputs tensor<2xi32>: input 0 has elements of type 'i32', expected one of 'f32', 'f16', 'f64', 'bf16'}}
  %0 = onnx.node "Exp" opset 13 (%x) {} : (tensor<2xi32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @only_one(%x: tensor<3xf32>, %y: tensor<2xf32>) -> !onnx.any {
  // expected-error@+1 {{input 1 has elements of type 'f32', expected 'i64'}}
  %0 = onnx.node "ArrayFeatureExtractor" domain "ai.onnx.ml" opset 1 (%x, %y) {} : (tensor<3xf32>, tensor<2xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @small_floats(%x: tensor<2x2xf8E4M3FN>) -> !onnx.any {
  // expected-error@+1 {{input 0 has elements of type 'f8E4M3FN', expected one of 'f32', 'i32', 'i64', 'f16', 'f64', 'ui32', 'ui64', 'bf16'}}
  %0 = onnx.node "MatMul" opset 13 (%x, %x) {} : (tensor<2x2xf8E4M3FN>, tensor<2x2xf8E4M3FN>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @strings(%x: tensor<1x1x4x!core.string>) -> !onnx.any {
  // expected-error@+1 {{input 0 has elements of type '!core.string', expected one of}}
  %0 = onnx.node "MaxPool" opset 12 (%x) {kernel_shape = array<i64: 2>} : (tensor<1x1x4x!core.string>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @no_rank(%x: tensor<*xi1>) -> !onnx.any {
  // expected-error@+1 {{input 0 has elements of type 'i1', expected one of}}
  %0 = onnx.node "Abs" opset 13 (%x) {} : (tensor<*xi1>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

// Inputs of one type variable.
func.func @types_differ(%x: tensor<2xf32>, %y: tensor<2xf64>) -> !onnx.any {
  // expected-error@+1 {{input 1 has elements of type 'f64', expected those of input 0, 'f32'}}
  %0 = onnx.node "Add" opset 13 (%x, %y) {} : (tensor<2xf32>, tensor<2xf64>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

// The second is left out, and the third has the type variable of the first.
func.func @one_left_out(%x: tensor<2xf32>, %y: tensor<f64>) -> !onnx.any {
  // expected-error@+1 {{input 2 has elements of type 'f64', expected those of input 0, 'f32'}}
  %0 = onnx.node "Clip" opset 13 (%x, %y) present [true, false, true] {} : (tensor<2xf32>, tensor<f64>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

// The one formal input stands for all.
func.func @variadic(%x: tensor<2xf32>, %y: tensor<2xi64>) -> !onnx.any {
  // expected-error@+1 {{input 2 has elements of type 'i64', expected those of input 0, 'f32'}}
  %0 = onnx.node "Concat" opset 13 (%x, %x, %y) {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>, tensor<2xi64>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

// Other variables may have other types: since opset 12 the exponent's is its own.
func.func @variables(%x: tensor<2xf32>, %y: tensor<2xi64>) -> !onnx.any {
  %0 = onnx.node "Pow" opset 13 (%x, %y) {} : (tensor<2xf32>, tensor<2xi64>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

// What a later version takes is taken in all.
func.func @versions(%x: tensor<2xbf16>) -> !onnx.any {
  %0 = onnx.node "Exp" opset 6 (%x) {} : (tensor<2xbf16>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

// One formal input that stands for values of different types.
func.func @heterogeneous(%n: tensor<i64>, %x: tensor<2xf32>, %y: tensor<2xi8>) -> !onnx.any {
  %0:2 = onnx.node "Loop" opset 16 (%n, %x, %y) present [true, false, true, true] {} graphs ["body"] {
  ^bb0(%i: tensor<i64>, %go: tensor<i1>, %a: tensor<2xf32>, %b: tensor<2xi8>):
    onnx.yield %go, %a, %b : tensor<i1>, tensor<2xf32>, tensor<2xi8>
  } : (tensor<i64>, tensor<2xf32>, tensor<2xi8>) -> (!onnx.any, !onnx.any)
  return %0#0 : !onnx.any
}
