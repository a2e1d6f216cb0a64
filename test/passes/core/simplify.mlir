// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-simplify --canonicalize --cse --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @neutral
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x4xf32>, %[[I:[a-z0-9]+]]: tensor<?xi64>
// CHECK-NEXT:    return %[[X]], %[[I]]
func.func @neutral(%x: tensor<?x4xf32>, %i: tensor<?xi64>) -> (tensor<?x4xf32>, tensor<?xi64>) {
  %zero = core.constant dense<0.0> : tensor<f32>
  %one = core.constant dense<1.0> : tensor<1xf32>
  %none = core.constant dense<0> : tensor<i64>
  %0 = core.binary mul %x, %one : (tensor<?x4xf32>, tensor<1xf32>) -> tensor<?x4xf32>
  %1 = core.binary add %zero, %0 : (tensor<f32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %2 = core.binary sub %1, %zero : (tensor<?x4xf32>, tensor<f32>) -> tensor<?x4xf32>
  %3 = core.binary div %2, %one : (tensor<?x4xf32>, tensor<1xf32>) -> tensor<?x4xf32>
  %4 = core.binary pow %3, %one : (tensor<?x4xf32>, tensor<1xf32>) -> tensor<?x4xf32>
  %5 = core.binary add %i, %none : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
  return %4, %5 : tensor<?x4xf32>, tensor<?xi64>
}

// -----

// 0 - x, 1 / x and a constant that raises the rank are no x.
// CHECK-LABEL: func.func @not_neutral
// CHECK-DAG:     core.binary sub
// CHECK-DAG:     core.binary div
// CHECK-DAG:     core.binary mul
func.func @not_neutral(%x: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>, tensor<1x?xf32>) {
  %zero = core.constant dense<0.0> : tensor<f32>
  %one = core.constant dense<1.0> : tensor<f32>
  %high = core.constant dense<1.0> : tensor<1x1xf32>
  %0 = core.binary sub %zero, %x : (tensor<f32>, tensor<?xf32>) -> tensor<?xf32>
  %1 = core.binary div %one, %x : (tensor<f32>, tensor<?xf32>) -> tensor<?xf32>
  %2 = core.binary mul %x, %high : (tensor<?xf32>, tensor<1x1xf32>) -> tensor<1x?xf32>
  return %0, %1, %2 : tensor<?xf32>, tensor<?xf32>, tensor<1x?xf32>
}

// -----

// CHECK-LABEL: func.func @powers
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?xf32>
// CHECK-DAG:     %[[S:.*]] = core.binary mul %[[X]], %[[X]]
// CHECK-DAG:     %[[C:.*]] = core.binary mul %[[X]], %[[S]]
// CHECK-DAG:     %[[R:.*]] = core.unary sqrt %[[X]]
// CHECK-DAG:     %[[I:.*]] = core.unary rsqrt %[[X]]
// CHECK-DAG:     core.binary pow
// CHECK:         return %[[S]], %[[C]], %[[R]], %[[I]]
func.func @powers(%x: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) {
  %two = core.constant dense<2.0> : tensor<f32>
  %three = core.constant dense<3.0> : tensor<f32>
  %half = core.constant dense<0.5> : tensor<f32>
  %minus = core.constant dense<-0.5> : tensor<1xf32>
  %other = core.constant dense<2.5> : tensor<f32>
  %0 = core.binary pow %x, %two : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  %1 = core.binary pow %x, %three : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  %2 = core.binary pow %x, %half : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  %3 = core.binary pow %x, %minus : (tensor<?xf32>, tensor<1xf32>) -> tensor<?xf32>
  %4 = core.binary pow %x, %other : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  return %0, %1, %2, %3, %4 : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>
}

// -----

// A division is a product where the factor is exact.
// CHECK-LABEL: func.func @divisions
// CHECK-DAG:     %[[F:.*]] = core.constant dense<1.250000e-01>
// CHECK-DAG:     core.binary mul %{{.*}}, %[[F]]
// CHECK-DAG:     core.binary div
func.func @divisions(%x: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %eight = core.constant dense<8.0> : tensor<f32>
  %ten = core.constant dense<10.0> : tensor<f32>
  %0 = core.binary div %x, %eight : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  %1 = core.binary div %x, %ten : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
  return %0, %1 : tensor<?xf32>, tensor<?xf32>
}

// -----

// CHECK-LABEL: func.func @casts
// CHECK-SAME:    %[[H:[a-z0-9]+]]: tensor<?xf16>, %[[F:[a-z0-9]+]]: tensor<?xf32>, %[[I:[a-z0-9]+]]: tensor<?xi32>
// CHECK-NEXT:    %[[N:.*]] = core.cast %[[F]] to f16
// CHECK-NEXT:    %[[W:.*]] = core.cast %[[N]] to f32
// CHECK-NEXT:    %[[J:.*]] = core.cast %[[I]] to f32
// CHECK-NEXT:    return %[[H]], %[[W]], %[[J]]
func.func @casts(%h: tensor<?xf16>, %f: tensor<?xf32>, %i: tensor<?xi32>) -> (tensor<?xf16>, tensor<?xf32>, tensor<?xf32>) {
  %0 = core.cast %h to f32 : (tensor<?xf16>) -> tensor<?xf32>
  %1 = core.cast %0 to f16 : (tensor<?xf32>) -> tensor<?xf16>
  %2 = core.cast %1 to f16 : (tensor<?xf16>) -> tensor<?xf16>
  %3 = core.cast %f to f16 : (tensor<?xf32>) -> tensor<?xf16>
  %4 = core.cast %3 to f32 : (tensor<?xf16>) -> tensor<?xf32>
  %5 = core.cast %i to i64 : (tensor<?xi32>) -> tensor<?xi64>
  %6 = core.cast %5 to f32 : (tensor<?xi64>) -> tensor<?xf32>
  return %2, %4, %6 : tensor<?xf16>, tensor<?xf32>, tensor<?xf32>
}

// -----

// A number to i1 asks whether it is zero; two steps are not one.
// CHECK-LABEL: func.func @cast_of_bool
// CHECK-NEXT:    core.cast %{{.*}} to i1
// CHECK-NEXT:    core.cast %{{.*}} to f32
func.func @cast_of_bool(%i: tensor<?xi32>) -> tensor<?xf32> {
  %0 = core.cast %i to i1 : (tensor<?xi32>) -> tensor<?xi1>
  %1 = core.cast %0 to f32 : (tensor<?xi1>) -> tensor<?xf32>
  return %1 : tensor<?xf32>
}

// -----

// Back to the first sizes, by names; a broadcast to the sizes that are there.
// CHECK-LABEL: func.func @same_shapes
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x?x4xf32>
// CHECK-NOT:     core.reshape
// CHECK-NOT:     core.broadcast
// CHECK:         return %[[X]]
func.func @same_shapes(%x: tensor<?x?x4xf32> {adze.dims = ["b", "s", ""]}, %y: tensor<?xf32> {adze.dims = ["s"]}) -> tensor<?x?x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %b = tensor.dim %x, %c0 : tensor<?x?x4xf32>
  %s = tensor.dim %x, %c1 : tensor<?x?x4xf32>
  %s2 = tensor.dim %y, %c0 : tensor<?xf32>
  %n = arith.muli %b, %s : index
  %0 = core.reshape %x sizes(%n, %c4) : tensor<?x?x4xf32> -> tensor<?x4xf32>
  %1 = core.reshape %0 sizes(%b, %s2, %c4) : tensor<?x4xf32> -> tensor<?x?x4xf32>
  %2 = core.broadcast %1 sizes(%b, %s2, %c4) : tensor<?x?x4xf32> -> tensor<?x?x4xf32>
  return %2 : tensor<?x?x4xf32>
}

// -----

// One constant index takes a slice, also from the end; one that is out of range is the run's error.
// CHECK-LABEL: func.func @gather
// CHECK:         core.slice %{{.*}} offsets(%c2, %c0)
// CHECK:         core.gather
func.func @gather(%x: tensor<3x?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %last = core.constant dense<-1> : tensor<i64>
  %far = core.constant dense<3> : tensor<i64>
  %0 = core.gather %x, %last axis 0 : (tensor<3x?xf32>, tensor<i64>) -> tensor<?xf32>
  %1 = core.gather %x, %far axis 0 : (tensor<3x?xf32>, tensor<i64>) -> tensor<?xf32>
  return %0, %1 : tensor<?xf32>, tensor<?xf32>
}

// -----

// Padding and slices that take all of the input.
// CHECK-LABEL: func.func @whole
// CHECK-SAME:    (%[[X:.*]]: tensor<?x4xf32>
// CHECK-NOT:     core.
// CHECK:         return %[[X]]
func.func @whole(%x: tensor<?x4xf32> {adze.dims = ["n", ""]}) -> tensor<?x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %zero = core.constant dense<0.0> : tensor<f32>
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %0 = core.pad constant %x, %zero low(%c0, %c0) sizes(%n, %c4) : tensor<?x4xf32>, tensor<f32> -> tensor<?x4xf32>
  %1 = core.slice %0 offsets(%c0, %c0) steps(%c1, %c1) sizes(%n, %c4) : tensor<?x4xf32> -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}
