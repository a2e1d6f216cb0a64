// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s | FileCheck %s

// CHECK-LABEL: func.func @plain
func.func @plain(%q: tensor<?x12x?x64xf32>, %k: tensor<?x12x?x64xf32>, %v: tensor<?x12x?x32xf32>) -> tensor<?x12x?x32xf32> {
  // CHECK: core.attention %{{.*}}, %{{.*}}, %{{.*}} scale 1.250000e-01 : (tensor<?x12x?x64xf32>, tensor<?x12x?x64xf32>, tensor<?x12x?x32xf32>) -> tensor<?x12x?x32xf32>
  %0 = core.attention %q, %k, %v scale 0.125 : (tensor<?x12x?x64xf32>, tensor<?x12x?x64xf32>, tensor<?x12x?x32xf32>) -> tensor<?x12x?x32xf32>
  return %0 : tensor<?x12x?x32xf32>
}

// Two queries' heads share one of the keys'; the mask is one row a batch.
// CHECK-LABEL: func.func @grouped
func.func @grouped(%q: tensor<2x8x5x4xf16>, %k: tensor<2x4x7x4xf16>, %v: tensor<1x4x7x3xf16>, %m: tensor<2x1x1x7xf16>) -> tensor<2x8x5x3xf16> {
  // CHECK: core.attention %{{.*}}, %{{.*}}, %{{.*}} mask %{{.*}} scale 1.000000e+00 nan_as_zero : (tensor<2x8x5x4xf16>, tensor<2x4x7x4xf16>, tensor<1x4x7x3xf16>, tensor<2x1x1x7xf16>) -> tensor<2x8x5x3xf16>
  %0 = core.attention %q, %k, %v mask %m scale 1.0 nan_as_zero : (tensor<2x8x5x4xf16>, tensor<2x4x7x4xf16>, tensor<1x4x7x3xf16>, tensor<2x1x1x7xf16>) -> tensor<2x8x5x3xf16>
  return %0 : tensor<2x8x5x3xf16>
}

// CHECK-LABEL: func.func @matrices
func.func @matrices(%q: tensor<?x?xf64>, %k: tensor<?x?xf64>, %m: tensor<?xf64>) -> tensor<?x?xf64> {
  // CHECK: core.attention
  %0 = core.attention %q, %k, %k mask %m scale 1.0 : (tensor<?x?xf64>, tensor<?x?xf64>, tensor<?x?xf64>, tensor<?xf64>) -> tensor<?x?xf64>
  return %0 : tensor<?x?xf64>
}
