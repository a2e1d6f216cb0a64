// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Launches on few elements that come from the host and go there.
// RUN: adze-opt %s --adze-place-tensors --split-input-file | FileCheck %s --check-prefixes=CHECK,DEFAULT
// RUN: adze-opt %s --adze-place-tensors=host-threshold=8 --split-input-file | FileCheck %s --check-prefixes=CHECK,EIGHT
// RUN: adze-opt %s --adze-place-tensors --adze-verify-stage=stage=placed --split-input-file -o /dev/null
// RUN: adze-opt %s --adze-place-tensors=host-threshold=8 --adze-verify-stage=stage=placed --split-input-file -o /dev/null

// What only sizes are computed from stays on the host, in chains too, and keeps its kernel for the device where that is used there.
// CHECK-LABEL: kernel.func @add(
// CHECK-SAME:    schedule = {}
// CHECK-LABEL: kernel.func @half(
// CHECK-SAME:    attributes {adze.host_reason = "few elements, from and to the host's memory"} {
// CHECK-LABEL: func.func @main
// CHECK:       %[[A:.*]] = kernel.launch @add_host(%{{.*}}, %{{.*}}) : (tensor<2xi64>, tensor<2xi64>)
// CHECK-NEXT:  %[[B:.*]] = kernel.launch @half(%[[A]])
// CHECK-NEXT:  tensor.extract %[[B]]
// CHECK:       kernel.launch @add(
// CHECK:       kernel.launch @fill(
kernel.func @add(%x: tensor<2xi64>, %y: tensor<2xi64>) -> tensor<2xi64> attributes {schedule = {}} {
  kernel.return %x : tensor<2xi64>
}
kernel.func @half(%x: tensor<2xi64>) -> tensor<2xi64> attributes {schedule = {}} {
  kernel.return %x : tensor<2xi64>
}
kernel.func @fill(%n: index, %x: tensor<2xi64>) -> (tensor<?xf32> {adze.dims = array<i64: 0>}) attributes {schedule = {}} {
  %0 = core.iota f32 axis 0 sizes(%n) : tensor<?xf32>
  kernel.return %0 : tensor<?xf32>
}
func.func @main(%x: tensor<2xi64>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c = core.constant dense<[1, 2]> : tensor<2xi64>
  %a = kernel.launch @add(%x, %c) : (tensor<2xi64>, tensor<2xi64>) -> tensor<2xi64>
  %b = kernel.launch @half(%a) : (tensor<2xi64>) -> tensor<2xi64>
  %v = tensor.extract %b[%c0] : tensor<2xi64>
  %n = arith.index_cast %v : i64 to index
  %d = kernel.launch @add(%x, %x) : (tensor<2xi64>, tensor<2xi64>) -> tensor<2xi64>
  %y = kernel.launch @fill(%n, %d) {adze.result_dims = [array<i64: 0>]} : (index, tensor<2xi64>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// What is returned is computed where its kernel runs, unless it is under the threshold; what a device's result flows into too.
// CHECK-LABEL: func.func @main
// DEFAULT:     kernel.launch @small(
// DEFAULT:     kernel.launch @large(
// DEFAULT:     %[[C:.*]] = kernel.launch @small(
// DEFAULT:     kernel.copy %[[C]] to host
// EIGHT-SAME:  (%[[X:.*]]: tensor<8xf32>, %[[L:.*]]: tensor<256xf32>)
// EIGHT-NEXT:  %[[LD:.*]] = kernel.copy %[[L]] to device
// EIGHT-NEXT:  %[[A:.*]] = kernel.launch @small_host(%[[X]])
// EIGHT-NEXT:  %[[B:.*]] = kernel.launch @large(%[[LD]])
// EIGHT-NEXT:  %[[C:.*]] = kernel.launch @small(%[[B]])
// EIGHT-NEXT:  %[[CH:.*]] = kernel.copy %[[C]] to host
// EIGHT-NEXT:  return %[[A]], %[[CH]]
kernel.func @small(%x: tensor<8xf32>) -> tensor<8xf32> attributes {schedule = {}} {
  kernel.return %x : tensor<8xf32>
}
kernel.func @large(%x: tensor<256xf32>) -> tensor<8xf32> attributes {schedule = {}} {
  %0 = core.constant dense<1.0> : tensor<8xf32>
  kernel.return %0 : tensor<8xf32>
}
func.func @main(%x: tensor<8xf32>, %l: tensor<256xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  %a = kernel.launch @small(%x) : (tensor<8xf32>) -> tensor<8xf32>
  %b = kernel.launch @large(%l) : (tensor<256xf32>) -> tensor<8xf32>
  %c = kernel.launch @small(%b) : (tensor<8xf32>) -> tensor<8xf32>
  return %a, %c : tensor<8xf32>, tensor<8xf32>
}

// -----

// A loop's counter and condition are the host's; its other state is the device's.
// CHECK-LABEL: func.func @main
// CHECK:       scf.while (%[[I:.*]] = %{{.*}}, %[[S:.*]] = %{{.*}})
// CHECK-NEXT:    %[[G:.*]] = kernel.launch @less(%[[I]])
// CHECK-NEXT:    tensor.extract %[[G]]
// CHECK-NOT:     kernel.copy
// CHECK:       ^bb0(%[[J:.*]]: tensor<i64>, %[[T:.*]]: tensor<256xf32>):
// CHECK-NEXT:    %[[K:.*]] = kernel.launch @next(%[[J]])
// CHECK-NEXT:    %[[U:.*]] = kernel.launch @dev(%[[T]])
// CHECK-NEXT:    scf.yield %[[K]], %[[U]]
kernel.func @less(%x: tensor<i64>) -> tensor<i1> attributes {schedule = {}} {
  %c = core.constant dense<false> : tensor<i1>
  kernel.return %c : tensor<i1>
}
kernel.func @next(%x: tensor<i64>) -> tensor<i64> attributes {schedule = {}} {
  kernel.return %x : tensor<i64>
}
kernel.func @dev(%x: tensor<256xf32>) -> tensor<256xf32> attributes {schedule = {}} {
  kernel.return %x : tensor<256xf32>
}
func.func @main(%x: tensor<256xf32>) -> tensor<256xf32> {
  %zero = core.constant dense<0> : tensor<i64>
  %y:2 = scf.while (%i = %zero, %s = %x) : (tensor<i64>, tensor<256xf32>) -> (tensor<i64>, tensor<256xf32>) {
    %g = kernel.launch @less(%i) : (tensor<i64>) -> tensor<i1>
    %on = tensor.extract %g[] : tensor<i1>
    scf.condition(%on) %i, %s : tensor<i64>, tensor<256xf32>
  } do {
  ^bb0(%j: tensor<i64>, %t: tensor<256xf32>):
    %k = kernel.launch @next(%j) : (tensor<i64>) -> tensor<i64>
    %u = kernel.launch @dev(%t) : (tensor<256xf32>) -> tensor<256xf32>
    scf.yield %k, %u : tensor<i64>, tensor<256xf32>
  }
  return %y#1 : tensor<256xf32>
}

// -----

// A counter that the device reads as well is the device's, and comes back for the test.
// CHECK-LABEL: func.func @main
// CHECK:       scf.while (%[[I:.*]] = %{{.*}}, %[[S:.*]] = %{{.*}})
// CHECK-NEXT:    %[[G:.*]] = kernel.launch @less(%[[I]])
// CHECK-NEXT:    %[[H:.*]] = kernel.copy %[[G]] to host
// CHECK-NEXT:    tensor.extract %[[H]]
// CHECK:         kernel.launch @next(
// CHECK-NEXT:    kernel.launch @dev(
// CHECK-NEXT:    scf.yield
kernel.func @less(%x: tensor<i64>) -> tensor<i1> attributes {schedule = {}} {
  %c = core.constant dense<false> : tensor<i1>
  kernel.return %c : tensor<i1>
}
kernel.func @next(%x: tensor<i64>) -> tensor<i64> attributes {schedule = {}} {
  kernel.return %x : tensor<i64>
}
kernel.func @dev(%x: tensor<256xf32>, %i: tensor<i64>) -> tensor<256xf32> attributes {schedule = {}} {
  kernel.return %x : tensor<256xf32>
}
func.func @main(%x: tensor<256xf32>) -> tensor<256xf32> {
  %zero = core.constant dense<0> : tensor<i64>
  %y:2 = scf.while (%i = %zero, %s = %x) : (tensor<i64>, tensor<256xf32>) -> (tensor<i64>, tensor<256xf32>) {
    %g = kernel.launch @less(%i) : (tensor<i64>) -> tensor<i1>
    %on = tensor.extract %g[] : tensor<i1>
    scf.condition(%on) %i, %s : tensor<i64>, tensor<256xf32>
  } do {
  ^bb0(%j: tensor<i64>, %t: tensor<256xf32>):
    %k = kernel.launch @next(%j) : (tensor<i64>) -> tensor<i64>
    %u = kernel.launch @dev(%t, %j) : (tensor<256xf32>, tensor<i64>) -> tensor<256xf32>
    scf.yield %k, %u : tensor<i64>, tensor<256xf32>
  }
  return %y#1 : tensor<256xf32>
}

// -----

// What a kernel of the host reads is no shape: the device computes it.
// CHECK-LABEL: func.func @main
// DEFAULT:     kernel.launch @dev(
// DEFAULT-NEXT: kernel.copy
// DEFAULT-NEXT: kernel.launch @host(
// EIGHT-NOT:   kernel.copy
kernel.func @dev(%x: tensor<8xf32>) -> tensor<8xf32> attributes {schedule = {}} {
  kernel.return %x : tensor<8xf32>
}
kernel.func @host(%x: tensor<8xf32>) -> tensor<8xf32> {
  kernel.return %x : tensor<8xf32>
}
func.func @main(%x: tensor<8xf32>) -> tensor<8xf32> {
  %a = kernel.launch @dev(%x) : (tensor<8xf32>) -> tensor<8xf32>
  %b = kernel.launch @host(%a) : (tensor<8xf32>) -> tensor<8xf32>
  return %b : tensor<8xf32>
}
