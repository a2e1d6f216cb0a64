// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-sink-transposes --canonicalize --adze-fold-constants --adze-fold-scales --adze-pack-contractions --adze-fold-constants --adze-form-kernels --canonicalize | FileCheck %s

// Two convolutions as a residual block has them, channels first, each with a batch normalisation: one kernel each, whose epilogue
// is the bias that is left, the residual and the activation.
// CHECK-LABEL: func.func @block
// CHECK:         kernel.launch @[[K:[a-z0-9]+]]
// CHECK-NEXT:    kernel.launch @[[L:[a-z0-9]+]]
// CHECK-NOT:     kernel.launch
// CHECK:       kernel.func @[[K]]
// CHECK:         core.packed_conv
// CHECK-NEXT:    core.binary add
// CHECK-NEXT:    core.unary relu
// CHECK-NEXT:    kernel.return
// CHECK:       kernel.func @[[L]]
// CHECK:         core.packed_conv
// CHECK-NEXT:    core.binary add
// CHECK-NEXT:    core.binary add
// CHECK-NEXT:    core.unary relu
// CHECK-NEXT:    kernel.return
func.func @block(%x: tensor<1x8x8x2xf32>) -> tensor<1x8x8x2xf32> {
  %in = core.transpose %x [0, 3, 1, 2] : (tensor<1x8x8x2xf32>) -> tensor<1x2x8x8xf32>
  %w = core.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32>
  %factor = core.constant dense<[[[2.0]], [[4.0]]]> : tensor<2x1x1xf32>
  %summand = core.constant dense<[[[1.0]], [[2.0]]]> : tensor<2x1x1xf32>
  %0 = core.transpose %in [0, 2, 3, 1] : (tensor<1x2x8x8xf32>) -> tensor<1x8x8x2xf32>
  %1 = core.transpose %w [2, 3, 1, 0] : (tensor<2x2x1x1xf32>) -> tensor<1x1x2x2xf32>
  %2 = core.conv %0, %1 strides [1, 1] dilations [1, 1] groups 1 to f32 : (tensor<1x8x8x2xf32>, tensor<1x1x2x2xf32>) -> tensor<1x8x8x2xf32>
  %3 = core.transpose %2 [0, 3, 1, 2] : (tensor<1x8x8x2xf32>) -> tensor<1x2x8x8xf32>
  %4 = core.binary mul %3, %factor : (tensor<1x2x8x8xf32>, tensor<2x1x1xf32>) -> tensor<1x2x8x8xf32>
  %5 = core.binary add %4, %summand : (tensor<1x2x8x8xf32>, tensor<2x1x1xf32>) -> tensor<1x2x8x8xf32>
  %6 = core.unary relu %5 : (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  %7 = core.transpose %6 [0, 2, 3, 1] : (tensor<1x2x8x8xf32>) -> tensor<1x8x8x2xf32>
  %v = core.constant dense<[[[[5.0]], [[6.0]]], [[[7.0]], [[8.0]]]]> : tensor<2x2x1x1xf32>
  %8 = core.transpose %v [2, 3, 1, 0] : (tensor<2x2x1x1xf32>) -> tensor<1x1x2x2xf32>
  %9 = core.conv %7, %8 strides [1, 1] dilations [1, 1] groups 1 to f32 : (tensor<1x8x8x2xf32>, tensor<1x1x2x2xf32>) -> tensor<1x8x8x2xf32>
  %10 = core.transpose %9 [0, 3, 1, 2] : (tensor<1x8x8x2xf32>) -> tensor<1x2x8x8xf32>
  %11 = core.binary mul %10, %factor : (tensor<1x2x8x8xf32>, tensor<2x1x1xf32>) -> tensor<1x2x8x8xf32>
  %12 = core.binary add %11, %summand : (tensor<1x2x8x8xf32>, tensor<2x1x1xf32>) -> tensor<1x2x8x8xf32>
  %13 = core.binary add %12, %in : (tensor<1x2x8x8xf32>, tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  %14 = core.unary relu %13 : (tensor<1x2x8x8xf32>) -> tensor<1x2x8x8xf32>
  %15 = core.transpose %14 [0, 2, 3, 1] : (tensor<1x2x8x8xf32>) -> tensor<1x8x8x2xf32>
  return %15 : tensor<1x8x8x2xf32>
}
