// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --cse | FileCheck %s
// Subgraphs become regions of scf ops that yield tensors.

// Sizes of the branches that differ are unknown after.
// CHECK-LABEL: @if
// CHECK: %[[C:.*]] = tensor.extract %arg0[]
// CHECK: %[[R:.*]] = scf.if %[[C]] -> (tensor<?xf32>)
// CHECK: tensor.cast %arg1 : tensor<2xf32> to tensor<?xf32>
// CHECK: core.concat axis 0(%arg1, %arg1)
// CHECK: return %[[R]]
func.func @if(%c: tensor<i1>, %x: tensor<2xf32>) -> !onnx.any {
  %0 = onnx.node "If" opset 16 (%c) {} graphs ["then_branch", "else_branch"] {
    %1 = onnx.node "Identity" opset 16 (%x) {} : (tensor<2xf32>) -> !onnx.any
    onnx.yield %1 : !onnx.any
  }, {
    %1 = onnx.node "Concat" opset 16 (%x, %x) {axis = 0 : i64} : (tensor<2xf32>, tensor<2xf32>) -> !onnx.any
    onnx.yield %1 : !onnx.any
  } : (tensor<i1>) -> !onnx.any
  return %0 : !onnx.any
}

// State that grows has an unknown size in every iteration; what is collected is one flat tensor until the end.
// CHECK-LABEL: @loop
// CHECK: %[[L:.*]]:5 = scf.while ({{.*}}) : (index, i1, tensor<?xf32>, tensor<?xf32>, index) -> (index, i1, tensor<?xf32>, tensor<?xf32>, index)
// CHECK: scf.condition
// CHECK: core.concat axis 0
// CHECK: core.reshape %[[L]]#3 sizes(%[[L]]#0, %[[L]]#4) : tensor<?xf32> -> tensor<?x?xf32>
func.func @loop(%n: tensor<i64>, %c: tensor<i1>, %x: tensor<1xf32>) -> (!onnx.any, !onnx.any) {
  %0:2 = onnx.node "Loop" opset 16 (%n, %c, %x) {} graphs ["body"] {
  ^bb0(%i: !onnx.any, %go: !onnx.any, %state: !onnx.any):
    %1 = onnx.node "Concat" opset 16 (%state, %x) {axis = 0 : i64} : (!onnx.any, tensor<1xf32>) -> !onnx.any
    onnx.yield %go, %1, %state : !onnx.any, !onnx.any, !onnx.any
  } : (tensor<i64>, tensor<i1>, tensor<1xf32>) -> (!onnx.any, !onnx.any)
  return %0#0, %0#1 : !onnx.any, !onnx.any
}

// CHECK-LABEL: @scan
// CHECK: %[[L:.*]]:{{.*}} = scf.for %[[I:.*]] = %c0 to %{{.*}} iter_args
// CHECK: core.slice %arg1 offsets(%[[I]], %c0)
// CHECK: core.binary add
// CHECK: return %[[L]]#0, {{.*}} : tensor<2xf32>, tensor<?x2xf32>
func.func @scan(%s: tensor<2xf32>, %x: tensor<?x2xf32>) -> (!onnx.any, !onnx.any) {
  %0:2 = onnx.node "Scan" opset 16 (%s, %x) {num_scan_inputs = 1 : i64} graphs ["body"] {
  ^bb0(%sum: !onnx.any, %row: !onnx.any):
    %1 = onnx.node "Add" opset 16 (%sum, %row) {} : (!onnx.any, !onnx.any) -> !onnx.any
    onnx.yield %1, %1 : !onnx.any, !onnx.any
  } : (tensor<2xf32>, tensor<?x2xf32>) -> (!onnx.any, !onnx.any)
  return %0#0, %0#1 : !onnx.any, !onnx.any
}
