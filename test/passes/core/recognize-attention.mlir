// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-recognize-attention --canonicalize --cse --split-input-file | FileCheck %s
// RUN: adze-opt %s --adze-recognize-attention=widen=false --canonicalize --cse --split-input-file | FileCheck %s --check-prefix=SHORT

// As BERT comes from torch.onnx.export(dynamo=True): scales on both sides, keys transposed between reshapes that merge batch and
// heads, a mask that is added, zeros for NaNs.
// CHECK-LABEL: func.func @dynamo
// CHECK-SAME:    %[[Q:[a-z0-9]+]]: tensor<?x12x?x64xf32> {{.*}}, %[[K:[a-z0-9]+]]: tensor<?x12x?x64xf32> {{.*}}, %[[V:[a-z0-9]+]]: tensor<?x12x?x64xf32> {{.*}}, %[[C:[a-z0-9]+]]: tensor<?x1x?x?xi1>
// CHECK:         %[[M:.*]] = core.select %[[C]]
// CHECK-NEXT:    %[[A:.*]] = core.attention %[[Q]], %[[K]], %[[V]] mask %[[M]] scale 0.12499{{[0-9]*}} nan_as_zero
// CHECK-NEXT:    return %[[A]]
func.func @dynamo(%q: tensor<?x12x?x64xf32> {adze.dims = ["b", "", "s", ""]}, %k: tensor<?x12x?x64xf32> {adze.dims = ["b", "", "t", ""]},
                  %v: tensor<?x12x?x64xf32> {adze.dims = ["b", "", "t", ""]}, %c: tensor<?x1x?x?xi1> {adze.dims = ["b", "", "s", "t"]}) -> tensor<?x12x?x64xf32> {
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %c12 = arith.constant 12 : index
  %c64 = arith.constant 64 : index
  %scale = core.constant dense<0.353553385> : tensor<f32>
  %zero = core.constant dense<0.0> : tensor<f32>
  %least = core.constant dense<-3.40282347E+38> : tensor<f32>
  %b = tensor.dim %k, %c0 : tensor<?x12x?x64xf32>
  %t = tensor.dim %k, %c2 : tensor<?x12x?x64xf32>
  %n = arith.muli %b, %c12 : index
  %0 = core.reshape %k sizes(%n, %t, %c64) : tensor<?x12x?x64xf32> -> tensor<?x?x64xf32>
  %1 = core.transpose %0 [0, 2, 1] : (tensor<?x?x64xf32>) -> tensor<?x64x?xf32>
  %2 = core.reshape %1 sizes(%b, %c12, %c64, %t) : tensor<?x64x?xf32> -> tensor<?x12x64x?xf32>
  %3 = core.binary mul %q, %scale : (tensor<?x12x?x64xf32>, tensor<f32>) -> tensor<?x12x?x64xf32>
  %4 = core.binary mul %2, %scale : (tensor<?x12x64x?xf32>, tensor<f32>) -> tensor<?x12x64x?xf32>
  %5 = core.matmul %3, %4 to f32 : (tensor<?x12x?x64xf32>, tensor<?x12x64x?xf32>) -> tensor<?x12x?x?xf32>
  %6 = core.select %c, %zero, %least : (tensor<?x1x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x1x?x?xf32>
  %7 = core.binary add %5, %6 : (tensor<?x12x?x?xf32>, tensor<?x1x?x?xf32>) -> tensor<?x12x?x?xf32>
  %8 = core.softmax %7 axis 3 : (tensor<?x12x?x?xf32>) -> tensor<?x12x?x?xf32>
  %9 = core.unary is_nan %8 : (tensor<?x12x?x?xf32>) -> tensor<?x12x?x?xi1>
  %10 = core.select %9, %zero, %8 : (tensor<?x12x?x?xi1>, tensor<f32>, tensor<?x12x?x?xf32>) -> tensor<?x12x?x?xf32>
  %11 = core.matmul %10, %v to f32 : (tensor<?x12x?x?xf32>, tensor<?x12x?x64xf32>) -> tensor<?x12x?x64xf32>
  return %11 : tensor<?x12x?x64xf32>
}

// -----

// As TorchScript writes it: keys [B, T, H, D] to [B, H, D, T] by one transpose, scores divided, no mask.
// CHECK-LABEL: func.func @torchscript
// CHECK-SAME:    %[[Q:[a-z0-9]+]]: tensor<2x12x5x64xf32>, %[[K:[a-z0-9]+]]: tensor<2x7x12x64xf32>, %[[V:[a-z0-9]+]]: tensor<2x12x7x32xf32>
// CHECK-NEXT:    %[[T:.*]] = core.transpose %[[K]] [0, 2, 1, 3]
// CHECK-NEXT:    %[[A:.*]] = core.attention %[[Q]], %[[T]], %[[V]] scale 1.250000e-01 :
// CHECK-NEXT:    return %[[A]]
func.func @torchscript(%q: tensor<2x12x5x64xf32>, %k: tensor<2x7x12x64xf32>, %v: tensor<2x12x7x32xf32>) -> tensor<2x12x5x32xf32> {
  %eight = core.constant dense<8.0> : tensor<f32>
  %0 = core.transpose %k [0, 2, 3, 1] : (tensor<2x7x12x64xf32>) -> tensor<2x12x64x7xf32>
  %1 = core.matmul %q, %0 to f32 : (tensor<2x12x5x64xf32>, tensor<2x12x64x7xf32>) -> tensor<2x12x5x7xf32>
  %2 = core.binary div %1, %eight : (tensor<2x12x5x7xf32>, tensor<f32>) -> tensor<2x12x5x7xf32>
  %3 = core.softmax %2 axis 3 : (tensor<2x12x5x7xf32>) -> tensor<2x12x5x7xf32>
  %4 = core.matmul %3, %v to f32 : (tensor<2x12x5x7xf32>, tensor<2x12x7x32xf32>) -> tensor<2x12x5x32xf32>
  return %4 : tensor<2x12x5x32xf32>
}

// -----

// Two masks: one is selected under the scores that it lets through, one is added after.
// CHECK-LABEL: func.func @masks
// CHECK-SAME:    %[[C:[a-z0-9]+]]: tensor<5x7xi1>, %[[M:[a-z0-9]+]]: tensor<1x7xf32>
// CHECK:         %[[S:.*]] = core.select %[[C]], %{{.*}}, %{{.*}} : (tensor<5x7xi1>, tensor<f32>, tensor<f32>) -> tensor<5x7xf32>
// CHECK-NEXT:    %[[B:.*]] = core.binary add %[[M]], %[[S]]
// CHECK-NEXT:    core.attention {{.*}} mask %[[B]] scale 1.000000e+00 :
func.func @masks(%q: tensor<3x5x4xf32>, %k: tensor<3x7x4xf32>, %c: tensor<5x7xi1>, %m: tensor<1x7xf32>) -> tensor<3x5x4xf32> {
  %least = core.constant dense<0xFF800000> : tensor<f32>
  %0 = core.transpose %k [0, 2, 1] : (tensor<3x7x4xf32>) -> tensor<3x4x7xf32>
  %1 = core.matmul %q, %0 to f32 : (tensor<3x5x4xf32>, tensor<3x4x7xf32>) -> tensor<3x5x7xf32>
  %2 = core.select %c, %1, %least : (tensor<5x7xi1>, tensor<3x5x7xf32>, tensor<f32>) -> tensor<3x5x7xf32>
  %3 = core.binary add %m, %2 : (tensor<1x7xf32>, tensor<3x5x7xf32>) -> tensor<3x5x7xf32>
  %4 = core.softmax %3 axis 2 : (tensor<3x5x7xf32>) -> tensor<3x5x7xf32>
  %5 = core.matmul %4, %k to f32 : (tensor<3x5x7xf32>, tensor<3x7x4xf32>) -> tensor<3x5x4xf32>
  return %5 : tensor<3x5x4xf32>
}

// -----

// As LLaMA comes: a cache before the keys, two queries' heads for each head of keys and values, which are repeated.
// CHECK-LABEL: func.func @grouped
// CHECK-SAME:    %[[Q:[a-z0-9]+]]: tensor<?x4x?x32xf32> {{.*}}, %[[P:[a-z0-9]+]]: tensor<?x2x?x32xf32> {{.*}}, %[[N:[a-z0-9]+]]: tensor<?x2x?x32xf32>
// CHECK:         %[[K:.*]] = core.concat axis 2(%[[P]], %[[N]])
// CHECK:         %[[A:.*]] = core.attention %[[Q]], %[[K]], %[[K]] scale {{.*}} : (tensor<?x4x?x32xf32>, tensor<?x2x?x32xf32>, tensor<?x2x?x32xf32>) -> tensor<?x4x?x32xf32>
// CHECK-NEXT:    return %[[A]]
func.func @grouped(%q: tensor<?x4x?x32xf32> {adze.dims = ["b", "", "s", ""]}, %past: tensor<?x2x?x32xf32> {adze.dims = ["b", "", "p", ""]},
                   %new: tensor<?x2x?x32xf32> {adze.dims = ["b", "", "s", ""]}) -> tensor<?x4x?x32xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c32 = arith.constant 32 : index
  %scale = core.constant dense<0.420448214> : tensor<f32>
  %b = tensor.dim %q, %c0 : tensor<?x4x?x32xf32>
  %s = tensor.dim %q, %c2 : tensor<?x4x?x32xf32>
  %p = tensor.dim %past, %c2 : tensor<?x2x?x32xf32>
  %t = arith.addi %p, %s : index
  %k = core.concat axis 2 (%past, %new) : (tensor<?x2x?x32xf32>, tensor<?x2x?x32xf32>) -> tensor<?x2x?x32xf32>
  %0 = core.reshape %k sizes(%b, %c2, %c1, %t, %c32) : tensor<?x2x?x32xf32> -> tensor<?x2x1x?x32xf32>
  %1 = core.broadcast %0 sizes(%b, %c2, %c2, %t, %c32) : tensor<?x2x1x?x32xf32> -> tensor<?x2x2x?x32xf32>
  %n = arith.muli %b, %c4 : index
  %2 = core.reshape %1 sizes(%n, %t, %c32) : tensor<?x2x2x?x32xf32> -> tensor<?x?x32xf32>
  %3 = core.transpose %2 [0, 2, 1] : (tensor<?x?x32xf32>) -> tensor<?x32x?xf32>
  %4 = core.reshape %3 sizes(%b, %c4, %c32, %t) : tensor<?x32x?xf32> -> tensor<?x4x32x?xf32>
  %5 = core.binary mul %q, %scale : (tensor<?x4x?x32xf32>, tensor<f32>) -> tensor<?x4x?x32xf32>
  %6 = core.binary mul %4, %scale : (tensor<?x4x32x?xf32>, tensor<f32>) -> tensor<?x4x32x?xf32>
  %7 = core.matmul %5, %6 to f32 : (tensor<?x4x?x32xf32>, tensor<?x4x32x?xf32>) -> tensor<?x4x?x?xf32>
  %8 = core.softmax %7 axis 3 : (tensor<?x4x?x?xf32>) -> tensor<?x4x?x?xf32>
  %9 = core.reshape %1 sizes(%b, %c4, %t, %c32) : tensor<?x2x2x?x32xf32> -> tensor<?x4x?x32xf32>
  %10 = core.matmul %8, %9 to f32 : (tensor<?x4x?x?xf32>, tensor<?x4x?x32xf32>) -> tensor<?x4x?x32xf32>
  return %10 : tensor<?x4x?x32xf32>
}

// -----

// One head for all queries; f16 is computed in f32, where the tiles are.
// CHECK-LABEL: func.func @shared
// CHECK-SAME:    %[[Q:[a-z0-9]+]]: tensor<4x5x8xf16>, %[[K:[a-z0-9]+]]: tensor<7x8xf16>
// CHECK:         %[[R:.*]] = core.reshape %[[K]] sizes({{.*}}) : tensor<7x8xf16> -> tensor<1x7x8xf16>
// CHECK-NEXT:    %[[WQ:.*]] = core.cast %[[Q]] to f32
// CHECK-NEXT:    %[[WK:.*]] = core.cast %[[R]] to f32
// CHECK-NEXT:    %[[A:.*]] = core.attention %[[WQ]], %[[WK]], %[[WK]] scale 1.000000e+00 :
// CHECK-NEXT:    core.cast %[[A]] to f16
func.func @shared(%q: tensor<4x5x8xf16>, %k: tensor<7x8xf16>) -> tensor<4x5x8xf16> {
  %0 = core.transpose %k [1, 0] : (tensor<7x8xf16>) -> tensor<8x7xf16>
  %1 = core.matmul %q, %0 to f16 : (tensor<4x5x8xf16>, tensor<8x7xf16>) -> tensor<4x5x7xf16>
  %2 = core.cast %1 to f32 : (tensor<4x5x7xf16>) -> tensor<4x5x7xf32>
  %3 = core.softmax %2 axis 2 : (tensor<4x5x7xf32>) -> tensor<4x5x7xf32>
  %4 = core.cast %3 to f16 : (tensor<4x5x7xf32>) -> tensor<4x5x7xf16>
  %5 = core.matmul %4, %k to f16 : (tensor<4x5x7xf16>, tensor<7x8xf16>) -> tensor<4x5x8xf16>
  return %5 : tensor<4x5x8xf16>
}

// -----

// The weights are a result too; a mask that may be larger than the scores; a number that does not drown a score.
// CHECK-LABEL: func.func @others
// CHECK-NOT:     core.attention
func.func @others(%q: tensor<5x8xf32>, %k: tensor<8x7xf32>, %v: tensor<7x8xf32>, %m: tensor<?x5x7xf32>, %c: tensor<5x7xi1>)
    -> (tensor<5x8xf32>, tensor<5x7xf32>, tensor<?x5x8xf32>, tensor<5x8xf32>) {
  %ten = core.constant dense<-1.0e4> : tensor<f32>
  %0 = core.matmul %q, %k to f32 : (tensor<5x8xf32>, tensor<8x7xf32>) -> tensor<5x7xf32>
  %1 = core.softmax %0 axis 1 : (tensor<5x7xf32>) -> tensor<5x7xf32>
  %2 = core.matmul %1, %v to f32 : (tensor<5x7xf32>, tensor<7x8xf32>) -> tensor<5x8xf32>
  %3 = core.matmul %2, %k to f32 : (tensor<5x8xf32>, tensor<8x7xf32>) -> tensor<5x7xf32>
  %4 = core.binary add %3, %m : (tensor<5x7xf32>, tensor<?x5x7xf32>) -> tensor<?x5x7xf32>
  %5 = core.softmax %4 axis 2 : (tensor<?x5x7xf32>) -> tensor<?x5x7xf32>
  %6 = core.matmul %5, %v to f32 : (tensor<?x5x7xf32>, tensor<7x8xf32>) -> tensor<?x5x8xf32>
  %7 = core.matmul %2, %k to f32 : (tensor<5x8xf32>, tensor<8x7xf32>) -> tensor<5x7xf32>
  %8 = core.select %c, %7, %ten : (tensor<5x7xi1>, tensor<5x7xf32>, tensor<f32>) -> tensor<5x7xf32>
  %9 = core.softmax %8 axis 1 : (tensor<5x7xf32>) -> tensor<5x7xf32>
  %10 = core.matmul %9, %v to f32 : (tensor<5x7xf32>, tensor<7x8xf32>) -> tensor<5x8xf32>
  return %2, %1, %6, %10 : tensor<5x8xf32>, tensor<5x7xf32>, tensor<?x5x8xf32>, tensor<5x8xf32>
}

// -----

// What is short is cast to f32, unless a machine multiplies it as it is; a mask is never made shorter.
// CHECK-LABEL: func.func @short
// CHECK-COUNT-3: core.cast {{.*}} to f32
// CHECK:         core.attention {{.*}} : (tensor<5x16xf32>, tensor<7x16xf32>, tensor<7x16xf32>, tensor<5x7xf32>) -> tensor<5x16xf32>
// SHORT-LABEL: func.func @short
// SHORT-NOT:     core.cast
// SHORT:         core.attention {{.*}} : (tensor<5x16xf16>, tensor<7x16xf16>, tensor<7x16xf16>, tensor<5x7xf32>) -> tensor<5x16xf16>
// SHORT-NOT:     core.cast
func.func @short(%q: tensor<5x16xf16>, %k: tensor<16x7xf16>, %v: tensor<7x16xf16>, %m: tensor<5x7xf32>) -> tensor<5x16xf16> {
  %0 = core.matmul %q, %k to f16 : (tensor<5x16xf16>, tensor<16x7xf16>) -> tensor<5x7xf16>
  %1 = core.cast %0 to f32 : (tensor<5x7xf16>) -> tensor<5x7xf32>
  %2 = core.binary add %1, %m : (tensor<5x7xf32>, tensor<5x7xf32>) -> tensor<5x7xf32>
  %3 = core.softmax %2 axis 1 : (tensor<5x7xf32>) -> tensor<5x7xf32>
  %4 = core.cast %3 to f16 : (tensor<5x7xf32>) -> tensor<5x7xf16>
  %5 = core.matmul %4, %v to f16 : (tensor<5x7xf16>, tensor<7x16xf16>) -> tensor<5x16xf16>
  return %5 : tensor<5x16xf16>
}

// -----

// Nor is the sum of masks, which may be less than the type's least.
// SHORT-LABEL: func.func @short_masks
// SHORT:         core.binary add {{.*}} -> tensor<5x7xf32>
// SHORT:         core.attention {{.*}} : (tensor<5x16xf16>, tensor<7x16xf16>, tensor<7x16xf16>, tensor<5x7xf32>) -> tensor<5x16xf16>
func.func @short_masks(%q: tensor<5x16xf16>, %k: tensor<16x7xf16>, %v: tensor<7x16xf16>, %m: tensor<5x7xf16>, %n: tensor<7xf16>) -> tensor<5x16xf16> {
  %0 = core.matmul %q, %k to f16 : (tensor<5x16xf16>, tensor<16x7xf16>) -> tensor<5x7xf16>
  %1 = core.binary add %0, %m : (tensor<5x7xf16>, tensor<5x7xf16>) -> tensor<5x7xf16>
  %2 = core.binary add %1, %n : (tensor<5x7xf16>, tensor<7xf16>) -> tensor<5x7xf16>
  %3 = core.softmax %2 axis 1 : (tensor<5x7xf16>) -> tensor<5x7xf16>
  %4 = core.matmul %3, %v to f16 : (tensor<5x7xf16>, tensor<7x16xf16>) -> tensor<5x16xf16>
  return %4 : tensor<5x16xf16>
}
