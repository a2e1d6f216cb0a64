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
