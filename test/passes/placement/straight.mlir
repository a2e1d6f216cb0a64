// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Straight programs: whose memory each tensor lies in, and where the copies stand.
// RUN: adze-opt %s --adze-place-tensors --split-input-file | FileCheck %s
// RUN: adze-opt %s --adze-place-tensors --adze-place-tensors --split-input-file | FileCheck %s
// RUN: adze-opt %s --adze-place-tensors --adze-verify-stage=stage=placed --split-input-file -o /dev/null

// An argument is copied at the begin, once for all launches; what lies between stays on the device; the returned tensor comes back.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:.*]]: tensor<256xf32>, %[[UNUSED:.*]]: tensor<256xf32>)
// CHECK-NEXT: %[[D:.*]] = kernel.copy %[[X]] to device : tensor<256xf32>
// CHECK-NEXT: %[[A:.*]] = kernel.launch @dev(%[[D]], %[[D]])
// CHECK-NEXT: %[[B:.*]] = kernel.launch @dev(%[[A]], %[[D]])
// CHECK-NEXT: %[[H:.*]] = kernel.copy %[[B]] to host
// CHECK-NEXT: return %[[H]]
kernel.func @dev(%x: tensor<256xf32>, %y: tensor<256xf32>) -> tensor<256xf32> attributes {schedule = {}} {
  kernel.return %x : tensor<256xf32>
}
func.func @main(%x: tensor<256xf32>, %unused: tensor<256xf32>) -> tensor<256xf32> {
  %a = kernel.launch @dev(%x, %x) : (tensor<256xf32>, tensor<256xf32>) -> tensor<256xf32>
  %b = kernel.launch @dev(%a, %x) : (tensor<256xf32>, tensor<256xf32>) -> tensor<256xf32>
  return %b : tensor<256xf32>
}

// -----

// Without a schedule nothing changes.
// CHECK-LABEL: func.func @main
// CHECK-NOT: kernel.copy
kernel.func @k(%x: tensor<4xf32>) -> tensor<4xf32> {
  kernel.return %x : tensor<4xf32>
}
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c = core.constant dense<1.0> : tensor<4xf32>
  %a = kernel.launch @k(%x) : (tensor<4xf32>) -> tensor<4xf32>
  %b = kernel.launch @k(%c) : (tensor<4xf32>) -> tensor<4xf32>
  return %a : tensor<4xf32>
}

// -----

// Host, device, host: a tensor that both read has one copy. To the device it stands after the definition, to the host before the
// first use, so that the launches between do not wait.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:.*]]: tensor<256xf32>)
// CHECK-NEXT: %[[A:.*]] = kernel.launch @host(%[[X]])
// CHECK-NEXT: %[[AD:.*]] = kernel.copy %[[A]] to device
// CHECK-NEXT: %[[B:.*]] = kernel.launch @host(%[[A]])
// CHECK-NEXT: %[[BD:.*]] = kernel.copy %[[B]] to device
// CHECK-NEXT: %[[C:.*]] = kernel.launch @dev(%[[AD]])
// CHECK-NEXT: %[[D:.*]] = kernel.launch @dev(%[[BD]])
// CHECK-NEXT: %[[E:.*]] = kernel.launch @dev(%[[C]])
// CHECK-NEXT: %[[CH:.*]] = kernel.copy %[[C]] to host
// CHECK-NEXT: %[[F:.*]] = kernel.launch @host(%[[CH]])
// CHECK-NEXT: %[[G:.*]] = kernel.launch @host(%[[CH]])
// CHECK-NEXT: %[[DH:.*]] = kernel.copy %[[D]] to host
// CHECK-NEXT: %[[EH:.*]] = kernel.copy %[[E]] to host
// CHECK-NEXT: return %[[CH]], %[[DH]], %[[EH]], %[[F]], %[[G]]
kernel.func @dev(%x: tensor<256xf32>) -> tensor<256xf32> attributes {schedule = {}} {
  kernel.return %x : tensor<256xf32>
}
kernel.func @host(%x: tensor<256xf32>) -> tensor<256xf32> {
  kernel.return %x : tensor<256xf32>
}
func.func @main(%x: tensor<256xf32>)
    -> (tensor<256xf32>, tensor<256xf32>, tensor<256xf32>, tensor<256xf32>, tensor<256xf32>) {
  %a = kernel.launch @host(%x) : (tensor<256xf32>) -> tensor<256xf32>
  %b = kernel.launch @host(%a) : (tensor<256xf32>) -> tensor<256xf32>
  %c = kernel.launch @dev(%a) : (tensor<256xf32>) -> tensor<256xf32>
  %d = kernel.launch @dev(%b) : (tensor<256xf32>) -> tensor<256xf32>
  %e = kernel.launch @dev(%c) : (tensor<256xf32>) -> tensor<256xf32>
  %f = kernel.launch @host(%c) : (tensor<256xf32>) -> tensor<256xf32>
  %g = kernel.launch @host(%c) : (tensor<256xf32>) -> tensor<256xf32>
  return %c, %d, %e, %f, %g : tensor<256xf32>, tensor<256xf32>, tensor<256xf32>, tensor<256xf32>, tensor<256xf32>
}

// -----

// What is returned lies in the host's memory: an argument and a constant do, even if the device reads them too; a result that is
// returned twice comes back once.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:.*]]: tensor<256xf32>)
// CHECK-NEXT: %[[XD:.*]] = kernel.copy %[[X]] to device
// CHECK-NEXT: %[[C:.*]] = core.constant
// CHECK-NEXT: %[[CD:.*]] = kernel.copy %[[C]] to device
// CHECK-NEXT: %[[A:.*]] = kernel.launch @dev(%[[XD]], %[[CD]])
// CHECK-NEXT: %[[AH:.*]] = kernel.copy %[[A]] to host
// CHECK-NEXT: return %[[X]], %[[C]], %[[AH]], %[[AH]]
kernel.func @dev(%x: tensor<256xf32>, %y: tensor<256xf32>) -> tensor<256xf32> attributes {schedule = {}} {
  kernel.return %x : tensor<256xf32>
}
func.func @main(%x: tensor<256xf32>) -> (tensor<256xf32>, tensor<256xf32>, tensor<256xf32>, tensor<256xf32>) {
  %c = core.constant dense<1.0> : tensor<256xf32>
  %a = kernel.launch @dev(%x, %c) : (tensor<256xf32>, tensor<256xf32>) -> tensor<256xf32>
  return %x, %c, %a, %a : tensor<256xf32>, tensor<256xf32>, tensor<256xf32>, tensor<256xf32>
}

// -----

// A reshape is made anew from the copy, and dropped where it was if nobody reads it there; the copy is one for all types.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:.*]]: tensor<?x4xf32>, %[[E:.*]]: tensor<0x4xf32>)
// CHECK-NEXT: %[[XD:.*]] = kernel.copy %[[X]] to device : tensor<?x4xf32>
// CHECK-NEXT: %[[ED:.*]] = kernel.copy %[[E]] to device : tensor<0x4xf32>
// CHECK:      %[[N:.*]] = tensor.dim %[[X]]
// CHECK-NOT:  core.reshape %[[X]]
// CHECK:      %[[R:.*]] = core.reshape %[[XD]]
// CHECK-NEXT: %[[A:.*]] = kernel.launch @dev(%{{.*}}, %[[R]])
// CHECK-NEXT: %[[B:.*]] = kernel.launch @dev2(%[[N]], %[[XD]])
// CHECK-NEXT: %[[C:.*]] = tensor.cast %[[ED]]
// CHECK-NEXT: kernel.launch @dev2(%{{.*}}, %[[C]])
// CHECK:      %[[BH:.*]] = kernel.copy %[[B]] to host : tensor<?x4xf32>
// CHECK-NEXT: %[[BR:.*]] = core.reshape %[[BH]]
// CHECK:      return %{{.*}}, %[[BR]], %[[BH]]
kernel.func @dev(%n: index, %x: tensor<?xf32> {adze.dims = array<i64: 0>}) -> (tensor<?xf32> {adze.dims = array<i64: 0>}) attributes {schedule = {}} {
  kernel.return %x : tensor<?xf32>
}
kernel.func @dev2(%n: index, %x: tensor<?x4xf32> {adze.dims = array<i64: 0, -1>}) -> (tensor<?x4xf32> {adze.dims = array<i64: 0, -1>}) attributes {schedule = {}} {
  kernel.return %x : tensor<?x4xf32>
}
func.func @main(%x: tensor<?x4xf32>, %e: tensor<0x4xf32>) -> (tensor<?xf32>, tensor<?xf32>, tensor<?x4xf32>, tensor<?x4xf32>) {
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %m = arith.muli %n, %c4 : index
  %r = core.reshape %x sizes(%m) : tensor<?x4xf32> -> tensor<?xf32>
  %a = kernel.launch @dev(%m, %r) {adze.result_dims = [array<i64: 0>]} : (index, tensor<?xf32>) -> tensor<?xf32>
  %b = kernel.launch @dev2(%n, %x) {adze.result_dims = [array<i64: 0, -1>]} : (index, tensor<?x4xf32>) -> tensor<?x4xf32>
  %cast = tensor.cast %e : tensor<0x4xf32> to tensor<?x4xf32>
  %c = kernel.launch @dev2(%c0, %cast) {adze.result_dims = [array<i64: 0, -1>]} : (index, tensor<?x4xf32>) -> tensor<?x4xf32>
  %br = core.reshape %b sizes(%m) : tensor<?x4xf32> -> tensor<?xf32>
  return %a, %br, %b, %c : tensor<?xf32>, tensor<?xf32>, tensor<?x4xf32>, tensor<?x4xf32>
}

// -----

// What the host reads and makes: elements of a device's result, a tensor from elements. A tensor's size is asked of it where it lies.
// CHECK-LABEL: func.func @main
// CHECK:      %[[XD:.*]] = kernel.copy %{{.*}} to device
// CHECK:      %[[A:.*]] = kernel.launch @count(%[[XD]])
// CHECK-NEXT: %[[AH:.*]] = kernel.copy %[[A]] to host
// CHECK-NEXT: tensor.extract %[[AH]]
// CHECK:      %[[B:.*]] = kernel.launch @fill
// CHECK-NEXT: tensor.dim %[[B]]
// CHECK:      %[[E:.*]] = tensor.from_elements
// CHECK-NEXT: %[[ED:.*]] = kernel.copy %[[E]] to device
// CHECK:      kernel.launch @add(%{{.*}}, %[[B]], %[[ED]])
kernel.func @count(%x: tensor<256xf32>) -> tensor<i64> attributes {schedule = {}} {
  %c = core.constant dense<1> : tensor<i64>
  kernel.return %c : tensor<i64>
}
kernel.func @fill(%n: index) -> (tensor<?xf32> {adze.dims = array<i64: 0>}) attributes {schedule = {}} {
  %0 = core.iota f32 axis 0 sizes(%n) : tensor<?xf32>
  kernel.return %0 : tensor<?xf32>
}
kernel.func @add(%n: index, %x: tensor<?xf32> {adze.dims = array<i64: 0>}, %y: tensor<i64>) -> (tensor<?xf32> {adze.dims = array<i64: 0>}) attributes {schedule = {}} {
  kernel.return %x : tensor<?xf32>
}
func.func @main(%x: tensor<256xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %a = kernel.launch @count(%x) : (tensor<256xf32>) -> tensor<i64>
  %v = tensor.extract %a[] : tensor<i64>
  %n = arith.index_cast %v : i64 to index
  %b = kernel.launch @fill(%n) {adze.result_dims = [array<i64: 0>]} : (index) -> tensor<?xf32>
  %m = tensor.dim %b, %c0 : tensor<?xf32>
  %i = arith.index_cast %m : index to i64
  %e = tensor.from_elements %i : tensor<i64>
  %y = kernel.launch @add(%n, %b, %e) {adze.result_dims = [array<i64: 0>]} : (index, tensor<?xf32>, tensor<i64>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// Past and present of a cache: one copy each way a tensor.
// CHECK-LABEL: func.func @main
// CHECK-SAME: (%[[X:.*]]: tensor<1x64xf32>, %[[P0:.*]]: tensor<?x64xf32>, %[[P1:.*]]: tensor<?x64xf32>)
// CHECK-DAG:  kernel.copy %[[X]] to device
// CHECK-DAG:  kernel.copy %[[P0]] to device
// CHECK-DAG:  kernel.copy %[[P1]] to device
// CHECK:      %[[A:.*]] = kernel.launch @append
// CHECK-NEXT: %[[B:.*]] = kernel.launch @append
// CHECK-NEXT: %[[AH:.*]] = kernel.copy %[[A]] to host
// CHECK-NEXT: %[[BH:.*]] = kernel.copy %[[B]] to host
// CHECK-NEXT: return %[[AH]], %[[BH]]
kernel.func @append(%n: index, %m: index, %x: tensor<?x64xf32> {adze.dims = array<i64: 0, -1>}, %y: tensor<1x64xf32>)
    -> (tensor<?x64xf32> {adze.dims = array<i64: 1, -1>}) attributes {schedule = {}} {
  kernel.return %x : tensor<?x64xf32>
}
func.func @main(%x: tensor<1x64xf32>, %p0: tensor<?x64xf32>, %p1: tensor<?x64xf32>) -> (tensor<?x64xf32>, tensor<?x64xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = tensor.dim %p0, %c0 : tensor<?x64xf32>
  %m = arith.addi %n, %c1 : index
  %a = kernel.launch @append(%n, %m, %p0, %x) {adze.result_dims = [array<i64: 1, -1>]} : (index, index, tensor<?x64xf32>, tensor<1x64xf32>) -> tensor<?x64xf32>
  %b = kernel.launch @append(%n, %m, %p1, %x) {adze.result_dims = [array<i64: 1, -1>]} : (index, index, tensor<?x64xf32>, tensor<1x64xf32>) -> tensor<?x64xf32>
  return %a, %b : tensor<?x64xf32>, tensor<?x64xf32>
}
