// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// REQUIRES: codegen-nvptx
// RUN: adze-opt %s --adze-gpu-math --split-input-file --verify-diagnostics

func.func @no_function(%x: f32) -> f32 {
  // expected-error @below {{'math.erfc' op has no function in the math library of GPUs}}
  %0 = math.erfc %x : f32
  return %0 : f32
}

// -----

func.func @no_such_type(%x: f16) -> f16 {
  // expected-error @below {{'math.exp' op is of 'f16', expected f32 or f64, which the math library of GPUs is for}}
  %0 = math.exp %x : f16
  return %0 : f16
}
