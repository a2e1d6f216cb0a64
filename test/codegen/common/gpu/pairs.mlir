// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-gpu-schedule --adze-gpu-lower-kernels --canonicalize --cse | FileCheck %s

// Bytes of the right side lie across the rows of shared memory. They are loaded as pairs of columns, which are taken apart:
// even columns are one fragment's, odd ones the next one's. Sums are put together again.

#a = affine_map<(l, e) -> (l floordiv 4 + ((e floordiv 4) mod 2) * 8, (l mod 4) * 4 + e mod 4 + (e floordiv 8) * 16)>
#b = affine_map<(l, e) -> ((l mod 4) * 4 + e mod 4 + (e floordiv 4) * 16, l floordiv 4)>
#c = affine_map<(l, e) -> (l floordiv 4 + (e floordiv 2) * 8, (l mod 4) * 2 + e mod 2)>
module attributes {adze.device_facts = {
    warp_size = 32 : i64, shared_bytes = 101376 : i64, access_bytes = 16 : i64, async_copy = true, load_fragment = true,
    matrix_units = [{name = "unit", shape = array<i64: 16, 8, 32>, a = {type = ui8, elements = 16 : i64, places = #a},
                     b = {type = i8, elements = 8 : i64, places = #b}, c = {type = i32, elements = 4 : i64, places = #c}}]}} {
// CHECK-LABEL:   func.func private @product(
// CHECK:           scf.for
// CHECK:             kernel.load_fragment %{{[^:]*}} : {{.*}} -> vector<16xi8>
// CHECK:             %[[BOTH:.*]] = kernel.load_fragment %{{.*}} transposed : {{.*}} -> vector<16xi8>
// CHECK:             vector.shuffle %[[BOTH]], %[[BOTH]] [0, 2, 4, 6, 8, 10, 12, 14]
// CHECK:             vector.shuffle %[[BOTH]], %[[BOTH]] [1, 3, 5, 7, 9, 11, 13, 15]
// CHECK:             kernel.multiply_fragments "unit"
// CHECK:           gpu.barrier
// CHECK:           vector.interleave %{{.*}} : vector<4xi32> -> vector<8xi32>
// CHECK:           vector.store %{{.*}} : memref<{{.*}}xi32, #gpu.address_space<workgroup>>, vector<4xi32>
kernel.func @product(%x: tensor<2048x1024xui8>, %y: tensor<1024x2048xi8>) -> tensor<2048x2048xi32> {
  %0 = core.matmul %x, %y to i32 : (tensor<2048x1024xui8>, tensor<1024x2048xi8>) -> tensor<2048x2048xi32>
  kernel.return %0 : tensor<2048x2048xi32>
}
}
