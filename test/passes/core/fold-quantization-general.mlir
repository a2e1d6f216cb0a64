// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-fold-quantization=general --canonicalize --split-input-file | FileCheck %s

// Signs stay, and nothing needs to be constant. The zero of the right side goes with the sums of rows, that of the left
// with those of columns.
// CHECK-LABEL: func.func @matmul
// CHECK:         %[[P:.*]] = core.matmul %arg0, %arg1 to i32 : (tensor<?x3xi8>, tensor<3x2xui8>) -> tensor<?x2xi32>
// CHECK:         %[[ROWS:.*]] = core.reduce sum %{{.*}} axes [1] keepdims true : (tensor<?x3xi32>) -> tensor<?x1xi32>
// CHECK:         %[[PART:.*]] = core.binary mul %{{.*}}, %[[ROWS]]
// CHECK:         %[[LESS:.*]] = core.binary sub %[[P]], %[[PART]]
// CHECK:         %[[COLUMNS:.*]] = core.reduce sum %{{.*}} axes [0] keepdims false : (tensor<3x2xi32>) -> tensor<2xi32>
// CHECK:         %[[REST:.*]] = core.binary mul %{{.*}}, %[[COLUMNS]]
// CHECK:         core.binary sub %[[LESS]], %[[REST]]
func.func @matmul(%x: tensor<?x3xi8>, %w: tensor<3x2xui8>, %xz: tensor<i8>, %wz: tensor<2xui8>) -> tensor<?x2xi32> {
  %0 = core.cast %x to i32 : (tensor<?x3xi8>) -> tensor<?x3xi32>
  %1 = core.cast %xz to i32 : (tensor<i8>) -> tensor<i32>
  %2 = core.binary sub %0, %1 : (tensor<?x3xi32>, tensor<i32>) -> tensor<?x3xi32>
  %3 = core.cast %w to i32 : (tensor<3x2xui8>) -> tensor<3x2xi32>
  %4 = core.cast %wz to i32 : (tensor<2xui8>) -> tensor<2xi32>
  %5 = core.binary sub %3, %4 : (tensor<3x2xi32>, tensor<2xi32>) -> tensor<3x2xi32>
  %6 = core.matmul %2, %5 to i32 : (tensor<?x3xi32>, tensor<3x2xi32>) -> tensor<?x2xi32>
  return %6 : tensor<?x2xi32>
}

// -----

// CHECK-LABEL: func.func @batches
// CHECK:         core.matmul %arg0, %arg1 to i32 : (tensor<4x5x3xui8>, tensor<4x3x2xui8>) -> tensor<4x5x2xi32>
// CHECK-NOT:     core.reduce
func.func @batches(%x: tensor<4x5x3xui8>, %w: tensor<4x3x2xui8>) -> tensor<4x5x2xi32> {
  %0 = core.cast %x to i32 : (tensor<4x5x3xui8>) -> tensor<4x5x3xi32>
  %1 = core.cast %w to i32 : (tensor<4x3x2xui8>) -> tensor<4x3x2xi32>
  %2 = core.matmul %0, %1 to i32 : (tensor<4x5x3xi32>, tensor<4x3x2xi32>) -> tensor<4x5x2xi32>
  return %2 : tensor<4x5x2xi32>
}

// -----

// The sum of what a window has is a convolution with ones.
// CHECK-LABEL: func.func @conv
// CHECK:         core.conv %arg0, %arg1 {{.*}} to i32 : (tensor<1x5x2xui8>, tensor<3x2x4xui8>) -> tensor<1x3x4xi32>
// CHECK:         %[[ONES:.*]] = core.broadcast
// CHECK:         core.conv %arg0, %[[ONES]] {{.*}} to i32 : (tensor<1x5x2xui8>, tensor<3x2x1xi8>) -> tensor<1x3x1xi32>
func.func @conv(%x: tensor<1x5x2xui8>, %w: tensor<3x2x4xui8>, %wz: tensor<ui8>) -> tensor<1x3x4xi32> {
  %0 = core.cast %x to i32 : (tensor<1x5x2xui8>) -> tensor<1x5x2xi32>
  %1 = core.cast %w to i32 : (tensor<3x2x4xui8>) -> tensor<3x2x4xi32>
  %2 = core.cast %wz to i32 : (tensor<ui8>) -> tensor<i32>
  %3 = core.binary sub %1, %2 : (tensor<3x2x4xi32>, tensor<i32>) -> tensor<3x2x4xi32>
  %4 = core.conv %0, %3 strides [1] dilations [1] groups 1 to i32 : (tensor<1x5x2xi32>, tensor<3x2x4xi32>) -> tensor<1x3x4xi32>
  return %4 : tensor<1x3x4xi32>
}

// -----

// Two dequantised sides that are computed may be the product of attention, which is not known by its integers.
// CHECK-LABEL: func.func @scores
// CHECK:         core.matmul %{{.*}} to f32
func.func @scores(%x: tensor<4x5x3xui8>, %w: tensor<4x3x2xui8>) -> tensor<4x5x2xf32> {
  %0 = core.cast %x to f32 : (tensor<4x5x3xui8>) -> tensor<4x5x3xf32>
  %1 = core.cast %w to f32 : (tensor<4x3x2xui8>) -> tensor<4x3x2xf32>
  %2 = core.matmul %0, %1 to f32 : (tensor<4x5x3xf32>, tensor<4x3x2xf32>) -> tensor<4x5x2xf32>
  return %2 : tensor<4x5x2xf32>
}
