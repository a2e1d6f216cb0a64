// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s | FileCheck %s

// CHECK-LABEL: func.func @reduce
func.func @reduce(%x: tensor<2x?x4xf32>) -> (tensor<?xf32>, tensor<1x?x1xf32>, tensor<2x?x4xf32>) {
  // CHECK: core.reduce sum %{{.*}} axes [0, 2] keepdims false : (tensor<2x?x4xf32>) -> tensor<?xf32>
  %0 = core.reduce sum %x axes [0, 2] keepdims false : (tensor<2x?x4xf32>) -> tensor<?xf32>
  // CHECK: core.reduce max %{{.*}} axes [0, 2] keepdims true : (tensor<2x?x4xf32>) -> tensor<1x?x1xf32>
  %1 = core.reduce max %x axes [0, 2] keepdims true : (tensor<2x?x4xf32>) -> tensor<1x?x1xf32>
  // CHECK: core.reduce prod %{{.*}} axes [] keepdims false
  %2 = core.reduce prod %x axes [] keepdims false : (tensor<2x?x4xf32>) -> tensor<2x?x4xf32>
  return %0, %1, %2 : tensor<?xf32>, tensor<1x?x1xf32>, tensor<2x?x4xf32>
}

// CHECK-LABEL: func.func @arg_reduce
func.func @arg_reduce(%x: tensor<2x?xf32>) -> (tensor<2xi64>, tensor<1x?xi64>) {
  // CHECK: core.arg_reduce max %{{.*}} axis 1 keepdims false : (tensor<2x?xf32>) -> tensor<2xi64>
  %0 = core.arg_reduce max %x axis 1 keepdims false : (tensor<2x?xf32>) -> tensor<2xi64>
  // CHECK: core.arg_reduce min %{{.*}} axis 0 keepdims true last : (tensor<2x?xf32>) -> tensor<1x?xi64>
  %1 = core.arg_reduce min %x axis 0 keepdims true last : (tensor<2x?xf32>) -> tensor<1x?xi64>
  return %0, %1 : tensor<2xi64>, tensor<1x?xi64>
}

// CHECK-LABEL: func.func @scan
func.func @scan(%x: tensor<?xi32>) -> tensor<?xi32> {
  // CHECK: core.scan sum %{{.*}} axis 0 : (tensor<?xi32>) -> tensor<?xi32>
  %0 = core.scan sum %x axis 0 : (tensor<?xi32>) -> tensor<?xi32>
  // CHECK: core.scan prod %{{.*}} axis 0 exclusive reverse : (tensor<?xi32>) -> tensor<?xi32>
  %1 = core.scan prod %0 axis 0 exclusive reverse : (tensor<?xi32>) -> tensor<?xi32>
  return %1 : tensor<?xi32>
}
