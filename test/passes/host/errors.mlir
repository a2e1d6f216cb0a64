// RUN: adze-opt %s --adze-host-to-buffers --split-input-file --verify-diagnostics

// expected-error @below {{has no function @main of one block}}
module {
}

// -----

// expected-error @below {{input 0 has no attribute adze.name}}
func.func @main(%x: tensor<2xf32>) -> (tensor<2xf32> {adze.name = "y"}) {
  return %x : tensor<2xf32>
}

// -----

// expected-error @below {{output 0 has type 'i64', expected a ranked tensor}}
func.func @main() -> (i64 {adze.name = "y"}) {
  %c = arith.constant 1 : i64
  return %c : i64
}

// -----

func.func private @k(index, index, index, index, memref<?xf32>, memref<?xf32>, memref<?xi8>, memref<?xi64>) attributes {adze.kernel}
func.func private @k.grid(index) -> (index, index, index)
func.func @main(%x: tensor<2xf32> {adze.name = "x"}) -> (tensor<?xf32> {adze.name = "y"}) {
  %n = arith.constant 2 : index
  // expected-error @below {{needs adze.result_dims with an entry for each of its 1 results}}
  %y = kernel.launch @k(%n, %x) : (index, tensor<2xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

func.func private @k(index, index, index, index, memref<?xf32>, memref<?xf32>, memref<?xi8>, memref<?xi64>) attributes {adze.kernel}
func.func private @k.grid(index) -> (index, index, index)
func.func @main(%x: tensor<2xf32> {adze.name = "x"}) -> (tensor<?xf32> {adze.name = "y"}) {
  %n = arith.constant 2 : index
  // expected-error @below {{names operand 1 as size 0 of a result of type 'tensor<?xf32>', expected the number of an index operand}}
  %y = kernel.launch @k(%n, %x) {adze.result_dims = [array<i64: 1>]} : (index, tensor<2xf32>) -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// -----

func.func private @k(index, index, index, memref<?xf32>, memref<?xi8>, memref<?xi64>) attributes {adze.kernel}
func.func private @k.grid() -> (index, index, index)
func.func @main(%x: tensor<2xf32> {adze.name = "x"}) -> (tensor<2xf32> {adze.name = "y"}) {
  // expected-error @below {{takes 6 arguments, expected 7}}
  %y = kernel.launch @k(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func private @k(index, index, index, memref<?xf32>, memref<?xf32>, memref<?xi8>, memref<?xi64>) attributes {adze.kernel}
func.func @main(%x: tensor<2xf32> {adze.name = "x"}) -> (tensor<2xf32> {adze.name = "y"}) {
  // expected-error @below {{has no function @k.grid}}
  %y = kernel.launch @k(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func @main(%x: tensor<2xf32> {adze.name = "x"}) -> (tensor<2xf32> {adze.name = "y"}) {
  // expected-error @below {{is not an op of the host program}}
  %y = core.unary relu %x : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

// A tensor in the wrong memory: an operand of a launch, an element that the host reads, what is returned, what is carried, a copy to where
// the tensor lies.
func.func private @dev(index, index, index, memref<?xf32>, memref<?xf32>, memref<?xi8>, memref<?xi64>)
    attributes {adze.kernel, adze.device = {threads = 32 : i64, shared_bytes = 0 : i64}}
func.func private @dev.grid() -> (index, index, index)
func.func @main(%x: tensor<2xf32> {adze.name = "x"}) -> (tensor<2xf32> {adze.name = "y"}) {
  // expected-error @below {{operand 0 lies in the memory of the host, expected that of the device}}
  %y = kernel.launch @dev(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %y : tensor<2xf32>
}

// -----

func.func @main(%x: tensor<2xf32> {adze.name = "x"}) -> (tensor<2xf32> {adze.name = "y"}) {
  %c0 = arith.constant 0 : index
  %d = kernel.copy %x to device : tensor<2xf32>
  %r = tensor.cast %d : tensor<2xf32> to tensor<?xf32>
  // expected-error @below {{operand 0 lies in the memory of the device, expected that of the host}}
  %e = tensor.extract %r[%c0] : tensor<?xf32>
  return %x : tensor<2xf32>
}

// -----

func.func @main(%x: tensor<2xf32> {adze.name = "x"}) -> (tensor<2xf32> {adze.name = "x"}, tensor<2xf32> {adze.name = "y"}) {
  %d = kernel.copy %x to device : tensor<2xf32>
  // expected-error @below {{operand 1 lies in the memory of the device, expected that of the host}}
  return %x, %d : tensor<2xf32>, tensor<2xf32>
}

// -----

func.func @main(%x: tensor<2xf32> {adze.name = "x"}) -> (tensor<2xf32> {adze.name = "y"}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %d = kernel.copy %x to device : tensor<2xf32>
  %y = scf.for %i = %c0 to %c1 step %c1 iter_args(%s = %d) -> tensor<2xf32> {
    // expected-error @below {{operand 0 lies in the memory of the host, expected that of the device}}
    scf.yield %x : tensor<2xf32>
  }
  %h = kernel.copy %y to host : tensor<2xf32>
  return %h : tensor<2xf32>
}

// -----

func.func @main(%x: tensor<2xf32> {adze.name = "x"}) -> (tensor<2xf32> {adze.name = "y"}) {
  // expected-error @below {{operand 0 lies in the memory of the host, expected that of the device}}
  %h = kernel.copy %x to host : tensor<2xf32>
  return %h : tensor<2xf32>
}

// -----

// expected-error @below {{has adze.device {threads = 0 : i64}, expected the integers threads and shared_bytes}}
func.func private @dev(index, index, index, memref<?xf32>, memref<?xf32>, memref<?xi8>, memref<?xi64>)
    attributes {adze.kernel, adze.device = {threads = 0 : i64}}
func.func private @dev.grid() -> (index, index, index)
func.func @main(%x: tensor<2xf32> {adze.name = "x"}) -> (tensor<2xf32> {adze.name = "y"}) {
  %d = kernel.copy %x to device : tensor<2xf32>
  %a = kernel.launch @dev(%d) : (tensor<2xf32>) -> tensor<2xf32>
  %y = kernel.copy %a to host : tensor<2xf32>
  return %y : tensor<2xf32>
}
