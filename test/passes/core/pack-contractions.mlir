// RUN: adze-opt %s --adze-pack-contractions --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @matmul
// CHECK:         %[[P:.*]] = core.pack %{{.*}} : (tensor<64x40xf32>) -> tensor<3x64x16xf32>
// CHECK:         core.packed_matmul %{{.*}}, %[[P]] columns %{{.*}} : tensor<?x64xf32>, tensor<3x64x16xf32> -> tensor<?x40xf32>
func.func @matmul(%x: tensor<?x64xf32>, %w: tensor<64x40xf32>) -> tensor<?x40xf32> {
  %0 = core.matmul %x, %w to f32 : (tensor<?x64xf32>, tensor<64x40xf32>) -> tensor<?x40xf32>
  return %0 : tensor<?x40xf32>
}

// -----

// CHECK-LABEL: func.func @conv
// CHECK:         core.reshape %{{.*}} : tensor<3x3x8x16xf32> -> tensor<72x16xf32>
// CHECK:         core.packed_conv %{{.*}} window [3, 3] strides [2, 2] dilations [1, 1]
func.func @conv(%x: tensor<?x?x?x8xf32>, %w: tensor<3x3x8x16xf32>) -> tensor<?x?x?x16xf32> {
  %0 = core.conv %x, %w strides [2, 2] dilations [1, 1] groups 1 to f32
      : (tensor<?x?x?x8xf32>, tensor<3x3x8x16xf32>) -> tensor<?x?x?x16xf32>
  return %0 : tensor<?x?x?x16xf32>
}

// -----

// Other types and groups keep their op.
// CHECK-LABEL: func.func @stays
// CHECK:         core.matmul
// CHECK:         core.conv
func.func @stays(%x: tensor<4x4xf64>, %y: tensor<1x4x4x8xf32>, %w: tensor<3x3x1x8xf32>)
    -> (tensor<4x4xf64>, tensor<1x2x2x8xf32>) {
  %0 = core.matmul %x, %x to f64 : (tensor<4x4xf64>, tensor<4x4xf64>) -> tensor<4x4xf64>
  %1 = core.conv %y, %w strides [1, 1] dilations [1, 1] groups 8 to f32
      : (tensor<1x4x4x8xf32>, tensor<3x3x1x8xf32>) -> tensor<1x2x2x8xf32>
  return %0, %1 : tensor<4x4xf64>, tensor<1x2x2x8xf32>
}

// -----

// Integers: the 9 rows that are contiguous in the input are padded to 12.
// CHECK-LABEL: func.func @integers
// CHECK:         core.pad constant {{.*}} : tensor<3x9x8xi8>, tensor<i8> -> tensor<3x12x8xi8>
// CHECK:         core.pack %{{.*}} : (tensor<36x8xi8>) -> tensor<1x9x64xi8>
// CHECK:         core.packed_conv %{{.*}} window [3, 3] {{.*}} : tensor<1x4x4x3xui8>, tensor<1x9x64xi8> -> tensor<1x2x2x8xi32>
func.func @integers(%x: tensor<1x4x4x3xui8>, %w: tensor<3x3x3x8xi8>) -> tensor<1x2x2x8xi32> {
  %0 = core.conv %x, %w strides [1, 1] dilations [1, 1] groups 1 to i32
      : (tensor<1x4x4x3xui8>, tensor<3x3x3x8xi8>) -> tensor<1x2x2x8xi32>
  return %0 : tensor<1x2x2x8xi32>
}
