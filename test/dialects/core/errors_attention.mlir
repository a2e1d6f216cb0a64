// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s -split-input-file -verify-diagnostics
// One case for each message of dialects/core/Attention.cpp.

func.func @ranks(%q: tensor<2x3x4xf32>, %k: tensor<5x4xf32>) {
  // expected-error@+2 {{query, key and value have ranks 3, 2 and 2, expected equal ranks of 2 or more}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.attention %q, %k, %k scale 1.0 : (tensor<2x3x4xf32>, tensor<5x4xf32>, tensor<5x4xf32>) -> tensor<2x3x4xf32>
  return
}

// -----

func.func @types(%q: tensor<3x4xf32>, %k: tensor<5x4xf16>) {
  // expected-error@+2 {{query, key and value have element types 'f32', 'f16' and 'f16', expected one float}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.attention %q, %k, %k scale 1.0 : (tensor<3x4xf32>, tensor<5x4xf16>, tensor<5x4xf16>) -> tensor<3x4xf32>
  return
}

// -----

func.func @head_sizes(%q: tensor<3x4xf32>, %k: tensor<5x6xf32>) {
  // expected-error@+2 {{head sizes of query and key differ: 4 and 6}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.attention %q, %k, %k scale 1.0 : (tensor<3x4xf32>, tensor<5x6xf32>, tensor<5x6xf32>) -> tensor<3x6xf32>
  return
}

// -----

func.func @lengths(%q: tensor<3x4xf32>, %k: tensor<5x4xf32>, %v: tensor<6x4xf32>) {
  // expected-error@+2 {{lengths of key and value differ: 5 and 6}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.attention %q, %k, %v scale 1.0 : (tensor<3x4xf32>, tensor<5x4xf32>, tensor<6x4xf32>) -> tensor<3x4xf32>
  return
}

// -----

func.func @groups(%q: tensor<8x3x4xf32>, %k: tensor<3x5x4xf32>) {
  // expected-error@+2 {{size 8 of the query's dimension 0 does not split evenly among size 3}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.attention %q, %k, %k scale 1.0 : (tensor<8x3x4xf32>, tensor<3x5x4xf32>, tensor<3x5x4xf32>) -> tensor<8x3x4xf32>
  return
}

// -----

func.func @no_heads(%q: tensor<8x3x4xf32>, %k: tensor<0x5x4xf32>) {
  // expected-error@+2 {{size 8 of the query's dimension 0 does not split evenly among size 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.attention %q, %k, %k scale 1.0 : (tensor<8x3x4xf32>, tensor<0x5x4xf32>, tensor<0x5x4xf32>) -> tensor<8x3x4xf32>
  return
}

// -----

func.func @mask_size(%q: tensor<3x4xf32>, %k: tensor<5x4xf32>, %m: tensor<4xf32>) {
  // expected-error@+2 {{sizes of mask and scores differ: 4 and 5}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.attention %q, %k, %k mask %m scale 1.0 : (tensor<3x4xf32>, tensor<5x4xf32>, tensor<5x4xf32>, tensor<4xf32>) -> tensor<3x4xf32>
  return
}

// -----

func.func @mask_rank(%q: tensor<3x4xf32>, %k: tensor<5x4xf32>, %m: tensor<1x3x5xf32>) {
  // expected-error@+2 {{mask is 'tensor<1x3x5xf32>', expected floats of rank 2 or less}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.attention %q, %k, %k mask %m scale 1.0 : (tensor<3x4xf32>, tensor<5x4xf32>, tensor<5x4xf32>, tensor<1x3x5xf32>) -> tensor<3x4xf32>
  return
}
