// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --pass-pipeline='builtin.module(func.func(adze-gpu-align-accesses))' | FileCheck %s

// CHECK-LABEL: func.func @k(
func.func @k(%x: memref<?xf32>, %i: index, %n: index) {
  %c4 = arith.constant 4 : index
  %c6 = arith.constant 6 : index
  %c8 = arith.constant 8 : index
  %by4 = arith.muli %i, %c4 : index
  %row = arith.muli %n, %c8 : index
  %sum = arith.addi %row, %by4 : index
  // CHECK: vector.load {{.*}} {alignment = 16 : i64}
  %0 = vector.load %x[%sum] : memref<?xf32>, vector<4xf32>
  %off = arith.addi %sum, %c6 : index
  // Two elements are aligned there, four are not.
  // CHECK-NEXT: arith.addi
  // CHECK-NEXT: vector.load %{{.*}}[%{{[0-9]+}}] : memref<?xf32>, vector<4xf32>
  %1 = vector.load %x[%off] : memref<?xf32>, vector<4xf32>
  // CHECK: vector.load {{.*}} {alignment = 8 : i64}
  %2 = vector.load %x[%off] : memref<?xf32>, vector<2xf32>
  // CHECK: vector.store {{.*}} : memref<?xf32>, vector<4xf32>
  vector.store %0, %x[%i] : memref<?xf32>, vector<4xf32>
  return
}


// What a loop leaves is a multiple of what it begins with and adds.
// CHECK-LABEL: func.func @behind_a_loop(
func.func @behind_a_loop(%x: memref<?xf32>, %i: index, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c6 = arith.constant 6 : index
  %by4 = arith.muli %i, %c4 : index
  %last:2 = scf.for %j = %c0 to %n step %c1 iter_args(%k = %by4, %l = %by4) -> (index, index) {
    %k4 = arith.addi %k, %c4 : index
    %l6 = arith.addi %l, %c6 : index
    scf.yield %k4, %l6 : index, index
  }
  // CHECK: vector.load {{.*}} {alignment = 16 : i64}
  %0 = vector.load %x[%last#0] : memref<?xf32>, vector<4xf32>
  // CHECK: vector.load %{{.*}}#1] : memref<?xf32>, vector<4xf32>
  %1 = vector.load %x[%last#1] : memref<?xf32>, vector<4xf32>
  return
}
