// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-form-kernels=read-in-place=true --split-input-file | FileCheck %s
// RUN: adze-opt %s --adze-form-kernels --split-input-file | FileCheck %s --check-prefix=PACKED

// A product reads transposed matrices in place; what computes a matrix is not computed again for each product.
// CHECK-LABEL: func.func @transposed
// CHECK-COUNT-2: kernel.launch
// CHECK-NOT:     kernel.launch
// CHECK:       kernel.func
// CHECK:         core.unary exp
// CHECK-NOT:     core.transpose
// CHECK:       kernel.func
// CHECK-COUNT-2: core.transpose
// CHECK:         core.matmul
// CHECK:         core.unary relu
// PACKED-LABEL: func.func @transposed
// PACKED-COUNT-3: kernel.launch
func.func @transposed(%x: tensor<8x4xf32>, %y: tensor<2x6x8xf32>) -> tensor<2x4x6xf32> {
  %0 = core.unary exp %y : (tensor<2x6x8xf32>) -> tensor<2x6x8xf32>
  %1 = core.transpose %x [1, 0] : (tensor<8x4xf32>) -> tensor<4x8xf32>
  %2 = core.transpose %0 [0, 2, 1] : (tensor<2x6x8xf32>) -> tensor<2x8x6xf32>
  %3 = core.matmul %1, %2 to f32 : (tensor<4x8xf32>, tensor<2x8x6xf32>) -> tensor<2x4x6xf32>
  %4 = core.unary relu %3 : (tensor<2x4x6xf32>) -> tensor<2x4x6xf32>
  return %4 : tensor<2x4x6xf32>
}

// -----

// Neighbours in memory that become batches are not read in place, nor rows of one product that would become many.
// CHECK-LABEL: func.func @apart
// CHECK-COUNT-4: kernel.launch
func.func @apart(%x: tensor<8x4x2xf32>, %y: tensor<2x8x3xf32>, %z: tensor<3x5xf32>, %w: tensor<8x2x3xf32>) -> (tensor<2x4x3xf32>, tensor<2x8x5xf32>) {
  %0 = core.transpose %x [2, 1, 0] : (tensor<8x4x2xf32>) -> tensor<2x4x8xf32>
  %1 = core.matmul %0, %y to f32 : (tensor<2x4x8xf32>, tensor<2x8x3xf32>) -> tensor<2x4x3xf32>
  %2 = core.transpose %w [1, 0, 2] : (tensor<8x2x3xf32>) -> tensor<2x8x3xf32>
  %3 = core.matmul %2, %z to f32 : (tensor<2x8x3xf32>, tensor<3x5xf32>) -> tensor<2x8x5xf32>
  return %1, %3 : tensor<2x4x3xf32>, tensor<2x8x5xf32>
}

// -----

// A convolution of one group leaves out its padding; what it pads is memory.
// CHECK-LABEL: func.func @padded
// CHECK-COUNT-2: kernel.launch
// CHECK-NOT:     kernel.launch
// CHECK:       kernel.func
// CHECK-NOT:     core.pad
// CHECK:       kernel.func
// CHECK:         core.pad
// CHECK-NEXT:    core.conv
// PACKED-LABEL: func.func @padded
// PACKED-COUNT-2: kernel.launch
// PACKED:       kernel.func
// PACKED:         core.unary relu
// PACKED:         core.pad
func.func @padded(%x: tensor<1x4x4x8xf16>, %w: tensor<3x3x8x4xf16>) -> tensor<1x4x4x4xf16> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c6 = arith.constant 6 : index
  %c8 = arith.constant 8 : index
  %zero = core.constant dense<0.0> : tensor<f16>
  %0 = core.unary relu %x : (tensor<1x4x4x8xf16>) -> tensor<1x4x4x8xf16>
  %1 = core.pad constant %0, %zero low(%c0, %c1, %c1, %c0) sizes(%c1, %c6, %c6, %c8) : tensor<1x4x4x8xf16>, tensor<f16> -> tensor<1x6x6x8xf16>
  %2 = core.conv %1, %w strides [1, 1] dilations [1, 1] groups 1 to f16 : (tensor<1x6x6x8xf16>, tensor<3x3x8x4xf16>) -> tensor<1x4x4x4xf16>
  return %2 : tensor<1x4x4x4xf16>
}
