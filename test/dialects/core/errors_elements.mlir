// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s -split-input-file -verify-diagnostics
// Functions of elements that their type has not.

func.func @softmax_of_small_floats(%x: tensor<2xf8E5M2>) {
  // expected-error@+2 {{element type is 'f8E5M2', expected a float of 16 bits or more}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.softmax %x axis 0 : (tensor<2xf8E5M2>) -> tensor<2xf8E5M2>
  return
}

// -----

func.func @root_of_integers(%x: tensor<2xi32>) {
  // expected-error@+2 {{'sqrt' is not defined for elements of type 'i32'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.unary sqrt %x : (tensor<2xi32>) -> tensor<2xi32>
  return
}

// -----

func.func @bits_of_floats(%x: tensor<2xf32>) {
  // expected-error@+2 {{'bit_and' is not defined for elements of type 'f32'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.binary bit_and %x, %x : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return
}
