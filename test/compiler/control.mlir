// sum: x added to itself `times` times by a loop. grown: x[0], x[0], ... of size times + 1. halved: x halved in size while larger than 2.
// chosen: sum if times > 2, else x. picked: the other one, without a branch. empty: no elements.
func.func private @add(%begin: index, %end: index, %site: index, %n: index, %a: memref<?xf32>, %b: memref<?xf32>, %y: memref<?xf32>,
                       %scratch: memref<?xi8>, %error: memref<?xi64>) attributes {adze.kernel} {
  %c1 = arith.constant 1 : index
  scf.for %i = %begin to %end step %c1 {
    %p = memref.load %a[%i] : memref<?xf32>
    %q = memref.load %b[%i] : memref<?xf32>
    %r = arith.addf %p, %q : f32
    memref.store %r, %y[%i] : memref<?xf32>
  }
  return
}
func.func private @add.grid(%n: index) -> (index, index, index) {
  %one = arith.constant 1 : index
  %none = arith.constant 0 : index
  return %n, %one, %none : index, index, index
}
func.func private @append(%begin: index, %end: index, %site: index, %m: index, %more: index, %s: memref<?xf32>, %x: memref<?xf32>,
                          %y: memref<?xf32>, %scratch: memref<?xi8>, %error: memref<?xi64>) attributes {adze.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %begin to %end step %c1 {
    %old = arith.cmpi slt, %i, %m : index
    %v = scf.if %old -> f32 {
      %p = memref.load %s[%i] : memref<?xf32>
      scf.yield %p : f32
    } else {
      %p = memref.load %x[%c0] : memref<?xf32>
      scf.yield %p : f32
    }
    memref.store %v, %y[%i] : memref<?xf32>
  }
  return
}
func.func private @append.grid(%m: index, %more: index) -> (index, index, index) {
  %one = arith.constant 1 : index
  %none = arith.constant 0 : index
  return %more, %one, %none : index, index, index
}
func.func private @head(%begin: index, %end: index, %site: index, %n: index, %x: memref<?xf32>, %y: memref<?xf32>,
                        %scratch: memref<?xi8>, %error: memref<?xi64>) attributes {adze.kernel} {
  %c1 = arith.constant 1 : index
  scf.for %i = %begin to %end step %c1 {
    %p = memref.load %x[%i] : memref<?xf32>
    memref.store %p, %y[%i] : memref<?xf32>
  }
  return
}
func.func private @head.grid(%n: index) -> (index, index, index) {
  %one = arith.constant 1 : index
  %none = arith.constant 0 : index
  return %n, %one, %none : index, index, index
}
func.func @main(%x: tensor<?xf32> {adze.name = "x", adze.dims = ["n"]}, %times: tensor<i64> {adze.name = "times"})
    -> (tensor<?xf32> {adze.name = "sum"}, tensor<?xf32> {adze.name = "grown"}, tensor<?xf32> {adze.name = "halved"},
        tensor<?xf32> {adze.name = "chosen"}, tensor<?xf32> {adze.name = "picked"}, tensor<2x0xf32> {adze.name = "empty"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %t = tensor.extract %times[] : tensor<i64>
  %count = arith.index_cast %t : i64 to index
  %empty = kernel.launch @head(%c1, %x) {adze.result_dims = [array<i64: 0>]} : (index, tensor<?xf32>) -> tensor<?xf32>
  %sum, %grown = scf.for %i = %c0 to %count step %c1 iter_args(%s = %x, %g = %empty) -> (tensor<?xf32>, tensor<?xf32>) {
    %k = tensor.dim %s, %c0 : tensor<?xf32>
    %s1 = kernel.launch @add(%k, %s, %x) {adze.result_dims = [array<i64: 0>]} : (index, tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    %m = tensor.dim %g, %c0 : tensor<?xf32>
    %more = arith.addi %m, %c1 : index
    %g1 = kernel.launch @append(%m, %more, %g, %x) {adze.result_dims = [array<i64: 1>]}
        : (index, index, tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    scf.yield %s1, %g1 : tensor<?xf32>, tensor<?xf32>
  }
  %halved = scf.while (%h = %x) : (tensor<?xf32>) -> tensor<?xf32> {
    %size = tensor.dim %h, %c0 : tensor<?xf32>
    %large = arith.cmpi sgt, %size, %c2 : index
    scf.condition(%large) %h : tensor<?xf32>
  } do {
  ^bb0(%h: tensor<?xf32>):
    %size = tensor.dim %h, %c0 : tensor<?xf32>
    %half = arith.divsi %size, %c2 : index
    %next = kernel.launch @head(%half, %h) {adze.result_dims = [array<i64: 0>]} : (index, tensor<?xf32>) -> tensor<?xf32>
    scf.yield %next : tensor<?xf32>
  }
  %many = arith.cmpi sgt, %count, %c2 : index
  %chosen = scf.if %many -> tensor<?xf32> {
    %k = tensor.dim %sum, %c0 : tensor<?xf32>
    %copy = kernel.launch @head(%k, %sum) {adze.result_dims = [array<i64: 0>]} : (index, tensor<?xf32>) -> tensor<?xf32>
    scf.yield %copy : tensor<?xf32>
  } else {
    scf.yield %x : tensor<?xf32>
  }
  // Read after other launches could have taken the memory of either.
  %double = kernel.launch @add(%n, %x, %x) {adze.result_dims = [array<i64: 0>]} : (index, tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %either = arith.select %many, %double, %sum : tensor<?xf32>
  %k = tensor.dim %either, %c0 : tensor<?xf32>
  %h = tensor.dim %halved, %c0 : tensor<?xf32>
  %noise = kernel.launch @add(%h, %halved, %halved) {adze.result_dims = [array<i64: 0>]} : (index, tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %picked = kernel.launch @head(%k, %either) {adze.result_dims = [array<i64: 0>]} : (index, tensor<?xf32>) -> tensor<?xf32>
  %nothing = core.constant dense<> : tensor<2x0xf32>
  return %sum, %grown, %halved, %chosen, %picked, %nothing
      : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<2x0xf32>
}
