// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-simplify --print-match-failures -o %t 2>&1 | FileCheck %s
// RUN: FileCheck %s --check-prefix=SAME < %t
// Nobody asked, nothing is printed.
// RUN: adze-opt %s --adze-simplify -o %t 2>&1 | count 0

// CHECK: print-match-failures.mlir:[[# @LINE + 6]]:8: DropNeutral on 'core.binary': no operand is neutral
// CHECK: print-match-failures.mlir:[[# @LINE + 5]]:8: ExpandPower on 'core.binary': no power of floats by one constant
// CHECK-NOT: core.unary
// SAME: core.binary mul
func.func @main(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {
  %0 = core.unary neg %x : (tensor<2xf32>) -> tensor<2xf32>
  %1 = core.binary mul %0, %y : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}
