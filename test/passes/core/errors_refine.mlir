// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-refine-shapes -split-input-file -verify-diagnostics
// Sizes that a model declares, and that cannot be.

func.func @declared(%x: tensor<4x4xf32>) -> tensor<5xf32> {
  %c16 = arith.constant 16 : index
  %0 = core.reshape %x sizes(%c16) : tensor<4x4xf32> -> tensor<?xf32>
  // expected-error@+1 {{a value is a 'tensor<16xf32>', expected 'tensor<5xf32>'}}
  %1 = tensor.cast %0 : tensor<?xf32> to tensor<5xf32>
  return %1 : tensor<5xf32>
}
