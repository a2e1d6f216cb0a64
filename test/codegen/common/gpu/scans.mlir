// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-gpu-lower-kernels --canonicalize --cse | FileCheck %s

// A warp counts its piece, then all know how many come before, then it writes: five exchanges of 64 bits, and five for the places of one round.
// CHECK-LABEL: func.func private @find(
// CHECK-SAME:    adze.device = {shared_bytes = 32 : i64, threads = 128 : i64}
// CHECK:         scf.for
// CHECK-COUNT-10: gpu.shuffle xor
// CHECK:         gpu.barrier
// CHECK:         scf.for
// CHECK:         scf.for
// CHECK-COUNT-5:   gpu.shuffle xor
// CHECK-NOT:       gpu.shuffle
// CHECK:           memref.store
// CHECK-LABEL: func.func private @find.grid
// CHECK:         %[[ONE:.*]] = arith.constant 1 : index
// CHECK:         return %[[ONE]],
kernel.func @find(%n: index, %k: index, %x: tensor<?xf32> {adze.dims = array<i64: 0>}) -> (tensor<1x?xi64> {adze.dims = array<i64: -1, 1>}) attributes {schedule = {kind = "nonzero", threads = 128 : i64}} {
  %y = core.nonzero_indices %x count %k : (tensor<?xf32>, index) -> tensor<1x?xi64>
  kernel.return %y : tensor<1x?xi64>
}

// 64 threads, each for two of the 128 elements of the result: it copies those, and joins the updates that are theirs.
// CHECK-LABEL: func.func private @owners(
// CHECK:         scf.for %{{.*}} to %c128 step %c64
// CHECK:         scf.for %{{.*}} to %c9 step %c1
// CHECK:           %[[OWNER:.*]] = arith.andi %{{.*}}, %c63
// CHECK:           %[[MINE:.*]] = arith.cmpi eq, %[[OWNER]],
// CHECK:           scf.if %[[MINE]]
// CHECK:             arith.addf
kernel.func @owners(%x: tensor<128xf32> {adze.dims = array<i64: -1>}, %i: tensor<9x1xi64> {adze.dims = array<i64: -1, -1>}, %u: tensor<9xf32> {adze.dims = array<i64: -1>}) -> (tensor<128xf32> {adze.dims = array<i64: -1>}) attributes {schedule = {kind = "owners", team = 64 : i64, threads = 64 : i64}} {
  %y = core.scatter_nd add %x, %i, %u : (tensor<128xf32>, tensor<9x1xi64>, tensor<9xf32>) -> tensor<128xf32>
  kernel.return %y : tensor<128xf32>
}

// A warp a line: four accesses of a thread before what is carried is needed.
// CHECK-LABEL: func.func private @running(
// CHECK-SAME:    adze.device = {shared_bytes = 0 : i64, threads = 128 : i64}
// CHECK:         scf.for {{.*}} step %c128 iter_args(
// CHECK-COUNT-4:   memref.load
// CHECK-NOT:       memref.load
// CHECK-COUNT-20:  gpu.shuffle xor
// CHECK-NOT:       gpu.shuffle
kernel.func @running(%n: index, %m: index, %x: tensor<?x?xf32> {adze.dims = array<i64: 0, 1>}) -> (tensor<?x?xf32> {adze.dims = array<i64: 0, 1>}) attributes {schedule = {kind = "scan", threads = 128 : i64}} {
  %y = core.scan sum %x axis 1 : (tensor<?x?xf32>) -> tensor<?x?xf32>
  kernel.return %y : tensor<?x?xf32>
}
