// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-split-reductions | FileCheck %s

// Rows, then all of them.
// CHECK-LABEL: func.func @all
// CHECK:         %[[ROWS:.*]] = core.reduce max %{{.*}} axes [2] keepdims true : (tensor<?x?x768xf32>) -> tensor<?x?x1xf32>
// CHECK:         core.reduce max %[[ROWS]] axes [0, 1, 2] keepdims false : (tensor<?x?x1xf32>) -> tensor<f32>
func.func @all(%x: tensor<?x?x768xf32>) -> tensor<f32> {
  %y = core.reduce max %x axes [0, 1, 2] keepdims false : (tensor<?x?x768xf32>) -> tensor<f32>
  return %y : tensor<f32>
}

// As many axes as make a part of 256 elements; sums of parts are f32.
// CHECK-LABEL: func.func @parts
// CHECK:         %[[WIDE:.*]] = core.cast
// CHECK:         %[[PARTS:.*]] = core.reduce sum %[[WIDE]] axes [2, 3] keepdims true : (tensor<3x64x32x32xf32>) -> tensor<3x64x1x1xf32>
// CHECK:         %[[ALL:.*]] = core.reduce sum %[[PARTS]] axes [1, 2, 3] keepdims true : (tensor<3x64x1x1xf32>) -> tensor<3x1x1x1xf32>
// CHECK:         core.cast %[[ALL]]
func.func @parts(%x: tensor<3x64x32x32xf16>) -> tensor<3x1x1x1xf16> {
  %y = core.reduce sum %x axes [1, 2, 3] keepdims true : (tensor<3x64x32x32xf16>) -> tensor<3x1x1x1xf16>
  return %y : tensor<3x1x1x1xf16>
}

// An only axis is cut.
// CHECK-LABEL: func.func @only
// CHECK:         %[[CUT:.*]] = core.reshape
// CHECK:         %[[PARTS:.*]] = core.reduce sum %[[CUT]] axes [2] keepdims false : (tensor<2x256x4096xf32>) -> tensor<2x256xf32>
// CHECK:         core.reduce sum %[[PARTS]] axes [1] keepdims true : (tensor<2x256xf32>) -> tensor<2x1xf32>
func.func @only(%x: tensor<2x1048576xf32>) -> tensor<2x1xf32> {
  %y = core.reduce sum %x axes [1] keepdims true : (tensor<2x1048576xf32>) -> tensor<2x1xf32>
  return %y : tensor<2x1xf32>
}

// What is squared on the way stays so; few elements, and results that are many, stay as they are.
// CHECK-LABEL: func.func @whole
// CHECK-COUNT-3: core.reduce
// CHECK-NOT:     core.reduce
func.func @whole(%x: tensor<1048576xf32>, %few: tensor<4x8x32xf32>, %many: tensor<64x512x512xf32>) -> (tensor<f32>, tensor<f32>, tensor<64xf32>) {
  %squares = core.binary mul %x, %x : (tensor<1048576xf32>, tensor<1048576xf32>) -> tensor<1048576xf32>
  %a = core.reduce sum %squares axes [0] keepdims false : (tensor<1048576xf32>) -> tensor<f32>
  %b = core.reduce sum %few axes [0, 1, 2] keepdims false : (tensor<4x8x32xf32>) -> tensor<f32>
  %c = core.reduce sum %many axes [1, 2] keepdims false : (tensor<64x512x512xf32>) -> tensor<64xf32>
  return %a, %b, %c : tensor<f32>, tensor<f32>, tensor<64xf32>
}
