// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-gpu-lower-kernels --canonicalize --cse | FileCheck %s

// Tiles of 32 x 32 by vectors: two a thread on each side, chunks of four exchanged by XOR.
// CHECK-LABEL: func.func private @vectors(
// CHECK-SAME:    %[[X:[^:]*]]: memref<?xf32>, %[[Y:[^:]*]]: memref<?xf32>,
// CHECK-SAME:    adze.device = {shared_bytes = 4096 : i64, threads = 128 : i64}
// CHECK-COUNT-2: vector.load %[[X]]{{.*}} vector<4xf32>
// CHECK:         arith.xori
// CHECK-COUNT-2: vector.store {{.*}}workgroup{{.*}} vector<4xf32>
// CHECK:         gpu.barrier
// CHECK:         scf.if
// CHECK-COUNT-4:   memref.load {{.*}}workgroup
// CHECK:           vector.store %{{.*}}, %[[Y]]{{.*}} vector<4xf32>
// CHECK-LABEL: func.func private @vectors.grid() -> (index, index, index)
// CHECK:         %[[TILES:.*]] = arith.constant 96 : index
// CHECK:         return %[[TILES]],
kernel.func @vectors(%x: tensor<256x384xf32> {adze.dims = array<i64: -1, -1>}) -> (tensor<384x256xf32> {adze.dims = array<i64: -1, -1>}) attributes {schedule = {kind = "transpose", threads = 128 : i64}} {
  %y = core.transpose %x [1, 0] : (tensor<256x384xf32>) -> tensor<384x256xf32>
  kernel.return %y : tensor<384x256xf32>
}

// Sizes that are not known: vectors if they are multiples of four, else a warp a row of 33 elements of shared memory. What was computed before is
// computed on the way in.
// CHECK-LABEL: func.func private @elements(
// CHECK-SAME:    %[[X:[^:]*]]: memref<?xf32>, %[[Y:[^:]*]]: memref<?xf32>,
// CHECK-SAME:    adze.device = {shared_bytes = 4224 : i64, threads = 128 : i64}
// CHECK:         %[[WHOLE:.*]] = arith.cmpi eq, %{{.*}}, %c0
// CHECK:         scf.if %[[WHOLE]]
// CHECK-COUNT-2:   vector.load %[[X]]
// CHECK:           gpu.barrier
// CHECK:           vector.store %{{.*}}, %[[Y]]
// CHECK:         } else {
// CHECK-COUNT-8: memref.load %[[X]]
// CHECK:         arith.muli %{{.*}}, %c33
// CHECK:         gpu.barrier
// CHECK:         memref.store %{{.*}}, %[[Y]]
kernel.func @elements(%n: index, %m: index, %x: tensor<?x?xf32> {adze.dims = array<i64: 0, 1>}) -> (tensor<?x?xf32> {adze.dims = array<i64: 1, 0>}) attributes {schedule = {kind = "transpose", threads = 128 : i64}} {
  %t = core.unary sqrt %x : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %y = core.transpose %t [1, 0] : (tensor<?x?xf32>) -> tensor<?x?xf32>
  kernel.return %y : tensor<?x?xf32>
}

// Images to channels last: places are one dimension of 3136.
// CHECK-LABEL: func.func private @channels_last(
// CHECK-NOT:     arith.remui {{.*}} %c56
// CHECK:         gpu.barrier
kernel.func @channels_last(%x: tensor<2x64x56x56xf32> {adze.dims = array<i64: -1, -1, -1, -1>}) -> (tensor<2x56x56x64xf32> {adze.dims = array<i64: -1, -1, -1, -1>}) attributes {schedule = {kind = "transpose", threads = 128 : i64}} {
  %y = core.transpose %x [0, 2, 3, 1] : (tensor<2x64x56x56xf32>) -> tensor<2x56x56x64xf32>
  kernel.return %y : tensor<2x56x56x64xf32>
}
