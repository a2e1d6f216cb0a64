// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-gpu-lower-kernels --canonicalize --cse | FileCheck %s

// Each thread has four neighbours; the last one that has work goes over what remains one by one.
// CHECK-LABEL: func.func private @flat(
// CHECK-SAME:    %[[BEGIN:.*]]: index, %[[END:.*]]: index, %[[SITE:.*]]: index, %[[N:.*]]: index, %[[X:.*]]: memref<?xf32>, %[[Y:.*]]: memref<?xf32>,
// CHECK-SAME:    attributes {adze.device = {shared_bytes = 0 : i64, threads = 256 : i64}, adze.kernel}
// CHECK:         gpu.block_id
// CHECK:         gpu.thread_id
// CHECK:         scf.if
// CHECK:           scf.if
// CHECK:             vector.load %[[X]][{{.*}}] : memref<?xf32>, vector<4xf32>
// CHECK:             vector.store %{{.*}}, %[[Y]]
// CHECK:           } else {
// CHECK:             scf.for
// CHECK:               memref.load %[[X]]
// CHECK-LABEL: func.func private @flat.grid(
// CHECK:         arith.floordivsi %{{.*}}, %c256
kernel.func @flat(%n: index, %x: tensor<?xf32> {adze.dims = array<i64: 0>}) -> (tensor<?xf32> {adze.dims = array<i64: 0>}) attributes {schedule = {kind = "elements", threads = 256 : i64}} {
  %y = core.unary sqrt %x : (tensor<?xf32>) -> tensor<?xf32>
  kernel.return %y : tensor<?xf32>
}

// Elements of 8 bytes: two a thread.
// CHECK-LABEL: func.func private @wide(
// CHECK:         vector.load {{.*}} vector<2xi64>
kernel.func @wide(%x: tensor<64xi64> {adze.dims = array<i64: -1>}) -> (tensor<64xi64> {adze.dims = array<i64: -1>}) attributes {schedule = {kind = "elements", threads = 256 : i64}} {
  %y = core.binary add %x, %x : (tensor<64xi64>, tensor<64xi64>) -> tensor<64xi64>
  kernel.return %y : tensor<64xi64>
}

// The lanes of one thread lie in one row.
// CHECK-LABEL: func.func private @rows(
// CHECK:         arith.remui %{{.*}}, %c192
// CHECK:         vector.load {{.*}} vector<4xf32>
kernel.func @rows(%n: index, %x: tensor<?x768xf32> {adze.dims = array<i64: 0, -1>}, %b: tensor<768xf32> {adze.dims = array<i64: -1>}) -> (tensor<?x768xf32> {adze.dims = array<i64: 0, -1>}) attributes {schedule = {kind = "elements", threads = 256 : i64}} {
  %y = core.binary add %x, %b : (tensor<?x768xf32>, tensor<768xf32>) -> tensor<?x768xf32>
  kernel.return %y : tensor<?x768xf32>
}

// CHECK-LABEL: func.func private @odd_rows(
// CHECK-NOT:     vector.load
// CHECK:         return
kernel.func @odd_rows(%n: index, %x: tensor<?x7xf32> {adze.dims = array<i64: 0, -1>}, %b: tensor<7xf32> {adze.dims = array<i64: -1>}) -> (tensor<?x7xf32> {adze.dims = array<i64: 0, -1>}) attributes {schedule = {kind = "elements", threads = 256 : i64}} {
  %y = core.binary add %x, %b : (tensor<?x7xf32>, tensor<7xf32>) -> tensor<?x7xf32>
  kernel.return %y : tensor<?x7xf32>
}

// Depthwise: four channels a thread, sums in registers, of which there are many: 768 threads have them at a time.
// CHECK-LABEL: func.func private @depthwise(
// CHECK-SAME:    attributes {adze.device = {blocks = 6 : i64, shared_bytes = 0 : i64, threads = 128 : i64}
// CHECK:         scf.for {{.*}} iter_args({{.*}}) -> (vector<4xf32>)
// CHECK:           scf.for
// CHECK:             vector.load
// CHECK:         vector.store
kernel.func @depthwise(%x: tensor<1x8x8x16xf32> {adze.dims = array<i64: -1, -1, -1, -1>}, %w: tensor<3x3x1x16xf32> {adze.dims = array<i64: -1, -1, -1, -1>}) -> (tensor<1x6x6x16xf32> {adze.dims = array<i64: -1, -1, -1, -1>}) attributes {schedule = {kind = "points", threads = 128 : i64}} {
  %y = core.conv %x, %w strides [1, 1] dilations [1, 1] groups 16 to f32 : (tensor<1x8x8x16xf32>, tensor<3x3x1x16xf32>) -> tensor<1x6x6x16xf32>
  kernel.return %y : tensor<1x6x6x16xf32>
}

// A product of short sums: four columns of one row a thread.
// CHECK-LABEL: func.func private @short_sums(
// CHECK:         scf.for {{.*}} iter_args({{.*}}) -> (vector<4xf32>)
// CHECK:           memref.load
// CHECK:           vector.load {{.*}} vector<4xf32>
// CHECK:         vector.store
kernel.func @short_sums(%x: tensor<8x16xf32> {adze.dims = array<i64: -1, -1>}, %w: tensor<16x32xf32> {adze.dims = array<i64: -1, -1>}) -> (tensor<8x32xf32> {adze.dims = array<i64: -1, -1>}) attributes {schedule = {kind = "points", threads = 128 : i64}} {
  %y = core.matmul %x, %w to f32 : (tensor<8x16xf32>, tensor<16x32xf32>) -> tensor<8x32xf32>
  kernel.return %y : tensor<8x32xf32>
}

// A thread an item, each with its own part of the launch's scratch memory. An index out of range is left in one word.
// CHECK-LABEL: func.func private @lookup(
// CHECK:         memref.atomic_rmw maxs
kernel.func @lookup(%x: tensor<64xf32> {adze.dims = array<i64: -1>}, %i: tensor<8xi64> {adze.dims = array<i64: -1>}) -> (tensor<8xf32> {adze.dims = array<i64: -1>}) attributes {schedule = {kind = "elements", threads = 256 : i64}} {
  %y = core.gather %x, %i axis 0 : (tensor<64xf32>, tensor<8xi64>) -> tensor<8xf32>
  kernel.return %y : tensor<8xf32>
}
