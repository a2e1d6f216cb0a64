// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-lower-kernels --canonicalize --cse --split-input-file | FileCheck %s

// An item is 16 queries of one head. Keys are the left side of tiles and are read where they lie, through the transpose: a row is
// 12 * 64 elements after the one before. The softmax is of vectors of 8 queries; the result is written where the transpose has it.
// CHECK-LABEL: func.func private @heads(
// CHECK-SAME:    %[[B:[a-z0-9]+]]: index, %[[E:[a-z0-9]+]]: index, %[[SITE:[a-z0-9]+]]: index, %[[S:[a-z0-9]+]]: index, %[[Q:[a-z0-9]+]]: memref<?xf32>, %[[K:[a-z0-9]+]]: memref<?xf32>, %[[V:[a-z0-9]+]]: memref<?xf32>, %[[R:[a-z0-9]+]]: memref<?xf32>
// CHECK:         memref.load %[[Q]]
// CHECK:         scf.for {{.*}} iter_args({{.*}}) -> (vector<8xf32>
// CHECK:           memref.load %[[K]]
// CHECK:           vector.fma
// CHECK:         arith.maximumf {{.*}} : vector<8xf32>
// CHECK:         math.exp {{.*}} : vector<8xf32>
// CHECK-NOT:     vector.reduction
// CHECK:         vector.load %[[V]]
// CHECK:         vector.fma
// CHECK:         vector.store %{{.*}}, %[[R]]
// CHECK-LABEL: func.func private @heads.grid(
module attributes {adze.target = {vector_bits = 256 : i64, vector_registers = 16 : i64}} {
kernel.func @heads(%s: index, %q: tensor<1x?x12x64xf32> {adze.dims = array<i64: -1, 0, -1, -1>}, %k: tensor<1x?x12x64xf32> {adze.dims = array<i64: -1, 0, -1, -1>},
                   %v: tensor<1x?x12x64xf32> {adze.dims = array<i64: -1, 0, -1, -1>}) -> (tensor<1x?x12x64xf32> {adze.dims = array<i64: -1, 0, -1, -1>}) {
  %0 = core.transpose %q [0, 2, 1, 3] : (tensor<1x?x12x64xf32>) -> tensor<1x12x?x64xf32>
  %1 = core.transpose %k [0, 2, 1, 3] : (tensor<1x?x12x64xf32>) -> tensor<1x12x?x64xf32>
  %2 = core.transpose %v [0, 2, 1, 3] : (tensor<1x?x12x64xf32>) -> tensor<1x12x?x64xf32>
  %3 = core.attention %0, %1, %2 scale 0.125 : (tensor<1x12x?x64xf32>, tensor<1x12x?x64xf32>, tensor<1x12x?x64xf32>) -> tensor<1x12x?x64xf32>
  %4 = core.transpose %3 [0, 2, 1, 3] : (tensor<1x12x?x64xf32>) -> tensor<1x?x12x64xf32>
  kernel.return %4 : tensor<1x?x12x64xf32>
}
}

// -----

// Without vectors, one query at a time: the numeric reference.
// CHECK-LABEL: func.func private @plain(
// CHECK-NOT:     vector
// CHECK:         math.exp
// CHECK:         return
kernel.func @plain(%q: tensor<5x4xf64>, %k: tensor<7x4xf64>, %m: tensor<7xf32>) -> tensor<5x4xf64> {
  %0 = core.attention %q, %k, %k mask %m scale 0.5 nan_as_zero : (tensor<5x4xf64>, tensor<7x4xf64>, tensor<7x4xf64>, tensor<7xf32>) -> tensor<5x4xf64>
  kernel.return %0 : tensor<5x4xf64>
}
