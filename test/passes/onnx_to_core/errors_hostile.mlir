// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-onnx-to-core -split-input-file -verify-diagnostics
// Ranks, element types and numbers that no lowering may take for granted.

func.func @lstm_bias(%x: tensor<2x3x4xf32>, %w: tensor<1x20x4xf32>, %r: tensor<1x20x5xf32>, %b: tensor<f32>) -> !onnx.any {
  // expected-error@+1 {{input 3 has rank 0, expected 2}}
  %0 = onnx.node "LSTM" opset 14 (%x, %w, %r, %b) {} : (tensor<2x3x4xf32>, tensor<1x20x4xf32>, tensor<1x20x5xf32>, tensor<f32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @gru_integers(%x: tensor<2x3x4xi32>, %w: tensor<1x15x4xi32>, %r: tensor<1x15x5xi32>) -> !onnx.any {
  // expected-error@+1 {{input 0 has elements of type 'i32', expected one of 'f32', 'f16', 'f64', 'bf16'}}
  %0 = onnx.node "GRU" opset 14 (%x, %w, %r) {} : (tensor<2x3x4xi32>, tensor<1x15x4xi32>, tensor<1x15x5xi32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @rnn_lengths(%x: tensor<2x3x4xf32>, %w: tensor<1x5x4xf32>, %r: tensor<1x5x5xf32>, %l: tensor<2x1xi32>) -> !onnx.any {
  // expected-error@+1 {{input 4 has rank 2, expected 1}}
  %0 = onnx.node "RNN" opset 14 (%x, %w, %r, %l) present [true, true, true, false, true] {} : (tensor<2x3x4xf32>, tensor<1x5x4xf32>, tensor<1x5x5xf32>, tensor<2x1xi32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @attention_lengths(%q: tensor<1x2x3x4xf32>, %n: tensor<i64>) -> !onnx.any {
  // expected-error@+1 {{nonpad_kv_seqlen is 'tensor<i64>', expected a vector}}
  %0 = onnx.node "Attention" opset 24 (%q, %q, %q, %n) present [true, true, true, false, false, false, true] {} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>, tensor<i64>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @dft_parts(%x: tensor<1x4x0xf32>) -> !onnx.any {
  // expected-error@+1 {{the last dimension is not one part or two: 0 and 1}}
  %0 = onnx.node "DFT" opset 20 (%x) {} : (tensor<1x4x0xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @stft_integers(%x: tensor<1x8xi32>, %s: tensor<i64>, %w: tensor<4xf32>) -> !onnx.any {
  // expected-error@+1 {{input 0 has elements of type 'i32', expected one of 'f32', 'f16', 'f64', 'bf16'}}
  %0 = onnx.node "STFT" opset 17 (%x, %s, %w) {} : (tensor<1x8xi32>, tensor<i64>, tensor<4xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @roi_batches(%x: tensor<1x1x4x4xf32>, %r: tensor<1x4xf32>, %b: tensor<1xf32>) -> !onnx.any {
  // expected-error@+1 {{input 2 has elements of type 'f32', expected 'i64'}}
  %0 = onnx.node "RoiAlign" opset 16 (%x, %r, %b) {} : (tensor<1x1x4x4xf32>, tensor<1x4xf32>, tensor<1xf32>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @roi_samples(%x: tensor<1x1x4x4xf32>, %r: tensor<1x4xf32>, %b: tensor<1xi64>) -> !onnx.any {
  // expected-error@+1 {{a ratio of 0 to 65536}}
  %0 = onnx.node "RoiAlign" opset 16 (%x, %r, %b) {sampling_ratio = 4611686018427387904 : i64} : (tensor<1x1x4x4xf32>, tensor<1x4xf32>, tensor<1xi64>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @col2im_dimensions(%x: tensor<1x4x3xf32>, %i: tensor<2147483648xi64>) -> !onnx.any {
  // expected-error@+1 {{there are 2147483648 spatial dimensions, which are too many}}
  %0 = onnx.node "Col2Im" opset 18 (%x, %i, %i) {} : (tensor<1x4x3xf32>, tensor<2147483648xi64>, tensor<2147483648xi64>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @if_with_inputs(%c: tensor<i1>) -> !onnx.any {
  // expected-error@+1 {{graph 'then_branch' takes 1 inputs, expected none}}
  %0 = onnx.node "If" opset 16 (%c) {} graphs ["then_branch", "else_branch"] {
  ^bb0(%x: tensor<2xf32>):
    onnx.yield %x : tensor<2xf32>
  }, {
    %y = core.constant dense<1.0> : tensor<2xf32>
    onnx.yield %y : tensor<2xf32>
  } : (tensor<i1>) -> !onnx.any
  return %0 : !onnx.any
}

// -----

func.func @empty_indices(%x: tensor<1x1x0x4xf32>) -> (!onnx.any, !onnx.any) {
  // expected-error@+1 {{the indices of an input without elements are not defined}}
  %0:2 = onnx.node "MaxPool" opset 12 (%x) {kernel_shape = array<i64: 2, 2>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x1x0x4xf32>) -> (!onnx.any, !onnx.any)
  return %0#0, %0#1 : !onnx.any, !onnx.any
}
