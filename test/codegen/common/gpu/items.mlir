// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// REQUIRES: codegen-nvptx
// RUN: adze-opt %s --split-input-file --adze-gpu-schedule --adze-gpu-lower-kernels --canonicalize | FileCheck %s

// A thread sorts every row whose number is its own and so many threads more: 24 bytes an element of scratch memory, of which a launch has 64 MB.
// CHECK-LABEL: func.func private @sort(
// CHECK-SAME:    %{{[^:]*}}: index, %[[BLOCKS:[^:]*]]: index, %{{[^:]*}}: index
// CHECK:         %[[THREADS:.*]] = arith.muli %[[BLOCKS]], %c64
// CHECK:         scf.for %{{.*}} = %{{.*}} to %c8192 step %[[THREADS]]
// CHECK-LABEL: func.func private @sort.grid() -> (index, index, index)
// CHECK-DAG:     %[[ITEMS:.*]] = arith.constant 43 : index
// CHECK-DAG:     %[[BYTES:.*]] = arith.constant 1540096 : index
// CHECK:         return %[[ITEMS]], %{{.*}}, %[[BYTES]]
kernel.func @sort(%x: tensor<8192x1000xf32>) -> (tensor<8192x1000xf32>, tensor<8192x1000xi64>) {
  %v, %i = core.sort %x axis 1 : (tensor<8192x1000xf32>) -> (tensor<8192x1000xf32>, tensor<8192x1000xi64>)
  kernel.return %v, %i : tensor<8192x1000xf32>, tensor<8192x1000xi64>
}

// -----

// No more blocks than there are rows, and one if a block alone needs more.
// CHECK-LABEL: func.func private @few.grid() -> (index, index, index)
// CHECK-DAG:     %[[ONE:.*]] = arith.constant 1 : index
// CHECK:         return %[[ONE]],
kernel.func @few(%x: tensor<64x10xf32>) -> (tensor<64x10xf32>, tensor<64x10xi64>) {
  %v, %i = core.sort %x axis 1 : (tensor<64x10xf32>) -> (tensor<64x10xf32>, tensor<64x10xi64>)
  kernel.return %v, %i : tensor<64x10xf32>, tensor<64x10xi64>
}
// CHECK-LABEL: func.func private @long.grid() -> (index, index, index)
// CHECK-DAG:     %[[ONE:.*]] = arith.constant 1 : index
// CHECK:         return %[[ONE]],
kernel.func @long(%x: tensor<640x1000000xf32>) -> (tensor<640x1000000xf32>, tensor<640x1000000xi64>) {
  %v, %i = core.sort %x axis 1 : (tensor<640x1000000xf32>) -> (tensor<640x1000000xf32>, tensor<640x1000000xi64>)
  kernel.return %v, %i : tensor<640x1000000xf32>, tensor<640x1000000xi64>
}
