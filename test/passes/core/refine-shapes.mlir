// RUN: adze-opt %s --adze-refine-shapes --canonicalize --split-input-file | FileCheck %s

// The product of a size and 12 divided by that size is 12, whatever the size.
// CHECK-LABEL: func.func @exact_division
// CHECK:         core.reshape %{{.*}} : tensor<?x12xf32> -> tensor<?x3x4xf32>
func.func @exact_division(%x: tensor<?x12xf32> {adze.dims = ["b", ""]}) -> tensor<?x3x?xf32> {
  %c0 = arith.constant 0 : index
  %c3 = arith.constant 3 : index
  %c12 = arith.constant 12 : index
  %b = tensor.dim %x, %c0 : tensor<?x12xf32>
  %all = arith.muli %b, %c12 : index
  %part = arith.muli %b, %c3 : index
  %rest = arith.floordivsi %all, %part : index
  %0 = core.reshape %x sizes(%b, %c3, %rest) : tensor<?x12xf32> -> tensor<?x3x?xf32>
  return %0 : tensor<?x3x?xf32>
}

// -----

// A size is never -1, so the choice is made.
// CHECK-LABEL: func.func @decided
// CHECK-NOT:     arith.select
// CHECK:         core.reshape
func.func @decided(%x: tensor<?xf32> {adze.dims = ["n"]}) -> tensor<?x1xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %minus = arith.constant -1 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %is = arith.cmpi eq, %n, %minus : index
  %size = arith.select %is, %c1, %n : index
  %0 = core.reshape %x sizes(%size, %c1) : tensor<?xf32> -> tensor<?x1xf32>
  return %0 : tensor<?x1xf32>
}

// -----

// A tensor is not kept for its size alone.
// CHECK-LABEL: func.func @size_of_a_result
// CHECK-SAME:    (%[[X:.*]]: tensor<?x4xf32>
// CHECK-NOT:     core.transpose
// CHECK:         %[[DIM:.*]] = tensor.dim %[[X]], %{{.*}} : tensor<?x4xf32>
// CHECK:         return %[[DIM]]
func.func @size_of_a_result(%x: tensor<?x4xf32> {adze.dims = ["n", ""]}) -> index {
  %c1 = arith.constant 1 : index
  %0 = core.transpose %x [1, 0] : (tensor<?x4xf32>) -> tensor<4x?xf32>
  %1 = tensor.dim %0, %c1 : tensor<4x?xf32>
  return %1 : index
}

// -----

// What is expanded to n, as it is required to be 1 or n or n is 1, has the size that both broadcast to: here n, as the other is cut at
// 512. A divisor that is kept from being 0 is the same divisor.
// CHECK-LABEL: func.func @expanded
// CHECK:         core.reshape %{{.*}} : tensor<?xf32> -> tensor<12x?xf32>
func.func @expanded(%x: tensor<?xf32> {adze.dims = ["n"]}) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c12 = arith.constant 12 : index
  %c512 = arith.constant 512 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %m = arith.minsi %n, %c512 : index
  %one = arith.cmpi eq, %m, %c1 : index
  %other = arith.cmpi eq, %n, %c1 : index
  %ones = arith.ori %one, %other : i1
  %equal = arith.cmpi eq, %m, %n : index
  %fits = arith.ori %ones, %equal : i1
  core.require %fits, "the input does not broadcast"
  %size = arith.select %one, %n, %m : index
  %all = arith.muli %size, %c12 : index
  %divisor = arith.maxsi %n, %c1 : index
  %rest = arith.floordivsi %all, %divisor : index
  %0 = core.reshape %x sizes(%rest, %n) : tensor<?xf32> -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

// The same choice without the requirement is any number.
// CHECK-LABEL: func.func @chosen
// CHECK:         core.broadcast %{{.*}} -> tensor<?xf32>
func.func @chosen(%x: tensor<?xf32> {adze.dims = ["n"]}, %y: tensor<1xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c5 = arith.constant 5 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %one = arith.cmpi eq, %n, %c1 : index
  %size = arith.select %one, %c5, %n : index
  %0 = core.broadcast %y sizes(%size) : tensor<1xf32> -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// What a branch yields keeps the type that both must have, whatever else is known of it.
// CHECK-LABEL: func.func @branches
// CHECK:         %[[R:.*]] = core.reshape %{{.*}} : tensor<2x8xf32> -> tensor<16xf32>
// CHECK:         tensor.cast %[[R]] : tensor<16xf32> to tensor<?xf32>
// CHECK-NEXT:    scf.yield
func.func @branches(%c: i1, %x: tensor<2x8xf32>, %y: tensor<?xf32>) -> tensor<?xf32> {
  %c16 = arith.constant 16 : index
  %0 = scf.if %c -> tensor<?xf32> {
    %1 = core.reshape %x sizes(%c16) : tensor<2x8xf32> -> tensor<?xf32>
    scf.yield %1 : tensor<?xf32>
  } else {
    scf.yield %y : tensor<?xf32>
  }
  return %0 : tensor<?xf32>
}
