// RUN: adze-opt %s --adze-lower-kernels --canonicalize --cse --split-input-file | FileCheck %s

// Elements in vectors, then what is left one by one; the grid counts elements.
// CHECK-LABEL: func.func private @relu(
// CHECK:         scf.for
// CHECK:           vector.load {{.*}} vector<8xf32>
// CHECK:           vector.store
// CHECK:         scf.for
// CHECK:           memref.load
// CHECK-LABEL: func.func private @relu.grid(%{{.*}}: index) -> (index, index, index)
module attributes {adze.target = {vector_bits = 256 : i64, vector_registers = 16 : i64}} {
kernel.func @relu(%n: index, %x: tensor<?xf32> {adze.dims = array<i64: 0>}) -> (tensor<?xf32> {adze.dims = array<i64: 0>}) {
  %0 = core.unary relu %x : (tensor<?xf32>) -> tensor<?xf32>
  kernel.return %0 : tensor<?xf32>
}
}

// -----

// No target, no vectors. An index from data is checked, and the run goes on inside the buffer.
// CHECK-LABEL: func.func private @gather(
// CHECK-NOT:     vector
// CHECK:         arith.cmpi ult
// CHECK:         scf.if
// CHECK:           memref.store %{{.*}}, %[[ERROR:.*]][
// CHECK:         arith.select
// CHECK:         memref.load
kernel.func @gather(%x: tensor<4xf32>, %i: tensor<2xi64>) -> tensor<2xf32> {
  %0 = core.gather %x, %i axis 0 {adze.site = 0 : i64} : (tensor<4xf32>, tensor<2xi64>) -> tensor<2xf32>
  kernel.return %0 : tensor<2xf32>
}

// -----

// The inner loop of a contraction keeps its accumulators in registers: twelve of them for six rows, and no load of the result.
// CHECK-LABEL: func.func private @contraction(
// CHECK:         scf.index_switch
// CHECK:         default
// CHECK:           scf.for {{.*}} iter_args({{.*}}) -> (vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>, vector<8xf32>)
// CHECK-COUNT-2:     vector.load
// CHECK-NOT:         vector.load
// CHECK:             scf.yield
module attributes {adze.target = {vector_bits = 256 : i64, vector_registers = 16 : i64}} {
kernel.func @contraction(%m: index, %x: tensor<?x64xf32> {adze.dims = array<i64: 0, -1>}, %p: tensor<2x64x16xf32>)
    -> (tensor<?x32xf32> {adze.dims = array<i64: 0, -1>}) {
  %n = arith.constant 32 : index
  %0 = core.packed_matmul %x, %p columns %n : tensor<?x64xf32>, tensor<2x64x16xf32> -> tensor<?x32xf32>
  kernel.return %0 : tensor<?x32xf32>
}
}

// -----

// A depthwise convolution: eight neighbours at once where nothing lies in the padding, one by one at the borders; the padding
// is not read.
// CHECK-LABEL: func.func private @depthwise(
// CHECK:         scf.for {{.*}} iter_args(%{{[^,]*}} = %{{[^,]*}}) -> (vector<16xf32>)
// CHECK:         scf.for {{.*}} -> (vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>, vector<16xf32>)
// The ten elements that the windows share and the three weights of a line.
// CHECK-COUNT-13:  vector.load
// CHECK-NOT:       vector.load
// CHECK:           scf.yield
module attributes {adze.target = {vector_bits = 512 : i64, vector_registers = 32 : i64}} {
kernel.func @depthwise(%h: index, %w: index, %h2: index, %w2: index, %x: tensor<1x?x?x32xf32> {adze.dims = array<i64: -1, 0, 1, -1>},
                       %f: tensor<3x3x1x32xf32>) -> (tensor<1x?x?x32xf32> {adze.dims = array<i64: -1, 0, 1, -1>}) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c32 = arith.constant 32 : index
  %zero = core.constant dense<0.0> : tensor<f32>
  %0 = core.pad constant %x, %zero low(%c0, %c1, %c1, %c0) sizes(%c1, %h2, %w2, %c32) {adze.dims = array<i64: -1, 2, 3, -1>}
    : tensor<1x?x?x32xf32>, tensor<f32> -> tensor<1x?x?x32xf32>
  %1 = core.conv %0, %f strides [1, 1] dilations [1, 1] groups 32 to f32 {adze.dims = array<i64: -1, 0, 1, -1>}
    : (tensor<1x?x?x32xf32>, tensor<3x3x1x32xf32>) -> tensor<1x?x?x32xf32>
  kernel.return %1 : tensor<1x?x?x32xf32>
}
}
