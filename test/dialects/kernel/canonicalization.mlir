// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --canonicalize | FileCheck %s

kernel.func @k(%x: tensor<4xf32>) -> tensor<4xf32> {
  kernel.return %x : tensor<4xf32>
}

// A copy that goes back is the first tensor.
// CHECK-LABEL: func.func @back
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>)
func.func @back(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NEXT: return %[[X]]
  %0 = kernel.copy %x to device : tensor<4xf32>
  %1 = kernel.copy %0 to host : tensor<4xf32>
  return %1 : tensor<4xf32>
}

// Other copies stay: whose memory a value lies in is not known from itself alone.
// CHECK-LABEL: func.func @there
func.func @there(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK: kernel.copy %{{.*}} to device
  %0 = kernel.copy %x to device : tensor<4xf32>
  %1 = kernel.launch @k(%0) : (tensor<4xf32>) -> tensor<4xf32>
  // CHECK: kernel.copy %{{.*}} to host
  %2 = kernel.copy %1 to host : tensor<4xf32>
  return %2 : tensor<4xf32>
}

// CHECK-LABEL: func.func @unused
func.func @unused(%x: tensor<4xf32>) -> tensor<4xf32> {
  // CHECK-NEXT: return
  %0 = kernel.copy %x to device : tensor<4xf32>
  return %x : tensor<4xf32>
}
