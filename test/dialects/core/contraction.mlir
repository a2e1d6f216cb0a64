// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s | FileCheck %s

// CHECK-LABEL: func.func @matmul
func.func @matmul(%x: tensor<?x1x?x64xf32>, %w: tensor<64x16xf32>, %k: tensor<12x64x?xf32>) -> (tensor<?x1x?x16xf32>, tensor<?x12x?x?xf32>) {
  // CHECK: core.matmul %{{.*}}, %{{.*}} to f32 : (tensor<?x1x?x64xf32>, tensor<64x16xf32>) -> tensor<?x1x?x16xf32>
  %0 = core.matmul %x, %w to f32 : (tensor<?x1x?x64xf32>, tensor<64x16xf32>) -> tensor<?x1x?x16xf32>
  // CHECK: core.matmul %{{.*}}, %{{.*}} to f32 : (tensor<?x1x?x64xf32>, tensor<12x64x?xf32>) -> tensor<?x12x?x?xf32>
  %1 = core.matmul %x, %k to f32 : (tensor<?x1x?x64xf32>, tensor<12x64x?xf32>) -> tensor<?x12x?x?xf32>
  return %0, %1 : tensor<?x1x?x16xf32>, tensor<?x12x?x?xf32>
}

// CHECK-LABEL: func.func @matmul_integer
func.func @matmul_integer(%x: tensor<2x3xui8>, %w: tensor<3x4xui8>) -> tensor<2x4xi32> {
  // CHECK: core.matmul %{{.*}}, %{{.*}} to i32 : (tensor<2x3xui8>, tensor<3x4xui8>) -> tensor<2x4xi32>
  %0 = core.matmul %x, %w to i32 : (tensor<2x3xui8>, tensor<3x4xui8>) -> tensor<2x4xi32>
  return %0 : tensor<2x4xi32>
}

// (17 - (2 * 2 + 1)) floordiv 3 + 1 = 5; the other size is unknown.
// CHECK-LABEL: func.func @conv
func.func @conv(%x: tensor<?x17x?x8xf32>, %w: tensor<3x3x4x16xf32>) -> tensor<?x5x?x16xf32> {
  // CHECK: core.conv %{{.*}}, %{{.*}} strides [3, 1] dilations [2, 1] groups 2 to f32 : (tensor<?x17x?x8xf32>, tensor<3x3x4x16xf32>) -> tensor<?x5x?x16xf32>
  %0 = core.conv %x, %w strides [3, 1] dilations [2, 1] groups 2 to f32 : (tensor<?x17x?x8xf32>, tensor<3x3x4x16xf32>) -> tensor<?x5x?x16xf32>
  return %0 : tensor<?x5x?x16xf32>
}

// CHECK-LABEL: func.func @pool
func.func @pool(%x: tensor<1x8x9x3xf32>) -> tensor<1x4x4x3xf32> {
  // CHECK: core.pool max %{{.*}} window [2, 3] strides [2, 2] dilations [1, 1] : (tensor<1x8x9x3xf32>) -> tensor<1x4x4x3xf32>
  %0 = core.pool max %x window [2, 3] strides [2, 2] dilations [1, 1] : (tensor<1x8x9x3xf32>) -> tensor<1x4x4x3xf32>
  return %0 : tensor<1x4x4x3xf32>
}
