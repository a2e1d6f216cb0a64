// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s -split-input-file -verify-diagnostics

func.func private @bytes(%x: memref<?xf16>, %i: index, %tile: memref<64xf16, 3>) {
  // expected-error@+1 {{copies 12 bytes, expected 4, 8 or 16}}
  kernel.async_copy %x[%i] to %tile[%i] {bytes = 12 : i64} : memref<?xf16> to memref<64xf16, 3>
  return
}

// -----

func.func private @types(%x: memref<?xf16>, %i: index, %tile: memref<64xf32, 3>) {
  // expected-error@+1 {{copies from elements of type 'f16' to others of type 'f32'}}
  kernel.async_copy %x[%i] to %tile[%i] {bytes = 16 : i64} : memref<?xf16> to memref<64xf32, 3>
  return
}

// -----

func.func private @elements(%x: memref<?xf64>, %i: index, %tile: memref<64xf64, 3>) {
  // expected-error@+1 {{copies 4 bytes, which are no whole elements of type 'f64'}}
  kernel.async_copy %x[%i] to %tile[%i] {bytes = 4 : i64} : memref<?xf64> to memref<64xf64, 3>
  return
}

// -----

func.func private @bits(%i: index, %tile: memref<64xf16, 3>) {
  // expected-error@+1 {{loads 96 bits a lane, expected 32 for each of 1, 2 or 4 matrices}}
  %0 = kernel.load_fragment %tile[%i] : memref<64xf16, 3> -> vector<6xf16>
  return
}

// -----

func.func private @transposed(%i: index, %tile: memref<64xf32, 3>) {
  // expected-error@+1 {{transposes elements of type 'f32', expected 16 bits, or 8 bits in pairs}}
  %0 = kernel.load_fragment %tile[%i] transposed : memref<64xf32, 3> -> vector<4xf32>
  return
}

// -----

func.func private @fragment(%i: index, %tile: memref<64xf32, 3>) {
  // expected-error@+1 {{loads elements of type 'f32' as 'vector<8xf16>'}}
  %0 = kernel.load_fragment %tile[%i] : memref<64xf32, 3> -> vector<8xf16>
  return
}
