// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each stage's pipeline makes what the stage's contract says, from one to the next.
// RUN: adze-opt %s --adze-verify-stage=stage=onnx --adze-stage-core -o %t.core
// RUN: adze-opt %t.core --adze-stage-optimised -o %t.optimised
// RUN: adze-opt %t.optimised --adze-stage-kernels -o %t.kernels
// RUN: adze-opt %t.kernels --adze-stage-placed -o %t.placed
// RUN: adze-opt %t.placed --adze-stage-loops -o %t.loops
// RUN: adze-opt %t.loops --adze-stage-host | FileCheck %s --check-prefix=HOST
// RUN: FileCheck %s --check-prefix=KERNELS < %t.kernels
// RUN: FileCheck %s --check-prefix=LOOPS < %t.loops

// The reference route keeps the same contracts.
// RUN: adze-opt %s --adze-stage-core=opt-level=0 --adze-stage-optimised=opt-level=0 --adze-stage-kernels=opt-level=0 \
// RUN:   --adze-stage-placed=opt-level=0 --adze-stage-loops=opt-level=0 --adze-stage-host=opt-level=0 | FileCheck %s --check-prefix=HOST

// What one stage made is not what another promises.
// RUN: not adze-opt %t.core --adze-verify-stage=stage=onnx 2>&1 | FileCheck %s --check-prefix=MIXED

// KERNELS: kernel.func @
// LOOPS: func.func private @{{.*}}adze.kernel
// HOST: llvm.func @adze_main(
// MIXED: has no place in the host program at stage 'onnx'

func.func @main(%x: tensor<?x8xf32> {adze.name = "x", adze.dims = ["n", ""]}, %w: tensor<8x4xf32> {adze.name = "w"})
    -> (tensor<?x4xf32> {adze.name = "y"}) {
  %0 = onnx.node "MatMul" opset 13 (%x, %w) {} : (tensor<?x8xf32>, tensor<8x4xf32>) -> tensor<?x4xf32>
  %1 = onnx.node "Relu" opset 14 (%0) {} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %1 : tensor<?x4xf32>
}
