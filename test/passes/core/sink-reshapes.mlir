// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-sink-reshapes --adze-simplify --adze-refine-shapes --canonicalize --cse --split-input-file | FileCheck %s

// As GPT-2 comes: rows are flattened for each product and unflattened after it; a bias, an activation, a residual and a norm between.
// CHECK-LABEL: func.func @block
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x?x8xf32>
// CHECK:         %[[F:.*]] = core.reshape %[[X]] {{.*}} -> tensor<?x8xf32>
// CHECK:         %[[M:.*]] = core.matmul %[[F]], %{{.*}} -> tensor<?x16xf32>
// CHECK:         core.binary add %[[M]], %{{.*}} : (tensor<?x16xf32>, tensor<16xf32>) -> tensor<?x16xf32>
// CHECK:         core.unary gelu
// CHECK:         %[[N:.*]] = core.matmul %{{.*}} -> tensor<?x8xf32>
// CHECK:         %[[A:.*]] = core.binary add %[[N]], %[[F]] : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
// CHECK:         core.norm %[[A]] axis 1
// CHECK:         %[[L:.*]] = core.matmul %{{.*}} -> tensor<?x3xf32>
// CHECK:         core.softmax %[[L]] axis 1
// CHECK:         core.reshape {{.*}} -> tensor<?x?x3xf32>
// CHECK-NEXT:    return
func.func @block(%x: tensor<?x?x8xf32> {adze.dims = ["b", "s", ""]}, %w: tensor<8x16xf32>, %bias: tensor<1x1x16xf32>, %v: tensor<16x8xf32>,
                 %last: tensor<8x3xf32>) -> tensor<?x?x3xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %c16 = arith.constant 16 : index
  %b = tensor.dim %x, %c0 : tensor<?x?x8xf32>
  %s = tensor.dim %x, %c1 : tensor<?x?x8xf32>
  %n = arith.muli %b, %s : index
  %0 = core.reshape %x sizes(%n, %c8) : tensor<?x?x8xf32> -> tensor<?x8xf32>
  %1 = core.matmul %0, %w to f32 : (tensor<?x8xf32>, tensor<8x16xf32>) -> tensor<?x16xf32>
  %2 = core.reshape %1 sizes(%b, %s, %c16) : tensor<?x16xf32> -> tensor<?x?x16xf32>
  %3 = core.binary add %2, %bias : (tensor<?x?x16xf32>, tensor<1x1x16xf32>) -> tensor<?x?x16xf32>
  %4 = core.unary gelu %3 : (tensor<?x?x16xf32>) -> tensor<?x?x16xf32>
  %5 = core.reshape %4 sizes(%n, %c16) : tensor<?x?x16xf32> -> tensor<?x16xf32>
  %6 = core.matmul %5, %v to f32 : (tensor<?x16xf32>, tensor<16x8xf32>) -> tensor<?x8xf32>
  %7 = core.reshape %6 sizes(%b, %s, %c8) : tensor<?x8xf32> -> tensor<?x?x8xf32>
  %8 = core.binary add %7, %x : (tensor<?x?x8xf32>, tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %9 = core.norm %8 axis 2 epsilon 1.0e-5 : (tensor<?x?x8xf32>) -> tensor<?x?x8xf32>
  %10 = core.matmul %9, %last to f32 : (tensor<?x?x8xf32>, tensor<8x3xf32>) -> tensor<?x?x3xf32>
  %11 = core.softmax %10 axis 2 : (tensor<?x?x3xf32>) -> tensor<?x?x3xf32>
  return %11 : tensor<?x?x3xf32>
}

// -----

// An operand that is broadcast along the flat rows, a norm over more than the row, and rows of another length stay.
// CHECK-LABEL: func.func @stays
// CHECK:         core.binary add %{{.*}} : (tensor<2x3x4xf32>, tensor<2x1x4xf32>)
// CHECK:         core.norm %{{.*}} axis 1
// CHECK:         core.unary exp %{{.*}} : (tensor<2x6x2xf32>)
func.func @stays(%x: tensor<6x4xf32>, %y: tensor<2x1x4xf32>) -> (tensor<2x3x4xf32>, tensor<2x3x4xf32>, tensor<2x6x2xf32>) {
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c6 = arith.constant 6 : index
  %0 = core.reshape %x sizes(%c2, %c3, %c4) : tensor<6x4xf32> -> tensor<2x3x4xf32>
  %1 = core.binary add %0, %y : (tensor<2x3x4xf32>, tensor<2x1x4xf32>) -> tensor<2x3x4xf32>
  %2 = core.norm %0 axis 1 epsilon 1.0e-5 : (tensor<2x3x4xf32>) -> tensor<2x3x4xf32>
  %3 = core.reshape %x sizes(%c2, %c6, %c2) : tensor<6x4xf32> -> tensor<2x6x2xf32>
  %4 = core.unary exp %3 : (tensor<2x6x2xf32>) -> tensor<2x6x2xf32>
  return %1, %2, %4 : tensor<2x3x4xf32>, tensor<2x3x4xf32>, tensor<2x6x2xf32>
}
