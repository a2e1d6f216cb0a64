// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-gpu-lower-kernels --canonicalize --cse | FileCheck %s

// A warp a row: six accesses of 16 bytes a lane, held from the first pass on; sums by exchanges between lanes alone.
// CHECK-LABEL: func.func private @norm(
// CHECK-SAME:    adze.device = {shared_bytes = 0 : i64, threads = 128 : i64}
// CHECK-COUNT-6: vector.load {{.*}} vector<4xf32>
// CHECK-NOT:     vector.load
// CHECK-COUNT-5: gpu.shuffle xor
// CHECK-NOT:     vector.load
// CHECK-COUNT-5: gpu.shuffle xor
// CHECK-NOT:     gpu.barrier
// CHECK-COUNT-6: vector.store
kernel.func @norm(%n: index, %x: tensor<?x768xf32> {adze.dims = array<i64: 0, -1>}) -> (tensor<?x768xf32> {adze.dims = array<i64: 0, -1>}) attributes {schedule = {kind = "rows", team = 32 : i64, threads = 128 : i64}} {
  %y = core.norm %x axis 1 epsilon 1.000000e-05 : (tensor<?x768xf32>) -> tensor<?x768xf32>
  kernel.return %y : tensor<?x768xf32>
}

// A block a row of unknown size, which is read in each pass.
// CHECK-LABEL: func.func private @softmax(
// CHECK-SAME:    adze.device = {shared_bytes = 32 : i64, threads = 128 : i64}
// CHECK:         scf.for
// CHECK-COUNT-5: gpu.shuffle xor
// CHECK:         gpu.barrier
// CHECK:         scf.for
// CHECK-COUNT-5: gpu.shuffle xor
// CHECK:         gpu.barrier
// CHECK:         scf.for
// CHECK-LABEL: func.func private @softmax.grid
kernel.func @softmax(%n: index, %m: index, %x: tensor<?x?xf32> {adze.dims = array<i64: 0, 1>}) -> (tensor<?x?xf32> {adze.dims = array<i64: 0, 1>}) attributes {schedule = {kind = "rows", team = 128 : i64, threads = 128 : i64}} {
  %y = core.softmax %x axis 1 : (tensor<?x?xf32>) -> tensor<?x?xf32>
  kernel.return %y : tensor<?x?xf32>
}
