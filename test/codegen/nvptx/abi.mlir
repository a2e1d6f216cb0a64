// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// REQUIRES: codegen-nvptx
// RUN: adze-opt %s --adze-nvptx-kernel-abi | FileCheck %s

// The items, the site, the sizes; then what lies in the device's memory.
// CHECK-LABEL: func.func @adze_k(
// CHECK-SAME:    %{{[^ ]*}}: i64, %{{[^ ]*}}: i64, %{{[^ ]*}}: i64,
// CHECK-SAME:    %{{[^ ]*}}: !llvm.ptr<1> {llvm.align = 256 : i64, llvm.noalias, llvm.readonly},
// CHECK-SAME:    %{{[^ ]*}}: !llvm.ptr<1> {llvm.align = 256 : i64, llvm.noalias},
// CHECK-SAME:    %{{[^ ]*}}: !llvm.ptr<1> {llvm.align = 256 : i64, llvm.noalias, llvm.readonly},
// CHECK-SAME:    %{{[^ ]*}}: !llvm.ptr<1> {llvm.align = 256 : i64, llvm.noalias, llvm.readonly})
func.func private @k(%begin: index, %end: index, %site: index, %n: index, %x: memref<?xf32>, %y: memref<?xf32>, %scratch: memref<?xi8>, %error: memref<?xi64>) attributes {adze.kernel, adze.device = {threads = 64 : i64, shared_bytes = 0 : i64}} {
  %i = gpu.thread_id x
  %v = memref.load %x[%i] : memref<?xf32>
  memref.store %v, %y[%i] : memref<?xf32>
  return
}
