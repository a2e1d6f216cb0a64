// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One case a promise: what breaks it, at the stage that makes it.
// RUN: not adze-opt %s --adze-verify-stage=stage=lunch --split-input-file 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: there is no contract of stage 'lunch'; stages: onnx, core, optimised, kernels, placed, loops, host

// RUN: split-file %s %t
// RUN: adze-opt %t/onnx.mlir --adze-verify-stage=stage=onnx --split-input-file --verify-diagnostics
// RUN: adze-opt %t/core.mlir --adze-verify-stage=stage=core --split-input-file --verify-diagnostics
// RUN: adze-opt %t/optimised.mlir --adze-verify-stage=stage=optimised --split-input-file --verify-diagnostics
// RUN: adze-opt %t/kernels.mlir --adze-verify-stage=stage=kernels --split-input-file --verify-diagnostics
// RUN: adze-opt %t/placed.mlir --adze-verify-stage=stage=placed --split-input-file --verify-diagnostics
// RUN: adze-opt %t/loops.mlir --adze-verify-stage=stage=loops --split-input-file --verify-diagnostics
// RUN: adze-opt %t/host.mlir --adze-verify-stage=stage=host --split-input-file --verify-diagnostics

//--- onnx.mlir
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{'core.unary' op has no place in the host program at stage 'onnx': of core, an import makes constants only; pipeline adze-stage-onnx broke its contract}}
  %0 = core.unary neg %x : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

//--- core.mlir
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{'onnx.node' op has no place in the host program at stage 'core': of dialect 'onnx'; pipeline adze-stage-core broke its contract}}
  %0 = onnx.node "Neg" opset 13 (%x) {} : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

func.func @main(%x: tensor<2xf32>) -> tensor<1xf32> {
  // expected-error @+1 {{'tensor.extract_slice' op has no place in the host program at stage 'core': tensors are computed by core ops}}
  %0 = tensor.extract_slice %x[0] [1] [1] : tensor<2xf32> to tensor<1xf32>
  return %0 : tensor<1xf32>
}

// -----

func.func private @other(%x: tensor<2xf32>) -> tensor<2xf32>
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{'func.call' op has no place in the host program at stage 'core': the host program is one function}}
  %0 = func.call @other(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

//--- optimised.mlir
// expected-error @+1 {{'kernel.func' op has no place in the module at stage 'optimised': of dialect 'kernel'; pipeline adze-stage-optimised broke its contract}}
kernel.func @k(%x: tensor<2xf32>) -> (tensor<2xf32>) {
  kernel.return %x : tensor<2xf32>
}

//--- kernels.mlir
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{'core.unary' op has no place in the host program at stage 'kernels': core ops on tensors are in kernels, but for constants and reshapes; pipeline adze-stage-kernels broke its contract}}
  %0 = core.unary neg %x : (tensor<2xf32>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}

// -----

kernel.func @k(%n: index, %x: tensor<?xf32> {adze.dims = array<i64: 0>}) -> (tensor<?xf32> {adze.dims = array<i64: 0>}) {
  %c0 = arith.constant 0 : index
  // expected-error @+1 {{'tensor.dim' op has no place in a kernel at stage 'kernels': sizes in a kernel are its index arguments}}
  %m = tensor.dim %x, %c0 : tensor<?xf32>
  kernel.return %x : tensor<?xf32>
}

// -----

kernel.func @k(%n: index, %x: tensor<?xf32> {adze.dims = array<i64: 0>}) -> (tensor<?xf32> {adze.dims = array<i64: 0>}) {
  kernel.return %x : tensor<?xf32>
}
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  // expected-error @+1 {{'kernel.launch' op has no place in the host program at stage 'kernels': each size of a result that is not static is one of the launch's index operands (adze.result_dims)}}
  %0 = kernel.launch @k(%n, %x) : (index, tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

kernel.func @k(%x: tensor<2xf32>) -> (tensor<2xf32>) {
  %yes = arith.constant true
  // expected-error @+1 {{'core.require' op has no place in a kernel at stage 'kernels': only the host program ends a run}}
  core.require %yes, "sizes differ"
  kernel.return %x : tensor<2xf32>
}

// -----

kernel.func @k(%a: tensor<4xi32>) -> (tensor<4xi32>) {
  %acc = arith.constant dense<0> : vector<1xi32>
  %v = arith.constant dense<0> : vector<4xi8>
  // expected-error @+1 {{'kernel.dot' op has no place in a kernel at stage 'kernels': kernels hold tensors and no machine's instructions, and launch nothing}}
  %0 = kernel.dot %v, %v, %acc : vector<4xi8> -> vector<1xi32>
  kernel.return %a : tensor<4xi32>
}

// -----

func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{'kernel.copy' op has no place in the host program at stage 'kernels': whose memory a tensor lies in is chosen at stage placed}}
  %0 = kernel.copy %x to device : tensor<2xf32>
  return %x : tensor<2xf32>
}

// -----

func.func @main(%x: tensor<2xf32>, %n: index) -> tensor<4xf32> {
  // expected-error @+1 {{'kernel.append' op has no place in the host program at stage 'kernels': what is changed in place is chosen at stage placed}}
  %0 = kernel.append %x, %x size %n : tensor<2xf32>, tensor<2xf32> -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

//--- placed.mlir
kernel.func @k(%x: tensor<2xf32>) -> tensor<2xf32> attributes {schedule = {}} {
  kernel.return %x : tensor<2xf32>
}
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{'kernel.launch' op has no place in the host program at stage 'placed': operand 0 lies in the memory of the host, expected that of the device; pipeline adze-stage-placed broke its contract}}
  %0 = kernel.launch @k(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %x : tensor<2xf32>
}

// -----

kernel.func @k(%x: tensor<2xf32>) -> tensor<2xf32> {
  kernel.return %x : tensor<2xf32>
}
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  %0 = kernel.copy %x to device : tensor<2xf32>
  // expected-error @+1 {{operand 0 lies in the memory of the device, expected that of the host}}
  %1 = kernel.launch @k(%0) : (tensor<2xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}

// -----

func.func @main(%x: tensor<2xf32>, %n: index) -> tensor<4xf32> {
  %0 = kernel.copy %x to device : tensor<2xf32>
  // expected-error @+1 {{operand 1 lies in the memory of the device, expected that of the host}}
  %1 = kernel.append %x, %0 size %n : tensor<2xf32>, tensor<2xf32> -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// -----

func.func @main(%x: tensor<2xf32>, %yes: i1) -> tensor<2xf32> {
  %0 = kernel.copy %x to device : tensor<2xf32>
  %1 = scf.if %yes -> tensor<2xf32> {
    scf.yield %x : tensor<2xf32>
  } else {
    // expected-error @+1 {{operand 0 lies in the memory of the device, expected that of the host}}
    scf.yield %0 : tensor<2xf32>
  }
  return %1 : tensor<2xf32>
}

// -----

func.func @main(%x: tensor<2xf32>, %yes: i1) -> tensor<2xf32> {
  %0 = kernel.copy %x to device : tensor<2xf32>
  // expected-error @+1 {{operand 2 lies in the memory of the host, expected that of the device}}
  %1 = arith.select %yes, %0, %x : tensor<2xf32>
  return %x : tensor<2xf32>
}

// -----

kernel.func @k(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{'kernel.copy' op has no place in a kernel at stage 'placed': kernels hold tensors and no machine's instructions, and launch nothing}}
  %0 = kernel.copy %x to device : tensor<2xf32>
  kernel.return %0 : tensor<2xf32>
}

//--- loops.mlir
func.func private @dev(%x: memref<?xf32>) attributes {adze.kernel, adze.device = {threads = 32 : i64, shared_bytes = 0 : i64}} {
  %t = gpu.thread_id x
  %0 = memref.load %x[%t] : memref<?xf32>
  gpu.barrier
  %1 = memref.atomic_rmw maximumf %0, %x[%t] : (f32, memref<?xf32>) -> f32
  return
}
func.func private @dev.grid() -> (index, index, index)
func.func @main(%x: tensor<2xf32>) -> tensor<2xf32> {
  // expected-error @+1 {{operand 0 lies in the memory of the host, expected that of the device; pipeline adze-stage-loops broke its contract}}
  %0 = kernel.launch @dev(%x) : (tensor<2xf32>) -> tensor<2xf32>
  return %x : tensor<2xf32>
}

// -----

func.func private @k(%x: memref<?xf32>) attributes {adze.kernel} {
  // expected-error @+1 {{'gpu.thread_id' op has no place in a kernel at stage 'loops': only bodies for a device (adze.device) have threads and barriers}}
  %t = gpu.thread_id x
  return
}

// -----

func.func private @k(%x: memref<?xf32>, %i: index, %v: f32) attributes {adze.kernel} {
  // expected-error @+1 {{'memref.atomic_rmw' op has no place in a kernel at stage 'loops': bodies take no memory and copy no buffers: they are given what they need}}
  %0 = memref.atomic_rmw maximumf %v, %x[%i] : (f32, memref<?xf32>) -> f32
  return
}

// -----

func.func private @k(%x: memref<?xf32>) attributes {adze.kernel} {
  // expected-error @+1 {{'tensor.empty' op has no place in a kernel at stage 'loops': of dialect 'tensor'; pipeline adze-stage-loops broke its contract}}
  %0 = tensor.empty() : tensor<2xf32>
  return
}

// -----

func.func private @k(%x: memref<?xf32>) attributes {adze.kernel} {
  // expected-error @+1 {{'arith.constant' op has no place in a kernel at stage 'loops': bodies hold no tensors}}
  %0 = arith.constant dense<1.0> : tensor<2xf32>
  return
}

// -----

func.func private @k(%n: index) attributes {adze.kernel} {
  // expected-error @+1 {{'memref.alloc' op has no place in a kernel at stage 'loops': bodies take no memory and copy no buffers: they are given what they need}}
  %0 = memref.alloc(%n) : memref<?xf32>
  return
}

// -----

func.func private @k.grid(%n: index) -> index {
  // expected-error @+1 {{'core.constant' op has no place in a kernel at stage 'loops': of dialect 'core'}}
  %0 = core.constant dense<1> : tensor<2xi64>
  return %n : index
}

// -----

// expected-error @+1 {{'kernel.func' op has no place in the module at stage 'loops': of dialect 'kernel'}}
kernel.func @k(%x: tensor<2xf32>) -> (tensor<2xf32>) {
  kernel.return %x : tensor<2xf32>
}

//--- host.mlir
func.func private @adze_main(%n: index) {
  // expected-error @+1 {{'memref.alloc' op has no place in the host program at stage 'host': the host program's memory is the runtime's plans; pipeline adze-stage-host broke its contract}}
  %0 = memref.alloc(%n) : memref<?xf32>
  return
}

// -----

func.func private @adze_main(%x: memref<?xf32>, %y: memref<?xf32>) {
  // expected-error @+1 {{'memref.copy' op has no place in the host program at stage 'host': the host program's memory is the runtime's plans}}
  memref.copy %x, %y : memref<?xf32> to memref<?xf32>
  return
}

// -----

llvm.func @adze_main() {
  // expected-error @+1 {{'arith.constant' op has no place in the host program at stage 'host': of dialect 'arith'}}
  %0 = arith.constant 1 : i64
  llvm.return
}

// -----

// expected-error @+1 {{'core.constant' op has no place in the module at stage 'host': only constants stand here, each with its place among the weights (adze.offset)}}
core.constant dense<1> : tensor<2xi64>
