// y[i] = x[index[i]], each index checked.
func.func private @gather(%begin: index, %end: index, %site: index, %n: index, %k: index, %x: memref<?xf32>, %index: memref<?xi64>,
                          %y: memref<?xf32>, %scratch: memref<?xi8>, %error: memref<?xi64>)
    attributes {adze.kernel, adze.nodes = "Gather_7"} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %status = arith.constant 5 : i64
  scf.for %i = %begin to %end step %c1 {
    %raw = memref.load %index[%i] : memref<?xi64>
    %at = arith.index_cast %raw : i64 to index
    %inside = arith.cmpi ult, %at, %n : index
    scf.if %inside {
      %v = memref.load %x[%at] : memref<?xf32>
      memref.store %v, %y[%i] : memref<?xf32>
    } else {
      %place = arith.index_cast %site : index to i64
      memref.store %status, %error[%c0] : memref<?xi64>
      memref.store %place, %error[%c1] : memref<?xi64>
    }
  }
  return
}
func.func private @gather.grid(%n: index, %k: index) -> (index, index, index) {
  %grain = arith.constant 1 : index
  %none = arith.constant 0 : index
  return %k, %grain, %none : index, index, index
}
func.func @main(%x: tensor<?xf32> {adze.name = "x", adze.dims = ["n"]}, %first: tensor<?xi64> {adze.name = "first", adze.dims = ["k"]},
                %second: tensor<?xi64> {adze.name = "second", adze.dims = ["k"]}) -> (tensor<?xf32> {adze.name = "y"}) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %k = tensor.dim %first, %c0 : tensor<?xi64>
  %t = kernel.launch @gather(%n, %k, %x, %first) {adze.result_dims = [array<i64: 1>], adze.sites = ["node 'Gather_7' (Gather): index out of range"]}
      : (index, index, tensor<?xf32>, tensor<?xi64>) -> tensor<?xf32>
  %y = kernel.launch @gather(%k, %k, %t, %second) {adze.result_dims = [array<i64: 1>], adze.sites = ["node 'Gather_8' (Gather): index out of range"]}
      : (index, index, tensor<?xf32>, tensor<?xi64>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}
