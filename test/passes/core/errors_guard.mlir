// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-guard-shapes --split-input-file --verify-diagnostics

// What always runs and never fits is an error of the compiler.
func.func @slice(%a: tensor<4xf32>) -> tensor<3xf32> {
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  // expected-error@+1 {{a slice reaches outside its input: 2 and 3}}
  %0 = core.slice %a offsets(%c2) steps(%c1) sizes(%c3) : tensor<4xf32> -> tensor<3xf32>
  return %0 : tensor<3xf32>
}

// -----

// Sizes that the types hide and the analysis finds.
func.func @hidden(%a: tensor<4xf32>, %b: tensor<5xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %m = tensor.dim %a, %c0 : tensor<4xf32>
  %n = tensor.dim %b, %c0 : tensor<5xf32>
  %x = core.reshape %a sizes(%m) : tensor<4xf32> -> tensor<?xf32>
  %y = core.reshape %b sizes(%n) : tensor<5xf32> -> tensor<?xf32>
  // expected-error@+1 {{operands do not broadcast: size 4 meets size 5}}
  %0 = core.binary add %x, %y : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

func.func @empty(%a: tensor<0xf32>, %i: tensor<2xi64>) -> tensor<2xf32> {
  // expected-error@+1 {{an index points into a dimension of size 0: 0 and 1}}
  %0 = core.gather %a, %i axis 0 : (tensor<0xf32>, tensor<2xi64>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
