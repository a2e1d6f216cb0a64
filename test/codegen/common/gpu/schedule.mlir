// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-gpu-schedule | FileCheck %s

module attributes {adze.device_facts = {warp_size = 32 : i64, shared_bytes = 49152 : i64}} {
  // CHECK-LABEL: kernel.func @elementwise
  // CHECK-SAME:    schedule = {kind = "elements", threads = 256 : i64}
  kernel.func @elementwise(%x: tensor<4x8xf32> {adze.dims = array<i64: -1, -1>}) -> (tensor<4x8xf32> {adze.dims = array<i64: -1, -1>}) {
    %y = core.unary sqrt %x : (tensor<4x8xf32>) -> tensor<4x8xf32>
    kernel.return %y : tensor<4x8xf32>
  }

  // A row of 768 stays in the registers of a warp.
  // CHECK-LABEL: kernel.func @norm
  // CHECK-SAME:    schedule = {kind = "rows", team = 32 : i64, threads = 128 : i64}
  kernel.func @norm(%x: tensor<4x768xf32> {adze.dims = array<i64: -1, -1>}) -> (tensor<4x768xf32> {adze.dims = array<i64: -1, -1>}) {
    %y = core.norm %x axis 1 epsilon 1.000000e-05 : (tensor<4x768xf32>) -> tensor<4x768xf32>
    kernel.return %y : tensor<4x768xf32>
  }

  // CHECK-LABEL: kernel.func @long_row
  // CHECK-SAME:    schedule = {kind = "rows", team = 256 : i64, threads = 256 : i64}
  kernel.func @long_row(%x: tensor<4x4096xf32> {adze.dims = array<i64: -1, -1>}) -> (tensor<4x4096xf32> {adze.dims = array<i64: -1, -1>}) {
    %y = core.softmax %x axis 1 : (tensor<4x4096xf32>) -> tensor<4x4096xf32>
    kernel.return %y : tensor<4x4096xf32>
  }

  // Along another dimension neighbours in memory belong to different rows: a thread each.
  // CHECK-LABEL: kernel.func @column
  // CHECK-SAME:    schedule = {kind = "items"
  kernel.func @column(%x: tensor<4x4096xf32> {adze.dims = array<i64: -1, -1>}) -> (tensor<4x4096xf32> {adze.dims = array<i64: -1, -1>}) {
    %y = core.softmax %x axis 0 : (tensor<4x4096xf32>) -> tensor<4x4096xf32>
    kernel.return %y : tensor<4x4096xf32>
  }

  // Neighbours in memory are joined: two teams of a warp's halves, or a block; else a part of the range for each of 8 threads that are apart.
  // CHECK-LABEL: kernel.func @sum_of_rows
  // CHECK-SAME:    schedule = {kind = "reduce", team = 16 : i64, threads = 128 : i64}
  kernel.func @sum_of_rows(%x: tensor<4096x64xf32> {adze.dims = array<i64: -1, -1>}) -> (tensor<4096xf32> {adze.dims = array<i64: -1>}) {
    %y = core.reduce sum %x axes [1] keepdims false : (tensor<4096x64xf32>) -> tensor<4096xf32>
    kernel.return %y : tensor<4096xf32>
  }
  // CHECK-LABEL: kernel.func @sum_of_all
  // CHECK-SAME:    schedule = {kind = "reduce", team = 1024 : i64, threads = 1024 : i64}
  kernel.func @sum_of_all(%x: tensor<1000x64xf32> {adze.dims = array<i64: -1, -1>}) -> (tensor<f32> {adze.dims = array<i64>}) {
    %y = core.reduce sum %x axes [0, 1] keepdims false : (tensor<1000x64xf32>) -> tensor<f32>
    kernel.return %y : tensor<f32>
  }
  // CHECK-LABEL: kernel.func @sum_of_columns
  // CHECK-SAME:    schedule = {kind = "reduce", team = 8 : i64, threads = 256 : i64}
  kernel.func @sum_of_columns(%x: tensor<49x1280xf32> {adze.dims = array<i64: -1, -1>}) -> (tensor<1280xf32> {adze.dims = array<i64: -1>}) {
    %y = core.reduce sum %x axes [0] keepdims false : (tensor<49x1280xf32>) -> tensor<1280xf32>
    kernel.return %y : tensor<1280xf32>
  }

  // CHECK-LABEL: kernel.func @turned
  // CHECK-SAME:    schedule = {kind = "transpose", threads = 128 : i64}
  kernel.func @turned(%x: tensor<2x64x8x8xf32> {adze.dims = array<i64: -1, -1, -1, -1>}) -> (tensor<2x8x8x64xf32> {adze.dims = array<i64: -1, -1, -1, -1>}) {
    %y = core.transpose %x [0, 2, 3, 1] : (tensor<2x64x8x8xf32>) -> tensor<2x8x8x64xf32>
    kernel.return %y : tensor<2x8x8x64xf32>
  }
  // Rows of both are contiguous; a side of three elements fills no tile.
  // CHECK-LABEL: kernel.func @rows_moved
  // CHECK-SAME:    schedule = {kind = "elements"
  kernel.func @rows_moved(%x: tensor<2x64x8x8xf32> {adze.dims = array<i64: -1, -1, -1, -1>}) -> (tensor<2x8x64x8xf32> {adze.dims = array<i64: -1, -1, -1, -1>}) {
    %y = core.transpose %x [0, 2, 1, 3] : (tensor<2x64x8x8xf32>) -> tensor<2x8x64x8xf32>
    kernel.return %y : tensor<2x8x64x8xf32>
  }
  // CHECK-LABEL: kernel.func @thin
  // CHECK-SAME:    schedule = {kind = "elements"
  kernel.func @thin(%x: tensor<3x64xf32> {adze.dims = array<i64: -1, -1>}) -> (tensor<64x3xf32> {adze.dims = array<i64: -1, -1>}) {
    %y = core.transpose %x [1, 0] : (tensor<3x64xf32>) -> tensor<64x3xf32>
    kernel.return %y : tensor<64x3xf32>
  }

  // CHECK-LABEL: kernel.func @pool
  // CHECK-SAME:    schedule = {kind = "points"
  kernel.func @pool(%x: tensor<1x8x8x16xf32> {adze.dims = array<i64: -1, -1, -1, -1>}) -> (tensor<1x4x4x16xf32> {adze.dims = array<i64: -1, -1, -1, -1>}) {
    %y = core.pool max %x window [2, 2] strides [2, 2] dilations [1, 1] : (tensor<1x8x8x16xf32>) -> tensor<1x4x4x16xf32>
    kernel.return %y : tensor<1x4x4x16xf32>
  }

  // CHECK-LABEL: kernel.func @few_rows
  // CHECK-SAME:    schedule = {kind = "tiles", slices = 2 : i64, stages = 2 : i64, threads = 64 : i64, tile = array<i64: 16, 32, 32, 16, 32>}
  kernel.func @few_rows(%x: tensor<16x64xf32> {adze.dims = array<i64: -1, -1>}, %w: tensor<64x64xf32> {adze.dims = array<i64: -1, -1>}) -> (tensor<16x64xf32> {adze.dims = array<i64: -1, -1>}) {
    %y = core.matmul %x, %w to f32 : (tensor<16x64xf32>, tensor<64x64xf32>) -> tensor<16x64xf32>
    kernel.return %y : tensor<16x64xf32>
  }

  // CHECK-LABEL: kernel.func @large
  // CHECK-SAME:    schedule = {kind = "tiles", {{.*}} tile = array<i64: 128, 64, 16,
  kernel.func @large(%x: tensor<1024x1024xf32> {adze.dims = array<i64: -1, -1>}, %w: tensor<1024x1024xf32> {adze.dims = array<i64: -1, -1>}) -> (tensor<1024x1024xf32> {adze.dims = array<i64: -1, -1>}) {
    %y = core.matmul %x, %w to f32 : (tensor<1024x1024xf32>, tensor<1024x1024xf32>) -> tensor<1024x1024xf32>
    kernel.return %y : tensor<1024x1024xf32>
  }

  // Sums of one step of a tile do not pay for shared memory.
  // CHECK-LABEL: kernel.func @short_sums
  // CHECK-SAME:    schedule = {kind = "points", threads = 128 : i64}
  kernel.func @short_sums(%x: tensor<1024x16xf32> {adze.dims = array<i64: -1, -1>}, %w: tensor<16x1024xf32> {adze.dims = array<i64: -1, -1>}) -> (tensor<1024x1024xf32> {adze.dims = array<i64: -1, -1>}) {
    %y = core.matmul %x, %w to f32 : (tensor<1024x16xf32>, tensor<16x1024xf32>) -> tensor<1024x1024xf32>
    kernel.return %y : tensor<1024x1024xf32>
  }

  // Updates of few lines: a thread has elements of the result, and looks at all of them.
  // CHECK-LABEL: kernel.func @ordered
  // CHECK-SAME:    schedule = {kind = "owners", team = 32 : i64, threads = 32 : i64}
  kernel.func @ordered(%x: tensor<4xf32> {adze.dims = array<i64: -1>}, %i: tensor<2x1xi64> {adze.dims = array<i64: -1, -1>}, %u: tensor<2xf32> {adze.dims = array<i64: -1>}) -> (tensor<4xf32> {adze.dims = array<i64: -1>}) {
    %y = core.scatter_nd none %x, %i, %u : (tensor<4xf32>, tensor<2x1xi64>, tensor<2xf32>) -> tensor<4xf32>
    kernel.return %y : tensor<4xf32>
  }
}
