// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --canonicalize | FileCheck %s

// Query heads that share a key's head are rows of one product: keys and values are not repeated.
// CHECK-LABEL: func.func @grouped
func.func @grouped(%q: tensor<2x8x?x16xf32>, %k: tensor<2x2x?x16xf32>) -> !onnx.any {
  // CHECK: core.matmul %{{.*}} : (tensor<2x2x?x16xf32>, tensor<2x2x16x?xf32>) -> tensor<2x2x?x?xf32>
  // CHECK: core.softmax %{{.*}} axis 3 : (tensor<2x8x?x?xf32>)
  // CHECK: core.matmul %{{.*}} : (tensor<2x2x?x?xf32>, tensor<2x2x?x16xf32>) -> tensor<2x2x?x16xf32>
  // CHECK: return %{{.*}} : tensor<2x8x?x16xf32>
  %0 = onnx.node "Attention" opset 23 (%q, %k, %k) {} : (tensor<2x8x?x16xf32>, tensor<2x2x?x16xf32>, tensor<2x2x?x16xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// The past comes before; a query sees the keys up to its own place.
// CHECK-LABEL: func.func @cache
func.func @cache(%x: tensor<1x2x3x16xf32>, %p: tensor<1x2x?x16xf32>) -> (!onnx.any, !onnx.any) {
  // CHECK: %[[K:.*]] = core.concat axis 2
  // CHECK: core.compare le
  // CHECK: core.softmax
  // CHECK: return %{{.*}}, %[[K]] : tensor<1x2x3x16xf32>, tensor<1x2x?x16xf32>
  %0, %1, %2 = onnx.node "Attention" opset 23 (%x, %x, %x, %p, %p) present [true, true, true, false, true, true] {is_causal = 1 : i64} : (tensor<1x2x3x16xf32>, tensor<1x2x3x16xf32>, tensor<1x2x3x16xf32>, tensor<1x2x?x16xf32>, tensor<1x2x?x16xf32>) -> (!onnx.any, !onnx.any, !onnx.any)
  return %0, %1 : !onnx.any, !onnx.any
}

// CHECK-LABEL: func.func @rotary
func.func @rotary(%x: tensor<1x2x?x16xf32>, %c: tensor<50x8xf32>, %p: tensor<1x?xi64>) -> !onnx.any {
  // CHECK-COUNT-2: core.gather %{{.*}} axis 0
  // CHECK: core.concat axis 3{{.*}} -> tensor<1x2x?x16xf32>
  %0 = onnx.node "RotaryEmbedding" opset 23 (%x, %c, %c, %p) {} : (tensor<1x2x?x16xf32>, tensor<50x8xf32>, tensor<50x8xf32>, tensor<1x?xi64>) -> !onnx.any
  return %0 : !onnx.any
}
