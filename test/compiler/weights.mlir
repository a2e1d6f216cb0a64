// y[i] = x[i] + big[i] + small[i mod 4]; `constant` is returned as it is.
func.func private @add(%begin: index, %end: index, %site: index, %x: memref<?xf32>, %big: memref<?xf32>, %small: memref<?xf32>,
                       %y: memref<?xf32>, %scratch: memref<?xi8>, %error: memref<?xi64>) attributes {adze.kernel} {
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  scf.for %i = %begin to %end step %c1 {
    %a = memref.load %x[%i] : memref<?xf32>
    %b = memref.load %big[%i] : memref<?xf32>
    %at = arith.remui %i, %c4 : index
    %c = memref.load %small[%at] : memref<?xf32>
    %d = arith.addf %a, %b : f32
    %e = arith.addf %d, %c : f32
    memref.store %e, %y[%i] : memref<?xf32>
  }
  return
}
func.func private @add.grid() -> (index, index, index) {
  %items = arith.constant 2621440 : index
  %grain = arith.constant 4096 : index
  %none = arith.constant 0 : index
  return %items, %grain, %none : index, index, index
}
func.func @main(%x: tensor<2621440xf32> {adze.name = "x"})
    -> (tensor<2621440xf32> {adze.name = "y"}, tensor<4xf32> {adze.name = "constant"}) {
  %big = core.constant #core.blob<"test", 64, 10485760, ""> -> tensor<2621440xf32>
  %small = core.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %y = kernel.launch @add(%x, %big, %small) : (tensor<2621440xf32>, tensor<2621440xf32>, tensor<4xf32>) -> tensor<2621440xf32>
  return %y, %small : tensor<2621440xf32>, tensor<4xf32>
}
