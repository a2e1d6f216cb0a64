// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s -split-input-file -verify-diagnostics
// One case for each message of dialects/core/*.cpp. Messages of shape functions stand on the op; MLIR adds its own after.

//===- constant ----------------------------------------------------------------------------------------------------===//

func.func @blob_size() {
  // expected-error@+1 {{blob has 7 bytes, but 'tensor<2xf32>' takes 8}}
  %0 = core.constant #core.blob<"model.onnx", 0, 7, ""> -> tensor<2xf32>
  return
}

// -----

func.func @no_elements() {
  // expected-error@+1 {{value is neither elements nor a blob}}
  %0 = "core.constant"() {value = "text"} : () -> tensor<2xf32>
  return
}

// -----

func.func @unknown_size() {
  // expected-error@+1 {{has a result of unknown size: 'tensor<?xf32>'}}
  %0 = "core.constant"() {value = dense<1.0> : tensor<2xf32>} : () -> tensor<?xf32>
  return
}

// -----

func.func @other_type() {
  // expected-error@+1 {{value has type 'tensor<2xf32>', the result 'tensor<3xf32>'}}
  %0 = "core.constant"() {value = dense<1.0> : tensor<2xf32>} : () -> tensor<3xf32>
  return
}

// -----

//===- elementwise -------------------------------------------------------------------------------------------------===//

func.func @no_broadcast(%x: tensor<2x3xf32>, %y: tensor<4xf32>) {
  // expected-error@+2 {{operands do not broadcast: size 3 meets size 4}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.binary add %x, %y : (tensor<2x3xf32>, tensor<4xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @binary_types(%x: tensor<2xf32>, %y: tensor<2xf16>) {
  // expected-error@+2 {{operands have different element types: 'f32' and 'f16'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.binary add %x, %y : (tensor<2xf32>, tensor<2xf16>) -> tensor<2xf32>
  return
}

// -----

func.func @compare_types(%x: tensor<2xi8>, %y: tensor<2xui8>) {
  // expected-error@+2 {{operands have different element types: 'i8' and 'ui8'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.compare lt %x, %y : (tensor<2xi8>, tensor<2xui8>) -> tensor<2xi1>
  return
}

// -----

func.func @result_type(%x: tensor<2xf32>) {
  // expected-error@+2 {{inferred type(s) 'tensor<2xf32>' are incompatible with return type(s) of operation 'tensor<3xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.unary exp %x : (tensor<2xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @select_condition(%c: tensor<2xi8>, %x: tensor<2xf32>) {
  // expected-error@+2 {{condition has element type 'i8', expected i1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.select %c, %x, %x : (tensor<2xi8>, tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @select_types(%c: tensor<2xi1>, %x: tensor<2xf32>, %y: tensor<2xf64>) {
  // expected-error@+2 {{operands have different element types: 'f32' and 'f64'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.select %c, %x, %y : (tensor<2xi1>, tensor<2xf32>, tensor<2xf64>) -> tensor<2xf32>
  return
}

// -----

func.func @bitcast_width(%x: tensor<2xf32>) {
  // expected-error@+2 {{cannot take the bits of 'f32' as 'i64': the widths differ}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.bitcast %x to i64 : (tensor<2xf32>) -> tensor<2xi64>
  return
}

// -----

//===- movement ----------------------------------------------------------------------------------------------------===//

func.func @reshape_count(%x: tensor<2x3xf32>) {
  %c5 = arith.constant 5 : index
  // expected-error@+2 {{cannot reshape 6 elements into 5}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.reshape %x sizes(%c5) : tensor<2x3xf32> -> tensor<5xf32>
  return
}

// -----

func.func @broadcast_rank(%x: tensor<2x3xf32>) {
  %c3 = arith.constant 3 : index
  // expected-error@+2 {{cannot broadcast rank 2 to rank 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.broadcast %x sizes(%c3) : tensor<2x3xf32> -> tensor<3xf32>
  return
}

// -----

func.func @broadcast_size(%x: tensor<2xf32>) {
  %c3 = arith.constant 3 : index
  // expected-error@+2 {{cannot broadcast size 2 to size 3}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.broadcast %x sizes(%c3) : tensor<2xf32> -> tensor<3xf32>
  return
}

// -----

func.func @permutation_twice(%x: tensor<2x3xf32>) {
  // expected-error@+2 {{permutation has the entry 1, expected each of the 2 dimensions of the input once}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.transpose %x [1, 1] : (tensor<2x3xf32>) -> tensor<3x3xf32>
  return
}

// -----

func.func @permutation_short(%x: tensor<2x3xf32>) {
  // expected-error@+2 {{permutation has 1 entries, expected 2, the input's rank}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.transpose %x [1] : (tensor<2x3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @slice_rank(%x: tensor<2x3xf32>, %i: index) {
  // expected-error@+2 {{offsets, steps and sizes are not one for each of the 2 dimensions}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.slice %x offsets(%i) steps(%i) sizes(%i) : tensor<2x3xf32> -> tensor<?xf32>
  return
}

// -----

func.func @pad_rank(%x: tensor<2x3xf32>, %zero: tensor<f32>, %i: index) {
  // expected-error@+2 {{low and sizes are not one for each of the 2 dimensions}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.pad edge %x, %zero low(%i) sizes(%i) : tensor<2x3xf32>, tensor<f32> -> tensor<?xf32>
  return
}

// -----

func.func @pad_value(%x: tensor<2xf32>, %zero: tensor<1xf32>, %i: index) {
  // expected-error@+2 {{padding value is 'tensor<1xf32>', expected tensor<'f32'>}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.pad edge %x, %zero low(%i) sizes(%i) : tensor<2xf32>, tensor<1xf32> -> tensor<?xf32>
  return
}

// -----

func.func @concat_nothing() {
  // expected-error@+2 {{nothing to concatenate}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.concat axis 0 () : () -> tensor<2xf32>
  return
}

// -----

func.func @concat_axis(%x: tensor<2xf32>) {
  // expected-error@+2 {{axis 1 is out of range for rank 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.concat axis 1 (%x) : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @concat_types(%x: tensor<2xf32>, %y: tensor<2x1xf32>) {
  // expected-error@+2 {{inputs differ in rank or element type: 'tensor<2xf32>' and 'tensor<2x1xf32>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.concat axis 0 (%x, %y) : (tensor<2xf32>, tensor<2x1xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @concat_sizes(%x: tensor<2x3xf32>, %y: tensor<2x4xf32>) {
  // expected-error@+2 {{inputs differ in dimension 1: 3 and 4}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.concat axis 0 (%x, %y) : (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<4x3xf32>
  return
}

// -----

func.func @iota_axis(%n: index) {
  // expected-error@+2 {{axis 1 is out of range for rank 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.iota i64 axis 1 sizes(%n) : tensor<?xi64>
  return
}

// -----

//===- indexing ----------------------------------------------------------------------------------------------------===//

func.func @gather_axis(%x: tensor<2xf32>, %i: tensor<3xi64>) {
  // expected-error@+2 {{axis 1 is out of range for rank 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.gather %x, %i axis 1 : (tensor<2xf32>, tensor<3xi64>) -> tensor<3xf32>
  return
}

// -----

func.func @gather_indices(%x: tensor<2xf32>, %i: tensor<3xf32>) {
  // expected-error@+2 {{indices have element type 'f32', expected i32 or i64}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.gather %x, %i axis 0 : (tensor<2xf32>, tensor<3xf32>) -> tensor<3xf32>
  return
}

// -----

func.func @gather_elements_rank(%x: tensor<2x3xf32>, %i: tensor<3xi64>) {
  // expected-error@+2 {{input has rank 2, indices rank 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.gather_elements %x, %i axis 0 : (tensor<2x3xf32>, tensor<3xi64>) -> tensor<3xf32>
  return
}

// -----

func.func @tuple_rank(%x: tensor<2x3xf32>, %i: tensor<i64>) {
  // expected-error@+2 {{indices have rank 0, expected 1 or more}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.gather_nd %x, %i batch_dims 0 : (tensor<2x3xf32>, tensor<i64>) -> tensor<3xf32>
  return
}

// -----

func.func @tuple_unknown(%x: tensor<2x3xf32>, %i: tensor<4x?xi64>) {
  // expected-error@+2 {{the last size of the indices is not known at compile time, so the rank is not}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.gather_nd %x, %i batch_dims 0 : (tensor<2x3xf32>, tensor<4x?xi64>) -> tensor<4xf32>
  return
}

// -----

func.func @tuple_long(%x: tensor<2x3xf32>, %i: tensor<2x2xi64>) {
  // expected-error@+2 {{index tuples of 2 after 1 batch dimensions do not fit rank 2}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.gather_nd %x, %i batch_dims 1 : (tensor<2x3xf32>, tensor<2x2xi64>) -> tensor<2xf32>
  return
}

// -----

func.func @scatter_rank(%x: tensor<2x3xf32>, %i: tensor<2x3xi64>, %u: tensor<2xf32>) {
  // expected-error@+2 {{input 'tensor<2x3xf32>', indices 'tensor<2x3xi64>' and updates 'tensor<2xf32>' do not fit together}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.scatter_elements none %x, %i, %u axis 0 : (tensor<2x3xf32>, tensor<2x3xi64>, tensor<2xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @scatter_updates(%x: tensor<2x3xf32>, %i: tensor<4x1xi64>, %u: tensor<4xf32>) {
  // expected-error@+2 {{updates are 'tensor<4xf32>', which does not fit input 'tensor<2x3xf32>' and indices 'tensor<4x1xi64>'}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.scatter_nd none %x, %i, %u : (tensor<2x3xf32>, tensor<4x1xi64>, tensor<4xf32>) -> tensor<2x3xf32>
  return
}

// -----

func.func @sort_axis(%x: tensor<f32>) {
  // expected-error@+2 {{axis 0 is out of range for rank 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0, %1 = core.sort %x axis 0 : (tensor<f32>) -> (tensor<f32>, tensor<i64>)
  return
}

// -----

func.func @generate_sizes(%n: index) {
  // expected-error@+1 {{has 1 sizes for a result of rank 2}}
  %0 = core.generate () sizes (%n) {
  ^bb0(%i: index):
    core.yield %i : index
  } : () -> tensor<?x?xi64>
  return
}

// -----

func.func @generate_arguments(%n: index) {
  // expected-error@+1 {{body takes 2 arguments, expected one index a dimension}}
  %0 = core.generate () sizes (%n) {
  ^bb0(%i: index, %j: index):
    core.yield %i : index
  } : () -> tensor<?xi64>
  return
}

// -----

func.func @generate_yield(%n: index) {
  // expected-error@+1 {{body does not end in a core.yield of one value}}
  %0 = core.generate () sizes (%n) {
  ^bb0(%i: index):
    core.yield
  } : () -> tensor<?xi64>
  return
}

// -----

func.func @generate_type(%n: index, %v: f32) {
  // expected-error@+1 {{body yields 'f32', the result has elements 'i64'}}
  %0 = core.generate () sizes (%n) {
  ^bb0(%i: index):
    core.yield %v : f32
  } : () -> tensor<?xi64>
  return
}

// -----

//===- reduction ---------------------------------------------------------------------------------------------------===//

func.func @reduce_axis(%x: tensor<2x3xf32>) {
  // expected-error@+2 {{axis 2 is out of range for rank 2 or out of order}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.reduce sum %x axes [2] keepdims false : (tensor<2x3xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @reduce_order(%x: tensor<2x3xf32>) {
  // expected-error@+2 {{axis 0 is out of range for rank 2 or out of order}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.reduce sum %x axes [1, 0] keepdims false : (tensor<2x3xf32>) -> tensor<f32>
  return
}

// -----

func.func @scan_axis(%x: tensor<2xf32>) {
  // expected-error@+2 {{axis 1 is out of range for rank 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.scan sum %x axis 1 : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

//===- contraction -------------------------------------------------------------------------------------------------===//

func.func @matmul_rank(%x: tensor<3xf32>, %w: tensor<3x4xf32>) {
  // expected-error@+2 {{operands have ranks 1 and 2, expected 2 or more}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.matmul %x, %w to f32 : (tensor<3xf32>, tensor<3x4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @matmul_inner(%x: tensor<2x3xf32>, %w: tensor<4x5xf32>) {
  // expected-error@+2 {{inner sizes differ: 3 and 4}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.matmul %x, %w to f32 : (tensor<2x3xf32>, tensor<4x5xf32>) -> tensor<2x5xf32>
  return
}

// -----

func.func @matmul_batch(%x: tensor<2x2x3xf32>, %w: tensor<4x3x5xf32>) {
  // expected-error@+2 {{batch sizes differ: 2 and 4}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.matmul %x, %w to f32 : (tensor<2x2x3xf32>, tensor<4x3x5xf32>) -> tensor<2x2x5xf32>
  return
}

// -----

func.func @conv_rank(%x: tensor<1x8x8x3xf32>, %w: tensor<3x3x4xf32>) {
  // expected-error@+2 {{input and filter have ranks 4 and 3, expected equal ranks of 2 or more}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.conv %x, %w strides [1, 1] dilations [1, 1] groups 1 to f32 : (tensor<1x8x8x3xf32>, tensor<3x3x4xf32>) -> tensor<1x6x6x4xf32>
  return
}

// -----

func.func @conv_groups(%x: tensor<1x8x3xf32>, %w: tensor<3x3x4xf32>) {
  // expected-error@+2 {{groups is 0}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.conv %x, %w strides [1] dilations [1] groups 0 to f32 : (tensor<1x8x3xf32>, tensor<3x3x4xf32>) -> tensor<1x6x4xf32>
  return
}

// -----

func.func @conv_strides(%x: tensor<1x8x3xf32>, %w: tensor<3x3x4xf32>) {
  // expected-error@+2 {{strides and dilations have 2 and 1 entries, expected 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.conv %x, %w strides [1, 1] dilations [1] groups 1 to f32 : (tensor<1x8x3xf32>, tensor<3x3x4xf32>) -> tensor<1x6x4xf32>
  return
}

// -----

func.func @conv_stride_zero(%x: tensor<1x8x3xf32>, %w: tensor<3x3x4xf32>) {
  // expected-error@+2 {{stride or dilation 0 is out of range, expected a small positive number}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.conv %x, %w strides [0] dilations [1] groups 1 to f32 : (tensor<1x8x3xf32>, tensor<3x3x4xf32>) -> tensor<1x6x4xf32>
  return
}

// -----

func.func @conv_channels(%x: tensor<1x8x4xf32>, %w: tensor<3x3x4xf32>) {
  // expected-error@+2 {{input channels and filter channels differ: 4 and 6}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.conv %x, %w strides [1] dilations [1] groups 2 to f32 : (tensor<1x8x4xf32>, tensor<3x3x4xf32>) -> tensor<1x6x4xf32>
  return
}

// -----

func.func @conv_split(%x: tensor<1x8x6xf32>, %w: tensor<3x3x5xf32>) {
  // expected-error@+2 {{5 output channels do not split into 2 groups}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.conv %x, %w strides [1] dilations [1] groups 2 to f32 : (tensor<1x8x6xf32>, tensor<3x3x5xf32>) -> tensor<1x6x5xf32>
  return
}

// -----

func.func @pool_window(%x: tensor<1x8x3xf32>) {
  // expected-error@+2 {{window has 2 entries for an input of rank 3}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.pool max %x window [2, 2] strides [1] dilations [1] : (tensor<1x8x3xf32>) -> tensor<1x7x3xf32>
  return
}

// -----

//===- normalization -----------------------------------------------------------------------------------------------===//

func.func @softmax_axis(%x: tensor<2xf32>) {
  // expected-error@+2 {{axis 1 is out of range for rank 1}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.softmax %x axis 1 : (tensor<2xf32>) -> tensor<2xf32>
  return
}

// -----

func.func @norm_type(%x: tensor<2xi32>) {
  // expected-error@+2 {{element type is 'i32', expected a float of 16 bits or more}}
  // expected-error@+1 {{failed to infer returned types}}
  %0 = core.norm %x axis 0 epsilon 1.0e-5 : (tensor<2xi32>) -> tensor<2xi32>
  return
}
