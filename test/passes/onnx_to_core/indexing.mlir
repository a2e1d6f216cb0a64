// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --cse | FileCheck %s
// Operators whose indices are data.

// All indices in a row, along the last axis.
// CHECK-LABEL: @array_feature_extractor
// CHECK: %[[ROW:.*]] = core.reshape %arg1 {{.*}} : tensor<2x?xi64> -> tensor<?xi64>
// CHECK: core.gather %arg0, %[[ROW]] axis 1 : (tensor<?x5xf64>, tensor<?xi64>) -> tensor<?x?xf64>
func.func @array_feature_extractor(%x: tensor<?x5xf64>, %y: tensor<2x?xi64>) -> !onnx.any {
  %0 = onnx.node "ArrayFeatureExtractor" domain "ai.onnx.ml" opset 1 (%x, %y) {} : (tensor<?x5xf64>, tensor<2x?xi64>) -> !onnx.any
  return %0 : !onnx.any
}

// CHECK-LABEL: @array_feature_extractor_of_vector
// CHECK: return {{.*}} : tensor<1x2xf32>
func.func @array_feature_extractor_of_vector(%x: tensor<?xf32>, %y: tensor<1x2xi64>) -> !onnx.any {
  %0 = onnx.node "ArrayFeatureExtractor" domain "ai.onnx.ml" opset 1 (%x, %y) {} : (tensor<?xf32>, tensor<1x2xi64>) -> !onnx.any
  return %0 : !onnx.any
}
