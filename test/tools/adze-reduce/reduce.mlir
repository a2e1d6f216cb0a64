// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A module in which one op is of interest shrinks to it.
// RUN: echo '#!/bin/sh' > %t.sh
// RUN: echo 'adze-opt "$1" -o /dev/null 2> /dev/null || exit 0' >> %t.sh
// RUN: echo 'grep -q "core.unary erf" "$1" && exit 1; exit 0' >> %t.sh
// RUN: chmod +x %t.sh
// RUN: adze-reduce %s --reduction-tree="traversal-mode=0 test=%t.sh" --opt-reduction-pass="opt-pass=canonicalize test=%t.sh" -o %t
// RUN: FileCheck %s < %t

// CHECK: func.func @main(
// CHECK: core.unary erf
// CHECK-NOT: core.
func.func @main(%x: tensor<?x3xf32>, %w: tensor<3x3xf32>) -> tensor<?x3xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x3xf32>
  %fits = arith.cmpi sgt, %n, %c0 : index
  core.require %fits, "nothing to do"
  %0 = core.matmul %x, %w to f32 : (tensor<?x3xf32>, tensor<3x3xf32>) -> tensor<?x3xf32>
  %1 = core.unary neg %0 : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %2 = core.unary erf %1 : (tensor<?x3xf32>) -> tensor<?x3xf32>
  %3 = core.binary mul %2, %1 : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %4 = core.softmax %3 axis 1 : (tensor<?x3xf32>) -> tensor<?x3xf32>
  return %4 : tensor<?x3xf32>
}
