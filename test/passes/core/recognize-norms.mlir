// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-recognize-norms --canonicalize --cse --split-input-file | FileCheck %s

// As TorchScript writes layer normalisation before opset 17.
// CHECK-LABEL: func.func @torch
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x?x768xf32>
// CHECK-NEXT:    %[[N:.*]] = core.norm %[[X]] axis 2 epsilon 9.9999997473787516E-6 :
// CHECK-NEXT:    %[[S:.*]] = core.binary mul %[[N]]
// CHECK-NEXT:    %[[B:.*]] = core.binary add %[[S]]
// CHECK-NEXT:    return %[[B]]
func.func @torch(%x: tensor<?x?x768xf32>, %scale: tensor<768xf32>, %bias: tensor<768xf32>) -> tensor<?x?x768xf32> {
  %n = core.constant dense<7.680000e+02> : tensor<f32>
  %two = core.constant dense<2.0> : tensor<f32>
  %epsilon = core.constant dense<9.99999974E-6> : tensor<f32>
  %0 = core.reduce sum %x axes [2] keepdims true : (tensor<?x?x768xf32>) -> tensor<?x?x1xf32>
  %mean = core.binary div %0, %n : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %d = core.binary sub %x, %mean : (tensor<?x?x768xf32>, tensor<?x?x1xf32>) -> tensor<?x?x768xf32>
  %1 = core.binary pow %d, %two : (tensor<?x?x768xf32>, tensor<f32>) -> tensor<?x?x768xf32>
  %2 = core.reduce sum %1 axes [2] keepdims true : (tensor<?x?x768xf32>) -> tensor<?x?x1xf32>
  %3 = core.binary div %2, %n : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %4 = core.binary add %3, %epsilon : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %5 = core.unary sqrt %4 : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %6 = core.binary div %d, %5 : (tensor<?x?x768xf32>, tensor<?x?x1xf32>) -> tensor<?x?x768xf32>
  %7 = core.binary mul %6, %scale : (tensor<?x?x768xf32>, tensor<768xf32>) -> tensor<?x?x768xf32>
  %8 = core.binary add %7, %bias : (tensor<?x?x768xf32>, tensor<768xf32>) -> tensor<?x?x768xf32>
  return %8 : tensor<?x?x768xf32>
}

// -----

// As Keras writes it: x * (rsqrt(variance + epsilon) * scale) + (bias - mean * that), over the last two dimensions.
// CHECK-LABEL: func.func @keras
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x8x16xf32>, %[[S:[a-z0-9]+]]: tensor<8x16xf32>, %[[B:[a-z0-9]+]]: tensor<8x16xf32>
// CHECK-NEXT:    %[[N:.*]] = core.norm %[[X]] axis 1 epsilon 0.00100{{.*}} :
// CHECK-NEXT:    %[[M:.*]] = core.binary mul %[[N]], %[[S]]
// CHECK-NEXT:    %[[Y:.*]] = core.binary add %[[M]], %[[B]]
// CHECK-NEXT:    return %[[Y]]
func.func @keras(%x: tensor<?x8x16xf32>, %scale: tensor<8x16xf32>, %bias: tensor<8x16xf32>) -> tensor<?x8x16xf32> {
  %inverse = core.constant dense<7.8125e-03> : tensor<f32>
  %epsilon = core.constant dense<1.0e-3> : tensor<1xf32>
  %0 = core.reduce sum %x axes [1, 2] keepdims true : (tensor<?x8x16xf32>) -> tensor<?x1x1xf32>
  %mean = core.binary mul %inverse, %0 : (tensor<f32>, tensor<?x1x1xf32>) -> tensor<?x1x1xf32>
  %d = core.binary sub %x, %mean : (tensor<?x8x16xf32>, tensor<?x1x1xf32>) -> tensor<?x8x16xf32>
  %1 = core.binary mul %d, %d : (tensor<?x8x16xf32>, tensor<?x8x16xf32>) -> tensor<?x8x16xf32>
  %2 = core.reduce sum %1 axes [1, 2] keepdims true : (tensor<?x8x16xf32>) -> tensor<?x1x1xf32>
  %3 = core.binary mul %2, %inverse : (tensor<?x1x1xf32>, tensor<f32>) -> tensor<?x1x1xf32>
  %4 = core.binary add %epsilon, %3 : (tensor<1xf32>, tensor<?x1x1xf32>) -> tensor<?x1x1xf32>
  %5 = core.unary rsqrt %4 : (tensor<?x1x1xf32>) -> tensor<?x1x1xf32>
  %6 = core.binary mul %5, %scale : (tensor<?x1x1xf32>, tensor<8x16xf32>) -> tensor<?x8x16xf32>
  %7 = core.binary mul %mean, %6 : (tensor<?x1x1xf32>, tensor<?x8x16xf32>) -> tensor<?x8x16xf32>
  %8 = core.binary sub %bias, %7 : (tensor<8x16xf32>, tensor<?x8x16xf32>) -> tensor<?x8x16xf32>
  %9 = core.binary mul %x, %6 : (tensor<?x8x16xf32>, tensor<?x8x16xf32>) -> tensor<?x8x16xf32>
  %10 = core.binary add %9, %8 : (tensor<?x8x16xf32>, tensor<?x8x16xf32>) -> tensor<?x8x16xf32>
  return %10 : tensor<?x8x16xf32>
}

// -----

// As LLaMA comes from PyTorch: a reciprocal of a root.
// CHECK-LABEL: func.func @rms
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x?x128xf32>
// CHECK-NEXT:    %[[N:.*]] = core.norm %[[X]] axis 2 epsilon {{.*}} rms
// CHECK-NEXT:    %[[S:.*]] = core.binary mul %[[N]], %{{.*}}
// CHECK-NEXT:    return %[[S]]
func.func @rms(%x: tensor<?x?x128xf32>, %scale: tensor<128xf32>) -> tensor<?x?x128xf32> {
  %n = core.constant dense<1.280000e+02> : tensor<f32>
  %epsilon = core.constant dense<9.99999997E-7> : tensor<f32>
  %0 = core.binary mul %x, %x : (tensor<?x?x128xf32>, tensor<?x?x128xf32>) -> tensor<?x?x128xf32>
  %1 = core.reduce sum %0 axes [2] keepdims true : (tensor<?x?x128xf32>) -> tensor<?x?x1xf32>
  %2 = core.binary div %1, %n : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %3 = core.binary add %2, %epsilon : (tensor<?x?x1xf32>, tensor<f32>) -> tensor<?x?x1xf32>
  %4 = core.unary sqrt %3 : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %5 = core.unary reciprocal %4 : (tensor<?x?x1xf32>) -> tensor<?x?x1xf32>
  %6 = core.binary mul %x, %5 : (tensor<?x?x128xf32>, tensor<?x?x1xf32>) -> tensor<?x?x128xf32>
  %7 = core.binary mul %scale, %6 : (tensor<128xf32>, tensor<?x?x128xf32>) -> tensor<?x?x128xf32>
  return %7 : tensor<?x?x128xf32>
}

// -----

// The statistics of f16 in f32, the rest in f16, by a power of -1/2.
// CHECK-LABEL: func.func @rms_f16
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<2x128xf16>
// CHECK-NEXT:    %[[N:.*]] = core.norm %[[X]] axis 1 epsilon {{.*}} rms : (tensor<2x128xf16>) -> tensor<2x128xf16>
// CHECK-NEXT:    return %[[N]]
func.func @rms_f16(%x: tensor<2x128xf16>) -> tensor<2x128xf16> {
  %n = core.constant dense<1.280000e+02> : tensor<f32>
  %epsilon = core.constant dense<9.99999997E-7> : tensor<f32>
  %power = core.constant dense<-0.5> : tensor<f32>
  %wide = core.cast %x to f32 : (tensor<2x128xf16>) -> tensor<2x128xf32>
  %0 = core.binary mul %wide, %wide : (tensor<2x128xf32>, tensor<2x128xf32>) -> tensor<2x128xf32>
  %1 = core.reduce sum %0 axes [1] keepdims true : (tensor<2x128xf32>) -> tensor<2x1xf32>
  %2 = core.binary div %1, %n : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %3 = core.binary add %2, %epsilon : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %4 = core.binary pow %3, %power : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %5 = core.cast %4 to f16 : (tensor<2x1xf32>) -> tensor<2x1xf16>
  %6 = core.binary mul %x, %5 : (tensor<2x128xf16>, tensor<2x1xf16>) -> tensor<2x128xf16>
  return %6 : tensor<2x128xf16>
}

// -----

// All in f16: the exporter's mean of f16 is a sum in f32.
// CHECK-LABEL: func.func @layer_f16
// CHECK-NEXT:    core.norm %{{.*}} axis 1 epsilon 0.0{{.*}} : (tensor<2x64xf16>) -> tensor<2x64xf16>
// CHECK-NEXT:    return
func.func @layer_f16(%x: tensor<2x64xf16>) -> tensor<2x64xf16> {
  %n = core.constant dense<64.0> : tensor<f32>
  %0 = core.cast %x to f32 : (tensor<2x64xf16>) -> tensor<2x64xf32>
  %1 = core.reduce sum %0 axes [1] keepdims true : (tensor<2x64xf32>) -> tensor<2x1xf32>
  %2 = core.binary div %1, %n : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %3 = core.cast %2 to f16 : (tensor<2x1xf32>) -> tensor<2x1xf16>
  %4 = core.binary sub %x, %3 : (tensor<2x64xf16>, tensor<2x1xf16>) -> tensor<2x64xf16>
  %5 = core.binary mul %4, %4 : (tensor<2x64xf16>, tensor<2x64xf16>) -> tensor<2x64xf16>
  %6 = core.cast %5 to f32 : (tensor<2x64xf16>) -> tensor<2x64xf32>
  %7 = core.reduce sum %6 axes [1] keepdims true : (tensor<2x64xf32>) -> tensor<2x1xf32>
  %8 = core.binary div %7, %n : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %9 = core.cast %8 to f16 : (tensor<2x1xf32>) -> tensor<2x1xf16>
  %10 = core.unary sqrt %9 : (tensor<2x1xf16>) -> tensor<2x1xf16>
  %11 = core.binary div %4, %10 : (tensor<2x64xf16>, tensor<2x1xf16>) -> tensor<2x64xf16>
  return %11 : tensor<2x64xf16>
}

// -----

// The mean of squares less the square of the mean.
// CHECK-LABEL: func.func @moments
// CHECK-NEXT:    core.norm %{{.*}} axis 1 epsilon 0.00100{{.*}} : (tensor<?x64xf32>)
// CHECK-NEXT:    return
func.func @moments(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %n = core.constant dense<64.0> : tensor<f32>
  %epsilon = core.constant dense<1.0e-3> : tensor<f32>
  %one = core.constant dense<1.0> : tensor<f32>
  %0 = core.reduce sum %x axes [1] keepdims true : (tensor<?x64xf32>) -> tensor<?x1xf32>
  %mean = core.binary div %0, %n : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %1 = core.binary mul %x, %x : (tensor<?x64xf32>, tensor<?x64xf32>) -> tensor<?x64xf32>
  %2 = core.reduce sum %1 axes [1] keepdims true : (tensor<?x64xf32>) -> tensor<?x1xf32>
  %3 = core.binary div %2, %n : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %4 = core.binary mul %mean, %mean : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %5 = core.binary sub %3, %4 : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %6 = core.binary add %5, %epsilon : (tensor<?x1xf32>, tensor<f32>) -> tensor<?x1xf32>
  %7 = core.unary sqrt %6 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %8 = core.binary sub %x, %mean : (tensor<?x64xf32>, tensor<?x1xf32>) -> tensor<?x64xf32>
  %9 = core.binary div %8, %7 : (tensor<?x64xf32>, tensor<?x1xf32>) -> tensor<?x64xf32>
  return %9 : tensor<?x64xf32>
}

// -----

// The row's length is known at run time only.
// CHECK-LABEL: func.func @dynamic
// CHECK:         core.norm %{{.*}} axis 1 epsilon {{.*}} rms
// CHECK-NEXT:    return
func.func @dynamic(%x: tensor<2x?xf32>) -> tensor<2x?xf32> {
  %epsilon = core.constant dense<1.0e-3> : tensor<f32>
  %c1 = arith.constant 1 : index
  %size = tensor.dim %x, %c1 : tensor<2x?xf32>
  %wide = arith.index_cast %size : index to i64
  %elements = tensor.from_elements %wide : tensor<i64>
  %n = core.cast %elements to f32 : (tensor<i64>) -> tensor<f32>
  %0 = core.binary mul %x, %x : (tensor<2x?xf32>, tensor<2x?xf32>) -> tensor<2x?xf32>
  %1 = core.reduce sum %0 axes [1] keepdims true : (tensor<2x?xf32>) -> tensor<2x1xf32>
  %2 = core.binary div %1, %n : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %3 = core.binary add %2, %epsilon : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %4 = core.unary rsqrt %3 : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %5 = core.binary mul %x, %4 : (tensor<2x?xf32>, tensor<2x1xf32>) -> tensor<2x?xf32>
  return %5 : tensor<2x?xf32>
}

// -----

// Another count is another function (here the unbiased variance); so is a mean over other dimensions than the last.
// CHECK-LABEL: func.func @others
// CHECK-NOT:     core.norm
func.func @others(%x: tensor<4x64xf32>) -> (tensor<4x64xf32>, tensor<4x64xf32>) {
  %n = core.constant dense<64.0> : tensor<f32>
  %unbiased = core.constant dense<63.0> : tensor<f32>
  %four = core.constant dense<4.0> : tensor<f32>
  %0 = core.reduce sum %x axes [1] keepdims true : (tensor<4x64xf32>) -> tensor<4x1xf32>
  %mean = core.binary div %0, %n : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %d = core.binary sub %x, %mean : (tensor<4x64xf32>, tensor<4x1xf32>) -> tensor<4x64xf32>
  %1 = core.binary mul %d, %d : (tensor<4x64xf32>, tensor<4x64xf32>) -> tensor<4x64xf32>
  %2 = core.reduce sum %1 axes [1] keepdims true : (tensor<4x64xf32>) -> tensor<4x1xf32>
  %3 = core.binary div %2, %unbiased : (tensor<4x1xf32>, tensor<f32>) -> tensor<4x1xf32>
  %4 = core.unary sqrt %3 : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %5 = core.binary div %d, %4 : (tensor<4x64xf32>, tensor<4x1xf32>) -> tensor<4x64xf32>
  %6 = core.binary mul %x, %x : (tensor<4x64xf32>, tensor<4x64xf32>) -> tensor<4x64xf32>
  %7 = core.reduce sum %6 axes [0] keepdims true : (tensor<4x64xf32>) -> tensor<1x64xf32>
  %8 = core.binary div %7, %four : (tensor<1x64xf32>, tensor<f32>) -> tensor<1x64xf32>
  %9 = core.unary sqrt %8 : (tensor<1x64xf32>) -> tensor<1x64xf32>
  %10 = core.binary div %x, %9 : (tensor<4x64xf32>, tensor<1x64xf32>) -> tensor<4x64xf32>
  return %5, %10 : tensor<4x64xf32>, tensor<4x64xf32>
}

// -----

// CHECK-LABEL: func.func @softmax
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x4x?xf32>
// CHECK-NEXT:    %[[S:.*]] = core.softmax %[[X]] axis 1 :
// CHECK-NEXT:    return %[[S]]
func.func @softmax(%x: tensor<?x4x?xf32>) -> tensor<?x4x?xf32> {
  %0 = core.reduce max %x axes [1] keepdims true : (tensor<?x4x?xf32>) -> tensor<?x1x?xf32>
  %1 = core.binary sub %x, %0 : (tensor<?x4x?xf32>, tensor<?x1x?xf32>) -> tensor<?x4x?xf32>
  %2 = core.unary exp %1 : (tensor<?x4x?xf32>) -> tensor<?x4x?xf32>
  %3 = core.reduce sum %2 axes [1] keepdims true : (tensor<?x4x?xf32>) -> tensor<?x1x?xf32>
  %4 = core.binary div %2, %3 : (tensor<?x4x?xf32>, tensor<?x1x?xf32>) -> tensor<?x4x?xf32>
  return %4 : tensor<?x4x?xf32>
}

// -----

// Without a maximum and by a reciprocal; the logarithm of it; and a maximum along another axis, which stays.
// CHECK-LABEL: func.func @softmax_others
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x4xf32>
// CHECK:         %[[M:.*]] = core.reduce max %[[X]] axes [0]
// CHECK:         %[[D:.*]] = core.binary sub %[[X]], %[[M]]
// CHECK:         %[[S:.*]] = core.softmax %[[D]] axis 1 :
// CHECK:         %[[L:.*]] = core.softmax %[[X]] axis 1 log
// CHECK:         return %[[S]], %[[L]]
func.func @softmax_others(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %0 = core.reduce max %x axes [0] keepdims true : (tensor<?x4xf32>) -> tensor<1x4xf32>
  %1 = core.binary sub %x, %0 : (tensor<?x4xf32>, tensor<1x4xf32>) -> tensor<?x4xf32>
  %2 = core.unary exp %1 : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %3 = core.reduce sum %2 axes [1] keepdims true : (tensor<?x4xf32>) -> tensor<?x1xf32>
  %4 = core.unary reciprocal %3 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %5 = core.binary mul %2, %4 : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %6 = core.softmax %x axis 1 : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %7 = core.unary log %6 : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %5, %7 : tensor<?x4xf32>, tensor<?x4xf32>
}

// -----

// (x - max) - log(sum), and x - (max + log(sum)).
// CHECK-LABEL: func.func @log_softmax
// CHECK-SAME:    %[[X:[a-z0-9]+]]: tensor<?x4xf32>
// CHECK-NEXT:    %[[S:.*]] = core.softmax %[[X]] axis 1 log
// CHECK-NEXT:    return %[[S]], %[[S]]
func.func @log_softmax(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %0 = core.reduce max %x axes [1] keepdims true : (tensor<?x4xf32>) -> tensor<?x1xf32>
  %1 = core.binary sub %x, %0 : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %2 = core.unary exp %1 : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %3 = core.reduce sum %2 axes [1] keepdims true : (tensor<?x4xf32>) -> tensor<?x1xf32>
  %4 = core.unary log %3 : (tensor<?x1xf32>) -> tensor<?x1xf32>
  %5 = core.binary sub %1, %4 : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  %6 = core.binary add %0, %4 : (tensor<?x1xf32>, tensor<?x1xf32>) -> tensor<?x1xf32>
  %7 = core.binary sub %x, %6 : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  return %5, %7 : tensor<?x4xf32>, tensor<?x4xf32>
}

// -----

// A sum along another axis normalises something else.
// CHECK-LABEL: func.func @no_softmax
// CHECK-NOT:     core.softmax
func.func @no_softmax(%x: tensor<?x4xf32>, %y: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %0 = core.unary exp %x : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %1 = core.unary exp %y : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %2 = core.reduce sum %1 axes [1] keepdims true : (tensor<?x4xf32>) -> tensor<?x1xf32>
  %3 = core.binary div %0, %2 : (tensor<?x4xf32>, tensor<?x1xf32>) -> tensor<?x4xf32>
  return %3 : tensor<?x4xf32>
}
