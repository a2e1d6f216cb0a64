// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s | FileCheck %s

// CHECK-LABEL: func.func @unary
func.func @unary(%x: tensor<?x3xf32>) -> (tensor<?x3xf32>, tensor<?x3xi1>) {
  // CHECK: core.unary exp %{{.*}} : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %0 = core.unary exp %x : (tensor<?x3xf32>) -> tensor<?x3xf32>
  // CHECK: core.unary hard_swish
  %1 = core.unary hard_swish %0 : (tensor<?x3xf32>) -> tensor<?x3xf32>
  // CHECK: core.unary is_nan %{{.*}} : (tensor<?x3xf32>) -> tensor<?x3xi1>
  %2 = core.unary is_nan %1 : (tensor<?x3xf32>) -> tensor<?x3xi1>
  return %1, %2 : tensor<?x3xf32>, tensor<?x3xi1>
}

// Trailing dimensions are aligned; a scalar meets everything.
// CHECK-LABEL: func.func @binary
func.func @binary(%x: tensor<?x3xf32>, %y: tensor<3xf32>, %s: tensor<f32>) -> tensor<?x3xf32> {
  // CHECK: core.binary add %{{.*}}, %{{.*}} : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  %0 = core.binary add %x, %y : (tensor<?x3xf32>, tensor<3xf32>) -> tensor<?x3xf32>
  // CHECK: core.binary pow %{{.*}}, %{{.*}} : (tensor<f32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %1 = core.binary pow %s, %0 : (tensor<f32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  return %1 : tensor<?x3xf32>
}

// A result type may know more than inference finds: the size of dimension 0 here.
// CHECK-LABEL: func.func @binary_unknown
func.func @binary_unknown(%x: tensor<?xi64>, %y: tensor<?xi64>) -> tensor<4xi64> {
  // CHECK: core.binary shr %{{.*}} : (tensor<?xi64>, tensor<?xi64>) -> tensor<4xi64>
  %0 = core.binary shr %x, %y : (tensor<?xi64>, tensor<?xi64>) -> tensor<4xi64>
  return %0 : tensor<4xi64>
}

// CHECK-LABEL: func.func @choice
func.func @choice(%x: tensor<4x1xf16>, %y: tensor<1x5xf16>) -> tensor<4x5xf16> {
  // CHECK: core.compare lt %{{.*}} : (tensor<4x1xf16>, tensor<1x5xf16>) -> tensor<4x5xi1>
  %0 = core.compare lt %x, %y : (tensor<4x1xf16>, tensor<1x5xf16>) -> tensor<4x5xi1>
  // CHECK: core.select %{{.*}}, %{{.*}}, %{{.*}} : (tensor<4x5xi1>, tensor<4x1xf16>, tensor<1x5xf16>) -> tensor<4x5xf16>
  %1 = core.select %0, %x, %y : (tensor<4x5xi1>, tensor<4x1xf16>, tensor<1x5xf16>) -> tensor<4x5xf16>
  return %1 : tensor<4x5xf16>
}

// CHECK-LABEL: func.func @conversions
func.func @conversions(%x: tensor<0x2xf32>) -> (tensor<0x2xf8E4M3FN>, tensor<0x2xi32>) {
  // CHECK: core.cast %{{.*}} to f8E4M3FN saturate : (tensor<0x2xf32>) -> tensor<0x2xf8E4M3FN>
  %0 = core.cast %x to f8E4M3FN saturate : (tensor<0x2xf32>) -> tensor<0x2xf8E4M3FN>
  // CHECK: core.cast %{{.*}} to ui8 : (tensor<0x2xf32>) -> tensor<0x2xui8>
  %1 = core.cast %x to ui8 : (tensor<0x2xf32>) -> tensor<0x2xui8>
  // CHECK: core.bitcast %{{.*}} to i32 : (tensor<0x2xf32>) -> tensor<0x2xi32>
  %2 = core.bitcast %x to i32 : (tensor<0x2xf32>) -> tensor<0x2xi32>
  return %0, %2 : tensor<0x2xf8E4M3FN>, tensor<0x2xi32>
}
