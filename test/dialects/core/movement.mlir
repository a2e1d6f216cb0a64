// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s | FileCheck %s

// CHECK-LABEL: func.func @reshape
func.func @reshape(%x: tensor<?x4xf32>) -> tensor<4x?xf32> {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  // CHECK: core.reshape %{{.*}} sizes(%{{.*}}, %{{.*}}) : tensor<?x4xf32> -> tensor<4x?xf32>
  %0 = core.reshape %x sizes(%c4, %n) : tensor<?x4xf32> -> tensor<4x?xf32>
  return %0 : tensor<4x?xf32>
}

// CHECK-LABEL: func.func @rank_zero
func.func @rank_zero(%x: tensor<1x1xf32>) -> tensor<f32> {
  // CHECK: core.reshape %{{.*}} sizes() : tensor<1x1xf32> -> tensor<f32>
  %0 = core.reshape %x sizes() : tensor<1x1xf32> -> tensor<f32>
  return %0 : tensor<f32>
}

// CHECK-LABEL: func.func @broadcast
func.func @broadcast(%x: tensor<3x1xi32>, %n: index) -> tensor<2x3x?xi32> {
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  // CHECK: core.broadcast %{{.*}} sizes(%{{.*}}, %{{.*}}, %{{.*}}) : tensor<3x1xi32> -> tensor<2x3x?xi32>
  %0 = core.broadcast %x sizes(%c2, %c3, %n) : tensor<3x1xi32> -> tensor<2x3x?xi32>
  return %0 : tensor<2x3x?xi32>
}

// CHECK-LABEL: func.func @transpose
func.func @transpose(%x: tensor<2x?x4xf32>) -> tensor<4x2x?xf32> {
  // CHECK: core.transpose %{{.*}} [2, 0, 1] : (tensor<2x?x4xf32>) -> tensor<4x2x?xf32>
  %0 = core.transpose %x [2, 0, 1] : (tensor<2x?x4xf32>) -> tensor<4x2x?xf32>
  return %0 : tensor<4x2x?xf32>
}

// CHECK-LABEL: func.func @slice
func.func @slice(%x: tensor<?xf64>, %from: index, %step: index, %n: index) -> tensor<?xf64> {
  // CHECK: core.slice %{{.*}} offsets(%{{.*}}) steps(%{{.*}}) sizes(%{{.*}}) : tensor<?xf64> -> tensor<?xf64>
  %0 = core.slice %x offsets(%from) steps(%step) sizes(%n) : tensor<?xf64> -> tensor<?xf64>
  return %0 : tensor<?xf64>
}

// CHECK-LABEL: func.func @pad
func.func @pad(%x: tensor<4xi8>, %zero: tensor<i8>, %low: index) -> (tensor<6xi8>, tensor<6xi8>) {
  %c6 = arith.constant 6 : index
  // CHECK: core.pad reflect %{{.*}}, %{{.*}} low(%{{.*}}) sizes(%{{.*}}) : tensor<4xi8>, tensor<i8> -> tensor<6xi8>
  %0 = core.pad reflect %x, %zero low(%low) sizes(%c6) : tensor<4xi8>, tensor<i8> -> tensor<6xi8>
  // CHECK: core.pad constant
  %1 = core.pad constant %x, %zero low(%low) sizes(%c6) : tensor<4xi8>, tensor<i8> -> tensor<6xi8>
  return %0, %1 : tensor<6xi8>, tensor<6xi8>
}

// CHECK-LABEL: func.func @concat
func.func @concat(%x: tensor<2x3xf32>, %y: tensor<?x3xf32>, %z: tensor<2x?xf32>) -> (tensor<?x3xf32>, tensor<4x3xf32>) {
  // CHECK: core.concat axis 0(%{{.*}}, %{{.*}}) : (tensor<2x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %0 = core.concat axis 0 (%x, %y) : (tensor<2x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  // CHECK: core.concat axis 0(%{{.*}}, %{{.*}}) : (tensor<2x3xf32>, tensor<2x?xf32>) -> tensor<4x3xf32>
  %1 = core.concat axis 0 (%x, %z) : (tensor<2x3xf32>, tensor<2x?xf32>) -> tensor<4x3xf32>
  return %0, %1 : tensor<?x3xf32>, tensor<4x3xf32>
}

// CHECK-LABEL: func.func @iota
func.func @iota(%n: index) -> tensor<2x?xi64> {
  %c2 = arith.constant 2 : index
  // CHECK: core.iota i64 axis 1 sizes(%{{.*}}, %{{.*}}) : tensor<2x?xi64>
  %0 = core.iota i64 axis 1 sizes(%c2, %n) : tensor<2x?xi64>
  return %0 : tensor<2x?xi64>
}
