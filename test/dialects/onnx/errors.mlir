// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s -split-input-file -verify-diagnostics

func.func @present(%x: tensor<4xf32>) {
  // expected-error@+1 {{has 1 operands, but 'present' marks 2}}
  %0 = onnx.node "Clip" opset 13 (%x) present [true, true] {} : (tensor<4xf32>) -> !onnx.any
  return
}

// -----

func.func @names(%c: tensor<i1>) {
  // expected-error@+1 {{has 1 graphs, but 2 names for them}}
  %0 = onnx.node "If" opset 16 (%c) {} graphs ["then_branch", "else_branch"] {
    onnx.yield
  } : (tensor<i1>) -> !onnx.any
  return
}

// -----

func.func @no_names(%c: tensor<i1>) {
  // expected-error@+1 {{has 1 graphs, but 0 names for them}}
  %0 = "onnx.node"(%c) ({
    "onnx.yield"() : () -> ()
  }) {op_type = "If", opset = 16 : i64, attrs = {}} : (tensor<i1>) -> !onnx.any
  return
}
