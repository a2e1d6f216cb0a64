// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What loops, branches and selects carry lies in one memory, where fewer copies are made.
// RUN: adze-opt %s --adze-place-tensors --split-input-file | FileCheck %s
// RUN: adze-opt %s --adze-place-tensors --adze-verify-stage=stage=placed --split-input-file -o /dev/null
// RUN: adze-opt %s --adze-place-tensors --canonicalize --cse --adze-verify-stage=stage=placed --split-input-file -o /dev/null

// State that the device updates stays there for all turns. An argument that the body alone reads is copied before the loop.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:.*]]: tensor<256xf32>, %[[W:.*]]: tensor<256xf32>)
// CHECK-DAG:  %[[XD:.*]] = kernel.copy %[[X]] to device
// CHECK-DAG:  %[[WD:.*]] = kernel.copy %[[W]] to device
// CHECK:      %[[Y:.*]] = scf.for {{.*}} iter_args(%[[S:.*]] = %[[XD]])
// CHECK-NEXT:   %[[T:.*]] = kernel.launch @dev(%[[S]], %[[WD]])
// CHECK-NEXT:   scf.yield %[[T]]
// CHECK:      %[[YH:.*]] = kernel.copy %[[Y]] to host
// CHECK-NEXT: return %[[YH]]
kernel.func @dev(%x: tensor<256xf32>, %y: tensor<256xf32>) -> tensor<256xf32> attributes {schedule = {}} {
  kernel.return %x : tensor<256xf32>
}
func.func @main(%x: tensor<256xf32>, %w: tensor<256xf32>) -> tensor<256xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %y = scf.for %i = %c0 to %c4 step %c1 iter_args(%s = %x) -> tensor<256xf32> {
    %t = kernel.launch @dev(%s, %w) : (tensor<256xf32>, tensor<256xf32>) -> tensor<256xf32>
    scf.yield %t : tensor<256xf32>
  }
  return %y : tensor<256xf32>
}

// -----

// State that the host updates stays on the host, though the device reads it in each turn.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:.*]]: tensor<256xf32>)
// CHECK:      scf.for {{.*}} iter_args(%[[S:.*]] = %[[X]], %[[A:.*]] = %{{.*}})
// CHECK-NEXT:   %[[SD:.*]] = kernel.copy %[[S]] to device
// CHECK-NEXT:   %[[T:.*]] = kernel.launch @host(%[[S]])
// CHECK-NEXT:   %[[B:.*]] = kernel.launch @dev(%[[A]], %[[SD]])
// CHECK-NEXT:   scf.yield %[[T]], %[[B]]
kernel.func @dev(%x: tensor<256xf32>, %y: tensor<256xf32>) -> tensor<256xf32> attributes {schedule = {}} {
  kernel.return %x : tensor<256xf32>
}
kernel.func @host(%x: tensor<256xf32>) -> tensor<256xf32> {
  kernel.return %x : tensor<256xf32>
}
func.func @main(%x: tensor<256xf32>) -> (tensor<256xf32>, tensor<256xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %zero = core.constant dense<0.0> : tensor<256xf32>
  %y:2 = scf.for %i = %c0 to %c4 step %c1 iter_args(%s = %x, %a = %zero) -> (tensor<256xf32>, tensor<256xf32>) {
    %t = kernel.launch @host(%s) : (tensor<256xf32>) -> tensor<256xf32>
    %b = kernel.launch @dev(%a, %s) : (tensor<256xf32>, tensor<256xf32>) -> tensor<256xf32>
    scf.yield %t, %b : tensor<256xf32>, tensor<256xf32>
  }
  return %y#0, %y#1 : tensor<256xf32>, tensor<256xf32>
}

// -----

// A loop that goes on while an element of the device's state says so: one copy back a turn, of what is tested.
// CHECK-LABEL: func.func @main
// CHECK:      %[[XD:.*]] = kernel.copy %{{.*}} to device
// CHECK:      %[[Y:.*]] = scf.while (%[[S:.*]] = %[[XD]])
// CHECK:        %[[SH:.*]] = kernel.copy %[[S]] to host
// CHECK-NEXT:   tensor.extract %[[SH]]
// CHECK:        scf.condition(%{{.*}}) %[[S]]
// CHECK:      ^bb0(%[[T:.*]]: tensor<256xf32>):
// CHECK-NEXT:   %[[U:.*]] = kernel.launch @dev(%[[T]])
// CHECK-NEXT:   scf.yield %[[U]]
// CHECK:      %[[YH:.*]] = kernel.copy %[[Y]] to host
// CHECK-NEXT: return %[[YH]]
kernel.func @dev(%x: tensor<256xf32>) -> tensor<256xf32> attributes {schedule = {}} {
  kernel.return %x : tensor<256xf32>
}
func.func @main(%x: tensor<256xf32>) -> tensor<256xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %y = scf.while (%s = %x) : (tensor<256xf32>) -> tensor<256xf32> {
    %e = tensor.extract %s[%c0] : tensor<256xf32>
    %on = arith.cmpf ogt, %e, %zero : f32
    scf.condition(%on) %s : tensor<256xf32>
  } do {
  ^bb0(%t: tensor<256xf32>):
    %u = kernel.launch @dev(%t) : (tensor<256xf32>) -> tensor<256xf32>
    scf.yield %u : tensor<256xf32>
  }
  return %y : tensor<256xf32>
}

// -----

// A result that only the host's test reads comes back at the end of each turn; it is carried on the host.
// CHECK-LABEL: func.func @main
// CHECK:      scf.while (%[[S:.*]] = %{{.*}}, %[[F:.*]] = %{{.*}})
// CHECK-NEXT:   tensor.extract %[[F]]
// CHECK:        %[[U:.*]]:2 = kernel.launch @dev
// CHECK-NEXT:   %[[UH:.*]] = kernel.copy %[[U]]#1 to host
// CHECK-NEXT:   scf.yield %[[U]]#0, %[[UH]]
kernel.func @dev(%x: tensor<256xf32>) -> (tensor<256xf32>, tensor<i1>) attributes {schedule = {}} {
  %c = core.constant dense<false> : tensor<i1>
  kernel.return %x, %c : tensor<256xf32>, tensor<i1>
}
func.func @main(%x: tensor<256xf32>) -> tensor<256xf32> {
  %yes = core.constant dense<true> : tensor<i1>
  %y:2 = scf.while (%s = %x, %f = %yes) : (tensor<256xf32>, tensor<i1>) -> (tensor<256xf32>, tensor<i1>) {
    %on = tensor.extract %f[] : tensor<i1>
    scf.condition(%on) %s, %f : tensor<256xf32>, tensor<i1>
  } do {
  ^bb0(%t: tensor<256xf32>, %g: tensor<i1>):
    %u:2 = kernel.launch @dev(%t) : (tensor<256xf32>) -> (tensor<256xf32>, tensor<i1>)
    scf.yield %u#0, %u#1 : tensor<256xf32>, tensor<i1>
  }
  return %y#0 : tensor<256xf32>
}

// -----

// A branch gives a constant, the other a device's result: the device's constant is free, so both are the device's, if it goes on there.
// CHECK-LABEL: func.func @main
// CHECK:      %[[C:.*]] = core.constant
// CHECK-NEXT: %[[CD:.*]] = kernel.copy %[[C]] to device
// CHECK:      %[[R:.*]] = scf.if
// CHECK-NOT:    kernel.copy
// CHECK:        scf.yield %[[CD]]
// CHECK:      } else {
// CHECK-NEXT:   %[[XD:.*]] = kernel.copy %{{.*}} to device
// CHECK-NEXT:   %[[A:.*]] = kernel.launch @dev(%[[XD]])
// CHECK-NEXT:   scf.yield %[[A]]
// CHECK:      %[[B:.*]] = kernel.launch @dev(%[[R]])
// CHECK-NEXT: kernel.copy %[[B]] to host
kernel.func @dev(%x: tensor<256xf32>) -> tensor<256xf32> attributes {schedule = {}} {
  kernel.return %x : tensor<256xf32>
}
func.func @main(%x: tensor<256xf32>, %f: tensor<i1>) -> tensor<256xf32> {
  %c = core.constant dense<1.0> : tensor<256xf32>
  %yes = tensor.extract %f[] : tensor<i1>
  %r = scf.if %yes -> tensor<256xf32> {
    scf.yield %c : tensor<256xf32>
  } else {
    %a = kernel.launch @dev(%x) : (tensor<256xf32>) -> tensor<256xf32>
    scf.yield %a : tensor<256xf32>
  }
  %b = kernel.launch @dev(%r) : (tensor<256xf32>) -> tensor<256xf32>
  return %b : tensor<256xf32>
}

// -----

// If it is returned, either is one copy: the host's, inside the branch.
// CHECK-LABEL: func.func @main
// CHECK:      %[[R:.*]] = scf.if
// CHECK:        %[[A:.*]] = kernel.launch @dev
// CHECK-NEXT:   %[[AH:.*]] = kernel.copy %[[A]] to host
// CHECK-NEXT:   scf.yield %[[AH]]
// CHECK:        scf.yield %{{.*}}
// CHECK:      return %[[R]]
kernel.func @dev(%x: tensor<256xf32>) -> tensor<256xf32> attributes {schedule = {}} {
  kernel.return %x : tensor<256xf32>
}
func.func @main(%x: tensor<256xf32>, %f: tensor<i1>) -> tensor<256xf32> {
  %c = core.constant dense<1.0> : tensor<256xf32>
  %yes = tensor.extract %f[] : tensor<i1>
  %r = scf.if %yes -> tensor<256xf32> {
    %a = kernel.launch @dev(%x) : (tensor<256xf32>) -> tensor<256xf32>
    scf.yield %a : tensor<256xf32>
  } else {
    scf.yield %c : tensor<256xf32>
  }
  return %r : tensor<256xf32>
}

// -----

// A copy that both branches need stands before them, one that a branch needs in a loop stands in the branch.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:.*]]: tensor<256xf32>, %[[Y:.*]]: tensor<256xf32>, %{{.*}}: tensor<i1>)
// CHECK-NEXT: %[[XD:.*]] = kernel.copy %[[X]] to device
// CHECK-NOT:  kernel.copy
// CHECK:      scf.if
// CHECK-NEXT:   %[[YD:.*]] = kernel.copy %[[Y]] to device
// CHECK:        scf.for {{.*}} iter_args(%[[S:.*]] = %[[XD]])
// CHECK-NEXT:     kernel.launch @dev(%[[S]], %[[YD]])
// CHECK:      } else {
// CHECK-NEXT:   kernel.launch @dev(%[[XD]], %[[XD]])
kernel.func @dev(%x: tensor<256xf32>, %y: tensor<256xf32>) -> tensor<256xf32> attributes {schedule = {}} {
  kernel.return %x : tensor<256xf32>
}
func.func @main(%x: tensor<256xf32>, %y: tensor<256xf32>, %f: tensor<i1>) -> tensor<256xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %yes = tensor.extract %f[] : tensor<i1>
  %r = scf.if %yes -> tensor<256xf32> {
    %z = scf.for %i = %c0 to %c4 step %c1 iter_args(%s = %x) -> tensor<256xf32> {
      %t = kernel.launch @dev(%s, %y) : (tensor<256xf32>, tensor<256xf32>) -> tensor<256xf32>
      scf.yield %t : tensor<256xf32>
    }
    scf.yield %z : tensor<256xf32>
  } else {
    %a = kernel.launch @dev(%x, %x) : (tensor<256xf32>, tensor<256xf32>) -> tensor<256xf32>
    scf.yield %a : tensor<256xf32>
  }
  return %r : tensor<256xf32>
}

// -----

// One tensor or another, under another type: both are copied.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:.*]]: tensor<256xf32>, %{{.*}}: tensor<i1>)
// CHECK-NEXT: %[[XD:.*]] = kernel.copy %[[X]] to device
// CHECK:      %[[A:.*]] = kernel.launch @dev(%[[XD]])
// CHECK:      %[[S:.*]] = arith.select %{{.*}}, %[[A]], %[[XD]]
// CHECK-NEXT: %[[C:.*]] = tensor.cast %[[S]]
// CHECK-NEXT: %[[B:.*]] = tensor.cast %[[C]]
// CHECK-NEXT: kernel.launch @dev(%[[B]])
kernel.func @dev(%x: tensor<256xf32>) -> tensor<256xf32> attributes {schedule = {}} {
  kernel.return %x : tensor<256xf32>
}
func.func @main(%x: tensor<256xf32>, %f: tensor<i1>) -> tensor<256xf32> {
  %yes = tensor.extract %f[] : tensor<i1>
  %a = kernel.launch @dev(%x) : (tensor<256xf32>) -> tensor<256xf32>
  %s = arith.select %yes, %a, %x : tensor<256xf32>
  %c = tensor.cast %s : tensor<256xf32> to tensor<?xf32>
  %b = tensor.cast %c : tensor<?xf32> to tensor<256xf32>
  %y = kernel.launch @dev(%b) : (tensor<256xf32>) -> tensor<256xf32>
  return %y : tensor<256xf32>
}

// -----

// Strings are the host's wherever they go.
// CHECK-LABEL: func.func @main
// CHECK:      arith.select %{{.*}}, %{{.*}}, %{{.*}} : tensor<2x!core.string>
// CHECK-NOT:  kernel.copy {{.*}}string
kernel.func @dev(%x: tensor<256xf32>) -> tensor<256xf32> attributes {schedule = {}} {
  kernel.return %x : tensor<256xf32>
}
func.func @main(%x: tensor<256xf32>, %f: tensor<i1>, %s: tensor<2x!core.string>, %t: tensor<2x!core.string>)
    -> (tensor<256xf32>, tensor<2x!core.string>) {
  %yes = tensor.extract %f[] : tensor<i1>
  %y = kernel.launch @dev(%x) : (tensor<256xf32>) -> tensor<256xf32>
  %r = arith.select %yes, %s, %t : tensor<2x!core.string>
  return %y, %r : tensor<256xf32>, tensor<2x!core.string>
}
