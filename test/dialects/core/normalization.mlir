// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s | FileCheck %s

// CHECK-LABEL: func.func @rows
func.func @rows(%x: tensor<?x768xf32>) -> tensor<?x768xf32> {
  // CHECK: core.softmax %{{.*}} axis 1 : (tensor<?x768xf32>) -> tensor<?x768xf32>
  %0 = core.softmax %x axis 1 : (tensor<?x768xf32>) -> tensor<?x768xf32>
  // CHECK: core.softmax %{{.*}} axis 0 log : (tensor<?x768xf32>) -> tensor<?x768xf32>
  %1 = core.softmax %0 axis 0 log : (tensor<?x768xf32>) -> tensor<?x768xf32>
  // CHECK: core.norm %{{.*}} axis 1 epsilon 9.9{{.*}}E-6 : (tensor<?x768xf32>) -> tensor<?x768xf32>
  %2 = core.norm %1 axis 1 epsilon 9.9999999999999991E-6 : (tensor<?x768xf32>) -> tensor<?x768xf32>
  // CHECK: core.norm %{{.*}} axis 0 epsilon {{.*}} rms : (tensor<?x768xf32>) -> tensor<?x768xf32>
  %3 = core.norm %2 axis 0 epsilon 1.0e-5 rms : (tensor<?x768xf32>) -> tensor<?x768xf32>
  return %3 : tensor<?x768xf32>
}
