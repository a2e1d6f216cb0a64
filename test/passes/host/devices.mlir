// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Programs with kernels of a device: its launches, copies, plans, slots and weights.
// RUN: adze-opt %s --adze-host-to-buffers --split-input-file | FileCheck %s
// RUN: adze-opt %s --adze-host-to-buffers --adze-host-to-llvm --split-input-file | FileCheck %s --check-prefix=LLVM

// LLVM: llvm.func @adze_main(

// Straight code: an input is taken where it is on the device, or to a plan there; what lies between is planned there; what is returned is
// delivered, and its memory is kept to the end. The host asks for no input's data. The kernel's table has what a driver is told: the site and one size are its scalars.
// CHECK: adze.program = {{.*}}kernels = [{device = {buffers = 2 : i32, scalars = 2 : i32, shared_bytes = 64 : i32, threads = 256 : i32}, nodes = "A", operators = "", symbol = "dev"}]
// CHECK-SAME: plans = [{first = array<i32: [[D:[0-9]+]], [[A:[0-9]+]], [[B:[0-9]+]]>, last = array<i32: [[A]], [[B]], [[C:[0-9]+]]>, on_device, sizes = array<i64: -1, -1, -1>}]
// CHECK-LABEL: func.func @adze_main(
// CHECK-SAME: %[[EXEC:.*]]: !llvm.ptr)
// CHECK-DAG:  %[[PLAN:.*]] = llvm.alloca
// CHECK-NOT:  llvm.call @adze_rt_input(
// CHECK:      llvm.call @adze_rt_plan(
// CHECK:      %[[D:.*]] = llvm.load
// CHECK-NEXT: %[[X:.*]] = arith.constant 0 : i32
// CHECK-NEXT: %[[IN:.*]] = llvm.call @adze_rt_input_on_device(%[[EXEC]], %[[X]], %[[D]])
// CHECK-NEXT: %[[NULL:.*]] = llvm.mlir.zero
// CHECK-NEXT: %[[OK:.*]] = llvm.icmp "ne" %[[IN]], %[[NULL]]
// CHECK-NEXT: %[[S:.*]] = arith.constant 10 : i32
// CHECK-NEXT: cf.cond_br %[[OK]], ^{{.*}}, ^[[LEAVE:.*]](%[[S]] : i32)
// CHECK:      call @dev.grid(
// CHECK:      llvm.call @adze_rt_launch(
// CHECK:      llvm.call @adze_rt_launch(
// CHECK-NOT:  adze_rt_plan
// CHECK-NOT:  adze_rt_output
// CHECK:      llvm.call @adze_rt_deliver(%[[EXEC]], %{{.*}}, %{{.*}}, %{{.*}})
// CHECK-NOT:  adze_rt_copy
// CHECK:      return
func.func private @dev(index, index, index, index, memref<?xf32>, memref<?xf32>, memref<?xi8>, memref<?xi64>)
    attributes {adze.kernel, adze.nodes = "A", adze.device = {threads = 256 : i64, shared_bytes = 64 : i64}}
func.func private @dev.grid(index) -> (index, index, index)
func.func @main(%x: tensor<?x2xf32> {adze.name = "x"}) -> (tensor<?x2xf32> {adze.name = "y"}) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x2xf32>
  %d = kernel.copy %x to device : tensor<?x2xf32>
  %a = kernel.launch @dev(%n, %d) {adze.result_dims = [array<i64: 0, -1>]} : (index, tensor<?x2xf32>) -> tensor<?x2xf32>
  %b = kernel.launch @dev(%n, %a) {adze.result_dims = [array<i64: 0, -1>]} : (index, tensor<?x2xf32>) -> tensor<?x2xf32>
  %y = kernel.copy %b to host : tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}

// -----

// One segment has a plan for the host and one for the device; each value's place is in the plan of its memory.
// CHECK: kernels = [{nodes = "", operators = "", symbol = "host"}, {device = {{.*}}symbol = "dev"}]
// CHECK-SAME: plans = [{first = array<i32: 0, 4>, last = array<i32: 1, 5>, sizes = array<i64: 8, 8>},
// CHECK-SAME: {first = array<i32: 1, 2>, last = array<i32: 2, 4>, on_device, sizes = array<i64: 8, 8>}]
// CHECK-LABEL: func.func @adze_main(
// CHECK:      arith.constant 0 : i32
// CHECK:      llvm.call @adze_rt_plan(%{{.*}}, %{{.*}}, %{{.*}}, %[[HOSTPLAN:[0-9]+]])
// CHECK:      llvm.call @adze_rt_plan(%{{.*}}, %{{.*}}, %{{.*}}, %[[DEVPLAN:[0-9]+]])
// CHECK:      llvm.load %[[HOSTPLAN]] : !llvm.ptr -> !llvm.ptr
// CHECK:      llvm.call @adze_rt_launch(
// CHECK:      %[[TO:.*]] = llvm.load %[[DEVPLAN]] : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT: %[[FROM:.*]] = llvm.load %[[HOSTPLAN]] : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT: %[[BYTES:.*]] = arith.constant 8 : i64
// CHECK-NEXT: %[[ONE:.*]] = arith.constant 1 : i32
// CHECK-NEXT: llvm.call @adze_rt_transfer(%{{.*}}, %[[ONE]], %[[TO]], %[[FROM]], %[[BYTES]])
func.func private @host(index, index, index, memref<?xf32>, memref<?xf32>, memref<?xi8>, memref<?xi64>) attributes {adze.kernel}
func.func private @host.grid() -> (index, index, index)
func.func private @dev(index, index, index, memref<?xf32>, memref<?xf32>, memref<?xi8>, memref<?xi64>)
    attributes {adze.kernel, adze.device = {threads = 32 : i64, shared_bytes = 0 : i64}}
func.func private @dev.grid() -> (index, index, index)
func.func @main(%x: tensor<2xf32> {adze.name = "x"}) -> (tensor<2xf32> {adze.name = "y"}) {
  %a = kernel.launch @host(%x) : (tensor<2xf32>) -> tensor<2xf32>
  %d = kernel.copy %a to device : tensor<2xf32>
  %b = kernel.launch @dev(%d) : (tensor<2xf32>) -> tensor<2xf32>
  %c = arith.constant 1 : index
  %h = kernel.copy %b to host : tensor<2xf32>
  %y = kernel.launch @host(%h) : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// Constants that the device reads come first among the weights, wherever they stand, and equal ones once; their copies are addresses from where
// the device has the weights.
// CHECK: device_weight_bytes = 128 : i64
// CHECK-SAME: {{ }}weight_bytes = 192 : i64
// CHECK-LABEL: func.func @adze_main(
// CHECK:      %[[WEIGHTS:.*]] = llvm.call @adze_rt_device_weights(
// CHECK:      llvm.icmp "ne" %[[WEIGHTS]]
// CHECK-NOT:  adze_rt_transfer
// CHECK:      %[[OFFSET:.*]] = arith.constant 64 : i64
// CHECK:      llvm.getelementptr %[[WEIGHTS]][%[[OFFSET]]]
// CHECK:      llvm.call @adze_rt_launch(
// CHECK:      llvm.call @adze_rt_deliver(
// CHECK:      llvm.call @adze_rt_copy(
// CHECK: core.constant {adze.offset = 0 : i64} dense<[5.0{{.*}}, 6.0{{.*}}]>
// CHECK: core.constant {adze.offset = 64 : i64} dense<[1.0{{.*}}, 2.0{{.*}}]>
// CHECK: core.constant {adze.offset = 128 : i64} dense<[3.0{{.*}}, 4.0{{.*}}]>
// CHECK-NOT: core.constant {adze.offset = 192
func.func private @dev(index, index, index, memref<?xf32>, memref<?xf32>, memref<?xf32>, memref<?xi8>, memref<?xi64>)
    attributes {adze.kernel, adze.device = {threads = 32 : i64, shared_bytes = 0 : i64}}
func.func private @dev.grid() -> (index, index, index)
func.func @main() -> (tensor<2xf32> {adze.name = "y"}, tensor<2xf32> {adze.name = "c"}) {
  %host = core.constant dense<[3.0, 4.0]> : tensor<2xf32>
  %e = core.constant dense<[5.0, 6.0]> : tensor<2xf32>
  %c = core.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %again = core.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %ed = kernel.copy %e to device : tensor<2xf32>
  %cd = kernel.copy %c to device : tensor<2xf32>
  %ad = kernel.copy %again to device : tensor<2xf32>
  %a = kernel.launch @dev(%cd, %ed) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %b = kernel.launch @dev(%a, %ad) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  %y = kernel.copy %b to host : tensor<2xf32>
  return %y, %host : tensor<2xf32>, tensor<2xf32>
}

// -----

// A constant under another type is still among the device's weights, where a reshape of the copy shows it.
// CHECK: device_weight_bytes = 64 : i64
// CHECK-LABEL: func.func @adze_main(
// CHECK:      %[[WEIGHTS:.*]] = llvm.call @adze_rt_device_weights(
// CHECK:      llvm.getelementptr %[[WEIGHTS]]
// CHECK:      llvm.call @adze_rt_launch(
func.func private @dev(index, index, index, memref<?xf32>, memref<?xf32>, memref<?xi8>, memref<?xi64>)
    attributes {adze.kernel, adze.device = {threads = 32 : i64, shared_bytes = 0 : i64}}
func.func private @dev.grid() -> (index, index, index)
func.func @main() -> (tensor<2xf32> {adze.name = "y"}) {
  %c = core.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %d = kernel.copy %c to device : tensor<1x2xf32>
  %c2 = arith.constant 2 : index
  %r = core.reshape %d sizes(%c2) : tensor<1x2xf32> -> tensor<2xf32>
  %a = kernel.launch @dev(%r) : (tensor<2xf32>) -> tensor<2xf32>
  %y = kernel.copy %a to host : tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// What a loop carries on the device is written to a slot there; what is not written there is copied there on the device.
// CHECK-LABEL: func.func @adze_main(
// CHECK:     llvm.call @adze_rt_input_on_device(
// CHECK:     cf.br ^[[HEAD:.*]](%{{.*}}, %{{.*}}, %{{.*}} : index, !llvm.ptr, !llvm.ptr)
// CHECK:     llvm.call @adze_rt_check(
// CHECK:     llvm.call @adze_rt_deliver(
// CHECK:     %[[SLOT:.*]] = arith.constant 1 : i32
// CHECK:     %[[DEVICE:.*]] = arith.constant 1 : i32
// CHECK:     llvm.call @adze_rt_alloc(%{{.*}}, %[[SLOT]], %[[DEVICE]], %{{.*}})
// CHECK:     llvm.call @adze_rt_launch(
// CHECK:     %[[SECOND:.*]] = arith.constant 3 : i32
// CHECK:     %[[THERE:.*]] = arith.constant 1 : i32
// CHECK:     %[[TO:.*]] = llvm.call @adze_rt_alloc(%{{.*}}, %[[SECOND]], %[[THERE]], %{{.*}})
// CHECK:     %[[S:.*]] = llvm.call @adze_rt_copy_on_device(%{{.*}}, %[[TO]], %{{.*}}, %{{.*}})
// CHECK:     arith.cmpi eq, %[[S]],
// CHECK:     llvm.call @adze_rt_swap(
// CHECK:     llvm.call @adze_rt_swap(
// CHECK:     cf.br ^[[HEAD]](
// CHECK-NOT: adze_rt_copy(
// CHECK:     llvm.call @adze_rt_deliver(
func.func private @dev(index, index, index, memref<?xf32>, memref<?xf32>, memref<?xi8>, memref<?xi64>)
    attributes {adze.kernel, adze.device = {threads = 32 : i64, shared_bytes = 0 : i64}}
func.func private @dev.grid() -> (index, index, index)
func.func @main(%x: tensor<2xf32> {adze.name = "x"}) -> (tensor<2xf32> {adze.name = "y"}, tensor<2xf32> {adze.name = "z"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %d = kernel.copy %x to device : tensor<2xf32>
  %y:2 = scf.for %i = %c0 to %c4 step %c1 iter_args(%s = %d, %before = %d) -> (tensor<2xf32>, tensor<2xf32>) {
    %t = kernel.launch @dev(%s) : (tensor<2xf32>) -> tensor<2xf32>
    scf.yield %t, %s : tensor<2xf32>, tensor<2xf32>
  }
  %h = kernel.copy %y#0 to host : tensor<2xf32>
  %z = kernel.copy %y#1 to host : tensor<2xf32>
  return %h, %z : tensor<2xf32>, tensor<2xf32>
}

// -----

// A loop goes on while a device's result says so: the element is read from the copy, after a check.
// CHECK-LABEL: func.func @adze_main(
// CHECK:     cf.br ^[[HEAD:.*]](
// CHECK:   ^[[HEAD]](%[[STATE:.*]]: !llvm.ptr):
// CHECK:     llvm.call @adze_rt_deliver(
// CHECK:     %[[TO:.*]] = llvm.load %[[COPY:.*]] : !llvm.ptr -> !llvm.ptr
// CHECK-NEXT: %{{.*}} = arith.constant 8 : i64
// CHECK-NEXT: %[[BACK:.*]] = arith.constant 0 : i32
// CHECK-NEXT: llvm.call @adze_rt_transfer(%{{.*}}, %[[BACK]], %[[TO]], %[[STATE]], %{{.*}})
// CHECK:     llvm.call @adze_rt_check(
// CHECK:     %[[DATA:.*]] = llvm.load %[[COPY]] : !llvm.ptr -> !llvm.ptr
// CHECK:     llvm.getelementptr %[[DATA]]
// CHECK:     llvm.load {{.*}} -> f32
// CHECK:     arith.cmpf
// CHECK:     cf.cond_br
// CHECK:     llvm.call @adze_rt_alloc(
// CHECK:     llvm.call @adze_rt_launch(
// CHECK-NOT: adze_rt_transfer
// CHECK:     llvm.call @adze_rt_swap(
// CHECK:     cf.br ^[[HEAD]](
func.func private @dev(index, index, index, memref<?xf32>, memref<?xf32>, memref<?xi8>, memref<?xi64>)
    attributes {adze.kernel, adze.device = {threads = 32 : i64, shared_bytes = 0 : i64}}
func.func private @dev.grid() -> (index, index, index)
func.func @main(%x: tensor<2xf32> {adze.name = "x"}) -> (tensor<2xf32> {adze.name = "y"}) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %d = kernel.copy %x to device : tensor<2xf32>
  %y = scf.while (%s = %d) : (tensor<2xf32>) -> tensor<2xf32> {
    %h = kernel.copy %s to host : tensor<2xf32>
    %e = tensor.extract %h[%c0] : tensor<2xf32>
    %on = arith.cmpf ogt, %e, %zero : f32
    scf.condition(%on) %s : tensor<2xf32>
  } do {
  ^bb0(%t: tensor<2xf32>):
    %u = kernel.launch @dev(%t) : (tensor<2xf32>) -> tensor<2xf32>
    scf.yield %u : tensor<2xf32>
  }
  %h = kernel.copy %y to host : tensor<2xf32>
  return %h : tensor<2xf32>
}

// -----

// A branch gives the device's address of a constant or of a result, which is planned in the branch.
// CHECK: device_weight_bytes = 64 : i64
// CHECK-SAME: plans = [{{.*}}, {{.*}}on_device{{.*}}]
// CHECK-LABEL: func.func @adze_main(
// CHECK:     %[[WEIGHTS:.*]] = llvm.call @adze_rt_device_weights(
// CHECK:     llvm.load {{.*}} -> i8
// CHECK:     cf.cond_br %{{.*}}, ^[[YES:bb[0-9]+]], ^[[NO:bb[0-9]+]]
// CHECK:   ^[[YES]]:
// CHECK:     %[[C:.*]] = llvm.getelementptr %[[WEIGHTS]]
// CHECK-NEXT: cf.br ^[[AFTER:.*]](%[[C]] : !llvm.ptr)
// CHECK:   ^[[NO]]:
// CHECK:     llvm.call @adze_rt_plan(
// CHECK:   ^[[AFTER]](%[[R:.*]]: !llvm.ptr):
// CHECK:     llvm.call @adze_rt_deliver(%{{.*}}, %{{.*}}, %{{.*}}, %[[R]])
// CHECK:     llvm.call @adze_rt_input_on_device(
// CHECK:     llvm.call @adze_rt_launch(
// CHECK:     cf.br ^[[AFTER]](%{{.*}} : !llvm.ptr)
func.func private @dev(index, index, index, memref<?xf32>, memref<?xf32>, memref<?xi8>, memref<?xi64>)
    attributes {adze.kernel, adze.device = {threads = 32 : i64, shared_bytes = 0 : i64}}
func.func private @dev.grid() -> (index, index, index)
func.func @main(%x: tensor<2xf32> {adze.name = "x"}, %f: tensor<i1> {adze.name = "f"}) -> (tensor<2xf32> {adze.name = "y"}) {
  %c = core.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %cd = kernel.copy %c to device : tensor<2xf32>
  %yes = tensor.extract %f[] : tensor<i1>
  %r = scf.if %yes -> tensor<2xf32> {
    scf.yield %cd : tensor<2xf32>
  } else {
    %d = kernel.copy %x to device : tensor<2xf32>
    %a = kernel.launch @dev(%d) : (tensor<2xf32>) -> tensor<2xf32>
    scf.yield %a : tensor<2xf32>
  }
  %h = kernel.copy %r to host : tensor<2xf32>
  return %h : tensor<2xf32>
}

// -----

// Returned twice: delivered twice. A returned input does not come from the device.
// CHECK-LABEL: func.func @adze_main(
// CHECK:     %[[X:.*]] = llvm.call @adze_rt_input(
// CHECK:     llvm.call @adze_rt_input_on_device(
// CHECK:     llvm.call @adze_rt_launch(
// CHECK:     llvm.call @adze_rt_deliver(
// CHECK:     llvm.call @adze_rt_deliver(
// CHECK:     %[[THIRD:.*]] = llvm.call @adze_rt_output(
// CHECK:     llvm.call @adze_rt_copy(%[[THIRD]], %[[X]], %{{.*}})
func.func private @dev(index, index, index, memref<?xf32>, memref<?xf32>, memref<?xi8>, memref<?xi64>)
    attributes {adze.kernel, adze.device = {threads = 32 : i64, shared_bytes = 0 : i64}}
func.func private @dev.grid() -> (index, index, index)
func.func @main(%x: tensor<2xf32> {adze.name = "x"})
    -> (tensor<2xf32> {adze.name = "a"}, tensor<2xf32> {adze.name = "b"}, tensor<2xf32> {adze.name = "c"}) {
  %d = kernel.copy %x to device : tensor<2xf32>
  %a = kernel.launch @dev(%d) : (tensor<2xf32>) -> tensor<2xf32>
  %h = kernel.copy %a to host : tensor<2xf32>
  return %h, %h, %x : tensor<2xf32>, tensor<2xf32>, tensor<2xf32>
}

// -----

// A size that a device's result decides: read in mid-run from its copy; a second plan of the device has the tensor of that size.
// CHECK: plans = [{{.*}}sizes = array<i64: 8>}, {{.*}}on_device, sizes = array<i64: 36, 8>}, {{.*}}on_device, sizes = array<i64: -1>}]
// CHECK-LABEL: func.func @adze_main(
// CHECK:     llvm.call @adze_rt_launch(
// CHECK:     llvm.call @adze_rt_transfer(
// CHECK:     llvm.call @adze_rt_check(
// CHECK:     llvm.load {{.*}} -> i64
// CHECK:     llvm.call @adze_rt_plan(
// CHECK:     llvm.call @adze_rt_launch(
// CHECK:     llvm.call @adze_rt_deliver(
func.func private @count(index, index, index, memref<?xf32>, memref<?xi64>, memref<?xi8>, memref<?xi64>)
    attributes {adze.kernel, adze.device = {threads = 32 : i64, shared_bytes = 0 : i64}}
func.func private @count.grid() -> (index, index, index)
func.func private @fill(index, index, index, index, memref<?xf32>, memref<?xf32>, memref<?xi8>, memref<?xi64>)
    attributes {adze.kernel, adze.device = {threads = 32 : i64, shared_bytes = 0 : i64}}
func.func private @fill.grid(index) -> (index, index, index)
func.func @main(%x: tensor<9xf32> {adze.name = "x"}) -> (tensor<?xf32> {adze.name = "y"}) {
  %d = kernel.copy %x to device : tensor<9xf32>
  %count = kernel.launch @count(%d) : (tensor<9xf32>) -> tensor<i64>
  %h = kernel.copy %count to host : tensor<i64>
  %number = tensor.extract %h[] : tensor<i64>
  %n = arith.index_cast %number : i64 to index
  %t = kernel.launch @fill(%n, %d) {adze.result_dims = [array<i64: 0>]} : (index, tensor<9xf32>) -> tensor<?xf32>
  %y = kernel.copy %t to host : tensor<?xf32>
  return %y : tensor<?xf32>
}
