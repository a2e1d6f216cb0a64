// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-gpu-schedule --split-input-file | FileCheck %s --check-prefix=SCHEDULE
// RUN: adze-opt %s --adze-gpu-schedule --adze-gpu-lower-kernels --canonicalize --cse --split-input-file | FileCheck %s

#a = affine_map<(l, e) -> (l floordiv 4 + ((e floordiv 2) mod 2) * 8, (l mod 4) * 2 + e mod 2 + (e floordiv 4) * 8)>
#b = affine_map<(l, e) -> ((l mod 4) * 2 + e mod 2 + (e floordiv 2) * 8, l floordiv 4)>
#c = affine_map<(l, e) -> (l floordiv 4 + (e floordiv 2) * 8, (l mod 4) * 2 + e mod 2)>
module attributes {adze.device_facts = {
    warp_size = 32 : i64, shared_bytes = 101376 : i64, access_bytes = 16 : i64, async_copy = true, load_fragment = true,
    matrix_units = [{name = "unit", shape = array<i64: 16, 8, 16>, a = {type = f16, elements = 8 : i64, places = #a},
                     b = {type = f16, elements = 4 : i64, places = #b}, c = {type = f32, elements = 4 : i64, places = #c}},
                    {name = "rounding", shape = array<i64: 16, 8, 8>, a = {type = tf32, elements = 4 : i64, places = #a},
                     b = {type = tf32, elements = 2 : i64, places = #b}, c = {type = f32, elements = 4 : i64, places = #c}}]}} {

// 128 queries, of which a warp has 32, by 64 keys: queries stay in registers, weights never leave them.
// SCHEDULE-LABEL: kernel.func @large(
// SCHEDULE-SAME:    schedule = {kind = "matrix_attention", stages = 2 : i64, threads = 128 : i64, tile = array<i64: 128, 64, 64, 32, 64>, unit = "unit"}
// CHECK-LABEL:   func.func private @large(
// CHECK-SAME:      adze.device = {blocks = 2 : i64, shared_bytes = 49152 : i64, threads = 128 : i64}
// The queries, and a step's keys and values.
// CHECK-COUNT-16:  kernel.async_copy
// CHECK:           kernel.async_commit
// CHECK:           kernel.async_wait 0
// CHECK:           gpu.barrier
// CHECK-COUNT-8:   kernel.load_fragment {{.*}} -> vector<8xf16>
// CHECK:           scf.for
// CHECK-COUNT-8:     kernel.async_copy
// CHECK:             kernel.async_commit
// CHECK-COUNT-4:     kernel.load_fragment %{{[^:t]*}} : {{.*}} -> vector<8xf16>
// CHECK-COUNT-16:    kernel.multiply_fragments "unit"
// CHECK-COUNT-48:    kernel.multiply_fragments "unit"
// The greatest score of each of four rows, over four lanes that share it.
// CHECK-COUNT-8:     gpu.shuffle
// CHECK:             math.exp2 %{{.*}} fastmath<afn> : f32
// CHECK-NOT:         gpu.barrier
// CHECK-NOT:         vector.store
// CHECK:             arith.truncf %{{.*}} : vector<8xf32> to vector<8xf16>
// CHECK-COUNT-4:     kernel.load_fragment %{{.*}} transposed : {{.*}} -> vector<8xf16>
// CHECK-COUNT-64:    kernel.multiply_fragments "unit"
// CHECK-NOT:         kernel.multiply_fragments
// CHECK:             kernel.async_wait 0
// CHECK-NEXT:        gpu.barrier
// CHECK:             scf.yield
// CHECK:           vector.store {{.*}} vector<2xf16>
// CHECK:           gpu.barrier
// CHECK:           vector.load {{.*}} vector<8xf16>
// CHECK:           vector.store {{.*}} vector<8xf16>
kernel.func @large(%q: tensor<8x16x1024x64xf16>, %k: tensor<8x16x1024x64xf16>, %v: tensor<8x16x1024x64xf16>) -> tensor<8x16x1024x64xf16> {
  %0 = core.attention %q, %k, %v scale 0.125 : (tensor<8x16x1024x64xf16>, tensor<8x16x1024x64xf16>, tensor<8x16x1024x64xf16>) -> tensor<8x16x1024x64xf16>
  kernel.return %0 : tensor<8x16x1024x64xf16>
}

// A mask of rows takes registers: fewer keys at a time.
// SCHEDULE-LABEL: kernel.func @masked(
// SCHEDULE-SAME:    tile = array<i64: 128, 32, 64, 32, 32>
// CHECK-LABEL:   func.func private @masked(
// CHECK:           scf.for
// CHECK-COUNT-16:    vector.load {{.*}} vector<2xf16>
kernel.func @masked(%q: tensor<8x16x1024x64xf16>, %k: tensor<8x16x1024x64xf16>, %v: tensor<8x16x1024x64xf16>, %m: tensor<1024x1024xf16>) -> tensor<8x16x1024x64xf16> {
  %0 = core.attention %q, %k, %v mask %m scale 0.125 : (tensor<8x16x1024x64xf16>, tensor<8x16x1024x64xf16>, tensor<8x16x1024x64xf16>, tensor<1024x1024xf16>) -> tensor<8x16x1024x64xf16>
  kernel.return %0 : tensor<8x16x1024x64xf16>
}

// One query: the warps have other keys of a step each, as many of which as possible are under way; at the end they join what they
// know of rows, and then their sums.
// SCHEDULE-LABEL: kernel.func @one_query(
// SCHEDULE-SAME:    schedule = {kind = "matrix_attention", stages = 4 : i64, threads = 128 : i64, tile = array<i64: 16, 64, 64, 16, 16>, unit = "unit"}
// CHECK-LABEL:   func.func private @one_query(
// CHECK:           kernel.async_wait 2
// CHECK:           scf.for
// CHECK-COUNT-16:    kernel.multiply_fragments
// CHECK-NOT:         kernel.multiply_fragments
// CHECK:             kernel.async_wait 2
// CHECK:           kernel.async_wait 0
// CHECK:           memref.store {{.*}} memref<64xf32,
// CHECK:           gpu.barrier
// CHECK-COUNT-4:   memref.load {{.*}} memref<64xf32,
// CHECK:           vector.store {{.*}} vector<2xf32>
// CHECK:           gpu.barrier
// CHECK:           scf.if
// CHECK-COUNT-4:     vector.load {{.*}} vector<4xf32>
// CHECK:             vector.store {{.*}} vector<4xf16>
kernel.func @one_query(%q: tensor<1x32x1x64xf16>, %k: tensor<1x8x300x64xf16>, %v: tensor<1x8x300x64xf16>) -> tensor<1x32x1x64xf16> {
  %0 = core.attention %q, %k, %v scale 0.125 : (tensor<1x32x1x64xf16>, tensor<1x8x300x64xf16>, tensor<1x8x300x64xf16>) -> tensor<1x32x1x64xf16>
  kernel.return %0 : tensor<1x32x1x64xf16>
}

// Where there are registers for them, masks are under way while products are made; only the last step looks whether a key is there.
// CHECK-LABEL:   func.func private @early_masks(
// CHECK:           scf.for
// CHECK:             scf.if
// CHECK-NOT:           arith.minsi
// CHECK:               memref.load
// CHECK:             } else {
// CHECK:               arith.minsi
// CHECK:               memref.load
// CHECK:             kernel.load_fragment
// CHECK:             kernel.multiply_fragments
// CHECK:             scf.if
// CHECK-NOT:           memref.load
// CHECK-NOT:           arith.select
// CHECK:             } else {
// CHECK:               arith.select
// CHECK:             math.exp2
kernel.func @early_masks(%q: tensor<4x70x64xf16>, %k: tensor<4x91x64xf16>, %v: tensor<4x91x64xf16>, %m: tensor<70x91xf16>) -> tensor<4x70x64xf16> {
  %0 = core.attention %q, %k, %v mask %m scale 0.125 : (tensor<4x70x64xf16>, tensor<4x91x64xf16>, tensor<4x91x64xf16>, tensor<70x91xf16>) -> tensor<4x70x64xf16>
  kernel.return %0 : tensor<4x70x64xf16>
}

// Queries of large heads are loaded again for each step.
// SCHEDULE-LABEL: kernel.func @large_heads(
// SCHEDULE-SAME:    tile = array<i64: 64, 32, 256, 16, 32>
// CHECK-LABEL:   func.func private @large_heads(
// CHECK-NOT:       kernel.load_fragment
// CHECK:           scf.for
// CHECK:             kernel.load_fragment
kernel.func @large_heads(%q: tensor<1x8x512x256xf16>, %k: tensor<1x8x512x256xf16>, %v: tensor<1x8x512x256xf16>) -> tensor<1x8x512x256xf16> {
  %0 = core.attention %q, %k, %v scale 0.0625 : (tensor<1x8x512x256xf16>, tensor<1x8x512x256xf16>, tensor<1x8x512x256xf16>) -> tensor<1x8x512x256xf16>
  kernel.return %0 : tensor<1x8x512x256xf16>
}

// What is read through a transpose is copied in chunks too; what does not lie in chunks is not, and zero from 36 on.
// SCHEDULE-LABEL: kernel.func @transposed(
// SCHEDULE-SAME:    kind = "matrix_attention"
// CHECK-LABEL:   func.func private @transposed(
// CHECK-COUNT-4:   kernel.async_copy
// CHECK:           scf.for
// CHECK:             memref.load
// CHECK-COUNT-4:     kernel.async_copy
// CHECK:             kernel.async_commit
// CHECK:             kernel.multiply_fragments
// CHECK:             vector.store
// CHECK:             kernel.async_wait 0
// CHECK:             gpu.barrier
kernel.func @transposed(%q: tensor<1x70x4x36xf16>, %k: tensor<1x4x90x36xf16>, %v: tensor<1x90x4x64xf16>) -> tensor<1x4x70x64xf16> {
  %0 = core.transpose %q [0, 2, 1, 3] : (tensor<1x70x4x36xf16>) -> tensor<1x4x70x36xf16>
  %1 = core.transpose %v [0, 2, 1, 3] : (tensor<1x90x4x64xf16>) -> tensor<1x4x90x64xf16>
  %2 = core.attention %0, %k, %1 scale 0.125 : (tensor<1x4x70x36xf16>, tensor<1x4x90x36xf16>, tensor<1x4x90x64xf16>) -> tensor<1x4x70x64xf16>
  kernel.return %2 : tensor<1x4x70x64xf16>
}

// SCHEDULE-LABEL: kernel.func @exact(
// SCHEDULE-SAME:    schedule = {kind = "attention", threads = 128 : i64, why = "tf32 is not allowed"}
// CHECK-LABEL:   func.func private @exact(
// CHECK-NOT:       kernel.multiply_fragments
// CHECK:           scf.for
// CHECK-COUNT-8:     kernel.async_copy
// CHECK:             kernel.async_commit
// CHECK:             vector.fma {{.*}} vector<4xf32>
// CHECK:             kernel.async_wait 0
kernel.func @exact(%q: tensor<4x70x64xf32>, %k: tensor<4x50x64xf32>, %v: tensor<4x50x64xf32>) -> tensor<4x70x64xf32> {
  %0 = core.attention %q, %k, %v scale 0.125 : (tensor<4x70x64xf32>, tensor<4x50x64xf32>, tensor<4x50x64xf32>) -> tensor<4x70x64xf32>
  kernel.return %0 : tensor<4x70x64xf32>
}

// SCHEDULE-LABEL: kernel.func @wide(
// SCHEDULE-SAME:    schedule = {kind = "attention", threads = 128 : i64, why = "the machine has no matrix units for these types"}
// CHECK-LABEL:   func.func private @wide(
// CHECK:           vector.fma {{.*}} vector<2xf64>
kernel.func @wide(%q: tensor<4x70x64xf64>, %k: tensor<4x50x64xf64>, %v: tensor<4x50x64xf64>) -> tensor<4x70x64xf64> {
  %0 = core.attention %q, %k, %v scale 0.125 : (tensor<4x70x64xf64>, tensor<4x50x64xf64>, tensor<4x50x64xf64>) -> tensor<4x70x64xf64>
  kernel.return %0 : tensor<4x70x64xf64>
}

// SCHEDULE-LABEL: kernel.func @huge_heads(
// SCHEDULE-SAME:    schedule = {kind = "items", threads = 64 : i64, why = "heads are too large for a warp's registers and a block's shared memory"}
kernel.func @huge_heads(%q: tensor<4x70x512xf16>, %k: tensor<4x50x512xf16>, %v: tensor<4x50x512xf16>) -> tensor<4x70x512xf16> {
  %0 = core.attention %q, %k, %v scale 0.125 : (tensor<4x70x512xf16>, tensor<4x50x512xf16>, tensor<4x50x512xf16>) -> tensor<4x70x512xf16>
  kernel.return %0 : tensor<4x70x512xf16>
}

// SCHEDULE-LABEL: kernel.func @heads_of_any_size(
// SCHEDULE-SAME:    schedule = {kind = "items", threads = 64 : i64, why = "the size of a head is not known"}
kernel.func @heads_of_any_size(%n: index, %q: tensor<4x70x?xf16> {adze.dims = array<i64: -1, -1, 0>}, %k: tensor<4x50x?xf16> {adze.dims = array<i64: -1, -1, 0>}, %v: tensor<4x50x64xf16>) -> tensor<4x70x64xf16> {
  %0 = core.attention %q, %k, %v scale 0.125 : (tensor<4x70x?xf16>, tensor<4x50x?xf16>, tensor<4x50x64xf16>) -> tensor<4x70x64xf16>
  kernel.return %0 : tensor<4x70x64xf16>
}
}

// -----

// A machine of 64 lanes whose accumulators hold columns in neighbouring lanes, and which copies and loads nothing but elements: weights
// become left sides through shared memory.
#a = affine_map<(l, e) -> (l mod 16, (l floordiv 16) * 4 + e)>
#b = affine_map<(l, e) -> ((l floordiv 16) * 4 + e, l mod 16)>
#c = affine_map<(l, e) -> ((l floordiv 16) * 4 + e, l mod 16)>
module attributes {adze.device_facts = {
    warp_size = 64 : i64, shared_bytes = 65536 : i64, access_bytes = 16 : i64,
    matrix_units = [{name = "other", shape = array<i64: 16, 16, 16>, a = {type = bf16, elements = 4 : i64, places = #a},
                     b = {type = bf16, elements = 4 : i64, places = #b}, c = {type = f32, elements = 4 : i64, places = #c}}]}} {
// SCHEDULE-LABEL: kernel.func @other(
// SCHEDULE-SAME:    schedule = {kind = "matrix_attention", stages = 2 : i64, threads = 256 : i64, tile = array<i64: 64, 32, 64, 16, 32>, unit = "other"}
// CHECK-LABEL:   func.func private @other(
// CHECK-NOT:       kernel.
// CHECK:           scf.for
// CHECK-COUNT-8:     kernel.multiply_fragments "other" %{{.*}} : vector<4xbf16>, vector<4xbf16>, vector<4xf32>
// Four rows of a lane, over 16 lanes.
// CHECK-COUNT-16:    gpu.shuffle
// CHECK-COUNT-8:     vector.store {{.*}} vector<1xbf16>
// CHECK:             gpu.barrier
// CHECK:             vector.load {{.*}} vector<4xbf16>
// CHECK-COUNT-8:     kernel.multiply_fragments "other"
// CHECK:             gpu.barrier
// CHECK:             scf.yield
kernel.func @other(%q: tensor<4x70x64xbf16>, %k: tensor<4x50x64xbf16>, %v: tensor<4x50x64xbf16>) -> tensor<4x70x64xbf16> {
  %0 = core.attention %q, %k, %v scale 0.125 : (tensor<4x70x64xbf16>, tensor<4x50x64xbf16>, tensor<4x50x64xbf16>) -> tensor<4x70x64xbf16>
  kernel.return %0 : tensor<4x70x64xbf16>
}
}
