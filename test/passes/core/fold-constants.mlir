// RUN: adze-opt %s --adze-fold-constants --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @transpose
// CHECK:         core.constant dense<{{\[\[}}1.000000e+00, 4.000000e+00], [2.000000e+00, 5.000000e+00], [3.000000e+00, 6.000000e+00]]>
func.func @transpose() -> tensor<3x2xf32> {
  %0 = core.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %1 = core.transpose %0 [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  return %1 : tensor<3x2xf32>
}

// -----

// Broadcasting, in f32: 16777216 + 1 has no f32 of its own.
// CHECK-LABEL: func.func @add
// CHECK:         core.constant dense<[0x4B800000, 3.000000e+00]>
func.func @add() -> tensor<2xf32> {
  %0 = core.constant dense<[16777216.0, 2.0]> : tensor<2xf32>
  %1 = core.constant dense<1.0> : tensor<f32>
  %2 = core.binary add %0, %1 : (tensor<2xf32>, tensor<f32>) -> tensor<2xf32>
  return %2 : tensor<2xf32>
}

// -----

// Columns beyond the last one are zero.
// CHECK-LABEL: func.func @pack
// CHECK:         core.constant dense<{{.*}}1.000000e+00, 2.000000e+00, 0.000000e+00{{.*}}> : tensor<1x1x16xf32>
func.func @pack() -> tensor<1x1x16xf32> {
  %0 = core.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32>
  %1 = core.pack %0 : (tensor<1x2xf32>) -> tensor<1x1x16xf32>
  return %1 : tensor<1x1x16xf32>
}

// -----

// A constant that would grow much stays as it is.
// CHECK-LABEL: func.func @large
// CHECK:         core.broadcast
func.func @large() -> tensor<1000x1000xf32> {
  %c = arith.constant 1000 : index
  %0 = core.constant dense<1.0> : tensor<f32>
  %1 = core.broadcast %0 sizes(%c, %c) : tensor<f32> -> tensor<1000x1000xf32>
  return %1 : tensor<1000x1000xf32>
}

// -----

// An index that is out of range is the run's to report.
// CHECK-LABEL: func.func @bad_gather
// CHECK:         core.gather
func.func @bad_gather() -> tensor<1xf32> {
  %0 = core.constant dense<[1.0, 2.0]> : tensor<2xf32>
  %1 = core.constant dense<[2]> : tensor<1xi64>
  %2 = core.gather %0, %1 axis 0 : (tensor<2xf32>, tensor<1xi64>) -> tensor<1xf32>
  return %2 : tensor<1xf32>
}

// -----

// CHECK-LABEL: func.func @pad
// CHECK:         core.constant dense<{{\[}}[9, 9, 9, 9], [9, 1, 2, 9], [9, 3, 4, 9]]> : tensor<3x4xi8>
func.func @pad() -> tensor<3x4xi8> {
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %x = core.constant dense<[[1, 2], [3, 4]]> : tensor<2x2xi8>
  %nine = core.constant dense<9> : tensor<i8>
  %0 = core.pad constant %x, %nine low(%c1, %c1) sizes(%c3, %c4) : tensor<2x2xi8>, tensor<i8> -> tensor<3x4xi8>
  return %0 : tensor<3x4xi8>
}
