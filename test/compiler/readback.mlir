// The positive elements of x, in order: how many there are is counted first and decides the result's size.
func.func private @count(%begin: index, %end: index, %site: index, %n: index, %x: memref<?xf32>, %count: memref<?xi64>,
                         %scratch: memref<?xi8>, %error: memref<?xi64>) attributes {adze.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %none = arith.constant 0 : i64
  %zero = arith.constant 0.0 : f32
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %none) -> i64 {
    %v = memref.load %x[%i] : memref<?xf32>
    %positive = arith.cmpf ogt, %v, %zero : f32
    %one = arith.extui %positive : i1 to i64
    %next = arith.addi %s, %one : i64
    scf.yield %next : i64
  }
  memref.store %sum, %count[%c0] : memref<?xi64>
  return
}
func.func private @count.grid(%n: index) -> (index, index, index) {
  %one = arith.constant 1 : index
  %none = arith.constant 0 : index
  return %one, %one, %none : index, index, index
}
func.func private @pick(%begin: index, %end: index, %site: index, %n: index, %m: index, %x: memref<?xf32>, %y: memref<?xf32>,
                        %scratch: memref<?xi8>, %error: memref<?xi64>) attributes {adze.kernel} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%at = %c0) -> index {
    %v = memref.load %x[%i] : memref<?xf32>
    %positive = arith.cmpf ogt, %v, %zero : f32
    %next = scf.if %positive -> index {
      memref.store %v, %y[%at] : memref<?xf32>
      %more = arith.addi %at, %c1 : index
      scf.yield %more : index
    } else {
      scf.yield %at : index
    }
    scf.yield %next : index
  }
  return
}
func.func private @pick.grid(%n: index, %m: index) -> (index, index, index) {
  %one = arith.constant 1 : index
  %none = arith.constant 0 : index
  return %one, %one, %none : index, index, index
}
func.func @main(%x: tensor<?xf32> {adze.name = "x", adze.dims = ["n"]})
    -> (tensor<?xf32> {adze.name = "y"}, tensor<2xi64> {adze.name = "sizes"}) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %some = arith.cmpi sgt, %n, %c0 : index
  core.require %some, "node 'Some' (Test): x is empty"
  %count = kernel.launch @count(%n, %x) : (index, tensor<?xf32>) -> tensor<i64>
  %number = tensor.extract %count[] : tensor<i64>
  %m = arith.index_cast %number : i64 to index
  %t = kernel.launch @pick(%n, %m, %x) {adze.result_dims = [array<i64: 1>]} : (index, index, tensor<?xf32>) -> tensor<?xf32>
  %y = kernel.launch @pick(%m, %m, %t) {adze.result_dims = [array<i64: 1>]} : (index, index, tensor<?xf32>) -> tensor<?xf32>
  %total = arith.index_cast %n : index to i64
  %sizes = tensor.from_elements %total, %number : tensor<2xi64>
  return %y, %sizes : tensor<?xf32>, tensor<2xi64>
}
