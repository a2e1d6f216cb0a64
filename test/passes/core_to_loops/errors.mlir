// RUN: adze-opt %s --adze-lower-kernels --split-input-file --verify-diagnostics

kernel.func @two(%x: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = core.matmul %x, %x to f32 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  // expected-error @+1 {{is the second op of its kernel that needs loops of its own}}
  %1 = core.matmul %0, %x to f32 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  kernel.return %1 : tensor<4x4xf32>
}

// -----

kernel.func @several_values() -> tensor<2xf32> {
  // expected-error @+1 {{a constant of several values is an argument of a kernel, not part of it}}
  %0 = core.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %1 = core.unary exp %0 : (tensor<2xf32>) -> tensor<2xf32>
  kernel.return %1 : tensor<2xf32>
}

