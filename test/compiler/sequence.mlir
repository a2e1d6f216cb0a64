// y = (x + x) * x of unknown rows: two kernels with a buffer between them, then a third buffer that takes the first one's memory.
func.func private @double(%begin: index, %end: index, %site: index, %n: index, %x: memref<?xf32>, %y: memref<?xf32>,
                          %scratch: memref<?xi8>, %error: memref<?xi64>) attributes {adze.kernel, adze.nodes = "Add_0"} {
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %from = arith.muli %begin, %c3 : index
  %to = arith.muli %end, %c3 : index
  scf.for %i = %from to %to step %c1 {
    %v = memref.load %x[%i] : memref<?xf32>
    %r = arith.addf %v, %v : f32
    memref.store %r, %y[%i] : memref<?xf32>
  }
  return
}
func.func private @double.grid(%n: index) -> (index, index, index) {
  %grain = arith.constant 1 : index
  %none = arith.constant 0 : index
  return %n, %grain, %none : index, index, index
}
func.func private @multiply(%begin: index, %end: index, %site: index, %n: index, %a: memref<?xf32>, %b: memref<?xf32>,
                            %y: memref<?xf32>, %scratch: memref<?xi8>, %error: memref<?xi64>)
    attributes {adze.kernel, adze.nodes = "Mul_1;Mul_2"} {
  %c3 = arith.constant 3 : index
  %c1 = arith.constant 1 : index
  %c12 = arith.constant 12 : index
  %c0 = arith.constant 0 : index
  %bytes = arith.constant 0 : index
  %row = memref.view %scratch[%bytes][%c3] : memref<?xi8> to memref<?xf32>
  scf.for %i = %begin to %end step %c1 {
    %base = arith.muli %i, %c3 : index
    scf.for %j = %c0 to %c3 step %c1 {
      %at = arith.addi %base, %j : index
      %p = memref.load %a[%at] : memref<?xf32>
      %q = memref.load %b[%at] : memref<?xf32>
      %r = arith.mulf %p, %q : f32
      memref.store %r, %row[%j] : memref<?xf32>
    }
    scf.for %j = %c0 to %c3 step %c1 {
      %at = arith.addi %base, %j : index
      %r = memref.load %row[%j] : memref<?xf32>
      memref.store %r, %y[%at] : memref<?xf32>
    }
  }
  return
}
func.func private @multiply.grid(%n: index) -> (index, index, index) {
  %grain = arith.constant 1 : index
  %scratch = arith.constant 12 : index
  return %n, %grain, %scratch : index, index, index
}
func.func @main(%x: tensor<?x3xf32> {adze.name = "x", adze.dims = ["batch", ""]})
    -> (tensor<?x3xf32> {adze.name = "y", adze.dims = ["batch", ""]}, tensor<?xf32> {adze.name = "flat", adze.dims = [""]}) {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %n = tensor.dim %x, %c0 : tensor<?x3xf32>
  %t = kernel.launch @double(%n, %x) {adze.result_dims = [array<i64: 0, -1>]} : (index, tensor<?x3xf32>) -> tensor<?x3xf32>
  %y = kernel.launch @multiply(%n, %t, %x) {adze.result_dims = [array<i64: 0, -1>]}
      : (index, tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>
  %u = kernel.launch @double(%n, %y) {adze.result_dims = [array<i64: 0, -1>]} : (index, tensor<?x3xf32>) -> tensor<?x3xf32>
  %v = kernel.launch @double(%n, %u) {adze.result_dims = [array<i64: 0, -1>]} : (index, tensor<?x3xf32>) -> tensor<?x3xf32>
  %size = arith.muli %n, %c3 : index
  %flat = core.reshape %v sizes(%size) : tensor<?x3xf32> -> tensor<?xf32>
  return %y, %flat : tensor<?x3xf32>, tensor<?xf32>
}
