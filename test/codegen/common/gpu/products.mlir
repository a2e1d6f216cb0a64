// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-gpu-schedule | FileCheck %s --check-prefix=SCHEDULE
// RUN: adze-opt %s --adze-gpu-schedule --adze-gpu-lower-kernels | FileCheck %s
// RUN: adze-opt %s --adze-gpu-schedule --adze-gpu-lower-kernels | FileCheck %s --check-prefix=LOOP

#a = affine_map<(l, e) -> (l floordiv 4 + ((e floordiv 2) mod 2) * 8, (l mod 4) * 2 + e mod 2 + (e floordiv 4) * 8)>
#b = affine_map<(l, e) -> ((l mod 4) * 2 + e mod 2 + (e floordiv 2) * 8, l floordiv 4)>
#c = affine_map<(l, e) -> (l floordiv 4 + (e floordiv 2) * 8, (l mod 4) * 2 + e mod 2)>
module attributes {adze.device_facts = {
    warp_size = 32 : i64, shared_bytes = 101376 : i64, access_bytes = 16 : i64, async_copy = true, load_fragment = true,
    matrix_units = [{name = "unit", shape = array<i64: 16, 8, 16>, a = {type = f16, elements = 8 : i64, places = #a},
                     b = {type = f16, elements = 4 : i64, places = #b}, c = {type = f32, elements = 4 : i64, places = #c}}]}} {

// By a unit of the operands' types; as many stages as leave room for two blocks.
// SCHEDULE-LABEL: kernel.func @large(
// SCHEDULE-SAME:    schedule = {kind = "matrix", stages = 3 : i64, threads = 128 : i64, tile = array<i64: 128, 128, 32, 64, 64>, unit = "unit"}
// CHECK-LABEL:   func.func private @large(
// CHECK-SAME:      adze.device = {blocks = 2 : i64, shared_bytes = 49152 : i64, threads = 128 : i64}
// CHECK-COUNT-8:   kernel.async_copy
// CHECK:           kernel.async_commit
// CHECK-COUNT-8:   kernel.async_copy
// CHECK:           kernel.async_commit
// CHECK:           kernel.async_wait 1
// CHECK:           gpu.barrier
// CHECK-COUNT-4:   kernel.load_fragment %{{[^:]*}} : {{.*}} -> vector<8xf16>
// CHECK-COUNT-4:   kernel.load_fragment %{{.*}} transposed : {{.*}} -> vector<8xf16>
// CHECK:           scf.for
// CHECK-COUNT-8:     kernel.async_copy
// CHECK:             kernel.async_commit
// CHECK-COUNT-8:     kernel.load_fragment
// CHECK-COUNT-32:    kernel.multiply_fragments "unit"
// CHECK:             kernel.async_wait 1
// CHECK:             gpu.barrier
// CHECK-COUNT-8:     kernel.load_fragment
// CHECK-COUNT-32:    kernel.multiply_fragments "unit"
// CHECK-NOT:         kernel.
// CHECK:             scf.yield
// CHECK:           kernel.async_wait 0
// Where a lane's fragments lie is computed before: the loop adds constants and the slot's place.
// LOOP-LABEL:    func.func private @large(
// LOOP:            scf.for
// LOOP-NOT:        arith.{{xori|muli|divui|remui}}
// LOOP:            kernel.load_fragment
// LOOP-NOT:        arith.{{xori|muli|divui|remui}}
// LOOP:            scf.yield
kernel.func @large(%x: tensor<2048x1024xf16>, %y: tensor<1024x2048xf16>) -> tensor<2048x2048xf16> {
  %0 = core.matmul %x, %y to f16 : (tensor<2048x1024xf16>, tensor<1024x2048xf16>) -> tensor<2048x2048xf16>
  kernel.return %0 : tensor<2048x2048xf16>
}

// What is not contiguous in chunks goes through registers, two steps at a time are enough then.
// SCHEDULE-LABEL: kernel.func @odd(
// SCHEDULE-SAME:    kind = "matrix", stages = 2 : i64
// CHECK-LABEL:   func.func private @odd(
// CHECK-NOT:       kernel.async
// CHECK:           vector.store
// CHECK:           kernel.multiply_fragments
kernel.func @odd(%x: tensor<65x33xf16>, %y: tensor<33x35xf16>) -> tensor<65x35xf16> {
  %0 = core.matmul %x, %y to f16 : (tensor<65x33xf16>, tensor<33x35xf16>) -> tensor<65x35xf16>
  kernel.return %0 : tensor<65x35xf16>
}

// f32 is exact: no unit.
// SCHEDULE-LABEL: kernel.func @exact(
// SCHEDULE-SAME:    kind = "tiles", slices = 2 : i64, stages = 4 : i64
// CHECK-LABEL:   func.func private @exact(
// CHECK:           kernel.async_copy
// CHECK-NOT:       kernel.multiply_fragments
// CHECK:           vector.fma
// LOOP-LABEL:    func.func private @exact(
// LOOP:            scf.for
// LOOP-NOT:        arith.xori
// LOOP:            vector.fma
// LOOP-NOT:        arith.xori
// LOOP:            scf.yield
kernel.func @exact(%x: tensor<64x64xf32>, %y: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %0 = core.matmul %x, %y to f32 : (tensor<64x64xf32>, tensor<64x64xf32>) -> tensor<64x64xf32>
  kernel.return %0 : tensor<64x64xf32>
}

// The place in a convolution's window is counted along, not divided out of the depth.
// SCHEDULE-LABEL: kernel.func @conv(
// SCHEDULE-SAME:    kind = "matrix"
// CHECK-LABEL:   func.func private @conv(
// CHECK:           scf.for
// CHECK-NOT:       arith.divui %{{.*}}, %c3 
// CHECK-NOT:       arith.remui %{{.*}}, %c3 
// CHECK:           kernel.async_wait 0
kernel.func @conv(%x: tensor<1x58x58x64xf16>, %y: tensor<3x3x64x64xf16>) -> tensor<1x56x56x64xf16> {
  %0 = core.conv %x, %y strides [1, 1] dilations [1, 1] groups 1 to f16
      : (tensor<1x58x58x64xf16>, tensor<3x3x64x64xf16>) -> tensor<1x56x56x64xf16>
  kernel.return %0 : tensor<1x56x56x64xf16>
}

// Padding is within the copies: what is outside of the image is not read, and becomes zero. A row has a bit for each place of
// the window, which a step looks at. No step of the loop branches.
// SCHEDULE-LABEL: kernel.func @padded(
// SCHEDULE-SAME:    kind = "matrix", {{.*}}stages = 4 : i64
// CHECK-LABEL:   func.func private @padded(
// CHECK:           scf.for
// CHECK-NOT:         scf.if
// CHECK:             %[[DEPTH:.*]] = arith.cmpi ult, %{{.*}}, %c1152_i32{{.*}} : i32
// CHECK:             %[[PLACE:.*]] = arith.addi %{{.*}}, %{{.*}} : i32
// CHECK:             %[[BIT:.*]] = arith.shli %{{.*}}, %[[PLACE]] : i32
// CHECK:             %[[ASKED:.*]] = arith.select %[[DEPTH]], %[[BIT]], %{{.*}} : i32
// CHECK:             %[[ANSWER:.*]] = arith.andi %{{.*}}, %[[ASKED]] : i32
// CHECK:             %[[HERE:.*]] = arith.cmpi ne, %[[ANSWER]], %{{.*}} : i32
// CHECK:             %[[BYTES:.*]] = arith.select %[[HERE]], %{{.*}}, %{{.*}} : i32
// CHECK:             kernel.async_copy %{{.*}} read %[[BYTES]] {bytes = 16 : i64}
// CHECK-NOT:         scf.if
// CHECK-NOT:         arith.shli
// CHECK:           } {adze.rolled}
kernel.func @padded(%x: tensor<8x28x28x128xf16>, %y: tensor<3x3x128x128xf16>) -> tensor<8x28x28x128xf16> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c30 = arith.constant 30 : index
  %c128 = arith.constant 128 : index
  %zero = core.constant dense<0.0> : tensor<f16>
  %0 = core.pad constant %x, %zero low(%c0, %c1, %c1, %c0) sizes(%c8, %c30, %c30, %c128)
      : tensor<8x28x28x128xf16>, tensor<f16> -> tensor<8x30x30x128xf16>
  %1 = core.conv %0, %y strides [1, 1] dilations [1, 1] groups 1 to f16
      : (tensor<8x30x30x128xf16>, tensor<3x3x128x128xf16>) -> tensor<8x28x28x128xf16>
  kernel.return %1 : tensor<8x28x28x128xf16>
}

// A window of more than 32 places: where it begins is known of a row, and compared.
// CHECK-LABEL:   func.func private @large_window(
// CHECK:           scf.for
// CHECK-NOT:         scf.if
// CHECK:             %[[DEPTH:.*]] = arith.cmpi ult, %{{.*}}, %c1568 : index
// CHECK:             %[[DOWN:.*]] = arith.cmpi ult, %{{.*}}, %{{.*}} : i32
// CHECK:             %[[VALID:.*]] = arith.andi %[[DEPTH]], %[[DOWN]]
// CHECK:             %[[ACROSS:.*]] = arith.cmpi ult, %{{.*}}, %{{.*}} : i32
// CHECK:             %[[HERE:.*]] = arith.andi %[[VALID]], %[[ACROSS]]
// CHECK:             %[[BYTES:.*]] = arith.select %[[HERE]], %{{.*}}, %{{.*}} : i32
// CHECK:             kernel.async_copy %{{.*}} read %[[BYTES]] {bytes = 16 : i64}
// CHECK-NOT:         scf.if
// CHECK:           } {adze.rolled}
kernel.func @large_window(%x: tensor<1x28x28x32xf16>, %y: tensor<7x7x32x64xf16>) -> tensor<1x28x28x64xf16> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c32 = arith.constant 32 : index
  %c34 = arith.constant 34 : index
  %zero = core.constant dense<0.0> : tensor<f16>
  %0 = core.pad constant %x, %zero low(%c0, %c3, %c3, %c0) sizes(%c1, %c34, %c34, %c32)
      : tensor<1x28x28x32xf16>, tensor<f16> -> tensor<1x34x34x32xf16>
  %1 = core.conv %0, %y strides [1, 1] dilations [1, 1] groups 1 to f16
      : (tensor<1x34x34x32xf16>, tensor<7x7x32x64xf16>) -> tensor<1x28x28x64xf16>
  kernel.return %1 : tensor<1x28x28x64xf16>
}

// Transposed matrices are copied as they lie in memory; their fragments are turned by what loads them.
// SCHEDULE-LABEL: kernel.func @transposed(
// SCHEDULE-SAME:    kind = "matrix", {{.*}}stages = 4 : i64
// CHECK-LABEL:   func.func private @transposed(
// CHECK-NOT:       vector.store
// CHECK:           kernel.async_copy
// CHECK:           kernel.load_fragment %{{.*}} transposed : {{.*}} -> vector<8xf16>
// CHECK:           kernel.load_fragment %{{[^:]*}} : {{.*}} -> vector<8xf16>
// CHECK:           scf.for
kernel.func @transposed(%x: tensor<64x72xf16>, %y: tensor<80x64xf16>) -> tensor<72x80xf16> {
  %0 = core.transpose %x [1, 0] : (tensor<64x72xf16>) -> tensor<72x64xf16>
  %1 = core.transpose %y [1, 0] : (tensor<80x64xf16>) -> tensor<64x80xf16>
  %2 = core.matmul %0, %1 to f16 : (tensor<72x64xf16>, tensor<64x80xf16>) -> tensor<72x80xf16>
  kernel.return %2 : tensor<72x80xf16>
}

// Rows that are no chunks, of a matrix whose columns are: only how it lies in memory counts.
// SCHEDULE-LABEL: kernel.func @chunks_across(
// SCHEDULE-SAME:    kind = "tiles", {{.*}}stages = 4 : i64
// CHECK-LABEL:   func.func private @chunks_across(
// CHECK-NOT:       vector.store
// CHECK:           kernel.async_copy
kernel.func @chunks_across(%x: tensor<33x64xf32>, %y: tensor<35x64xf32>) -> tensor<33x35xf32> {
  %0 = core.transpose %y [1, 0] : (tensor<35x64xf32>) -> tensor<64x35xf32>
  %1 = core.matmul %x, %0 to f32 : (tensor<33x64xf32>, tensor<64x35xf32>) -> tensor<33x35xf32>
  kernel.return %1 : tensor<33x35xf32>
}

// What is contiguous in pieces of a chunk is copied in pieces, each as far as it is inside.
// SCHEDULE-LABEL: kernel.func @pieces(
// SCHEDULE-SAME:    kind = "matrix", {{.*}}stages = 4 : i64
// CHECK-LABEL:   func.func private @pieces(
// CHECK-NOT:       vector.store
// CHECK:           kernel.async_copy %{{.*}} read %{{.*}} {bytes = 4 : i64}
// CHECK:           kernel.async_copy %{{.*}} read %{{.*}} {bytes = 8 : i64}
// CHECK:           scf.for
kernel.func @pieces(%x: tensor<65x34xf16>, %y: tensor<34x36xf16>) -> tensor<65x36xf16> {
  %0 = core.matmul %x, %y to f16 : (tensor<65x34xf16>, tensor<34x36xf16>) -> tensor<65x36xf16>
  kernel.return %0 : tensor<65x36xf16>
}

// An image of three channels is no chunks: it is read element by element, by the rows' places and the depth's, and from
// its begin where there is padding.
// CHECK-LABEL:   func.func private @gathered(
// CHECK:           scf.for
// CHECK:             arith.select {{.*}} : index
// CHECK:             memref.load
// CHECK:             arith.select {{.*}} : f16
// CHECK:           } {adze.rolled}
kernel.func @gathered(%x: tensor<1x32x32x3xf16>, %y: tensor<7x7x3x64xf16>) -> tensor<1x32x32x64xf16> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c38 = arith.constant 38 : index
  %zero = core.constant dense<0.0> : tensor<f16>
  %0 = core.pad constant %x, %zero low(%c0, %c3, %c3, %c0) sizes(%c1, %c38, %c38, %c3)
      : tensor<1x32x32x3xf16>, tensor<f16> -> tensor<1x38x38x3xf16>
  %1 = core.conv %0, %y strides [1, 1] dilations [1, 1] groups 1 to f16
      : (tensor<1x38x38x3xf16>, tensor<7x7x3x64xf16>) -> tensor<1x32x32x64xf16>
  kernel.return %1 : tensor<1x32x32x64xf16>
}
}
