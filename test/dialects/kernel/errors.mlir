// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s -split-input-file -verify-diagnostics

// expected-error@+1 {{has index arguments after argument 0 of type 'tensor<4xf32>'}}
kernel.func @order(%x: tensor<4xf32>, %n: index) {
  kernel.return
}

// -----

// expected-error@+1 {{argument 0 has type 'f32', expected a ranked tensor}}
kernel.func @scalar(%x: f32) {
  kernel.return
}

// -----

// expected-error@+1 {{argument 1 of type 'tensor<?xf32>' needs adze.dims with an entry a dimension}}
kernel.func @no_dims(%n: index, %x: tensor<?xf32>) {
  kernel.return
}

// -----

// expected-error@+1 {{result 0 has an unknown size that is no index argument: 1}}
kernel.func @wrong_number(%n: index) -> (tensor<?xf32> {adze.dims = array<i64: 1>}) {
  %0 = core.iota f32 axis 0 sizes(%n) : tensor<?xf32>
  kernel.return %0 : tensor<?xf32>
}

// -----

func.func @no_kernel() {
  // expected-error@+1 {{kernel @nowhere does not exist}}
  kernel.launch @nowhere() : () -> ()
  return
}

// -----

kernel.func @k(%x: tensor<4xf32>) -> tensor<4xf32> {
  kernel.return %x : tensor<4xf32>
}
func.func @types(%x: tensor<3xf32>) {
  // expected-error@+1 {{has type '(tensor<3xf32>) -> tensor<4xf32>', the kernel '(tensor<4xf32>) -> tensor<4xf32>'}}
  %0 = kernel.launch @k(%x) : (tensor<3xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @dot(%sum: vector<4xi32>, %x: vector<8xi8>) {
  // expected-error@+1 {{has 8 products, expected 4 for each of 4 sums}}
  %0 = kernel.dot %x, %x, %sum : vector<8xi8> -> vector<4xi32>
  return
}

// -----

func.func @other_elements(%x: tensor<?xf32>, %y: tensor<2xf16>, %n: index) {
  // expected-error@+1 {{appends elements of type 'f16', expected 'f32'}}
  %0 = kernel.append %x, %y size %n : tensor<?xf32>, tensor<2xf16> -> tensor<?xf32>
  return
}

// -----

func.func @nowhere(%x: tensor<4xf32>) {
  // expected-error@+1 {{containing one of the following enum values for attribute 'memory' [host, device]}}
  %0 = kernel.copy %x to disk : tensor<4xf32>
  return
}
