// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --pass-pipeline='builtin.module(func.func(adze-gpu-narrow-indices))' | FileCheck %s

// 25600 threads: all of it fits, the loop's counter too.
// CHECK-LABEL: func.func @known
// CHECK:         %[[I:.*]] = arith.addi {{.*}} : i32
// CHECK:         arith.divui %[[I]], %{{.*}} : i32
// CHECK:         scf.for {{.*}} -> (f32) : i32 {
// CHECK:           arith.muli {{.*}} : i32
// CHECK:           %[[AT:.*]] = arith.index_castui %{{.*}} : i32 to index
// CHECK:           memref.load %{{.*}}[%[[AT]]]
// CHECK-NOT:     arith.{{(addi|muli|divui|remui)}} {{.*}} : index
// CHECK-LABEL: func.func @blocks_are_not_known
func.func @known(%x: memref<?xf32>, %y: memref<?xf32>) attributes {adze.device = {threads = 256 : i64, shared_bytes = 0 : i64}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c24 = arith.constant 24 : index
  %c49 = arith.constant 49 : index
  %c256 = arith.constant 256 : index
  %c5000 = arith.constant 5000 : index
  %zero = arith.constant 0.0 : f32
  %block = gpu.block_id x upper_bound 100
  %thread = gpu.thread_id x upper_bound 256
  %first = arith.muli %block, %c256 : index
  %i = arith.addi %first, %thread : index
  %r = arith.remui %i, %c24 : index
  %d = arith.divui %i, %c24 : index
  %sum = scf.for %k = %c0 to %c49 step %c1 iter_args(%a = %zero) -> (f32) {
    %m = arith.muli %k, %c24 : index
    %n = arith.addi %m, %r : index
    %q = arith.muli %d, %c5000 : index
    %p = arith.addi %n, %q : index
    %v = memref.load %x[%p] : memref<?xf32>
    %w = arith.addf %v, %a : f32
    scf.yield %w : f32
  }
  memref.store %sum, %y[%i] : memref<?xf32>
  return
}

// The number of a block has up to 32 bits.
// CHECK:         arith.muli {{.*}} : index
// CHECK:         arith.addi {{.*}} : index
// CHECK-LABEL: func.func @products_are_too_large
func.func @blocks_are_not_known(%x: memref<?xf32>) attributes {adze.device = {threads = 256 : i64, shared_bytes = 0 : i64}} {
  %c256 = arith.constant 256 : index
  %zero = arith.constant 0.0 : f32
  %block = gpu.block_id x
  %thread = gpu.thread_id x upper_bound 256
  %first = arith.muli %block, %c256 : index
  %i = arith.addi %first, %thread : index
  memref.store %zero, %x[%i] : memref<?xf32>
  return
}

// A number of a thread fits; its position among 2^34 does not.
// CHECK:         arith.addi {{.*}} : i32
// CHECK:         arith.muli {{.*}} : index
// CHECK-LABEL: func.func @of_the_host
func.func @products_are_too_large(%x: memref<?xf32>) attributes {adze.device = {threads = 256 : i64, shared_bytes = 0 : i64}} {
  %c256 = arith.constant 256 : index
  %row = arith.constant 1048576 : index
  %zero = arith.constant 0.0 : f32
  %block = gpu.block_id x upper_bound 64
  %thread = gpu.thread_id x upper_bound 256
  %first = arith.muli %block, %c256 : index
  %i = arith.addi %first, %thread : index
  %p = arith.muli %i, %row : index
  memref.store %zero, %x[%p] : memref<?xf32>
  return
}

// CHECK-NOT:     i32
func.func @of_the_host(%x: memref<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c49 = arith.constant 49 : index
  %zero = arith.constant 0.0 : f32
  scf.for %k = %c0 to %c49 step %c1 {
    %p = arith.addi %k, %c1 : index
    memref.store %zero, %x[%p] : memref<?xf32>
  }
  return
}
