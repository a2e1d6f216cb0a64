// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-gpu-schedule | FileCheck %s --check-prefix=SCHEDULE
// RUN: adze-opt %s --adze-gpu-schedule --adze-gpu-lower-kernels --canonicalize --cse | FileCheck %s

// Products of few tiles and a long depth: small tiles, whose warps each sum up a slice of the depth.

#a = affine_map<(l, e) -> (l floordiv 4 + ((e floordiv 2) mod 2) * 8, (l mod 4) * 2 + e mod 2 + (e floordiv 4) * 8)>
#b = affine_map<(l, e) -> ((l mod 4) * 2 + e mod 2 + (e floordiv 2) * 8, l floordiv 4)>
#c = affine_map<(l, e) -> (l floordiv 4 + (e floordiv 2) * 8, (l mod 4) * 2 + e mod 2)>
module attributes {adze.device_facts = {
    warp_size = 32 : i64, shared_bytes = 166912 : i64, access_bytes = 16 : i64, multiprocessors = 108 : i64, async_copy = true, load_fragment = true,
    matrix_units = [{name = "unit", shape = array<i64: 16, 8, 16>, a = {type = f16, elements = 8 : i64, places = #a},
                     b = {type = f16, elements = 4 : i64, places = #b}, c = {type = f32, elements = 4 : i64, places = #c}}]}} {

// A warp multiplies 64 of the 256 of a step; the sums of all four are added in their order, before the epilogue.
// SCHEDULE-LABEL: kernel.func @matrix(
// SCHEDULE-SAME:    schedule = {kind = "matrix", slices = 4 : i64, stages = 4 : i64, threads = 128 : i64, tile = array<i64: 32, 32, 256, 32, 32>, unit = "unit"}
// CHECK-LABEL:   func.func private @matrix(
// CHECK:           scf.for
// CHECK-COUNT-32:    kernel.multiply_fragments "unit"
// CHECK-NOT:         kernel.multiply_fragments
// CHECK:             scf.yield
// CHECK:           gpu.barrier
// CHECK:           scf.for
// CHECK:             %[[S0:.*]] = vector.load
// CHECK:             %[[S1:.*]] = vector.load
// CHECK:             %[[S01:.*]] = arith.addf %[[S0]], %[[S1]]
// CHECK:             %[[S2:.*]] = vector.load
// CHECK:             %[[S012:.*]] = arith.addf %[[S01]], %[[S2]]
// CHECK:             %[[S3:.*]] = vector.load
// CHECK:             arith.addf %[[S012]], %[[S3]]
// CHECK:             math.exp
kernel.func @matrix(%x: tensor<64x3072xf16>, %w: tensor<3072x768xf16>) -> tensor<64x768xf16> {
  %0 = core.matmul %x, %w to f16 : (tensor<64x3072xf16>, tensor<3072x768xf16>) -> tensor<64x768xf16>
  %1 = core.unary exp %0 : (tensor<64x768xf16>) -> tensor<64x768xf16>
  kernel.return %1 : tensor<64x768xf16>
}

// SCHEDULE-LABEL: kernel.func @scalar(
// SCHEDULE-SAME:    schedule = {kind = "tiles", slices = 4 : i64, stages = 4 : i64, threads = 128 : i64, tile = array<i64: 16, 32, 64, 16, 32>}
// CHECK-LABEL:   func.func private @scalar(
// CHECK:           scf.for
// CHECK-COUNT-64:    vector.fma
// CHECK-NOT:         vector.fma
// CHECK:             scf.yield
// CHECK:           gpu.barrier
// CHECK:           scf.for
// CHECK-COUNT-3:     arith.addf
kernel.func @scalar(%x: tensor<12x200xf32>, %w: tensor<200x96xf32>) -> tensor<12x96xf32> {
  %0 = core.matmul %x, %w to f32 : (tensor<12x200xf32>, tensor<200x96xf32>) -> tensor<12x96xf32>
  kernel.return %0 : tensor<12x96xf32>
}

// Enough tiles; too little depth.
// SCHEDULE-LABEL: kernel.func @many_tiles(
// SCHEDULE-NOT:     slices
// SCHEDULE:       kernel.func @short(
// SCHEDULE-NOT:     slices
// SCHEDULE:         kernel.return
kernel.func @many_tiles(%x: tensor<512x512xf16>, %w: tensor<512x512xf16>) -> tensor<512x512xf16> {
  %0 = core.matmul %x, %w to f16 : (tensor<512x512xf16>, tensor<512x512xf16>) -> tensor<512x512xf16>
  kernel.return %0 : tensor<512x512xf16>
}
kernel.func @short(%x: tensor<64x192xf16>, %w: tensor<192x64xf16>) -> tensor<64x64xf16> {
  %0 = core.matmul %x, %w to f16 : (tensor<64x192xf16>, tensor<192x64xf16>) -> tensor<64x64xf16>
  kernel.return %0 : tensor<64x64xf16>
}

// Unknown rows: such tiles up to as many rows (576) as take half of the machine, seen at the launch.
// SCHEDULE-LABEL: kernel.func @unknown(
// SCHEDULE-SAME:    few = {{.*}} some = array<i64: 576, 32, 32, 256, 32, 32, 4, 2>, stages = 4 : i64, threads = 128 : i64, tile = array<i64: 64, 64, 32, 32, 32>
// CHECK-LABEL:   func.func private @unknown(
// CHECK:           arith.cmpi ule, %[[ROWS:[a-z0-9]+]], %c1
// CHECK:           arith.cmpi ule, %[[ROWS]], %c8
// CHECK:           arith.cmpi ule, %[[ROWS]], %c576
// CHECK:         func.func private @unknown.grid(
kernel.func @unknown(%n: index, %x: tensor<?x512xf16> {adze.dims = array<i64: 0, -1>}, %w: tensor<512x384xf16>) -> (tensor<?x384xf16> {adze.dims = array<i64: 0, -1>}) {
  %0 = core.matmul %x, %w to f16 {adze.dims = array<i64: 0, -1>} : (tensor<?x512xf16>, tensor<512x384xf16>) -> tensor<?x384xf16>
  kernel.return %0 : tensor<?x384xf16>
}
}
