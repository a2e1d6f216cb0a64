// RUN: adze-opt %s --adze-host-to-buffers --split-input-file | FileCheck %s

// A chain of launches: what lies between is planned, what is returned is written to the output's memory at once.
// CHECK: adze.program = {{.*}}dim_names = ["batch"{{.*}}kernels = [{nodes = "A", operators = "Relu;Add", symbol = "k"}]
// CHECK-SAME: plans = [{first = array<i32: [[A:[0-9]+]], [[B:[0-9]+]]>, last = array<i32: [[B]], [[C:[0-9]+]]>, sizes = array<i64: -1, -1>}]
// CHECK-SAME: sites = ["node 'A': out of range"]
// CHECK-LABEL: func.func @adze_main(
// CHECK:     call @adze_rt_input(
// CHECK:     call @adze_rt_input_dim(
// CHECK:     call @adze_main.grow(
// CHECK:     call @adze_rt_plan(
// CHECK:     call @k.grid(
// CHECK:     call @adze_rt_launch(
// CHECK:     call @adze_rt_launch(
// CHECK-NOT: adze_rt_plan
// CHECK:     call @adze_rt_output(
// CHECK:     call @adze_rt_launch(
// CHECK-NOT: adze_rt_copy
// CHECK:     return
// CHECK-NOT: memref.alloc
func.func private @k(index, index, index, index, memref<?xf32>, memref<?xf32>, memref<?xi8>, memref<?xi64>)
    attributes {adze.kernel, adze.nodes = "A", adze.operators = "Relu;Add"}
func.func private @k.grid(index) -> (index, index, index)
func.func @main(%x: tensor<?x2xf32> {adze.name = "x", adze.dims = ["batch", ""]}) -> (tensor<?x2xf32> {adze.name = "y"}) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x2xf32>
  %a = kernel.launch @k(%n, %x) {adze.result_dims = [array<i64: 0, -1>], adze.sites = ["node 'A': out of range"]} : (index, tensor<?x2xf32>) -> tensor<?x2xf32>
  %b = kernel.launch @k(%n, %a) {adze.result_dims = [array<i64: 0, -1>], adze.sites = ["node 'A': out of range"]} : (index, tensor<?x2xf32>) -> tensor<?x2xf32>
  %c = kernel.launch @k(%n, %b) {adze.result_dims = [array<i64: 0, -1>], adze.sites = ["node 'A': out of range"]} : (index, tensor<?x2xf32>) -> tensor<?x2xf32>
  return %c : tensor<?x2xf32>
}

// -----

// A size that is read in mid-run begins a second plan; the value is read after a check. A divisor cannot trap.
// CHECK: plans = [{first = array<i32: {{[0-9]+}}>, {{[^}]*}}}, {first = array<i32: {{[0-9]+}}>, {{[^}]*}}}]
// CHECK-LABEL: func.func @adze_main(
// CHECK:     call @adze_rt_plan(
// CHECK:     call @adze_rt_launch(
// CHECK:     call @adze_rt_check(
// CHECK:     llvm.load {{.*}} -> i64
// CHECK:     %[[SAFE:.*]] = arith.select
// CHECK:     arith.divsi %{{.*}}, %[[SAFE]] : index
// CHECK:     call @adze_rt_plan(
// CHECK:     call @adze_rt_launch(
// CHECK:     call @adze_rt_output(
// CHECK:     call @adze_rt_launch(
func.func private @count(index, index, index, memref<?xf32>, memref<?xi64>, memref<?xi8>, memref<?xi64>) attributes {adze.kernel}
func.func private @count.grid() -> (index, index, index)
func.func private @fill(index, index, index, index, memref<?xf32>, memref<?xf32>, memref<?xi8>, memref<?xi64>) attributes {adze.kernel}
func.func private @fill.grid(index) -> (index, index, index)
func.func @main(%x: tensor<9xf32> {adze.name = "x"}) -> (tensor<?xf32> {adze.name = "y"}) {
  %c9 = arith.constant 9 : index
  %count = kernel.launch @count(%x) : (tensor<9xf32>) -> tensor<i64>
  %number = tensor.extract %count[] : tensor<i64>
  %i = arith.index_cast %number : i64 to index
  %m = arith.divsi %c9, %i : index
  %t = kernel.launch @fill(%m, %x) {adze.result_dims = [array<i64: 0>]} : (index, tensor<9xf32>) -> tensor<?xf32>
  %y = kernel.launch @fill(%m, %t) {adze.result_dims = [array<i64: 0>]} : (index, tensor<?xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

// Constants go to the end of the module, equal ones once, each at a multiple of 64 bytes; an output that is a constant or an input is copied.
// CHECK: weight_bytes = 128 : i64
// CHECK: llvm.mlir.global external hidden constant @adze_weights_pointer()
// CHECK-LABEL: func.func @adze_main(
// CHECK-COUNT-3: call @adze_rt_copy(
// CHECK: core.constant {adze.offset = 0 : i64} dense<[1, 2]>
// CHECK: core.constant {adze.offset = 64 : i64} dense<3>
// CHECK-NOT: core.constant
func.func @main(%x: tensor<2xi64> {adze.name = "x"})
    -> (tensor<2xi64> {adze.name = "a"}, tensor<i64> {adze.name = "b"}, tensor<2xi64> {adze.name = "c"}) {
  %a = core.constant dense<[1, 2]> : tensor<2xi64>
  %again = core.constant dense<[1, 2]> : tensor<2xi64>
  %b = core.constant dense<3> : tensor<i64>
  return %again, %b, %x : tensor<2xi64>, tensor<i64>, tensor<2xi64>
}

// -----

// What a loop carries on is written to a slot, and the slots are swapped. Each turn asks whether the run goes on.
// CHECK-LABEL: func.func @adze_main(
// CHECK:     cf.br ^[[HEAD:.*]](%{{.*}}, %{{.*}} : index, !llvm.ptr)
// CHECK:     call @adze_rt_check(
// CHECK:     call @adze_rt_alloc(
// CHECK:     call @adze_rt_launch(
// CHECK-NOT: adze_rt_copy
// CHECK:     call @adze_rt_swap(
// CHECK:     cf.br ^[[HEAD]](
func.func private @k(index, index, index, memref<?xf32>, memref<?xf32>, memref<?xi8>, memref<?xi64>) attributes {adze.kernel}
func.func private @k.grid() -> (index, index, index)
func.func @main(%x: tensor<2xf32> {adze.name = "x"}) -> (tensor<2xf32> {adze.name = "y"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %y = scf.for %i = %c0 to %c4 step %c1 iter_args(%s = %x) -> tensor<2xf32> {
    %t = kernel.launch @k(%s) : (tensor<2xf32>) -> tensor<2xf32>
    scf.yield %t : tensor<2xf32>
  }
  return %y : tensor<2xf32>
}

// -----

// What is changed in place stays in the slot that it is in, which is not swapped: the kernel is given that memory as what it
// changes, too. From elsewhere, in the first turn, it is copied there.
// CHECK-LABEL: func.func @adze_main(
// CHECK:     cf.br ^[[HEAD:.*]](%{{.*}}, %{{.*}} : index, !llvm.ptr)
// CHECK:   ^[[HEAD]](%{{.*}}: index, %[[OLD:.*]]: !llvm.ptr):
// CHECK:     %[[MEMORY:.*]] = {{.*}}call @adze_rt_room(
// CHECK:     %[[SAME:.*]] = llvm.icmp "eq" %[[MEMORY]], %[[OLD]]
// CHECK:     %[[BYTES:.*]] = arith.select %[[SAME]], %{{.*}}, %{{.*}} : i64
// CHECK:     call @adze_rt_copy(%[[MEMORY]], %[[OLD]], %[[BYTES]])
// CHECK:     llvm.store %[[MEMORY]], %{{.*}} : !llvm.ptr, !llvm.ptr
// CHECK:     llvm.store %[[MEMORY]], %{{.*}} : !llvm.ptr, !llvm.ptr
// CHECK:     call @adze_rt_launch(
// CHECK-NOT: adze_rt_swap
// CHECK:     cf.br ^[[HEAD]](%{{.*}}, %[[MEMORY]] :
// CHECK-NOT: adze_rt_swap
func.func private @k(index, index, index, memref<?xf32>, memref<?xf32>, memref<?xi8>, memref<?xi64>) attributes {adze.kernel}
func.func private @k.grid() -> (index, index, index)
func.func @main(%x: tensor<2xf32> {adze.name = "x"}) -> (tensor<2xf32> {adze.name = "y"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %y = scf.for %i = %c0 to %c4 step %c1 iter_args(%s = %x) -> tensor<2xf32> {
    %t = kernel.launch @k(%s) {adze.in_place = 0 : i64} : (tensor<2xf32>) -> tensor<2xf32>
    scf.yield %t : tensor<2xf32>
  }
  return %y : tensor<2xf32>
}

// -----

// What a loop collects is made longer where it is. What no loop carries is copied.
// CHECK-LABEL: func.func @adze_main(
// CHECK:     cf.br ^[[HEAD:.*]](%{{.*}}, %{{.*}}, %{{.*}} : index, !llvm.ptr, index)
// CHECK:     %[[MEMORY:.*]] = {{.*}}call @adze_rt_room(
// CHECK:     call @adze_rt_copy(%[[MEMORY]], %{{.*}}, %{{.*}})
// CHECK:     %[[BEHIND:.*]] = llvm.getelementptr %[[MEMORY]][%{{.*}}]
// CHECK:     call @adze_rt_copy(%[[BEHIND]],
// CHECK-NOT: adze_rt_swap
// CHECK:     cf.br ^[[HEAD]](%{{.*}}, %[[MEMORY]], %{{.*}} :
// CHECK:     call @adze_rt_copy(%[[ALL:[^,]*]],
// CHECK:     %[[LAST:.*]] = llvm.getelementptr %[[ALL]][%{{.*}}]
// CHECK:     call @adze_rt_copy(%[[LAST]],
func.func @main(%x: tensor<2xf32> {adze.name = "x"}) -> (tensor<?xf32> {adze.name = "y"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %none = core.constant dense<> : tensor<0xf32>
  %start = tensor.cast %none : tensor<0xf32> to tensor<?xf32>
  %y = scf.for %i = %c0 to %c4 step %c1 iter_args(%s = %start) -> tensor<?xf32> {
    %n = tensor.dim %s, %c0 : tensor<?xf32>
    %m = arith.addi %n, %c2 : index
    %t = kernel.append %s, %x size %m : tensor<?xf32>, tensor<2xf32> -> tensor<?xf32>
    scf.yield %t : tensor<?xf32>
  }
  %n = tensor.dim %y, %c0 : tensor<?xf32>
  %m = arith.addi %n, %c2 : index
  %z = kernel.append %y, %x size %m : tensor<?xf32>, tensor<2xf32> -> tensor<?xf32>
  return %z : tensor<?xf32>
}
