// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-nvptx-kernel-to-llvm=capability=80 | FileCheck %s
// RUN: not adze-opt %s --adze-nvptx-kernel-to-llvm=capability=75 2>&1 | FileCheck %s --check-prefix=OLD
!tile = memref<1024xf16, #gpu.address_space<workgroup>>

// What a chip has no instruction for never reaches LLVM.
// OLD: failed to legalize operation 'kernel.async_copy'

// CHECK-LABEL: llvm.func @copies
// CHECK:         nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache = cg, %{{.*}} : !llvm.ptr<3>, !llvm.ptr<1>, i32
// CHECK:         nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 4, cache = ca : !llvm.ptr<3>, !llvm.ptr<1>
// CHECK:         nvvm.cp.async.commit.group
// CHECK:         nvvm.cp.async.wait.group 1
func.func @copies(%x: memref<?xf16>, %i: index, %tile: !tile, %n: i32) {
  kernel.async_copy %x[%i] to %tile[%i] read %n {bytes = 16 : i64} : memref<?xf16> to !tile
  kernel.async_copy %x[%i] to %tile[%i] {bytes = 4 : i64} : memref<?xf16> to !tile
  kernel.async_commit
  kernel.async_wait 1
  return
}

// CHECK-LABEL: llvm.func @products
// CHECK:         nvvm.ldmatrix %{{.*}} {{{.*}}layout = #nvvm.mma_layout<row>, num = 4 : i32
// CHECK:         nvvm.ldmatrix %{{.*}} {{{.*}}layout = #nvvm.mma_layout<col>, num = 2 : i32
// CHECK:         nvvm.mma.sync A[{{.*}}] B[{{.*}}] C[{{.*}}] {{.*}}shape = #nvvm.shape<m = 16, n = 8, k = 16>
// CHECK:         nvvm.mma.sync {{.*}}shape = #nvvm.shape<m = 16, n = 8, k = 32>
func.func @products(%i: index, %tile: !tile, %c: vector<4xf32>, %x: vector<16xi8>, %y: vector<8xi8>,
                    %z: vector<4xi32>) -> (vector<4xf32>, vector<4xi32>) {
  %a = kernel.load_fragment %tile[%i] : !tile -> vector<8xf16>
  %b = kernel.load_fragment %tile[%i] transposed : !tile -> vector<4xf16>
  %d = kernel.multiply_fragments "f16.m16n8k16" %a, %b, %c : vector<8xf16>, vector<4xf16>, vector<4xf32>
  %e = kernel.multiply_fragments "s8.s8.m16n8k32" %x, %y, %z : vector<16xi8>, vector<8xi8>, vector<4xi32>
  return %d, %e : vector<4xf32>, vector<4xi32>
}

// CHECK-LABEL: llvm.func @approximation
// CHECK:         llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f32"(%{{.*}}) : (f32) -> f32
func.func @approximation(%x: f32) -> f32 {
  %0 = math.exp2 %x fastmath<afn> : f32
  return %0 : f32
}
