// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-fold-requantization --adze-fold-constants --canonicalize --split-input-file | FileCheck %s

// (x * [2, 4] + 1) / 0.5 in steps: x * [4, 8] + 2.
// CHECK-LABEL: func.func @affine
// CHECK-SAME: (%[[X:.*]]: tensor<?x2xi32>)
// CHECK-DAG:    %[[A:.*]] = core.constant dense<2.000000e+00> : tensor<f32>
// CHECK-DAG:    %[[F:.*]] = core.constant dense<[4.000000e+00, 8.000000e+00]> : tensor<2xf32>
// CHECK:        %[[C:.*]] = core.cast %[[X]] to f32
// CHECK-NEXT:   %[[M:.*]] = core.binary mul %[[C]], %[[F]]
// CHECK-NEXT:   %[[S:.*]] = core.binary add %[[M]], %[[A]]
// CHECK-NEXT:   %[[R:.*]] = core.unary round %[[S]]
// CHECK-NEXT:   core.cast %[[R]] to ui8 saturate
func.func @affine(%x: tensor<?x2xi32>) -> tensor<?x2xui8> {
  %factor = core.constant dense<[2.0, 4.0]> : tensor<2xf32>
  %one = core.constant dense<1.0> : tensor<f32>
  %step = core.constant dense<0.5> : tensor<f32>
  %0 = core.cast %x to f32 : (tensor<?x2xi32>) -> tensor<?x2xf32>
  %1 = core.binary mul %0, %factor : (tensor<?x2xf32>, tensor<2xf32>) -> tensor<?x2xf32>
  %2 = core.binary add %1, %one : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
  %3 = core.binary div %2, %step : (tensor<?x2xf32>, tensor<f32>) -> tensor<?x2xf32>
  %4 = core.unary round %3 : (tensor<?x2xf32>) -> tensor<?x2xf32>
  %5 = core.cast %4 to ui8 saturate : (tensor<?x2xf32>) -> tensor<?x2xui8>
  return %5 : tensor<?x2xui8>
}

// -----

// Two terms and a relu; the zero point is added to whole numbers, after the division.
// CHECK-LABEL: func.func @sum_of_two
// CHECK-SAME: (%[[X:.*]]: tensor<3xf32>, %[[Y:.*]]: tensor<3xf32>)
// CHECK-DAG:    %[[P:.*]] = core.constant dense<1.500000e+00> : tensor<f32>
// CHECK-DAG:    %[[Q:.*]] = core.constant dense<1.250000e-01> : tensor<f32>
// CHECK-DAG:    %[[Z:.*]] = core.constant dense<7.000000e+00> : tensor<f32>
// CHECK:        %[[A:.*]] = core.binary mul %[[X]], %[[P]]
// CHECK:        %[[B:.*]] = core.binary mul %[[Y]], %[[Q]]
// CHECK:        %[[S:.*]] = core.binary add %[[A]], %[[B]]
// CHECK:        %[[L:.*]] = core.unary relu %[[S]]
// CHECK:        %[[R:.*]] = core.unary round %[[L]]
// CHECK:        %[[I:.*]] = core.binary add %[[R]], %[[Z]]
// CHECK:        core.cast %[[I]] to i8 saturate
func.func @sum_of_two(%x: tensor<3xf32>, %y: tensor<3xf32>) -> tensor<3xi8> {
  %p = core.constant dense<3.0> : tensor<f32>
  %q = core.constant dense<4.0> : tensor<f32>
  %step = core.constant dense<2.0> : tensor<f32>
  %zero = core.constant dense<7.0> : tensor<f32>
  %0 = core.binary mul %x, %p : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %1 = core.binary div %y, %q : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %2 = core.binary add %0, %1 : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
  %3 = core.unary relu %2 : (tensor<3xf32>) -> tensor<3xf32>
  %4 = core.binary div %3, %step : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %5 = core.unary round %4 : (tensor<3xf32>) -> tensor<3xf32>
  %6 = core.binary add %5, %zero : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %7 = core.cast %6 to i8 saturate : (tensor<3xf32>) -> tensor<3xi8>
  return %7 : tensor<3xi8>
}

// -----

// What has no factor keeps its division: a plain QuantizeLinear is exact.
// CHECK-LABEL: func.func @plain
// CHECK:         core.binary div
func.func @plain(%x: tensor<3xf32>) -> tensor<3xui8> {
  %step = core.constant dense<0.3> : tensor<f32>
  %0 = core.binary div %x, %step : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %1 = core.unary round %0 : (tensor<3xf32>) -> tensor<3xf32>
  %2 = core.cast %1 to ui8 saturate : (tensor<3xf32>) -> tensor<3xui8>
  return %2 : tensor<3xui8>
}

// -----

// A factor with another reader, a scale that is not positive, and 16 bits, whose steps are too fine, stay too.
// CHECK-LABEL: func.func @kept
// CHECK-COUNT-3: core.binary div
func.func @kept(%x: tensor<3xf32>) -> (tensor<3xf32>, tensor<3xui8>, tensor<3xui8>, tensor<3xui16>) {
  %p = core.constant dense<3.0> : tensor<f32>
  %step = core.constant dense<0.3> : tensor<f32>
  %negative = core.constant dense<-0.3> : tensor<f32>
  %0 = core.binary mul %x, %p : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %1 = core.binary div %0, %step : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %2 = core.unary round %1 : (tensor<3xf32>) -> tensor<3xf32>
  %3 = core.cast %2 to ui8 saturate : (tensor<3xf32>) -> tensor<3xui8>
  %4 = core.binary mul %x, %p : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %5 = core.binary div %4, %negative : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %6 = core.unary round %5 : (tensor<3xf32>) -> tensor<3xf32>
  %7 = core.cast %6 to ui8 saturate : (tensor<3xf32>) -> tensor<3xui8>
  %8 = core.binary mul %x, %p : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %9 = core.binary div %8, %step : (tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
  %10 = core.unary round %9 : (tensor<3xf32>) -> tensor<3xf32>
  %11 = core.cast %10 to ui16 saturate : (tensor<3xf32>) -> tensor<3xui16>
  return %0, %3, %7, %11 : tensor<3xf32>, tensor<3xui8>, tensor<3xui8>, tensor<3xui16>
}

// -----

// Quantised and dequantised at once: whole numbers from 0 - 118 to 255 - 118.
// CHECK-LABEL: func.func @there_and_back
// CHECK-SAME: (%[[X:.*]]: tensor<?xf32>)
// CHECK-DAG:    %[[LOW:.*]] = core.constant dense<-1.180000e+02> : tensor<f32>
// CHECK-DAG:    %[[HIGH:.*]] = core.constant dense<1.370000e+02> : tensor<f32>
// CHECK:        %[[R:.*]] = core.unary round %[[X]]
// CHECK-NEXT:   %[[G:.*]] = core.compare gt %[[R]], %[[LOW]]
// CHECK-NEXT:   %[[A:.*]] = core.select %[[G]], %[[R]], %[[LOW]]
// CHECK-NEXT:   %[[L:.*]] = core.compare lt %[[A]], %[[HIGH]]
// CHECK-NEXT:   %[[B:.*]] = core.select %[[L]], %[[A]], %[[HIGH]]
// CHECK-NEXT:   return %[[B]]
func.func @there_and_back(%x: tensor<?xf32>) -> tensor<?xf32> {
  %zero = core.constant dense<118.0> : tensor<f32>
  %0 = core.unary round %x : (tensor<?xf32>) -> tensor<?xf32>
  %1 = core.binary add %0, %zero : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  %2 = core.cast %1 to ui8 saturate : (tensor<?xf32>) -> tensor<?xui8>
  %3 = core.cast %2 to f32 : (tensor<?xui8>) -> tensor<?xf32>
  %4 = core.binary sub %3, %zero : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  return %4 : tensor<?xf32>
}

// -----

// CHECK-LABEL: func.func @fractions_and_other_readers
// CHECK-COUNT-2: to i8 saturate
func.func @fractions_and_other_readers(%x: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xi8>, tensor<?xf32>) {
  %0 = core.cast %x to i8 saturate : (tensor<?xf32>) -> tensor<?xi8>
  %1 = core.cast %0 to f32 : (tensor<?xi8>) -> tensor<?xf32>
  %2 = core.unary round %x : (tensor<?xf32>) -> tensor<?xf32>
  %3 = core.cast %2 to i8 saturate : (tensor<?xf32>) -> tensor<?xi8>
  %4 = core.cast %3 to f32 : (tensor<?xi8>) -> tensor<?xf32>
  return %1, %3, %4 : tensor<?xf32>, tensor<?xi8>, tensor<?xf32>
}
