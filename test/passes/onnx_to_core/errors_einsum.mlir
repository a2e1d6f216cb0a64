// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --split-input-file --verify-diagnostics

func.func @operands(%x: tensor<3x4xf32>) -> !onnx.any {
  // expected-error @+1 {{the equation has 2 operands, the node 1}}
  %0 = onnx.node "Einsum" opset 12 (%x) {equation = "ij,jk->ik"} : (tensor<3x4xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @result(%x: tensor<3x4xf32>) -> !onnx.any {
  // expected-error @+1 {{the equation's result names a dimension twice, or one that no operand has}}
  %0 = onnx.node "Einsum" opset 12 (%x) {equation = "ij->ik"} : (tensor<3x4xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @character(%x: tensor<3x4xf32>) -> !onnx.any {
  // expected-error @+1 {{equation has the unexpected character '1'}}
  %0 = onnx.node "Einsum" opset 12 (%x) {equation = "i1->i"} : (tensor<3x4xf32>) -> !onnx.any
  return %0 : !onnx.any
}
