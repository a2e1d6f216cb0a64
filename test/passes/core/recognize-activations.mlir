// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-recognize-activations --canonicalize --cse --split-input-file | FileCheck %s

// As TorchScript writes it.
// CHECK-LABEL: func.func @gelu
// CHECK-SAME:    %[[X:.*]]: tensor<?x?x3072xf32>
// CHECK-NEXT:    %[[Y:.*]] = core.unary gelu %[[X]]
// CHECK-NEXT:    return %[[Y]]
func.func @gelu(%x: tensor<?x?x3072xf32>) -> tensor<?x?x3072xf32> {
  %root = core.constant dense<1.41421354> : tensor<f32>
  %one = core.constant dense<1.0> : tensor<f32>
  %half = core.constant dense<0.5> : tensor<f32>
  %0 = core.binary div %x, %root : (tensor<?x?x3072xf32>, tensor<f32>) -> tensor<?x?x3072xf32>
  %1 = core.unary erf %0 : (tensor<?x?x3072xf32>) -> tensor<?x?x3072xf32>
  %2 = core.binary add %1, %one : (tensor<?x?x3072xf32>, tensor<f32>) -> tensor<?x?x3072xf32>
  %3 = core.binary mul %x, %2 : (tensor<?x?x3072xf32>, tensor<?x?x3072xf32>) -> tensor<?x?x3072xf32>
  %4 = core.binary mul %3, %half : (tensor<?x?x3072xf32>, tensor<f32>) -> tensor<?x?x3072xf32>
  return %4 : tensor<?x?x3072xf32>
}

// -----

// (0.5 * x) * (1 + erf(x * 0.7071)), where x is itself a sum and a product of other tensors.
// CHECK-LABEL: func.func @gelu_of_sum
// CHECK:         %[[X:.*]] = core.binary add
// CHECK-NEXT:    %[[Y:.*]] = core.unary gelu %[[X]]
// CHECK-NEXT:    return %[[Y]]
func.func @gelu_of_sum(%a: tensor<2x?xf32>, %b: tensor<?xf32>) -> tensor<2x?xf32> {
  %root = core.constant dense<0.707106769> : tensor<1x1xf32>
  %one = core.constant dense<1.0> : tensor<1xf32>
  %half = core.constant dense<0.5> : tensor<f32>
  %p = core.binary mul %a, %b : (tensor<2x?xf32>, tensor<?xf32>) -> tensor<2x?xf32>
  %x = core.binary add %p, %b : (tensor<2x?xf32>, tensor<?xf32>) -> tensor<2x?xf32>
  %0 = core.binary mul %root, %x : (tensor<1x1xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  %1 = core.unary erf %0 : (tensor<2x?xf32>) -> tensor<2x?xf32>
  %2 = core.binary add %one, %1 : (tensor<1xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  %3 = core.binary mul %half, %x : (tensor<f32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  %4 = core.binary mul %3, %2 : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  return %4 : tensor<2x?xf32>
}

// -----

// Multiplied out: 0.5 x + 0.5 x erf(x / sqrt 2).
// CHECK-LABEL: func.func @gelu_sum
// CHECK-NEXT:    core.unary gelu
// CHECK-NEXT:    return
func.func @gelu_sum(%x: tensor<4xf32>) -> tensor<4xf32> {
  %root = core.constant dense<1.41421354> : tensor<f32>
  %half = core.constant dense<0.5> : tensor<f32>
  %0 = core.binary div %x, %root : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = core.unary erf %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = core.binary mul %x, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %3 = core.binary mul %1, %2 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %4 = core.binary add %2, %3 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %4 : tensor<4xf32>
}

// -----

// The activation is computed in f32 between casts; the gelu is f16's, which is computed in f32 too.
// CHECK-LABEL: func.func @gelu_f16
// CHECK-SAME:    %[[X:.*]]: tensor<4xf16>
// CHECK-NEXT:    core.unary gelu %[[X]] : (tensor<4xf16>) -> tensor<4xf16>
// CHECK-NEXT:    return
func.func @gelu_f16(%x: tensor<4xf16>) -> tensor<4xf16> {
  %root = core.constant dense<1.41421354> : tensor<f32>
  %one = core.constant dense<1.0> : tensor<f32>
  %half = core.constant dense<5.0e-01> : tensor<f16>
  %wide = core.cast %x to f32 : (tensor<4xf16>) -> tensor<4xf32>
  %0 = core.binary div %wide, %root : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = core.unary erf %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = core.binary add %1, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %3 = core.cast %2 to f16 : (tensor<4xf32>) -> tensor<4xf16>
  %4 = core.binary mul %x, %half : (tensor<4xf16>, tensor<f16>) -> tensor<4xf16>
  %5 = core.binary mul %4, %3 : (tensor<4xf16>, tensor<4xf16>) -> tensor<4xf16>
  return %5 : tensor<4xf16>
}

// -----

// Another constant, or a second tensor, is no GELU.
// CHECK-LABEL: func.func @no_gelu
// CHECK-NOT:     gelu
// CHECK:         return
func.func @no_gelu(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %root = core.constant dense<1.41421354> : tensor<f32>
  %near = core.constant dense<1.414> : tensor<f32>
  %one = core.constant dense<1.0> : tensor<f32>
  %half = core.constant dense<0.5> : tensor<f32>
  %0 = core.binary div %x, %near : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = core.unary erf %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = core.binary add %1, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %3 = core.binary mul %x, %2 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %4 = core.binary mul %3, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %5 = core.binary div %x, %root : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %6 = core.unary erf %5 : (tensor<4xf32>) -> tensor<4xf32>
  %7 = core.binary add %6, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %8 = core.binary mul %y, %7 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %9 = core.binary mul %8, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return %4, %9 : tensor<4xf32>, tensor<4xf32>
}

// -----

// As GPT-2 comes from PyTorch.
// CHECK-LABEL: func.func @gelu_tanh
// CHECK-NEXT:    core.unary gelu_tanh
// CHECK-NEXT:    return
func.func @gelu_tanh(%x: tensor<?x?x512xf32>) -> tensor<?x?x512xf32> {
  %half = core.constant dense<0.5> : tensor<f32>
  %three = core.constant dense<3.0> : tensor<f32>
  %c = core.constant dense<4.471500e-02> : tensor<f32>
  %root = core.constant dense<0.797884583> : tensor<f32>
  %one = core.constant dense<1.0> : tensor<f32>
  %0 = core.binary mul %x, %half : (tensor<?x?x512xf32>, tensor<f32>) -> tensor<?x?x512xf32>
  %1 = core.binary pow %x, %three : (tensor<?x?x512xf32>, tensor<f32>) -> tensor<?x?x512xf32>
  %2 = core.binary mul %1, %c : (tensor<?x?x512xf32>, tensor<f32>) -> tensor<?x?x512xf32>
  %3 = core.binary add %x, %2 : (tensor<?x?x512xf32>, tensor<?x?x512xf32>) -> tensor<?x?x512xf32>
  %4 = core.binary mul %3, %root : (tensor<?x?x512xf32>, tensor<f32>) -> tensor<?x?x512xf32>
  %5 = core.unary tanh %4 : (tensor<?x?x512xf32>) -> tensor<?x?x512xf32>
  %6 = core.binary add %5, %one : (tensor<?x?x512xf32>, tensor<f32>) -> tensor<?x?x512xf32>
  %7 = core.binary mul %0, %6 : (tensor<?x?x512xf32>, tensor<?x?x512xf32>) -> tensor<?x?x512xf32>
  return %7 : tensor<?x?x512xf32>
}

// -----

// tanh(0.79788 * x * (1 + 0.044715 * x * x)).
// CHECK-LABEL: func.func @gelu_tanh_factored
// CHECK-NEXT:    core.unary gelu_tanh
// CHECK-NEXT:    return
func.func @gelu_tanh_factored(%x: tensor<4xf32>) -> tensor<4xf32> {
  %half = core.constant dense<0.5> : tensor<f32>
  %c = core.constant dense<4.471500e-02> : tensor<f32>
  %root = core.constant dense<0.797884583> : tensor<f32>
  %one = core.constant dense<1.0> : tensor<f32>
  %0 = core.binary mul %c, %x : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = core.binary mul %0, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %2 = core.binary add %one, %1 : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %3 = core.binary mul %x, %root : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %4 = core.binary mul %3, %2 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %5 = core.unary tanh %4 : (tensor<4xf32>) -> tensor<4xf32>
  %6 = core.binary add %one, %5 : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %7 = core.binary mul %half, %6 : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %8 = core.binary mul %7, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %8 : tensor<4xf32>
}

// -----

// CHECK-LABEL: func.func @silu
// CHECK-NEXT:    core.unary silu
// CHECK-NEXT:    return
func.func @silu(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = core.unary sigmoid %x : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = core.binary mul %0, %x : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// -----

// The gate of another tensor stays.
// CHECK-LABEL: func.func @gate
// CHECK-NEXT:    core.unary sigmoid
// CHECK-NEXT:    core.binary mul
func.func @gate(%x: tensor<?x8xf32>, %y: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = core.unary sigmoid %x : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %1 = core.binary mul %0, %y : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// -----

// CHECK-LABEL: func.func @sigmoid
// CHECK-SAME:    %[[X:.*]]: tensor<4xf32>
// CHECK-NEXT:    %[[S:.*]] = core.unary sigmoid %[[X]]
// CHECK-NEXT:    return %[[S]], %[[S]]
func.func @sigmoid(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %one = core.constant dense<1.0> : tensor<f32>
  %minus = core.constant dense<-1.0> : tensor<f32>
  %0 = core.unary neg %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = core.unary exp %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = core.binary add %one, %1 : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %3 = core.binary div %one, %2 : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %4 = core.binary mul %x, %minus : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %5 = core.unary exp %4 : (tensor<4xf32>) -> tensor<4xf32>
  %6 = core.binary add %5, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %7 = core.unary reciprocal %6 : (tensor<4xf32>) -> tensor<4xf32>
  return %3, %7 : tensor<4xf32>, tensor<4xf32>
}

// -----

// x / (1 + exp(-x)).
// CHECK-LABEL: func.func @silu_in_parts
// CHECK-NEXT:    core.unary silu
// CHECK-NEXT:    return
func.func @silu_in_parts(%x: tensor<4xf32>) -> tensor<4xf32> {
  %one = core.constant dense<1.0> : tensor<f32>
  %0 = core.unary neg %x : (tensor<4xf32>) -> tensor<4xf32>
  %1 = core.unary exp %0 : (tensor<4xf32>) -> tensor<4xf32>
  %2 = core.binary add %1, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %3 = core.binary div %x, %2 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %3 : tensor<4xf32>
}

// -----

// x * clip(x + 3, 0, 6) / 6, as PyTorch's export of MobileNetV3 has it.
// CHECK-LABEL: func.func @hard_swish
// CHECK-SAME:    %[[X:.*]]: tensor<?x16x?x?xf32>
// CHECK-NEXT:    core.unary hard_swish %[[X]]
// CHECK-NEXT:    return
func.func @hard_swish(%x: tensor<?x16x?x?xf32>) -> tensor<?x16x?x?xf32> {
  %three = core.constant dense<3.0> : tensor<f32>
  %zero = core.constant dense<0.0> : tensor<f32>
  %six = core.constant dense<6.0> : tensor<f32>
  %0 = core.binary add %x, %three : (tensor<?x16x?x?xf32>, tensor<f32>) -> tensor<?x16x?x?xf32>
  %1 = core.binary max %0, %zero : (tensor<?x16x?x?xf32>, tensor<f32>) -> tensor<?x16x?x?xf32>
  %2 = core.binary min %1, %six : (tensor<?x16x?x?xf32>, tensor<f32>) -> tensor<?x16x?x?xf32>
  %3 = core.binary mul %x, %2 : (tensor<?x16x?x?xf32>, tensor<?x16x?x?xf32>) -> tensor<?x16x?x?xf32>
  %4 = core.binary div %3, %six : (tensor<?x16x?x?xf32>, tensor<f32>) -> tensor<?x16x?x?xf32>
  return %4 : tensor<?x16x?x?xf32>
}

// -----

// x * hard_sigmoid(x), and with a relu as the lower bound.
// CHECK-LABEL: func.func @hard_sigmoid
// CHECK-NEXT:    %[[Y:.*]] = core.unary hard_swish
// CHECK-NEXT:    return %[[Y]], %[[Y]]
func.func @hard_sigmoid(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %sixth = core.constant dense<0.166666672> : tensor<f32>
  %half = core.constant dense<0.5> : tensor<f32>
  %one = core.constant dense<1.0> : tensor<f32>
  %zero = core.constant dense<0.0> : tensor<f32>
  %0 = core.binary mul %x, %sixth : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = core.binary add %0, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = core.binary min %1, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %3 = core.binary max %2, %zero : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %4 = core.binary mul %3, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %5 = core.unary relu %1 : (tensor<4xf32>) -> tensor<4xf32>
  %6 = core.binary min %one, %5 : (tensor<f32>, tensor<4xf32>) -> tensor<4xf32>
  %7 = core.binary mul %x, %6 : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %4, %7 : tensor<4xf32>, tensor<4xf32>
}

// -----

// Another slope is another function.
// CHECK-LABEL: func.func @no_hard_swish
// CHECK-NOT:     hard_swish
func.func @no_hard_swish(%x: tensor<4xf32>) -> tensor<4xf32> {
  %fifth = core.constant dense<0.2> : tensor<f32>
  %half = core.constant dense<0.5> : tensor<f32>
  %one = core.constant dense<1.0> : tensor<f32>
  %zero = core.constant dense<0.0> : tensor<f32>
  %0 = core.binary mul %x, %fifth : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = core.binary add %0, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = core.binary min %1, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %3 = core.binary max %2, %zero : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %4 = core.binary mul %3, %x : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %4 : tensor<4xf32>
}
