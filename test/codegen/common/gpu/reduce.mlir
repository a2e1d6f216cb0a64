// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-gpu-lower-kernels --canonicalize --cse | FileCheck %s

// A warp a row of 512: four accesses of 16 bytes a thread, their lanes joined, then those of the warp; one thread stores what the epilogue makes.
// CHECK-LABEL: func.func private @rows(
// CHECK-SAME:    adze.device = {blocks = 6 : i64, shared_bytes = 0 : i64, threads = 128 : i64}
// CHECK-COUNT-4: vector.load {{.*}} vector<4xf32>
// CHECK-NOT:     vector.load
// CHECK-COUNT-5: gpu.shuffle xor
// CHECK:         scf.if
// CHECK:           math.sqrt
// CHECK:           memref.store
kernel.func @rows(%n: index, %x: tensor<?x512xf32> {adze.dims = array<i64: 0, -1>}) -> (tensor<?xf32> {adze.dims = array<i64: 0>}) attributes {schedule = {kind = "reduce", team = 32 : i64, threads = 128 : i64}} {
  %y = core.reduce sum %x axes [1] keepdims false : (tensor<?x512xf32>) -> tensor<?xf32>
  %z = core.unary sqrt %y : (tensor<?xf32>) -> tensor<?xf32>
  kernel.return %z : tensor<?xf32>
}

// Rows of unknown size begin at multiples of an access or they do not.
// CHECK-LABEL: func.func private @unknown(
// CHECK:         %[[REST:.*]] = arith.remui %{{.*}}, %c4
// CHECK:         %[[WHOLE:.*]] = arith.cmpi eq, %[[REST]], %c0
// CHECK:         scf.if %[[WHOLE]]
// CHECK:           scf.for
// CHECK-COUNT-4:     vector.load {{.*}} vector<4xf32>
// CHECK:         } else {
// CHECK:           memref.load
// CHECK:         gpu.barrier
kernel.func @unknown(%n: index, %m: index, %x: tensor<?x?xf32> {adze.dims = array<i64: 0, 1>}) -> (tensor<?xf32> {adze.dims = array<i64: 0>}) attributes {schedule = {kind = "reduce", team = 128 : i64, threads = 128 : i64}} {
  %y = core.reduce sum %x axes [1] keepdims false : (tensor<?x?xf32>) -> tensor<?xf32>
  kernel.return %y : tensor<?xf32>
}

// One row of unknown size: vectors, and what remains one by one.
// CHECK-LABEL: func.func private @only(
// CHECK:         scf.for
// CHECK-COUNT-4:   vector.load
// CHECK:         scf.for
// CHECK:           memref.load
// CHECK:         gpu.barrier
kernel.func @only(%n: index, %x: tensor<?xf32> {adze.dims = array<i64: 0>}) -> (tensor<f32> {adze.dims = array<i64>}) attributes {schedule = {kind = "reduce", team = 256 : i64, threads = 256 : i64}} {
  %y = core.reduce sum %x axes [0] keepdims false : (tensor<?xf32>) -> tensor<f32>
  kernel.return %y : tensor<f32>
}

// Four columns a thread; eight warps share the range, and the first joins what they have.
// CHECK-LABEL: func.func private @columns(
// CHECK-SAME:    adze.device = {blocks = 3 : i64, shared_bytes = 4096 : i64, threads = 256 : i64}
// CHECK:         vector.load {{.*}} vector<4xf32>
// CHECK-NOT:     gpu.shuffle
// CHECK:         gpu.barrier
// CHECK:         scf.if
// CHECK:           vector.store {{.*}} vector<4xf32>
kernel.func @columns(%n: index, %x: tensor<?x1280xf32> {adze.dims = array<i64: 0, -1>}) -> (tensor<1280xf32> {adze.dims = array<i64: -1>}) attributes {schedule = {kind = "reduce", team = 8 : i64, threads = 256 : i64}} {
  %y = core.reduce sum %x axes [0] keepdims false : (tensor<?x1280xf32>) -> tensor<1280xf32>
  kernel.return %y : tensor<1280xf32>
}

// Two columns a warp: threads that are two apart exchange what they have.
// CHECK-LABEL: func.func private @few_columns(
// CHECK:         vector.load {{.*}} vector<4xf32>
// CHECK-COUNT-16: gpu.shuffle xor
// CHECK-NOT:     gpu.shuffle
// CHECK:         gpu.barrier
kernel.func @few_columns(%n: index, %x: tensor<?x8xf32> {adze.dims = array<i64: 0, -1>}) -> (tensor<8xf32> {adze.dims = array<i64: -1>}) attributes {schedule = {kind = "reduce", team = 128 : i64, threads = 256 : i64}} {
  %y = core.reduce sum %x axes [0] keepdims false : (tensor<?x8xf32>) -> tensor<8xf32>
  kernel.return %y : tensor<8xf32>
}

// A value and its number.
// CHECK-LABEL: func.func private @place(
// CHECK-COUNT-10: gpu.shuffle xor
// CHECK-NOT:     gpu.shuffle
kernel.func @place(%x: tensor<8x64xf32> {adze.dims = array<i64: -1, -1>}) -> (tensor<8xi64> {adze.dims = array<i64: -1>}) attributes {schedule = {kind = "reduce", team = 32 : i64, threads = 128 : i64}} {
  %y = core.arg_reduce max %x axis 1 keepdims false : (tensor<8x64xf32>) -> tensor<8xi64>
  kernel.return %y : tensor<8xi64>
}
