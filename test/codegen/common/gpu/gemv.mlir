// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-gpu-schedule | FileCheck %s --check-prefix=SCHEDULE
// RUN: adze-opt %s --adze-gpu-schedule --adze-gpu-lower-kernels --canonicalize --cse | FileCheck %s

module attributes {adze.device_facts = {warp_size = 32 : i64, shared_bytes = 49152 : i64, access_bytes = 16 : i64, multiprocessors = 108 : i64}} {

// Four chunks of columns are a block's, more would leave multiprocessors idle; a thread has every 32nd row of them.
// SCHEDULE-LABEL: kernel.func @one_row(
// SCHEDULE-SAME:    schedule = {few = array<i64: 1, 4>, kind = "gemv", threads = 128 : i64}
// CHECK-LABEL:   func.func private @one_row(
// CHECK-SAME:      adze.device = {shared_bytes = 256 : i64, threads = 128 : i64}
// CHECK:           scf.for {{.*}} step %c128 
// CHECK-COUNT-4:     vector.load %{{.*}} : memref<?xf32>, vector<4xf32>
// CHECK-COUNT-4:     vector.fma
// CHECK:             scf.yield
// CHECK-COUNT-12:  gpu.shuffle
// CHECK:           gpu.barrier
// CHECK-COUNT-4:   memref.load %{{.*}}, #gpu.address_space<workgroup>>
// CHECK-NOT:       math.exp
// CHECK:           math.exp
// CHECK-NOT:       math.exp
// CHECK:         func.func private @one_row.grid()
// CHECK:           arith.constant 192 : index
kernel.func @one_row(%x: tensor<1x768xf32>, %w: tensor<768x3072xf32>) -> tensor<1x3072xf32> {
  %0 = core.matmul %x, %w to f32 : (tensor<1x768xf32>, tensor<768x3072xf32>) -> tensor<1x3072xf32>
  %1 = core.unary exp %0 : (tensor<1x3072xf32>) -> tensor<1x3072xf32>
  kernel.return %1 : tensor<1x3072xf32>
}

// Batches whose right side is one matrix are rows.
// SCHEDULE-LABEL: kernel.func @folded(
// SCHEDULE-SAME:    schedule = {few = array<i64: 6, {{.*}}kind = "gemv"
kernel.func @folded(%x: tensor<3x2x64xf32>, %w: tensor<64x32xf32>) -> tensor<3x2x32xf32> {
  %0 = core.matmul %x, %w to f32 : (tensor<3x2x64xf32>, tensor<64x32xf32>) -> tensor<3x2x32xf32>
  kernel.return %0 : tensor<3x2x32xf32>
}

// Weights that lie column by column: chunks along the depth, a warp a column.
// SCHEDULE-LABEL: kernel.func @transposed(
// SCHEDULE-SAME:    kind = "gemv"
// CHECK-LABEL:   func.func private @transposed(
// CHECK:           scf.for {{.*}} step %c1024 
// CHECK-COUNT-4:     vector.load %{{.*}} : memref<?xf16>, vector<8xf16>
// CHECK-COUNT-4:     vector.fma
// CHECK-COUNT-5:   gpu.shuffle
// CHECK-NOT:       gpu.shuffle
// CHECK:         func.func private @transposed.grid()
kernel.func @transposed(%x: tensor<1x512xf16>, %w: tensor<100x512xf16>) -> tensor<1x100xf16> {
  %t = core.transpose %w [1, 0] : (tensor<100x512xf16>) -> tensor<512x100xf16>
  %0 = core.matmul %x, %t to f16 : (tensor<1x512xf16>, tensor<512x100xf16>) -> tensor<1x100xf16>
  kernel.return %0 : tensor<1x100xf16>
}

// How many rows there are is seen at the launch, by blocks and by the grid.
// SCHEDULE-LABEL: kernel.func @unknown(
// SCHEDULE-SAME:    few = array<i64: 4, {{[0-9]+}}>, kind = "tiles"
// CHECK-LABEL:   func.func private @unknown(
// CHECK:           arith.cmpi ule, %[[ROWS:[a-z0-9]+]], %c1
// CHECK:           scf.if
// CHECK:             arith.cmpi ule, %[[ROWS]], %c8
// CHECK:             scf.if
// CHECK:         func.func private @unknown.grid(%[[N:.*]]: index)
// CHECK:           arith.floordivsi %c8
kernel.func @unknown(%n: index, %x: tensor<?x64xf32> {adze.dims = array<i64: 0, -1>}, %w: tensor<64x96xf32>) -> (tensor<?x96xf32> {adze.dims = array<i64: 0, -1>}) {
  %0 = core.matmul %x, %w to f32 {adze.dims = array<i64: 0, -1>} : (tensor<?x64xf32>, tensor<64x96xf32>) -> tensor<?x96xf32>
  kernel.return %0 : tensor<?x96xf32>
}

// Rows of images are many, or none.
// SCHEDULE-LABEL: kernel.func @images(
// SCHEDULE-NOT:     few
// SCHEDULE:         kernel.return
kernel.func @images(%n: index, %x: tensor<?x10x10x32xf32> {adze.dims = array<i64: 0, -1, -1, -1>}, %w: tensor<3x3x32x64xf32>) -> (tensor<?x8x8x64xf32> {adze.dims = array<i64: 0, -1, -1, -1>}) {
  %0 = core.conv %x, %w strides [1, 1] dilations [1, 1] groups 1 to f32 {adze.dims = array<i64: 0, -1, -1, -1>} : (tensor<?x10x10x32xf32>, tensor<3x3x32x64xf32>) -> tensor<?x8x8x64xf32>
  kernel.return %0 : tensor<?x8x8x64xf32>
}

// Nine rows are not few.
// SCHEDULE-LABEL: kernel.func @nine(
// SCHEDULE-NOT:     gemv
// SCHEDULE:         kernel.return
kernel.func @nine(%x: tensor<9x64xf32>, %w: tensor<64x96xf32>) -> tensor<9x96xf32> {
  %0 = core.matmul %x, %w to f32 : (tensor<9x64xf32>, tensor<64x96xf32>) -> tensor<9x96xf32>
  kernel.return %0 : tensor<9x96xf32>
}
}
