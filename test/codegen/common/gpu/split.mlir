// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-gpu-schedule --split-input-file | FileCheck %s --check-prefix=SCHEDULE
// RUN: adze-opt %s --adze-gpu-schedule --adze-gpu-lower-kernels --canonicalize --cse --split-input-file | FileCheck %s

// Where it is allowed, f32 is split when its fragments have been loaded, and each product of terms that counts is added,
// the smallest first. A fragment of A takes two instructions here.

#a = affine_map<(l, e) -> (l floordiv 4 + ((e floordiv 2) mod 2) * 8, l mod 4 + (e mod 2) * 4 + (e floordiv 4) * 8)>
#b = affine_map<(l, e) -> (l mod 4 + (e mod 2) * 4 + (e floordiv 2) * 8, l floordiv 4)>
#c = affine_map<(l, e) -> (l floordiv 4 + (e floordiv 2) * 8, (l mod 4) * 2 + e mod 2)>
module attributes {adze.device_facts = {
    warp_size = 32 : i64, shared_bytes = 101376 : i64, access_bytes = 16 : i64, async_copy = true, load_fragment = true, allow = ["sum"],
    matrix_units = [{name = "unit", shape = array<i64: 16, 8, 16>, a = {type = bf16, elements = 8 : i64, places = #a, memory = f32},
                     b = {type = bf16, elements = 4 : i64, places = #b, memory = f32}, c = {type = f32, elements = 4 : i64, places = #c},
                     terms = 2 : i64, allow = "sum"}]}} {
// SCHEDULE-LABEL: kernel.func @product(
// SCHEDULE-SAME:    kind = "matrix", {{.*}} tile = array<i64: 128, 64, 16, 64, 32>, unit = "unit"
// CHECK-LABEL:   func.func private @product(
// CHECK:           scf.for
// CHECK-COUNT-8:     kernel.load_fragment %{{[^:]*}} : {{.*}} -> vector<4xf32>
// CHECK-NOT:         kernel.load_fragment
// CHECK-COUNT-48:    kernel.multiply_fragments "unit" {{.*}}vector<8xbf16>
// CHECK-NOT:         kernel.multiply_fragments
// CHECK:             %[[HIGH:.*]] = arith.truncf %[[X:.*]] : vector<8xf32> to vector<8xbf16>
// CHECK:             %[[BACK:.*]] = arith.extf %[[HIGH]]
// CHECK:             %[[REST:.*]] = arith.subf %[[X]], %[[BACK]]
// CHECK:             arith.truncf %[[REST]]
// CHECK:             scf.yield
kernel.func @product(%x: tensor<2048x1024xf32>, %y: tensor<1024x2048xf32>) -> tensor<2048x2048xf32> {
  %0 = core.matmul %x, %y to f32 : (tensor<2048x1024xf32>, tensor<1024x2048xf32>) -> tensor<2048x2048xf32>
  kernel.return %0 : tensor<2048x2048xf32>
}
}

// -----

#a = affine_map<(l, e) -> (l, e)>
module attributes {adze.device_facts = {
    matrix_units = [{name = "unit", shape = array<i64: 16, 8, 16>, a = {type = bf16, elements = 8 : i64, places = #a, memory = f32},
                     b = {type = bf16, elements = 4 : i64, places = #a, memory = f32}, c = {type = f32, elements = 4 : i64, places = #a},
                     terms = 2 : i64, allow = "sum"}]}} {
// SCHEDULE-LABEL: kernel.func @not_allowed(
// SCHEDULE-SAME:    kind = "tiles"
kernel.func @not_allowed(%x: tensor<2048x1024xf32>, %y: tensor<1024x2048xf32>) -> tensor<2048x2048xf32> {
  %0 = core.matmul %x, %y to f32 : (tensor<2048x1024xf32>, tensor<1024x2048xf32>) -> tensor<2048x2048xf32>
  kernel.return %0 : tensor<2048x2048xf32>
}
}
