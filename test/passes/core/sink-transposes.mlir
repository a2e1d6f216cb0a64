// RUN: adze-opt %s --adze-sink-transposes --canonicalize --split-input-file | FileCheck %s

// The transposes of two convolutions meet and cancel, with a bias and an activation between them.
// CHECK-LABEL: func.func @cancel
// CHECK-SAME:    %[[X:.*]]: tensor<?x8x8x4xf32>
// CHECK-NOT:     core.transpose %[[X]]
// CHECK:         %[[B:.*]] = core.binary add %[[X]]
// CHECK:         %[[R:.*]] = core.unary relu %[[B]]
// CHECK-NEXT:    return %[[R]]
func.func @cancel(%x: tensor<?x8x8x4xf32>, %bias: tensor<4x1x1xf32>) -> tensor<?x8x8x4xf32> {
  %0 = core.transpose %x [0, 3, 1, 2] : (tensor<?x8x8x4xf32>) -> tensor<?x4x8x8xf32>
  %1 = core.binary add %0, %bias : (tensor<?x4x8x8xf32>, tensor<4x1x1xf32>) -> tensor<?x4x8x8xf32>
  %2 = core.unary relu %1 : (tensor<?x4x8x8xf32>) -> tensor<?x4x8x8xf32>
  %3 = core.transpose %2 [0, 2, 3, 1] : (tensor<?x4x8x8xf32>) -> tensor<?x8x8x4xf32>
  return %3 : tensor<?x8x8x4xf32>
}

// -----

// A mean over the image: what is left has sizes of 1 beside the channels, so the transpose is a reshape.
// CHECK-LABEL: func.func @mean
// CHECK:         core.reduce sum %{{.*}} axes [1, 2] keepdims true
// CHECK-NOT:     core.transpose
// CHECK:         core.reshape
func.func @mean(%x: tensor<1x8x8x4xf32>) -> tensor<1x4x1x1xf32> {
  %0 = core.transpose %x [0, 3, 1, 2] : (tensor<1x8x8x4xf32>) -> tensor<1x4x8x8xf32>
  %1 = core.reduce sum %0 axes [2, 3] keepdims true : (tensor<1x4x8x8xf32>) -> tensor<1x4x1x1xf32>
  return %1 : tensor<1x4x1x1xf32>
}

// -----

// Without the reduced dimensions; and the channel axis of a concat moves along.
// CHECK-LABEL: func.func @concat
// CHECK:         core.concat axis 3
// CHECK:         core.transpose
func.func @concat(%x: tensor<1x8x8x4xf32>, %y: tensor<1x8x8x2xf32>) -> tensor<1x6x8x8xf32> {
  %0 = core.transpose %x [0, 3, 1, 2] : (tensor<1x8x8x4xf32>) -> tensor<1x4x8x8xf32>
  %1 = core.transpose %y [0, 3, 1, 2] : (tensor<1x8x8x2xf32>) -> tensor<1x2x8x8xf32>
  %2 = core.concat axis 1(%0, %1) : (tensor<1x4x8x8xf32>, tensor<1x2x8x8xf32>) -> tensor<1x6x8x8xf32>
  return %2 : tensor<1x6x8x8xf32>
}

// -----

// An operand that would need a transpose of its own keeps the transpose above.
// CHECK-LABEL: func.func @stays
// CHECK:         core.transpose
// CHECK-NEXT:    core.binary add
func.func @stays(%x: tensor<1x8x8x4xf32>, %y: tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> {
  %0 = core.transpose %x [0, 3, 1, 2] : (tensor<1x8x8x4xf32>) -> tensor<1x4x8x8xf32>
  %1 = core.binary add %0, %y : (tensor<1x4x8x8xf32>, tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  return %1 : tensor<1x4x8x8xf32>
}

// -----

// Beside an operand of one long side the sunk transpose is a reshape, which does not sink again.
// CHECK-LABEL: func.func @vector
// CHECK-SAME:    %[[X:[^:]*]]: tensor<3x4xf32>, %[[Y:[^:]*]]: tensor<4xf32>
// CHECK-NEXT:    %[[R:.*]] = core.reduce max %[[X]] axes [0]
// CHECK-NEXT:    %[[S:.*]] = core.binary add %[[R]], %[[Y]]
// CHECK-NEXT:    return %[[S]]
func.func @vector(%x: tensor<3x4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %0 = core.transpose %x [1, 0] : (tensor<3x4xf32>) -> tensor<4x3xf32>
  %1 = core.reduce max %0 axes [1] keepdims false : (tensor<4x3xf32>) -> tensor<4xf32>
  %2 = core.binary add %1, %y : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}

// -----

// Nor do transposed constants sink, whatever is beside them.
// CHECK-LABEL: func.func @constants
// CHECK:         core.binary add
// CHECK:         core.concat axis 1
func.func @constants() -> (tensor<3x2xf32>, tensor<3x4xf32>) {
  %a = core.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %b = core.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>
  %0 = core.transpose %a [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %1 = core.binary add %0, %b : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %2 = core.concat axis 1(%0, %b) : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x4xf32>
  return %1, %2 : tensor<3x2xf32>, tensor<3x4xf32>
}

// -----

// A gate for each image and channel is a reshape on the other side, so the transpose sinks past it.
// CHECK-LABEL: func.func @gate
// CHECK-NOT:     core.transpose
// CHECK:         core.reshape {{.*}} -> tensor<?x1x1x8xf32>
// CHECK:         core.binary mul
// CHECK:         core.transpose
// CHECK-NEXT:    return
func.func @gate(%x: tensor<?x4x4x8xf32>, %g: tensor<?x8x1x1xf32>) -> tensor<?x8x4x4xf32> {
  %0 = core.transpose %x [0, 3, 1, 2] : (tensor<?x4x4x8xf32>) -> tensor<?x8x4x4xf32>
  %1 = core.binary mul %0, %g : (tensor<?x8x4x4xf32>, tensor<?x8x1x1xf32>) -> tensor<?x8x4x4xf32>
  return %1 : tensor<?x8x4x4xf32>
}

// -----

// Transposes that only move sizes of 1 cancel as others do, and leave no reshape between the ops.
// CHECK-LABEL: func.func @pooled
// CHECK-NOT:     core.transpose
// CHECK-NOT:     core.reshape
// CHECK:         core.unary relu %{{.*}} : (tensor<?x1x1x8xf32>) -> tensor<?x1x1x8xf32>
// CHECK-NOT:     core.reshape
// CHECK:         return
func.func @pooled(%x: tensor<?x1x1x8xf32>) -> tensor<?x1x1x8xf32> {
  %0 = core.transpose %x [0, 3, 1, 2] : (tensor<?x1x1x8xf32>) -> tensor<?x8x1x1xf32>
  %1 = core.unary relu %0 : (tensor<?x8x1x1xf32>) -> tensor<?x8x1x1xf32>
  %2 = core.transpose %1 [0, 2, 3, 1] : (tensor<?x8x1x1xf32>) -> tensor<?x1x1x8xf32>
  return %2 : tensor<?x1x1x8xf32>
}

// -----

// A transpose that meets no inverse is next to what it begins with, and a window next to its padding.
// CHECK-LABEL: func.func @padded_image
// CHECK:         %[[T:.*]] = core.transpose %{{.*}} [0, 2, 3, 1] : (tensor<1x8x4x5xf32>) -> tensor<1x4x5x8xf32>
// CHECK:         %[[P:.*]] = core.pad constant %[[T]], %{{.*}} low(%c0, %c1, %c2, %c0) sizes(%c1, %c6, %c9, %c8)
// CHECK:         core.conv %[[P]]
func.func @padded_image(%x: tensor<1x8x4x5xf32>, %w: tensor<3x3x8x4xf32>) -> tensor<1x4x7x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c6 = arith.constant 6 : index
  %c8 = arith.constant 8 : index
  %c9 = arith.constant 9 : index
  %zero = core.constant dense<0.0> : tensor<f32>
  %0 = core.pad constant %x, %zero low(%c0, %c0, %c1, %c2) sizes(%c1, %c8, %c6, %c9) : tensor<1x8x4x5xf32>, tensor<f32> -> tensor<1x8x6x9xf32>
  %1 = core.transpose %0 [0, 2, 3, 1] : (tensor<1x8x6x9xf32>) -> tensor<1x6x9x8xf32>
  %2 = core.conv %1, %w strides [1, 1] dilations [1, 1] groups 1 to f32 : (tensor<1x6x9x8xf32>, tensor<3x3x8x4xf32>) -> tensor<1x4x7x4xf32>
  return %2 : tensor<1x4x7x4xf32>
}
