// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-hoist-reshapes --canonicalize --split-input-file | FileCheck %s

// As ViT comes from PyTorch: query, key and value lie side by side in one projection [S, 3 * H * D].
// CHECK-LABEL: func.func @packed
// CHECK-SAME:    %[[X:.*]]: tensor<197x1x2304xf32>
// CHECK:         %[[R:.*]] = core.reshape %[[X]] {{.*}} -> tensor<{{(1x)?}}197x{{(1x)?}}3x12x64xf32>
// CHECK-NOT:     core.reshape %{{[0-9]+}}
// CHECK:         core.slice
// CHECK:         %[[T:.*]] = core.transpose {{.*}} -> tensor<1x12x197x64xf32>
// CHECK-NOT:     core.reshape
// CHECK:         core.attention %[[T]]
func.func @packed(%x: tensor<197x1x2304xf32>, %k: tensor<1x12x197x64xf32>) -> tensor<1x12x197x64xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c12 = arith.constant 12 : index
  %c64 = arith.constant 64 : index
  %c197 = arith.constant 197 : index
  %c768 = arith.constant 768 : index
  %0 = core.reshape %x sizes(%c1, %c197, %c1, %c3, %c768) : tensor<197x1x2304xf32> -> tensor<1x197x1x3x768xf32>
  %1 = core.transpose %0 [3, 1, 2, 0, 4] : (tensor<1x197x1x3x768xf32>) -> tensor<3x197x1x1x768xf32>
  %2 = core.reshape %1 sizes(%c3, %c197, %c1, %c768) : tensor<3x197x1x1x768xf32> -> tensor<3x197x1x768xf32>
  %3 = core.slice %2 offsets(%c1, %c0, %c0, %c0) steps(%c1, %c1, %c1, %c1) sizes(%c1, %c197, %c1, %c768) : tensor<3x197x1x768xf32> -> tensor<1x197x1x768xf32>
  %4 = core.reshape %3 sizes(%c197, %c1, %c768) : tensor<1x197x1x768xf32> -> tensor<197x1x768xf32>
  %5 = core.reshape %4 sizes(%c197, %c12, %c64) : tensor<197x1x768xf32> -> tensor<197x12x64xf32>
  %6 = core.transpose %5 [1, 0, 2] : (tensor<197x12x64xf32>) -> tensor<12x197x64xf32>
  %7 = core.reshape %6 sizes(%c1, %c12, %c197, %c64) : tensor<12x197x64xf32> -> tensor<1x12x197x64xf32>
  %8 = core.attention %7, %k, %k scale 1.0 : (tensor<1x12x197x64xf32>, tensor<1x12x197x64xf32>, tensor<1x12x197x64xf32>) -> tensor<1x12x197x64xf32>
  return %8 : tensor<1x12x197x64xf32>
}

// -----

// As GPT-2 comes: a part of the last dimension, split into heads. 768 of 2304 from 768 on are 12 heads of 36 from 12 on.
// CHECK-LABEL: func.func @part
// CHECK:         %[[R:.*]] = core.reshape %{{.*}} -> tensor<?x?x36x64xf32>
// CHECK:         %[[S:.*]] = core.slice %[[R]] offsets(%c0, %c0, %c12, %c0) {{.*}} -> tensor<?x?x12x64xf32>
// CHECK:         %[[T:.*]] = core.transpose %[[S]]
// CHECK:         core.attention %[[T]]
func.func @part(%x: tensor<?x?x2304xf32> {adze.dims = ["b", "s", ""]}, %k: tensor<?x12x?x64xf32> {adze.dims = ["b", "", "s", ""]}) -> tensor<?x12x?x64xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c12 = arith.constant 12 : index
  %c64 = arith.constant 64 : index
  %c768 = arith.constant 768 : index
  %b = tensor.dim %x, %c0 : tensor<?x?x2304xf32>
  %s = tensor.dim %x, %c1 : tensor<?x?x2304xf32>
  %0 = core.slice %x offsets(%c0, %c0, %c768) steps(%c1, %c1, %c1) sizes(%b, %s, %c768) : tensor<?x?x2304xf32> -> tensor<?x?x768xf32>
  %1 = core.reshape %0 sizes(%b, %s, %c12, %c64) : tensor<?x?x768xf32> -> tensor<?x?x12x64xf32>
  %2 = core.transpose %1 [0, 2, 1, 3] : (tensor<?x?x12x64xf32>) -> tensor<?x12x?x64xf32>
  %3 = core.attention %2, %k, %k scale 1.0 : (tensor<?x12x?x64xf32>, tensor<?x12x?x64xf32>, tensor<?x12x?x64xf32>) -> tensor<?x12x?x64xf32>
  return %3 : tensor<?x12x?x64xf32>
}

// -----

// A part that begins inside of a head, and dimensions that are merged in another order than they lie, stay.
// CHECK-LABEL: func.func @stays
// CHECK:         core.slice
// CHECK:         core.reshape
// CHECK:         core.transpose
// CHECK:         core.reshape
// CHECK:         core.attention
func.func @stays(%x: tensor<5x24xf32>, %y: tensor<4x5x2x4xf32>) -> tensor<4x5x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %c10 = arith.constant 10 : index
  %c16 = arith.constant 16 : index
  %0 = core.slice %x offsets(%c0, %c2) steps(%c1, %c1) sizes(%c5, %c16) : tensor<5x24xf32> -> tensor<5x16xf32>
  %1 = core.reshape %0 sizes(%c5, %c4, %c4) : tensor<5x16xf32> -> tensor<5x4x4xf32>
  %2 = core.transpose %1 [1, 0, 2] : (tensor<5x4x4xf32>) -> tensor<4x5x4xf32>
  %3 = core.transpose %y [0, 2, 1, 3] : (tensor<4x5x2x4xf32>) -> tensor<4x2x5x4xf32>
  %4 = core.reshape %3 sizes(%c4, %c10, %c4) : tensor<4x2x5x4xf32> -> tensor<4x10x4xf32>
  %5 = core.attention %2, %4, %4 scale 1.0 : (tensor<4x5x4xf32>, tensor<4x10x4xf32>, tensor<4x10x4xf32>) -> tensor<4x5x4xf32>
  return %5 : tensor<4x5x4xf32>
}

// -----

// A cache is joined to the keys after they were split into heads.
// CHECK-LABEL: func.func @cache
// CHECK:         %[[R:.*]] = core.reshape %{{.*}} -> tensor<1x5x6x4xf32>
// CHECK:         %[[S:.*]] = core.slice %[[R]]
// CHECK:         %[[T:.*]] = core.transpose %[[S]]
// CHECK:         core.concat axis 2(%{{.*}}, %[[T]])
func.func @cache(%x: tensor<1x5x24xf32>, %past: tensor<1x2x3x4xf32>, %q: tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %c8 = arith.constant 8 : index
  %0 = core.slice %x offsets(%c0, %c0, %c8) steps(%c1, %c1, %c1) sizes(%c1, %c5, %c8) : tensor<1x5x24xf32> -> tensor<1x5x8xf32>
  %1 = core.reshape %0 sizes(%c1, %c5, %c2, %c4) : tensor<1x5x8xf32> -> tensor<1x5x2x4xf32>
  %2 = core.transpose %1 [0, 2, 1, 3] : (tensor<1x5x2x4xf32>) -> tensor<1x2x5x4xf32>
  %3 = core.concat axis 2 (%past, %2) : (tensor<1x2x3x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x8x4xf32>
  %4 = core.attention %q, %3, %3 scale 1.0 : (tensor<1x2x5x4xf32>, tensor<1x2x8x4xf32>, tensor<1x2x8x4xf32>) -> tensor<1x2x5x4xf32>
  return %4 : tensor<1x2x5x4xf32>
}
