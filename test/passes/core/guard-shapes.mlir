// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --split-input-file --adze-guard-shapes --canonicalize --cse | FileCheck %s

// One name is one size, and a constant 1 broadcasts: nothing is asked.
// CHECK-LABEL: func.func @known
// CHECK-NOT: core.require
func.func @known(%a: tensor<?x8xf32> {adze.dims = ["n", ""]}, %b: tensor<?x1xf32> {adze.dims = ["n", ""]}) -> tensor<?x8xf32> {
  %c8 = arith.constant 8 : index
  %c0 = arith.constant 0 : index
  %d = tensor.dim %a, %c0 : tensor<?x8xf32>
  %n = arith.muli %d, %c8 : index
  %0 = core.binary add %a, %b : (tensor<?x8xf32>, tensor<?x1xf32>) -> tensor<?x8xf32>
  %1 = core.reshape %0 sizes(%n) : tensor<?x8xf32> -> tensor<?xf32>
  %2 = core.reshape %1 sizes(%d, %c8) : tensor<?xf32> -> tensor<?x8xf32>
  return %2 : tensor<?x8xf32>
}

// -----

// The sizes are equal or one of them is 1; asked once, of the arguments, though two ops need it.
// CHECK-LABEL: func.func @broadcast
// CHECK-SAME: (%[[A:.*]]: tensor<?xf32>, %[[B:.*]]: tensor<?xf32>)
func.func @broadcast(%a: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?xf32> {
  // CHECK-DAG: %[[M:.*]] = tensor.dim %[[A]]
  // CHECK-DAG: %[[N:.*]] = tensor.dim %[[B]]
  // CHECK-DAG: %[[SAME:.*]] = arith.cmpi eq, %[[M]], %[[N]]
  // CHECK-DAG: %[[ONE:.*]] = arith.cmpi eq, %[[M]], %c1
  // CHECK-DAG: %[[OTHER:.*]] = arith.cmpi eq, %[[N]], %c1
  // CHECK: %[[EITHER:.*]] = arith.ori %[[ONE]], %[[OTHER]]
  // CHECK: %[[FITS:.*]] = arith.ori %[[SAME]], %[[EITHER]]
  // CHECK: core.require %[[FITS]], "operands do not broadcast" found(%[[M]], %[[N]])
  // CHECK-NOT: core.require
  %0 = core.binary add %a, %b : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %1 = core.binary mul %a, %b : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %2 = core.unary exp %0 : (tensor<?xf32>) -> tensor<?xf32>
  %3 = core.binary sub %2, %1 : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %3 : tensor<?xf32>
}

// -----

// CHECK-LABEL: func.func @concat_and_matmul
func.func @concat_and_matmul(%a: tensor<?x?xf32>, %b: tensor<?x4xf32>) -> tensor<?x?xf32> {
  // CHECK: core.require %{{.*}}, "inputs differ in dimension 1"
  // CHECK: core.require %{{.*}}, "inner sizes differ"
  %0 = core.concat axis 0 (%a, %b) : (tensor<?x?xf32>, tensor<?x4xf32>) -> tensor<?x4xf32>
  %1 = core.matmul %0, %a to f32 : (tensor<?x4xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %1 : tensor<?x?xf32>
}

// -----

// A slice lies inside; nothing is added that could wrap around.
// CHECK-LABEL: func.func @slice
// CHECK-SAME: (%[[A:.*]]: tensor<?xf32>, %[[FROM:.*]]: index, %[[COUNT:.*]]: index)
func.func @slice(%a: tensor<?xf32>, %from: index, %count: index) -> tensor<?xf32> {
  %c1 = arith.constant 1 : index
  // CHECK: core.require %{{.*}}, "a size is negative" found(%c0, %[[COUNT]])
  // CHECK: %[[LEFT:.*]] = arith.subi %[[N:.*]], %[[FROM]]
  // CHECK-DAG: arith.cmpi ule, %[[FROM]], %[[N]]
  // CHECK-DAG: arith.cmpi ule, %[[COUNT]], %[[LEFT]]
  // CHECK: core.require %{{.*}}, "a slice reaches outside its input"
  %0 = core.slice %a offsets(%from) steps(%c1) sizes(%count) : tensor<?xf32> -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// Elements are as many as before, and can be counted: integers wrap around, doubles tell.
// CHECK-LABEL: func.func @reshape
func.func @reshape(%a: tensor<?xf32>, %m: index, %n: index) -> tensor<?x?xf32> {
  // CHECK: core.require %{{.*}}, "a size is negative"
  // CHECK: core.require %{{.*}}, "a size is negative"
  // CHECK: core.require %{{.*}}, "the input's number of elements is not that of the shape"
  // CHECK: arith.mulf
  // CHECK: %[[COUNTED:.*]] = arith.cmpf ole
  // CHECK: core.require %[[COUNTED]], "a shape has more elements than can be counted"
  %0 = core.reshape %a sizes(%m, %n) : tensor<?xf32> -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

// What an index that is out of range reads instead, element 0, must be there.
// CHECK-LABEL: func.func @gathers
func.func @gathers(%a: tensor<?x?xf32>, %i: tensor<?x?xi64>, %u: tensor<?x?xf32>) -> (tensor<?x?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>) {
  // CHECK: core.require %{{.*}}, "an index points into a dimension of size 0"
  %0 = core.gather %a, %i axis 0 : (tensor<?x?xf32>, tensor<?x?xi64>) -> tensor<?x?x?xf32>
  // CHECK: core.require %{{.*}}, "there are more indices than the input has elements"
  %1 = core.gather_elements %a, %i axis 0 : (tensor<?x?xf32>, tensor<?x?xi64>) -> tensor<?x?xf32>
  // CHECK: core.require %{{.*}}, "sizes of indices and updates differ"
  // CHECK: core.require %{{.*}}, "sizes of indices and updates differ"
  %2 = core.scatter_elements none %a, %i, %u axis 0 : (tensor<?x?xf32>, tensor<?x?xi64>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0, %1, %2 : tensor<?x?x?xf32>, tensor<?x?xf32>, tensor<?x?xf32>
}

// -----

// In a branch, what was asked before it is known; what is asked in it is not known after it.
// CHECK-LABEL: func.func @branch
func.func @branch(%c: i1, %a: tensor<?xf32>, %b: tensor<?xf32>, %d: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  // CHECK: core.require %{{.*}}, "operands do not broadcast"
  %0 = core.binary add %a, %b : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  // CHECK: scf.if
  %1 = scf.if %c -> tensor<?xf32> {
    // CHECK: core.require
    // CHECK-NOT: core.require
    %2 = core.binary mul %a, %b : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    %3 = core.binary add %a, %d : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    %4 = core.concat axis 0 (%2, %3) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    scf.yield %4 : tensor<?xf32>
  } else {
    // CHECK: } else {
    scf.yield %d : tensor<?xf32>
  }
  // CHECK: core.require %{{.*}}, "operands do not broadcast"
  %5 = core.binary add %a, %d : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %1, %5 : tensor<?xf32>, tensor<?xf32>
}

// -----

// Attention reads keys by the place of a query's head among as many as share them, and the mask at the scores' places.
// CHECK-LABEL: func.func @attention
// CHECK:         core.require %{{.*}}, "head sizes of query and key differ"
// CHECK:         core.require %{{.*}}, "lengths of key and value differ"
// CHECK-COUNT-2: core.require %{{.*}}, "heads of the query do not split evenly among those of key or value"
// CHECK:         core.require %{{.*}}, "a size does not broadcast"
// CHECK:         core.attention
func.func @attention(%q: tensor<?x?x?xf32>, %k: tensor<?x?x?xf32>, %v: tensor<?x?x?xf32>, %m: tensor<?xf32>) -> tensor<?x?x?xf32> {
  %0 = core.attention %q, %k, %v mask %m scale 1.0 : (tensor<?x?x?xf32>, tensor<?x?x?xf32>, tensor<?x?x?xf32>, tensor<?xf32>) -> tensor<?x?x?xf32>
  return %0 : tensor<?x?x?xf32>
}
