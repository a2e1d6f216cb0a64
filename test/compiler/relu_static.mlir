// One kernel, static sizes.
func.func private @relu(%begin: index, %end: index, %site: index, %x: memref<?xf32>, %y: memref<?xf32>, %scratch: memref<?xi8>,
                        %error: memref<?xi64>) attributes {adze.kernel, adze.nodes = "Relu_0"} {
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  scf.for %i = %begin to %end step %c1 {
    %v = memref.load %x[%i] : memref<?xf32>
    %r = arith.maximumf %v, %zero : f32
    memref.store %r, %y[%i] : memref<?xf32>
  }
  return
}
func.func private @relu.grid() -> (index, index, index) {
  %items = arith.constant 12 : index
  %grain = arith.constant 4 : index
  %none = arith.constant 0 : index
  return %items, %grain, %none : index, index, index
}
func.func @main(%x: tensor<4x3xf32> {adze.name = "x", adze.dims = ["", ""]})
    -> (tensor<4x3xf32> {adze.name = "y", adze.dims = ["", ""]}) {
  %y = kernel.launch @relu(%x) : (tensor<4x3xf32>) -> tensor<4x3xf32>
  return %y : tensor<4x3xf32>
}
