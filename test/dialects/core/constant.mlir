// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s | FileCheck %s
// RUN: adze-opt %s -canonicalize | FileCheck %s --check-prefix=FOLD

// CHECK-LABEL: func.func @constants
func.func @constants() -> (tensor<2xi64>, tensor<0x3xf32>, tensor<f32>, tensor<1024x2xf16>) {
  // CHECK: core.constant dense<[1, -2]> : tensor<2xi64>
  %0 = core.constant dense<[1, -2]> : tensor<2xi64>
  // CHECK: core.constant dense<> : tensor<0x3xf32>
  %1 = core.constant dense<> : tensor<0x3xf32>
  // CHECK: core.constant dense<1.5{{.*}}> : tensor<f32>
  %2 = core.constant dense<1.5> : tensor<f32>
  // CHECK: core.constant #core.blob<"model.onnx", 4096, 4096, ""> -> tensor<1024x2xf16>
  %3 = core.constant #core.blob<"model.onnx", 4096, 4096, ""> -> tensor<1024x2xf16>
  return %0, %1, %2, %3 : tensor<2xi64>, tensor<0x3xf32>, tensor<f32>, tensor<1024x2xf16>
}

// CHECK-LABEL: func.func @types
// CHECK-SAME: tensor<3x!core.string>, %{{.*}}: !core.sequence<tensor<?xf32>>, %{{.*}}: !core.optional<tensor<2xi64>>
func.func @types(%s: tensor<3x!core.string>, %q: !core.sequence<tensor<?xf32>>, %o: !core.optional<tensor<2xi64>>) {
  return
}

// What moves nothing goes.
// FOLD-LABEL: func.func @nothing_moves
// FOLD-SAME: (%[[X:.*]]: tensor<2x3xf32>)
// FOLD-NEXT: return %[[X]]
func.func @nothing_moves(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %0 = core.reshape %x sizes(%c2, %c3) : tensor<2x3xf32> -> tensor<2x3xf32>
  %1 = core.broadcast %0 sizes(%c2, %c3) : tensor<2x3xf32> -> tensor<2x3xf32>
  %2 = core.transpose %1 [0, 1] : (tensor<2x3xf32>) -> tensor<2x3xf32>
  return %2 : tensor<2x3xf32>
}

// A reshape between unknown sizes may do something.
// FOLD-LABEL: func.func @may_move
// FOLD: core.reshape
func.func @may_move(%x: tensor<?x?xf32>, %n: index, %m: index) -> tensor<?x?xf32> {
  %0 = core.reshape %x sizes(%n, %m) : tensor<?x?xf32> -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// A condition that holds needs no check.
// FOLD-LABEL: func.func @require
// FOLD-NEXT: core.require %arg0, "sizes differ"
// FOLD-NEXT: return
func.func @require(%condition: i1) {
  %true = arith.constant true
  core.require %true, "always"
  core.require %condition, "sizes differ"
  return
}
