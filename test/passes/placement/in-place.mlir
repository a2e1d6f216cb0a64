// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which launches may write to the memory of what a loop carries: those that change elements of it and read it last.
// RUN: adze-opt %s --adze-write-in-place --split-input-file | FileCheck %s
// RUN: adze-opt %s --adze-write-in-place --adze-verify-stage=stage=placed --split-input-file -o /dev/null

kernel.func @put(%data: tensor<8x4xf32>, %i: tensor<1x1xi64>, %row: tensor<1x4xf32>) -> tensor<8x4xf32> {
  %0 = core.scatter_nd none %data, %i, %row : (tensor<8x4xf32>, tensor<1x1xi64>, tensor<1x4xf32>) -> tensor<8x4xf32>
  kernel.return %0 : tensor<8x4xf32>
}
kernel.func @row(%data: tensor<8x4xf32>) -> tensor<1x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %0 = core.slice %data offsets(%c0, %c0) steps(%c1, %c1) sizes(%c1, %c4) : tensor<8x4xf32> -> tensor<1x4xf32>
  kernel.return %0 : tensor<1x4xf32>
}
// What it is given is read before it is changed.
// CHECK-LABEL: func.func @main
// CHECK:       kernel.launch @put({{.*}}) {adze.in_place = 0 : i64}
func.func @main(%x: tensor<8x4xf32>, %at: tensor<1x1xi64>) -> tensor<8x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %y = scf.for %i = %c0 to %c8 step %c1 iter_args(%s = %x) -> tensor<8x4xf32> {
    %r = kernel.launch @row(%s) : (tensor<8x4xf32>) -> tensor<1x4xf32>
    %t = kernel.launch @put(%s, %at, %r) : (tensor<8x4xf32>, tensor<1x1xi64>, tensor<1x4xf32>) -> tensor<8x4xf32>
    scf.yield %t : tensor<8x4xf32>
  }
  return %y : tensor<8x4xf32>
}

// -----

kernel.func @put(%data: tensor<8x4xf32>, %i: tensor<1x1xi64>, %row: tensor<1x4xf32>) -> tensor<8x4xf32> {
  %0 = core.scatter_nd add %data, %i, %row : (tensor<8x4xf32>, tensor<1x1xi64>, tensor<1x4xf32>) -> tensor<8x4xf32>
  kernel.return %0 : tensor<8x4xf32>
}
// A loop with a condition; the second state is the first one's old value, which is read on.
// CHECK-LABEL: func.func @main
// CHECK:       scf.while
// CHECK:       kernel.launch @put(%[[A:[^,]*]], {{.*}}) {adze.in_place = 0 : i64}
// CHECK:       kernel.launch @put(%[[B:[^,]*]], {{[^{]*}}) : (
// CHECK:       scf.yield
func.func @main(%x: tensor<8x4xf32>, %at: tensor<1x1xi64>, %r: tensor<1x4xf32>, %n: i64) -> tensor<8x4xf32> {
  %c0 = arith.constant 0 : i64
  %c1 = arith.constant 1 : i64
  %y:4 = scf.while (%i = %c0, %a = %x, %b = %x, %old = %x) : (i64, tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>) -> (i64, tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>) {
    %more = arith.cmpi slt, %i, %n : i64
    scf.condition(%more) %i, %a, %b, %old : i64, tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>
  } do {
  ^bb0(%i: i64, %a: tensor<8x4xf32>, %b: tensor<8x4xf32>, %old: tensor<8x4xf32>):
    %next = arith.addi %i, %c1 : i64
    %t = kernel.launch @put(%a, %at, %r) : (tensor<8x4xf32>, tensor<1x1xi64>, tensor<1x4xf32>) -> tensor<8x4xf32>
    %u = kernel.launch @put(%b, %at, %r) : (tensor<8x4xf32>, tensor<1x1xi64>, tensor<1x4xf32>) -> tensor<8x4xf32>
    scf.yield %next, %t, %u, %b : i64, tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>
  }
  return %y#1 : tensor<8x4xf32>
}

// -----

kernel.func @put(%data: tensor<8x4xf32>, %i: tensor<1x1xi64>, %row: tensor<1x4xf32>) -> tensor<8x4xf32> {
  %0 = core.scatter_nd none %data, %i, %row : (tensor<8x4xf32>, tensor<1x1xi64>, tensor<1x4xf32>) -> tensor<8x4xf32>
  kernel.return %0 : tensor<8x4xf32>
}
// Updates computed of what is changed, in the same kernel.
kernel.func @shift(%data: tensor<8x4xf32>, %i: tensor<8x1xi64>) -> tensor<8x4xf32> {
  %0 = core.scatter_nd none %data, %i, %data : (tensor<8x4xf32>, tensor<8x1xi64>, tensor<8x4xf32>) -> tensor<8x4xf32>
  kernel.return %0 : tensor<8x4xf32>
}
kernel.func @sum(%data: tensor<8x4xf32>) -> tensor<1x4xf32> {
  %0 = core.reduce sum %data axes [0] keepdims true : (tensor<8x4xf32>) -> tensor<1x4xf32>
  kernel.return %0 : tensor<1x4xf32>
}
// Read later, in a branch that lies behind; read by the kernel's other operand; carried on twice; what no loop carries.
// CHECK-LABEL: func.func @main
// CHECK-NOT:   adze.in_place
func.func @main(%x: tensor<8x4xf32>, %at: tensor<1x1xi64>, %all: tensor<8x1xi64>, %r: tensor<1x4xf32>, %yes: i1) -> (tensor<8x4xf32>, tensor<1x4xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %c8 = arith.constant 8 : index
  %once = kernel.launch @put(%x, %at, %r) : (tensor<8x4xf32>, tensor<1x1xi64>, tensor<1x4xf32>) -> tensor<8x4xf32>
  %y:5 = scf.for %i = %c0 to %c8 step %c1 iter_args(%a = %once, %b = %once, %c = %x, %d = %x, %s = %r)
      -> (tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>, tensor<1x4xf32>) {
    %t = kernel.launch @put(%a, %at, %r) : (tensor<8x4xf32>, tensor<1x1xi64>, tensor<1x4xf32>) -> tensor<8x4xf32>
    %shown = core.reshape %a sizes(%c8, %c4) : tensor<8x4xf32> -> tensor<8x4xf32>
    %later = scf.if %yes -> tensor<1x4xf32> {
      %sum = kernel.launch @sum(%shown) : (tensor<8x4xf32>) -> tensor<1x4xf32>
      scf.yield %sum : tensor<1x4xf32>
    } else {
      scf.yield %s : tensor<1x4xf32>
    }
    %u = kernel.launch @shift(%b, %all) : (tensor<8x4xf32>, tensor<8x1xi64>) -> tensor<8x4xf32>
    %v = kernel.launch @put(%c, %at, %r) : (tensor<8x4xf32>, tensor<1x1xi64>, tensor<1x4xf32>) -> tensor<8x4xf32>
    scf.yield %t, %u, %v, %c, %later : tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>, tensor<8x4xf32>, tensor<1x4xf32>
  }
  return %y#2, %y#4 : tensor<8x4xf32>, tensor<1x4xf32>
}

// -----

// The only launch on the device stays: without one there is no device.
kernel.func @behind(%n: index, %m: index, %k: index, %x: tensor<?xf32> {adze.dims = array<i64: 0>}, %y: tensor<?xf32> {adze.dims = array<i64: 1>}) -> (tensor<?xf32> {adze.dims = array<i64: 2>}) attributes {schedule = {}} {
  %0 = core.concat axis 0(%x, %y) {adze.dims = array<i64: 2>} : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  kernel.return %0 : tensor<?xf32>
}
// CHECK-LABEL: func.func @main
// CHECK:       kernel.append
// CHECK:       kernel.launch @behind
// CHECK-NOT:   kernel.append
func.func @main(%x: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %start = kernel.copy %x to device : tensor<?xf32>
  %d = tensor.dim %x, %c0 : tensor<?xf32>
  %y:2 = scf.for %i = %c0 to %c8 step %c1 iter_args(%a = %start, %b = %start) -> (tensor<?xf32>, tensor<?xf32>) {
    %n = tensor.dim %a, %c0 : tensor<?xf32>
    %m = arith.addi %n, %d : index
    %t = kernel.launch @behind(%n, %d, %m, %a, %start) {adze.result_dims = [array<i64: 2>]} : (index, index, index, tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    %u = kernel.launch @behind(%n, %d, %m, %b, %start) {adze.result_dims = [array<i64: 2>]} : (index, index, index, tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    scf.yield %t, %u : tensor<?xf32>, tensor<?xf32>
  }
  %p = kernel.copy %y#0 to host : tensor<?xf32>
  %q = kernel.copy %y#1 to host : tensor<?xf32>
  return %p, %q : tensor<?xf32>, tensor<?xf32>
}

// -----

// What is put behind is appended; what is put in front is not, nor what is read later. The kernel that is launched no more goes.
kernel.func @behind(%n: index, %m: index, %k: index, %x: tensor<?xf32> {adze.dims = array<i64: 0>}, %y: tensor<?xf32> {adze.dims = array<i64: 1>}) -> (tensor<?xf32> {adze.dims = array<i64: 2>}) {
  %0 = core.concat axis 0(%x, %y) {adze.dims = array<i64: 2>} : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  kernel.return %0 : tensor<?xf32>
}
kernel.func @front(%n: index, %m: index, %k: index, %x: tensor<?xf32> {adze.dims = array<i64: 0>}, %y: tensor<?xf32> {adze.dims = array<i64: 1>}) -> (tensor<?xf32> {adze.dims = array<i64: 2>}) {
  %0 = core.concat axis 0(%y, %x) {adze.dims = array<i64: 2>} : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  kernel.return %0 : tensor<?xf32>
}
kernel.func @scaled(%n: index, %m: index, %k: index, %x: tensor<?xf32> {adze.dims = array<i64: 0>}, %y: tensor<?xf32> {adze.dims = array<i64: 1>}) -> (tensor<?xf32> {adze.dims = array<i64: 2>}) {
  %0 = core.unary neg %y : (tensor<?xf32>) -> tensor<?xf32>
  %1 = core.concat axis 0(%x, %0) {adze.dims = array<i64: 2>} : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  kernel.return %1 : tensor<?xf32>
}
// CHECK-LABEL: func.func @main
// CHECK:       scf.for {{.*}} iter_args(%[[A:.*]] = %arg0, %{{.*}} = %arg0, %
// CHECK:       %[[N:.*]] = tensor.dim %[[A]], %
// CHECK:       %[[M:.*]] = arith.addi %[[N]],
// CHECK:       kernel.append %[[A]], %arg0 size %[[M]] : tensor<?xf32>, tensor<?xf32> -> tensor<?xf32>
// CHECK:       kernel.launch @front
// CHECK:       kernel.launch @scaled
// CHECK-NOT:   kernel.func @behind
func.func @main(%x: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c8 = arith.constant 8 : index
  %d = tensor.dim %x, %c0 : tensor<?xf32>
  %y:3 = scf.for %i = %c0 to %c8 step %c1 iter_args(%a = %x, %b = %x, %c = %x) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) {
    %n = tensor.dim %a, %c0 : tensor<?xf32>
    %m = arith.addi %n, %d : index
    %t = kernel.launch @behind(%n, %d, %m, %a, %x) {adze.result_dims = [array<i64: 2>]} : (index, index, index, tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    %u = kernel.launch @front(%n, %d, %m, %b, %x) {adze.result_dims = [array<i64: 2>]} : (index, index, index, tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    %v = kernel.launch @scaled(%n, %d, %m, %c, %x) {adze.result_dims = [array<i64: 2>]} : (index, index, index, tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    scf.yield %t, %u, %v : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>
  }
  return %y#0, %y#1, %y#2 : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>
}
