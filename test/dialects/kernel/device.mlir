// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s | adze-opt | FileCheck %s
!tile = memref<1024xf16, #gpu.address_space<workgroup>>

// CHECK-LABEL: func.func private @copies
// CHECK:         kernel.async_copy %{{.*}}[%{{.*}}] to %{{.*}}[%{{.*}}] {bytes = 16 : i64} : memref<?xf16> to memref<1024xf16, #gpu.address_space<workgroup>>
// CHECK:         kernel.async_copy %{{.*}} read %{{.*}} {bytes = 16 : i64}
// CHECK:         kernel.async_commit
// CHECK:         kernel.async_wait 1
func.func private @copies(%x: memref<?xf16>, %i: index, %tile: !tile, %n: i32) {
  kernel.async_copy %x[%i] to %tile[%i] {bytes = 16 : i64} : memref<?xf16> to !tile
  kernel.async_copy %x[%i] to %tile[%i] read %n {bytes = 16 : i64} : memref<?xf16> to !tile
  kernel.async_commit
  kernel.async_wait 1
  return
}

// CHECK-LABEL: func.func private @fragments
// CHECK:         kernel.load_fragment %{{.*}}[%{{.*}}] : memref<1024xf16, #gpu.address_space<workgroup>> -> vector<8xf16>
// CHECK:         kernel.load_fragment %{{.*}}[%{{.*}}] transposed
// CHECK:         kernel.multiply_fragments "f16.m16n8k16" %{{.*}} : vector<8xf16>, vector<4xf16>, vector<4xf32>
func.func private @fragments(%i: index, %tile: !tile, %c: vector<4xf32>) -> vector<4xf32> {
  %a = kernel.load_fragment %tile[%i] : !tile -> vector<8xf16>
  %b = kernel.load_fragment %tile[%i] transposed : !tile -> vector<4xf16>
  %d = kernel.multiply_fragments "f16.m16n8k16" %a, %b, %c : vector<8xf16>, vector<4xf16>, vector<4xf32>
  return %d : vector<4xf32>
}
