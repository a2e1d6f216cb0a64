// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// REQUIRES: codegen-nvptx
// RUN: adze-opt %s --adze-nvptx-kernel-to-llvm | FileCheck %s

// CHECK:       llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<0 x i8>
// CHECK-LABEL: llvm.func @k(
// CHECK-SAME:    attributes {nvvm.kernel, nvvm.reqntid = array<i32: 64>}
// CHECK:         nvvm.read.ptx.sreg.tid.x range <i32, 0, 64> : i32
// CHECK:         nvvm.read.ptx.sreg.ctaid.x : i32
// CHECK:         llvm.store {{.*}} : f32, !llvm.ptr<3>
// CHECK:         nvvm.barrier0
// CHECK:         nvvm.shfl.sync bfly
func.func @k(%y: memref<?xf32>, %v: f32) attributes {adze.device = {threads = 64 : i64, shared_bytes = 256 : i64}} {
  %c0 = arith.constant 0 : index
  %i = gpu.thread_id x upper_bound 64
  %b = gpu.block_id x
  %slab = gpu.dynamic_shared_memory : memref<?xi8, #gpu.address_space<workgroup>>
  %shared = memref.view %slab[%c0][] : memref<?xi8, #gpu.address_space<workgroup>> to memref<64xf32, #gpu.address_space<workgroup>>
  memref.store %v, %shared[%i] : memref<64xf32, #gpu.address_space<workgroup>>
  gpu.barrier
  %c1 = arith.constant 1 : i32
  %c32 = arith.constant 32 : i32
  %other, %valid = gpu.shuffle xor %v, %c1, %c32 : f32
  memref.store %other, %y[%b] : memref<?xf32>
  return
}

// What keeps room for other blocks says so to the assembler.
// CHECK-LABEL: llvm.func @together(
// CHECK-SAME:    attributes {nvvm.kernel, nvvm.minctasm = 6 : i32, nvvm.reqntid = array<i32: 128>}
func.func @together(%y: memref<?xf32>) attributes {adze.device = {blocks = 6 : i64, threads = 128 : i64, shared_bytes = 0 : i64}} {
  return
}
