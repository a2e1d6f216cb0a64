// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-gpu-lower-kernels --split-input-file --verify-diagnostics

// expected-error @below {{expected a known kind, a number of threads, and the kind's own numbers}}
kernel.func @kind(%x: tensor<4xf32> {adze.dims = array<i64: -1>}) -> (tensor<4xf32> {adze.dims = array<i64: -1>}) attributes {schedule = {kind = "waves", threads = 256 : i64}} {
  kernel.return %x : tensor<4xf32>
}

// -----

// expected-error @below {{expected a known kind, a number of threads, and the kind's own numbers}}
kernel.func @team(%x: tensor<4xf32> {adze.dims = array<i64: -1>}) -> (tensor<4xf32> {adze.dims = array<i64: -1>}) attributes {schedule = {kind = "rows", threads = 256 : i64}} {
  kernel.return %x : tensor<4xf32>
}

// -----

// expected-error @below {{has a schedule for a reduction, expected one whose elements are at the places of the kernel's}}
kernel.func @nothing_joined(%x: tensor<4xf32> {adze.dims = array<i64: -1>}) -> (tensor<4xf32> {adze.dims = array<i64: -1>}) attributes {schedule = {kind = "reduce", team = 32 : i64, threads = 256 : i64}} {
  kernel.return %x : tensor<4xf32>
}

// -----

// expected-error @below {{expected a known kind, a number of threads, and the kind's own numbers}}
kernel.func @unit(%x: tensor<4xf32> {adze.dims = array<i64: -1>}) -> (tensor<4xf32> {adze.dims = array<i64: -1>}) attributes {schedule = {kind = "matrix_attention", stages = 2 : i64, threads = 128 : i64, tile = array<i64: 64, 64, 64, 16, 64>}} {
  kernel.return %x : tensor<4xf32>
}

// -----

kernel.func @other_machine(%q: tensor<4x70x64xf16>, %k: tensor<4x50x64xf16>, %v: tensor<4x50x64xf16>) -> tensor<4x70x64xf16> attributes {schedule = {kind = "matrix_attention", stages = 2 : i64, threads = 128 : i64, tile = array<i64: 64, 64, 64, 16, 64>, unit = "unit"}} {
  // expected-error @below {{is scheduled for the matrix unit 'unit', expected one of the device whose lanes share rows of C}}
  %0 = core.attention %q, %k, %v scale 0.125 : (tensor<4x70x64xf16>, tensor<4x50x64xf16>, tensor<4x50x64xf16>) -> tensor<4x70x64xf16>
  kernel.return %0 : tensor<4x70x64xf16>
}
