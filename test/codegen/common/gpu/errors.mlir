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
