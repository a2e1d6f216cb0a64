// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-fold-quantization --canonicalize --split-input-file | FileCheck %s

// One scale and zero point on the left, a scale for each column on the right: the product is one of integers, from which the zero
// point times the sums of the columns is taken.
// CHECK-LABEL: func.func @matmul
// CHECK-DAG:     %[[W:.*]] = core.constant dense<{{.*}}> : tensor<3x2xi8>
// CHECK-DAG:     %[[SUMS:.*]] = core.constant dense<[9, -12]> : tensor<2xi32>
// CHECK:         %[[P:.*]] = core.matmul %{{.*}}, %[[W]] to i32 : (tensor<?x3xui8>, tensor<3x2xi8>) -> tensor<?x2xi32>
// CHECK:         core.binary mul %{{.*}}, %[[SUMS]]
// CHECK:         core.binary sub %[[P]]
// CHECK:         core.cast %{{.*}} to f32
// CHECK:         core.binary mul
func.func @matmul(%x: tensor<?x3xui8>) -> tensor<?x2xf32> {
  %w = core.constant dense<[[1, -2], [3, -4], [5, -6]]> : tensor<3x2xi8>
  %ws = core.constant dense<[0.5, 0.25]> : tensor<2xf32>
  %zero = core.constant dense<10.0> : tensor<f32>
  %scale = core.constant dense<0.125> : tensor<f32>
  %0 = core.cast %x to f32 : (tensor<?x3xui8>) -> tensor<?x3xf32>
  %1 = core.binary sub %0, %zero : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %2 = core.binary mul %1, %scale : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %3 = core.cast %w to f32 : (tensor<3x2xi8>) -> tensor<3x2xf32>
  %4 = core.binary mul %3, %ws : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  %5 = core.matmul %2, %4 to f32 : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  return %5 : tensor<?x2xf32>
}

// -----

// Zeros around a convolution's input are zero points around its integers; signed ones are shifted by 128.
// CHECK-LABEL: func.func @conv
// CHECK-DAG:     %[[SHIFT:.*]] = core.constant dense<128> : tensor<ui8>
// CHECK:         core.bitcast %{{.*}} to ui8
// CHECK:         core.binary bit_xor %{{.*}}, %[[SHIFT]]
// CHECK:         core.conv %{{.*}} to i32 : (tensor<1x5x2xui8>, tensor<3x2x1xi8>) -> tensor<1x3x1xi32>
func.func @conv(%x: tensor<1x3x2xi8>) -> tensor<1x3x1xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c5 = arith.constant 5 : index
  %w = core.constant dense<3> : tensor<3x2x1xi8>
  %zero = core.constant dense<0.0> : tensor<f32>
  %scale = core.constant dense<0.125> : tensor<f32>
  %0 = core.cast %x to f32 : (tensor<1x3x2xi8>) -> tensor<1x3x2xf32>
  %1 = core.binary mul %0, %scale : (tensor<1x3x2xf32>, tensor<f32>) -> tensor<1x3x2xf32>
  %2 = core.pad constant %1, %zero low(%c0, %c1, %c0) sizes(%c1, %c5, %c2) : tensor<1x3x2xf32>, tensor<f32> -> tensor<1x5x2xf32>
  %3 = core.cast %w to f32 : (tensor<3x2x1xi8>) -> tensor<3x2x1xf32>
  %4 = core.binary mul %3, %scale : (tensor<3x2x1xf32>, tensor<f32>) -> tensor<3x2x1xf32>
  %5 = core.conv %2, %4 strides [1] dilations [1] groups 1 to f32 : (tensor<1x5x2xf32>, tensor<3x2x1xf32>) -> tensor<1x3x1xf32>
  return %5 : tensor<1x3x1xf32>
}

// -----

// A zero point of the right side, or numbers that are not constant there: as it was.
// CHECK-LABEL: func.func @stays
// CHECK-COUNT-2: core.matmul %{{.*}} to i32 : (tensor<?x3xi32>, tensor<3x2xi32>)
func.func @stays(%x: tensor<?x3xui8>, %y: tensor<3x2xi8>) -> (tensor<?x2xi32>, tensor<?x2xi32>) {
  %w = core.constant dense<[[1, -2], [3, -4], [5, -6]]> : tensor<3x2xi8>
  %zero = core.constant dense<1> : tensor<i32>
  %0 = core.cast %x to i32 : (tensor<?x3xui8>) -> tensor<?x3xi32>
  %1 = core.cast %w to i32 : (tensor<3x2xi8>) -> tensor<3x2xi32>
  %2 = core.binary sub %1, %zero : (tensor<3x2xi32>, tensor<i32>) -> tensor<3x2xi32>
  %3 = core.matmul %0, %2 to i32 : (tensor<?x3xi32>, tensor<3x2xi32>) -> tensor<?x2xi32>
  %4 = core.cast %y to i32 : (tensor<3x2xi8>) -> tensor<3x2xi32>
  %5 = core.matmul %0, %4 to i32 : (tensor<?x3xi32>, tensor<3x2xi32>) -> tensor<?x2xi32>
  return %3, %5 : tensor<?x2xi32>, tensor<?x2xi32>
}

// -----

// Constants of ui8 around 128 are ones of i8 around 0.
// CHECK-LABEL: func.func @unsigned_weights
// CHECK-DAG:     %[[W:.*]] = core.constant dense<{{\[\[}}1, -2], [3, -4], [-128, 127]]> : tensor<3x2xi8>
// CHECK:         core.matmul %{{.*}}, %[[W]] to i32 : (tensor<?x3xui8>, tensor<3x2xi8>) -> tensor<?x2xi32>
func.func @unsigned_weights(%x: tensor<?x3xui8>) -> tensor<?x2xi32> {
  %w = core.constant dense<[[129, 126], [131, 124], [0, 255]]> : tensor<3x2xui8>
  %zero = core.constant dense<128> : tensor<ui8>
  %0 = core.cast %x to i32 : (tensor<?x3xui8>) -> tensor<?x3xi32>
  %1 = core.cast %w to i32 : (tensor<3x2xui8>) -> tensor<3x2xi32>
  %2 = core.cast %zero to i32 : (tensor<ui8>) -> tensor<i32>
  %3 = core.binary sub %1, %2 : (tensor<3x2xi32>, tensor<i32>) -> tensor<3x2xi32>
  %4 = core.matmul %0, %3 to i32 : (tensor<?x3xi32>, tensor<3x2xi32>) -> tensor<?x2xi32>
  return %4 : tensor<?x2xi32>
}

// -----

// A zero that is no integer belongs to no quantisation.
// CHECK-LABEL: func.func @half
// CHECK:         core.matmul %{{.*}} to f32
func.func @half(%x: tensor<?x3xui8>) -> tensor<?x2xf32> {
  %w = core.constant dense<[[1, -2], [3, -4], [5, -6]]> : tensor<3x2xi8>
  %zero = core.constant dense<0.5> : tensor<f32>
  %0 = core.cast %x to f32 : (tensor<?x3xui8>) -> tensor<?x3xf32>
  %1 = core.binary sub %0, %zero : (tensor<?x3xf32>, tensor<f32>) -> tensor<?x3xf32>
  %2 = core.cast %w to f32 : (tensor<3x2xi8>) -> tensor<3x2xf32>
  %3 = core.matmul %1, %2 to f32 : (tensor<?x3xf32>, tensor<3x2xf32>) -> tensor<?x2xf32>
  return %3 : tensor<?x2xf32>
}
