// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-fill-channels --canonicalize --split-input-file | FileCheck %s

// Three channels become four of f32, where the image is transposed; the padding of the window stays next to it.
// CHECK-LABEL: func.func @first
// CHECK:         %[[F:.*]] = core.constant {{.*}} tensor<3x3x4x8xf32>
// CHECK:         %[[C:.*]] = core.pad constant %arg0, %{{.*}} low(%c0, %c0, %c0, %c0) sizes(%{{.*}}, %c4, %c6, %c6) : tensor<?x3x6x6xf32>, tensor<f32> -> tensor<?x4x6x6xf32>
// CHECK:         %[[T:.*]] = core.transpose %[[C]] [0, 2, 3, 1]
// CHECK:         %[[P:.*]] = core.pad constant %[[T]], %{{.*}} low(%c0, %c1, %c1, %c0) sizes(%{{.*}}, %c8, %c8, %c4)
// CHECK:         core.conv %[[P]], %[[F]]
func.func @first(%x: tensor<?x3x6x6xf32>) -> tensor<?x6x6x8xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c8 = arith.constant 8 : index
  %n = tensor.dim %x, %c0 : tensor<?x3x6x6xf32>
  %zero = core.constant dense<0.0> : tensor<f32>
  %w = core.constant dense<1.0> : tensor<3x3x3x8xf32>
  %0 = core.transpose %x [0, 2, 3, 1] : (tensor<?x3x6x6xf32>) -> tensor<?x6x6x3xf32>
  %1 = core.pad constant %0, %zero low(%c0, %c1, %c1, %c0) sizes(%n, %c8, %c8, %c3) : tensor<?x6x6x3xf32>, tensor<f32> -> tensor<?x8x8x3xf32>
  %2 = core.conv %1, %w strides [1, 1] dilations [1, 1] groups 1 to f32 : (tensor<?x8x8x3xf32>, tensor<3x3x3x8xf32>) -> tensor<?x6x6x8xf32>
  return %2 : tensor<?x6x6x8xf32>
}

// -----

// An image that others read too keeps its channels for them.
// CHECK-LABEL: func.func @shared
// CHECK:         %[[C:.*]] = core.pad constant %arg0, {{.*}} -> tensor<1x6x6x8xf16>
// CHECK:         core.conv %[[C]], %{{.*}} -> tensor<1x4x4x8xf16>
// CHECK:         core.unary relu %arg0
func.func @shared(%x: tensor<1x6x6x5xf16>) -> (tensor<1x4x4x8xf16>, tensor<1x6x6x5xf16>) {
  %w = core.constant dense<1.0> : tensor<3x3x5x8xf16>
  %0 = core.conv %x, %w strides [1, 1] dilations [1, 1] groups 1 to f16 : (tensor<1x6x6x5xf16>, tensor<3x3x5x8xf16>) -> tensor<1x4x4x8xf16>
  %1 = core.unary relu %x : (tensor<1x6x6x5xf16>) -> tensor<1x6x6x5xf16>
  return %0, %1 : tensor<1x4x4x8xf16>, tensor<1x6x6x5xf16>
}

// -----

// One channel would be much more work; five of f32 are more than a chunk; a filter that is computed, and groups, stay.
// CHECK-LABEL: func.func @stay
// CHECK-NOT:     core.pad
// CHECK:         return
func.func @stay(%x: tensor<1x6x6x1xf32>, %y: tensor<1x6x6x5xf32>, %z: tensor<1x6x6x3xf32>, %v: tensor<3x3x3x8xf32>)
    -> (tensor<1x4x4x8xf32>, tensor<1x4x4x8xf32>, tensor<1x4x4x8xf32>, tensor<1x4x4x3xf32>) {
  %a = core.constant dense<1.0> : tensor<3x3x1x8xf32>
  %b = core.constant dense<1.0> : tensor<3x3x5x8xf32>
  %c = core.constant dense<1.0> : tensor<3x3x1x3xf32>
  %0 = core.conv %x, %a strides [1, 1] dilations [1, 1] groups 1 to f32 : (tensor<1x6x6x1xf32>, tensor<3x3x1x8xf32>) -> tensor<1x4x4x8xf32>
  %1 = core.conv %y, %b strides [1, 1] dilations [1, 1] groups 1 to f32 : (tensor<1x6x6x5xf32>, tensor<3x3x5x8xf32>) -> tensor<1x4x4x8xf32>
  %2 = core.conv %z, %v strides [1, 1] dilations [1, 1] groups 1 to f32 : (tensor<1x6x6x3xf32>, tensor<3x3x3x8xf32>) -> tensor<1x4x4x8xf32>
  %3 = core.conv %z, %c strides [1, 1] dilations [1, 1] groups 3 to f32 : (tensor<1x6x6x3xf32>, tensor<3x3x1x3xf32>) -> tensor<1x4x4x3xf32>
  return %0, %1, %2, %3 : tensor<1x4x4x8xf32>, tensor<1x4x4x8xf32>, tensor<1x4x4x8xf32>, tensor<1x4x4x3xf32>
}
