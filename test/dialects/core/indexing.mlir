// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s | FileCheck %s

// CHECK-LABEL: func.func @gather
func.func @gather(%x: tensor<?x8xf32>, %i: tensor<2x?xi64>) -> tensor<2x?x8xf32> {
  // CHECK: core.gather %{{.*}}, %{{.*}} axis 0 : (tensor<?x8xf32>, tensor<2x?xi64>) -> tensor<2x?x8xf32>
  %0 = core.gather %x, %i axis 0 : (tensor<?x8xf32>, tensor<2x?xi64>) -> tensor<2x?x8xf32>
  return %0 : tensor<2x?x8xf32>
}

// CHECK-LABEL: func.func @gather_elements
func.func @gather_elements(%x: tensor<5x8xf32>, %i: tensor<?x8xi32>) -> tensor<?x8xf32> {
  // CHECK: core.gather_elements %{{.*}}, %{{.*}} axis 0 : (tensor<5x8xf32>, tensor<?x8xi32>) -> tensor<?x8xf32>
  %0 = core.gather_elements %x, %i axis 0 : (tensor<5x8xf32>, tensor<?x8xi32>) -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @gather_nd
func.func @gather_nd(%x: tensor<2x3x4x5xf32>, %i: tensor<2x?x2xi64>) -> tensor<2x?x5xf32> {
  // CHECK: core.gather_nd %{{.*}}, %{{.*}} batch_dims 1 : (tensor<2x3x4x5xf32>, tensor<2x?x2xi64>) -> tensor<2x?x5xf32>
  %0 = core.gather_nd %x, %i batch_dims 1 : (tensor<2x3x4x5xf32>, tensor<2x?x2xi64>) -> tensor<2x?x5xf32>
  return %0 : tensor<2x?x5xf32>
}

// CHECK-LABEL: func.func @scatter
func.func @scatter(%x: tensor<?x4xf32>, %i: tensor<2x4xi64>, %u: tensor<2x4xf32>, %t: tensor<2x1xi64>) -> tensor<?x4xf32> {
  // CHECK: core.scatter_elements add %{{.*}}, %{{.*}}, %{{.*}} axis 0 : (tensor<?x4xf32>, tensor<2x4xi64>, tensor<2x4xf32>) -> tensor<?x4xf32>
  %0 = core.scatter_elements add %x, %i, %u axis 0 : (tensor<?x4xf32>, tensor<2x4xi64>, tensor<2x4xf32>) -> tensor<?x4xf32>
  // CHECK: core.scatter_nd none %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x4xf32>, tensor<2x1xi64>, tensor<2x4xf32>) -> tensor<?x4xf32>
  %1 = core.scatter_nd none %0, %t, %u : (tensor<?x4xf32>, tensor<2x1xi64>, tensor<2x4xf32>) -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @sort
func.func @sort(%x: tensor<3x?xf16>) -> (tensor<3x?xf16>, tensor<3x?xi64>) {
  // CHECK: core.sort %{{.*}} axis 1 descending : (tensor<3x?xf16>) -> (tensor<3x?xf16>, tensor<3x?xi64>)
  %v, %i = core.sort %x axis 1 descending : (tensor<3x?xf16>) -> (tensor<3x?xf16>, tensor<3x?xi64>)
  return %v, %i : tensor<3x?xf16>, tensor<3x?xi64>
}

// CHECK-LABEL: func.func @nonzero
func.func @nonzero(%x: tensor<3x?xi1>) -> tensor<2x?xi64> {
  // CHECK: core.nonzero_count %{{.*}} : (tensor<3x?xi1>) -> tensor<i64>
  %0 = core.nonzero_count %x : (tensor<3x?xi1>) -> tensor<i64>
  %1 = tensor.extract %0[] : tensor<i64>
  %n = arith.index_cast %1 : i64 to index
  // CHECK: core.nonzero_indices %{{.*}} count %{{.*}} : (tensor<3x?xi1>, index) -> tensor<2x?xi64>
  %2 = core.nonzero_indices %x count %n : (tensor<3x?xi1>, index) -> tensor<2x?xi64>
  return %2 : tensor<2x?xi64>
}

// CHECK-LABEL: func.func @generate
func.func @generate(%x: tensor<?x4xf32>, %n: index) -> tensor<?xf32> {
  %c4 = arith.constant 4 : index
  // CHECK: core.generate(%{{.*}}) sizes(%{{.*}}) {
  %0 = core.generate (%x) sizes (%n) {
  ^bb0(%i: index):
    // CHECK: core.check_index %{{.*}} below %{{.*}}
    %j = core.check_index %i below %c4
    // CHECK: core.load %{{.*}}[%{{.*}}, %{{.*}}] : tensor<?x4xf32> -> f32
    %v = core.load %x[%i, %j] : tensor<?x4xf32> -> f32
    // CHECK: core.yield %{{.*}} : f32
    core.yield %v : f32
  } : (tensor<?x4xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}
