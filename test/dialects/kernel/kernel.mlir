// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s | FileCheck %s

// Sizes that are not static are index arguments: number 0 is the rows of both.
// CHECK-LABEL: kernel.func @rows
// CHECK-SAME: (%{{.*}}: index, %{{.*}}: tensor<?x768xf32> {adze.dims = array<i64: 0, -1>})
// CHECK-SAME: -> (tensor<?x768xf32> {adze.dims = array<i64: 0, -1>})
kernel.func @rows(%n: index, %x: tensor<?x768xf32> {adze.dims = array<i64: 0, -1>})
    -> (tensor<?x768xf32> {adze.dims = array<i64: 0, -1>}) {
  %0 = core.unary relu %x : (tensor<?x768xf32>) -> tensor<?x768xf32>
  // CHECK: kernel.return %{{.*}} : tensor<?x768xf32>
  kernel.return %0 : tensor<?x768xf32>
}

// CHECK-LABEL: kernel.func @static
kernel.func @static(%x: tensor<4xf32>) -> tensor<4xf32> {
  kernel.return %x : tensor<4xf32>
}

// CHECK-LABEL: func.func @host
func.func @host(%x: tensor<?x768xf32>) -> tensor<?x768xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x768xf32>
  // CHECK: kernel.launch @rows(%{{.*}}, %{{.*}}) : (index, tensor<?x768xf32>) -> tensor<?x768xf32>
  %0 = kernel.launch @rows(%n, %x) : (index, tensor<?x768xf32>) -> tensor<?x768xf32>
  return %0 : tensor<?x768xf32>
}

// CHECK-LABEL: func.func @dot
func.func @dot(%sum: vector<4xi32>, %x: vector<16xi8>, %y: vector<16xi8>) -> vector<4xi32> {
  // CHECK: kernel.dot %{{.*}}, %{{.*}}, %{{.*}} : vector<16xi8> -> vector<4xi32>
  %0 = kernel.dot %x, %y, %sum : vector<16xi8> -> vector<4xi32>
  return %0 : vector<4xi32>
}

// CHECK-LABEL: func.func @append
func.func @append(%x: tensor<?xf32>, %y: tensor<2xf32>, %n: index) -> tensor<?xf32> {
  // CHECK: kernel.append %{{.*}}, %{{.*}} size %{{.*}} : tensor<?xf32>, tensor<2xf32> -> tensor<?xf32>
  %0 = kernel.append %x, %y size %n : tensor<?xf32>, tensor<2xf32> -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// CHECK-LABEL: func.func @copy
func.func @copy(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  // CHECK: %[[D:.*]] = kernel.copy %{{.*}} to device : tensor<?x4xf32>
  %0 = kernel.copy %x to device : tensor<?x4xf32>
  // CHECK: kernel.copy %[[D]] to host : tensor<?x4xf32>
  %1 = kernel.copy %0 to host : tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}
