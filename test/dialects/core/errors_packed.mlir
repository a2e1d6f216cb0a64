// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s -split-input-file -verify-diagnostics
// One case for each message of the packed contractions.

func.func @pack_type(%w: tensor<4x8xf64>) {
  // expected-error@+2 {{input is 'tensor<4x8xf64>', expected f32 or i8 of rank 2 or more}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.pack %w : (tensor<4x8xf64>) -> tensor<1x4x16xf64>
  return
}

// -----

func.func @panels(%x: tensor<2x4xf32>, %w: tensor<1x4x8xf32>) {
  %c8 = arith.constant 8 : index
  // expected-error@+2 {{panels are 'tensor<1x4x8xf32>', expected f32 [..., panels, depth, 16] or i8 [..., panels, depth, 64]}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.packed_matmul %x, %w columns %c8 : tensor<2x4xf32>, tensor<1x4x8xf32> -> tensor<2x8xf32>
  return
}

// -----

func.func @left(%x: tensor<4xf32>, %w: tensor<1x4x16xf32>) {
  %c8 = arith.constant 8 : index
  // expected-error@+2 {{left side is 'tensor<4xf32>', expected 'f32' of rank 2 or more}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.packed_matmul %x, %w columns %c8 : tensor<4xf32>, tensor<1x4x16xf32> -> tensor<8xf32>
  return
}

// -----

func.func @inner(%x: tensor<2x5xf32>, %w: tensor<1x4x16xf32>) {
  %c8 = arith.constant 8 : index
  // expected-error@+2 {{inner sizes differ: 5 and 4}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.packed_matmul %x, %w columns %c8 : tensor<2x5xf32>, tensor<1x4x16xf32> -> tensor<2x8xf32>
  return
}

// -----

func.func @window(%x: tensor<1x8x8x3xf32>, %w: tensor<1x27x16xf32>) {
  %c8 = arith.constant 8 : index
  // expected-error@+2 {{input 'tensor<1x8x8x3xf32>', panels 'tensor<1x27x16xf32>' and a window of 1 sizes do not fit together}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.packed_conv %x, %w columns %c8 window [3] strides [1] dilations [1] : tensor<1x8x8x3xf32>, tensor<1x27x16xf32> -> tensor<1x6x6x8xf32>
  return
}

// -----

func.func @signed_left(%x: tensor<2x5xi8>, %w: tensor<1x2x64xi8>) {
  %c8 = arith.constant 8 : index
  // expected-error@+2 {{left side is 'tensor<2x5xi8>', expected 'ui8' of rank 2 or more}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.packed_matmul %x, %w columns %c8 : tensor<2x5xi8>, tensor<1x2x64xi8> -> tensor<2x8xi32>
  return
}
