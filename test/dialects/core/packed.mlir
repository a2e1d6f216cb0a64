// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s | FileCheck %s

// CHECK-LABEL: func.func @matmul
func.func @matmul(%x: tensor<?x5x64xf32>, %w: tensor<64x40xf32>) -> tensor<?x5x40xf32> {
  %c40 = arith.constant 40 : index
  // CHECK: core.pack %{{.*}} : (tensor<64x40xf32>) -> tensor<3x64x16xf32>
  %0 = core.pack %w : (tensor<64x40xf32>) -> tensor<3x64x16xf32>
  // CHECK: core.packed_matmul %{{.*}}, %{{.*}} columns %{{.*}} : tensor<?x5x64xf32>, tensor<3x64x16xf32> -> tensor<?x5x40xf32>
  %1 = core.packed_matmul %x, %0 columns %c40 : tensor<?x5x64xf32>, tensor<3x64x16xf32> -> tensor<?x5x40xf32>
  return %1 : tensor<?x5x40xf32>
}

// A right side of unknown width, one for each batch.
// CHECK-LABEL: func.func @batched
func.func @batched(%x: tensor<?x12x?x64xf32>, %k: tensor<?x12x64x?xf32>, %n: index) -> tensor<?x12x?x?xf32> {
  // CHECK: core.pack %{{.*}} : (tensor<?x12x64x?xf32>) -> tensor<?x12x?x64x16xf32>
  %0 = core.pack %k : (tensor<?x12x64x?xf32>) -> tensor<?x12x?x64x16xf32>
  // CHECK: core.packed_matmul
  %1 = core.packed_matmul %x, %0 columns %n : tensor<?x12x?x64xf32>, tensor<?x12x?x64x16xf32> -> tensor<?x12x?x?xf32>
  return %1 : tensor<?x12x?x?xf32>
}

// CHECK-LABEL: func.func @conv
func.func @conv(%x: tensor<1x9x?x3xf32>, %w: tensor<27x8xf32>) -> tensor<1x4x?x8xf32> {
  %c8 = arith.constant 8 : index
  %0 = core.pack %w : (tensor<27x8xf32>) -> tensor<1x27x16xf32>
  // CHECK: core.packed_conv %{{.*}}, %{{.*}} columns %{{.*}} window [3, 3] strides [2, 1] dilations [1, 2] : tensor<1x9x?x3xf32>, tensor<1x27x16xf32> -> tensor<1x4x?x8xf32>
  %1 = core.packed_conv %x, %0 columns %c8 window [3, 3] strides [2, 1] dilations [1, 2] : tensor<1x9x?x3xf32>, tensor<1x27x16xf32> -> tensor<1x4x?x8xf32>
  return %1 : tensor<1x4x?x8xf32>
}

// Integers: four rows of 16 columns in a row of a panel, and sums of i32.
// CHECK-LABEL: func.func @integers
func.func @integers(%x: tensor<?x7xui8>, %w: tensor<7x20xi8>) -> tensor<?x20xi32> {
  %c20 = arith.constant 20 : index
  // CHECK: core.pack %{{.*}} : (tensor<7x20xi8>) -> tensor<2x2x64xi8>
  %0 = core.pack %w : (tensor<7x20xi8>) -> tensor<2x2x64xi8>
  // CHECK: core.packed_matmul %{{.*}} : tensor<?x7xui8>, tensor<2x2x64xi8> -> tensor<?x20xi32>
  %1 = core.packed_matmul %x, %0 columns %c20 : tensor<?x7xui8>, tensor<2x2x64xi8> -> tensor<?x20xi32>
  return %1 : tensor<?x20xi32>
}
