// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-fold-scales --adze-fold-constants --canonicalize --split-input-file | FileCheck %s

// A batch normalisation after a convolution with a bias: (w x + 1) * [2, 4] + [10, 20].
// CHECK-LABEL: func.func @batch_norm
// CHECK-DAG:     %[[W:.*]] = core.constant dense<{{\[\[\[}}[2.000000e+00, 8.000000e+00], [6.000000e+00, 1.600000e+01{{\]\]\]\]}}> : tensor<1x1x2x2xf32>
// CHECK-DAG:     %[[B:.*]] = core.constant dense<{{.*}}1.200000e+01, 2.400000e+01{{.*}}> : tensor<1x1x1x2xf32>
// CHECK:         %[[C:.*]] = core.conv %{{.*}}, %[[W]]
// CHECK-NEXT:    %[[A:.*]] = core.binary add %[[C]], %[[B]]
// CHECK-NEXT:    %[[R:.*]] = core.unary relu %[[A]]
// CHECK-NEXT:    return %[[R]]
func.func @batch_norm(%x: tensor<?x8x8x2xf32>) -> tensor<?x8x8x2xf32> {
  %w = core.constant dense<[[[[1.0, 2.0], [3.0, 4.0]]]]> : tensor<1x1x2x2xf32>
  %0 = core.conv %x, %w strides [1, 1] dilations [1, 1] groups 1 to f32 : (tensor<?x8x8x2xf32>, tensor<1x1x2x2xf32>) -> tensor<?x8x8x2xf32>
  %bias = core.constant dense<1.0> : tensor<2xf32>
  %1 = core.binary add %0, %bias : (tensor<?x8x8x2xf32>, tensor<2xf32>) -> tensor<?x8x8x2xf32>
  %factor = core.constant dense<[[[[2.0, 4.0]]]]> : tensor<1x1x1x2xf32>
  %2 = core.binary mul %1, %factor : (tensor<?x8x8x2xf32>, tensor<1x1x1x2xf32>) -> tensor<?x8x8x2xf32>
  %summand = core.constant dense<[[[[10.0, 20.0]]]]> : tensor<1x1x1x2xf32>
  %3 = core.binary add %2, %summand : (tensor<?x8x8x2xf32>, tensor<1x1x1x2xf32>) -> tensor<?x8x8x2xf32>
  %4 = core.unary relu %3 : (tensor<?x8x8x2xf32>) -> tensor<?x8x8x2xf32>
  return %4 : tensor<?x8x8x2xf32>
}

// -----

// The constants lie before and after the product; one is used before it too.
// CHECK-LABEL: func.func @shared_constant
// CHECK-DAG:     %[[C:.*]] = core.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK-DAG:     %[[B:.*]] = core.constant dense<[6.000000e+00, 7.000000e+00]> : tensor<2xf32>
// CHECK:         core.binary add %{{.*}}, %[[C]]
// CHECK:         core.matmul
// CHECK-NEXT:    core.binary add %{{.*}}, %[[B]]
func.func @shared_constant(%x: tensor<?x2xf32>) -> tensor<?x2xf32> {
  %c = core.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %w = core.constant dense<1.0> : tensor<2x2xf32>
  %0 = core.binary add %x, %c : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %1 = core.matmul %0, %w to f32 : (tensor<?x2xf32>, tensor<2x2xf32>) -> tensor<?x2xf32>
  %2 = core.binary add %1, %c : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %five = core.constant dense<5.0> : tensor<f32>
  %3 = core.binary add %2, %five : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
  return %3 : tensor<?x2xf32>
}

// -----

// In the other order of operands: 3 - (x w - [1, 2]) / 4.
// CHECK-LABEL: func.func @matmul
// CHECK-DAG:     %[[W:.*]] = core.constant dense<{{\[}}[-2.500000e-01, -5.000000e-01]{{\]}}> : tensor<1x2xf32>
// CHECK-DAG:     %[[B:.*]] = core.constant dense<[3.250000e+00, 3.500000e+00]> : tensor<2xf32>
// CHECK:         %[[C:.*]] = core.matmul %{{.*}}, %[[W]]
// CHECK-NEXT:    %[[A:.*]] = core.binary add %[[C]], %[[B]]
// CHECK-NEXT:    return %[[A]]
func.func @matmul(%x: tensor<?x1xf32>) -> tensor<?x2xf32> {
  %w = core.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %c = core.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %four = core.constant dense<4.0> : tensor<f32>
  %three = core.constant dense<3.0> : tensor<f32>
  %0 = core.matmul %x, %w to f32 : (tensor<?x1xf32>, tensor<1x2xf32>) -> tensor<?x2xf32>
  %1 = core.binary sub %0, %c : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %2 = core.binary div %1, %four : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
  %3 = core.binary sub %three, %2 : (tensor<f32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  return %3 : tensor<?x2xf32>
}

// -----

// Depthwise: a filter of one channel a group.
// CHECK-LABEL: func.func @depthwise
// CHECK:         %[[W:.*]] = core.constant dense<{{.*}}2.000000e+00, 3.000000e+00{{.*}}> : tensor<1x1x1x2xf32>
// CHECK-NEXT:    %[[C:.*]] = core.conv %{{.*}}, %[[W]]
// CHECK-NEXT:    return %[[C]]
func.func @depthwise(%x: tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32> {
  %w = core.constant dense<1.0> : tensor<1x1x1x2xf32>
  %c = core.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %0 = core.conv %x, %w strides [1, 1] dilations [1, 1] groups 2 to f32 : (tensor<1x4x4x2xf32>, tensor<1x1x1x2xf32>) -> tensor<1x4x4x2xf32>
  %1 = core.binary mul %0, %c : (tensor<1x4x4x2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  return %1 : tensor<1x4x4x2xf32>
}

// -----

// What is read elsewhere, a factor for each row, and a filter that is used twice stay.
// CHECK-LABEL: func.func @stays
// CHECK-COUNT-3: core.binary mul
// CHECK-NOT:     core.binary
func.func @stays(%x: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  %w = core.constant dense<1.0> : tensor<2x2xf32>
  %v = core.constant dense<2.0> : tensor<2x2xf32>
  %u = core.constant dense<3.0> : tensor<2x2xf32>
  %c = core.constant dense<[2.0, 3.0]> : tensor<2xf32>
  %rows = core.constant dense<[[2.0], [3.0]]> : tensor<2x1xf32>
  %0 = core.matmul %x, %w to f32 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = core.binary mul %0, %c : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %2 = core.matmul %x, %v to f32 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %3 = core.binary mul %2, %rows : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x2xf32>
  %4 = core.matmul %x, %u to f32 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %5 = core.binary mul %4, %c : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %6 = core.matmul %1, %u to f32 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  return %0, %1, %3, %5, %6 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}
