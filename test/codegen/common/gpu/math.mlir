// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// REQUIRES: codegen-nvptx
// RUN: adze-opt %s --adze-gpu-math | FileCheck %s

// CHECK-LABEL: func.func @calls(
// CHECK-SAME:    %[[X:.*]]: f32, %[[Y:.*]]: f64)
func.func @calls(%x: f32, %y: f64) -> (f32, f32, f64, f64) {
  // CHECK: call @adze_math_tanh_f32(%[[X]]) : (f32) -> f32
  %0 = math.tanh %x : f32
  // CHECK: call @adze_math_tanh_f32(
  %1 = math.tanh %0 : f32
  // CHECK: call @adze_math_powf_f64(%[[Y]], %[[Y]]) : (f64, f64) -> f64
  %2 = math.powf %y, %y : f64
  // CHECK: call @adze_math_remf_f64(
  %3 = arith.remf %y, %2 : f64
  return %0, %1, %2, %3 : f32, f32, f64, f64
}

// CHECK-LABEL: func.func @lanes(
// CHECK-SAME:    %[[X:.*]]: vector<2x2xf32>, %[[Y:.*]]: vector<2x2xf32>)
func.func @lanes(%x: vector<2x2xf32>, %y: vector<2x2xf32>) -> vector<2x2xf32> {
  // CHECK:          vector.extract %[[X]][0, 0]
  // CHECK:          vector.extract %[[Y]][0, 0]
  // CHECK:          call @adze_math_atan2_f32(
  // CHECK:          vector.insert %{{.*}}, %{{.*}} [0, 0]
  // CHECK-COUNT-3:  call @adze_math_atan2_f32(
  // CHECK:          %[[R:.*]] = vector.insert %{{.*}}, %{{.*}} [1, 1]
  // CHECK:          return %[[R]]
  %0 = math.atan2 %x, %y : vector<2x2xf32>
  return %0 : vector<2x2xf32>
}

// What one instruction does, or a few exact ones, stays.
// CHECK-LABEL: func.func @instructions(
// CHECK-NOT:     call
func.func @instructions(%x: f32, %i: i32) -> (f32, i32) {
  // CHECK: math.sqrt
  %0 = math.sqrt %x : f32
  // CHECK: math.fma
  %1 = math.fma %0, %x, %x : f32
  // CHECK: math.floor
  %2 = math.floor %1 : f32
  // CHECK: math.roundeven
  %3 = math.roundeven %2 : f32
  // CHECK: math.absf
  %4 = math.absf %3 : f32
  // CHECK: math.copysign
  %5 = math.copysign %4, %x : f32
  // CHECK: math.ctlz
  %6 = math.ctlz %i : i32
  return %5, %6 : f32, i32
}

// An approximation of exp2 that will do is the machine's.
// CHECK-LABEL: func.func @approximate
// CHECK-NEXT:    math.exp2 %{{.*}} fastmath<afn> : f32
// CHECK-NEXT:    call @adze_math_exp2_f32
func.func @approximate(%x: f32) -> (f32, f32) {
  %0 = math.exp2 %x fastmath<afn> : f32
  %1 = math.exp2 %x : f32
  return %0, %1 : f32, f32
}

// One declaration a function.
// CHECK-COUNT-1: func.func private @adze_math_tanh_f32(f32) -> f32
// CHECK-NOT:     func.func private @adze_math_tanh_f32
