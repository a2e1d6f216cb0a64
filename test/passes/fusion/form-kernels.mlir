// RUN: adze-opt %s --adze-form-kernels --split-input-file | FileCheck %s
// RUN: adze-opt %s --adze-form-kernels=fuse=false --split-input-file | FileCheck %s --check-prefix=APART

// A matmul with its bias and activation is one kernel; its unknown size is an index argument.
// CHECK-LABEL: func.func @epilogue
// CHECK:         %[[L:.*]] = kernel.launch @[[K:.*]](%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}})
// CHECK-NEXT:    return %[[L]]
// CHECK:       kernel.func @[[K]](%{{.*}}: index, %{{.*}}: tensor<?x8xf32> {adze.dims = array<i64: 0, -1>}
// CHECK:         core.matmul
// CHECK:         core.binary add
// CHECK:         core.unary relu
// APART-LABEL: func.func @epilogue
// APART-COUNT-3: kernel.launch
func.func @epilogue(%x: tensor<?x8xf32>, %w: tensor<8x4xf32>, %b: tensor<4xf32>) -> tensor<?x4xf32> {
  %0 = core.matmul %x, %w to f32 : (tensor<?x8xf32>, tensor<8x4xf32>) -> tensor<?x4xf32>
  %1 = core.binary add %0, %b : (tensor<?x4xf32>, tensor<4xf32>) -> tensor<?x4xf32>
  %2 = core.unary relu %1 : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %2 : tensor<?x4xf32>
}

// -----

// Two contractions are two kernels, and equal kernels are one.
// CHECK-LABEL: func.func @equal
// CHECK:         kernel.launch @k0
// CHECK:         kernel.launch @k0
// CHECK-COUNT-1: kernel.func
// CHECK-NOT:     kernel.func
func.func @equal(%x: tensor<4x4xf32>, %w: tensor<4x4xf32>) -> tensor<4x4xf32> {
  %0 = core.matmul %x, %w to f32 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %1 = core.matmul %0, %w to f32 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  return %1 : tensor<4x4xf32>
}

// -----

// An exponential is not computed again for every element that it is broadcast to.
// CHECK-LABEL: func.func @broadcast
// CHECK-COUNT-2: kernel.launch
func.func @broadcast(%x: tensor<4x1xf32>, %y: tensor<4x1000xf32>) -> tensor<4x1000xf32> {
  %0 = core.unary exp %x : (tensor<4x1xf32>) -> tensor<4x1xf32>
  %1 = core.binary mul %y, %0 : (tensor<4x1000xf32>, tensor<4x1xf32>) -> tensor<4x1000xf32>
  return %1 : tensor<4x1000xf32>
}

// -----

// Reshapes stay on the host: they are the same buffer. Indices from data have a site with the node's name.
// CHECK-LABEL: func.func @host
// CHECK:         core.reshape
// CHECK:         kernel.launch {{.*}} adze.sites = ["node 'pick': index out of range"]
func.func @host(%x: tensor<4x4xf32>, %i: tensor<2xi64>) -> tensor<2xf32> {
  %c = arith.constant 16 : index
  %0 = core.reshape %x sizes(%c) : tensor<4x4xf32> -> tensor<16xf32>
  %1 = core.gather %0, %i axis 0 : (tensor<16xf32>, tensor<2xi64>) -> tensor<2xf32> loc("pick")
  return %1 : tensor<2xf32>
}

// -----

// Equal kernels are one, which has the nodes of both and each operator once.
// CHECK-LABEL: func.func @names
// CHECK:         kernel.launch @[[SAME:[a-z0-9]+]](
// CHECK:         kernel.launch @[[SAME]](
// CHECK:         kernel.func @[[SAME]](%{{.*}} attributes {adze.nodes = "first;second;third", adze.operators = "Exp;Softsign"
func.func @names(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = core.unary exp %x : (tensor<4xf32>) -> tensor<4xf32> loc("first"("Exp"))
  %1 = core.unary exp %0 : (tensor<4xf32>) -> tensor<4xf32> loc(fused["second"("Exp"), "third"("Softsign")])
  return %0, %1 : tensor<4xf32>, tensor<4xf32>
}

// -----

// Padding that a depthwise convolution leaves out is part of its kernel; what makes the padded tensor is not, since each of
// its elements is read by many windows.
// CHECK-LABEL: func.func @depthwise
// CHECK:         kernel.launch
// CHECK:         kernel.launch
// CHECK-NOT:     kernel.launch
// CHECK:         return
// CHECK:       kernel.func
// CHECK:         core.unary relu
// CHECK-NEXT:    kernel.return
// CHECK:       kernel.func
// CHECK:         core.pad
// CHECK-NEXT:    core.conv
// CHECK-NEXT:    core.unary sigmoid
func.func @depthwise(%x: tensor<1x8x8x32xf32>, %f: tensor<3x3x1x32xf32>) -> tensor<1x8x8x32xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c10 = arith.constant 10 : index
  %c32 = arith.constant 32 : index
  %zero = core.constant dense<0.0> : tensor<f32>
  %0 = core.unary relu %x : (tensor<1x8x8x32xf32>) -> tensor<1x8x8x32xf32>
  %1 = core.pad constant %0, %zero low(%c0, %c1, %c1, %c0) sizes(%c1, %c10, %c10, %c32)
    : tensor<1x8x8x32xf32>, tensor<f32> -> tensor<1x10x10x32xf32>
  %2 = core.conv %1, %f strides [1, 1] dilations [1, 1] groups 32 to f32
    : (tensor<1x10x10x32xf32>, tensor<3x3x1x32xf32>) -> tensor<1x8x8x32xf32>
  %3 = core.unary sigmoid %2 : (tensor<1x8x8x32xf32>) -> tensor<1x8x8x32xf32>
  return %3 : tensor<1x8x8x32xf32>
}

// -----

// Numbers from the host come to a kernel's body as indices.
// CHECK-LABEL: func.func @scalars
// CHECK-DAG:     arith.index_cast %{{.*}} : i64 to index
// CHECK-DAG:     arith.index_castui %{{.*}} : i1 to index
// CHECK-DAG:     %[[BITS:.*]] = arith.bitcast %{{.*}} : f32 to i32
// CHECK-DAG:     arith.index_cast %[[BITS]] : i32 to index
// CHECK:         kernel.launch {{.*}} : (index, index, index) -> tensor<5xf32>
// CHECK:       kernel.func
// CHECK:         core.generate
// CHECK-DAG:       arith.index_cast %{{.*}} : index to i64
// CHECK-DAG:       arith.index_cast %{{.*}} : index to i1
// CHECK-DAG:       %[[BACK:.*]] = arith.index_cast %{{.*}} : index to i32
// CHECK-DAG:       arith.bitcast %[[BACK]] : i32 to f32
func.func @scalars(%n: tensor<i64>, %x: tensor<f32>) -> tensor<5xf32> {
  %c5 = arith.constant 5 : index
  %c2 = arith.constant 2 : i64
  %i = tensor.extract %n[] : tensor<i64>
  %f = tensor.extract %x[] : tensor<f32>
  %b = arith.cmpi slt, %i, %c2 : i64
  %0 = core.generate() sizes(%c5) {
  ^bb0(%at: index):
    %g = arith.sitofp %i : i64 to f32
    %r = arith.select %b, %g, %f : f32
    core.yield %r : f32
  } : () -> tensor<5xf32>
  return %0 : tensor<5xf32>
}

// -----

// Attention reads through transposes and slices of what lies in memory, and writes its rows where a transpose has them. What is computed
// before them is not computed again for every block of queries.
// CHECK-LABEL: func.func @attention
// CHECK-COUNT-2: kernel.launch
// CHECK-NOT:     kernel.launch
// CHECK:       kernel.func
// CHECK:         core.unary exp
// CHECK:       kernel.func
// CHECK-COUNT-2: core.transpose
// CHECK:         core.slice
// CHECK:         core.attention
// CHECK-NEXT:    core.transpose
func.func @attention(%q: tensor<1x5x4x16xf32>, %k: tensor<1x7x4x16xf32>, %v: tensor<1x4x9x16xf32>) -> tensor<1x5x4x16xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c4 = arith.constant 4 : index
  %c7 = arith.constant 7 : index
  %c16 = arith.constant 16 : index
  %0 = core.unary exp %k : (tensor<1x7x4x16xf32>) -> tensor<1x7x4x16xf32>
  %1 = core.transpose %q [0, 2, 1, 3] : (tensor<1x5x4x16xf32>) -> tensor<1x4x5x16xf32>
  %2 = core.transpose %0 [0, 2, 1, 3] : (tensor<1x7x4x16xf32>) -> tensor<1x4x7x16xf32>
  %3 = core.slice %v offsets(%c0, %c0, %c2, %c0) steps(%c1, %c1, %c1, %c1) sizes(%c1, %c4, %c7, %c16) : tensor<1x4x9x16xf32> -> tensor<1x4x7x16xf32>
  %4 = core.attention %1, %2, %3 scale 0.25 : (tensor<1x4x5x16xf32>, tensor<1x4x7x16xf32>, tensor<1x4x7x16xf32>) -> tensor<1x4x5x16xf32>
  %5 = core.transpose %4 [0, 2, 1, 3] : (tensor<1x4x5x16xf32>) -> tensor<1x5x4x16xf32>
  return %5 : tensor<1x5x4x16xf32>
}

// -----

// Kernels that differ in data alone are one, to which the data are operands; numbers of the formula are in it.
// CHECK-LABEL: func.func @scales
// CHECK:         kernel.launch @k0(
// CHECK:         kernel.launch @k0(
// CHECK:       kernel.func @k0(%{{.*}}: tensor<4xf32> {{.*}}, %{{.*}}: tensor<f32>
// CHECK:         core.constant dense<1.000000e+00>
// CHECK-NOT:     kernel.func
func.func @scales(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %one = core.constant dense<1.0> : tensor<f32>
  %a = core.constant dense<0.123> : tensor<f32>
  %b = core.constant dense<0.456> : tensor<f32>
  %0 = core.binary mul %x, %a : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = core.binary add %0, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = core.binary mul %x, %b : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %3 = core.binary add %2, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return %1, %3 : tensor<4xf32>, tensor<4xf32>
}

// -----

// A body does not ask a tensor for its size: the kernel gets it.
// CHECK-LABEL: func.func @sizes
// CHECK:         kernel.launch
// CHECK:       kernel.func
// CHECK-NOT:     tensor.dim
// CHECK:         kernel.return
func.func @sizes(%x: tensor<?xf32>) -> tensor<5xindex> {
  %c5 = arith.constant 5 : index
  %0 = core.generate() sizes(%c5) {
  ^bb0(%at: index):
    %c0 = arith.constant 0 : index
    %n = tensor.dim %x, %c0 : tensor<?xf32>
    %sum = arith.addi %n, %at : index
    core.yield %sum : index
  } : () -> tensor<5xindex>
  return %0 : tensor<5xindex>
}

// -----

// A product that could not join the kernel of its user, here because of the padding between them, leaves it the 8-bit
// numbers rather than its sums.
// CHECK-LABEL: func.func @narrow_result
// CHECK:         kernel.launch @[[K:[a-z0-9]+]]({{.*}}) {{.*}} -> tensor<?x16xi8>
// CHECK:         kernel.launch @[[L:[a-z0-9]+]]({{.*}}) {{.*}} -> tensor<?x16xi8>
// CHECK:       kernel.func @[[K]]
// CHECK:         core.matmul
// CHECK-NEXT:    core.unary round
// CHECK-NEXT:    core.cast {{.*}} to i8 saturate
// CHECK-NEXT:    kernel.return
// CHECK:       kernel.func @[[L]]
// CHECK:         core.pad
func.func @narrow_result(%x: tensor<?x4xf32>, %w: tensor<4x16xf32>) -> tensor<?x16xi8> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c16 = arith.constant 16 : index
  %dim = tensor.dim %x, %c0 : tensor<?x4xf32>
  %more = arith.addi %dim, %c1 : index
  %zero = core.constant dense<0> : tensor<i8>
  %0 = core.matmul %x, %w to f32 : (tensor<?x4xf32>, tensor<4x16xf32>) -> tensor<?x16xf32>
  %1 = core.unary round %0 : (tensor<?x16xf32>) -> tensor<?x16xf32>
  %2 = core.cast %1 to i8 saturate : (tensor<?x16xf32>) -> tensor<?x16xi8>
  %3 = core.pad constant %2, %zero low(%c1, %c0) sizes(%more, %c16) : tensor<?x16xi8>, tensor<i8> -> tensor<?x16xi8>
  return %3 : tensor<?x16xi8>
}
