// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core --canonicalize | FileCheck %s

// Places outside read no memory.
// CHECK-LABEL: func.func @zeros
func.func @zeros(%x: tensor<?x3x?x5xf32>, %g: tensor<?x7x8x2xf32>) -> !onnx.any {
  // CHECK: core.generate
  // CHECK: scf.if
  // CHECK-NEXT: core.load
  // CHECK: -> tensor<?x3x7x8xf32>
  %0 = onnx.node "GridSample" opset 20 (%x, %g) {mode = "nearest"} : (tensor<?x3x?x5xf32>, tensor<?x7x8x2xf32>) -> !onnx.any
  return %0 : !onnx.any
}
