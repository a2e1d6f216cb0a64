// RUN: adze-opt %s --adze-cpu-kernel-abi | FileCheck %s --check-prefix=ABI
// RUN: adze-opt %s --adze-cpu-kernel-abi --adze-cpu-kernel-to-llvm | FileCheck %s --check-prefix=LLVM

// Pointers that do not alias, aligned to their elements: a caller's tensor is no more than that.
// ABI-LABEL: func.func @adze.kernel.k(
// ABI:         call @k(
// ABI-LABEL: func.func private @k(%{{.*}}: index, %{{.*}}: index, %{{.*}}: index, %{{.*}}: index,
// ABI-SAME:    !llvm.ptr {llvm.align = 4 : i64, llvm.noalias}, %{{.*}}: !llvm.ptr {llvm.align = 8 : i64, llvm.noalias},
// ABI-SAME:    !llvm.ptr {llvm.align = 64 : i64, llvm.noalias}, %{{.*}}: !llvm.ptr {llvm.align = 8 : i64, llvm.noalias})

// Loops are blocks, vectors are loads of their own alignment, erf is a call of the library, sqrt an instruction.
// LLVM-LABEL: llvm.func @adze.kernel.k(%{{.*}}: i64, %{{.*}}: i64, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr)
// LLVM-LABEL: llvm.func @k(
// LLVM-NOT:   memref
// LLVM:       llvm.cond_br
// LLVM:       llvm.load {{.*}} {alignment = 4 : i64} : !llvm.ptr -> vector<8xf32>
// LLVM:       llvm.intr.sqrt({{.*}}) : (vector<8xf32>)
// LLVM:       llvm.call @erff(
// LLVM:       llvm.call @expm1(
func.func private @k(%begin: index, %end: index, %site: index, %n: index, %x: memref<?xf32>, %y: memref<?xf64>, %scratch: memref<?xi8>,
                     %error: memref<?xi64>) attributes {adze.kernel} {
  %c8 = arith.constant 8 : index
  %c0 = arith.constant 0 : index
  %room = memref.view %scratch[%c0][%c8] : memref<?xi8> to memref<?xf32>
  scf.for %i = %begin to %end step %c8 {
    %v = vector.load %x[%i] : memref<?xf32>, vector<8xf32>
    %s = math.sqrt %v : vector<8xf32>
    vector.store %s, %room[%c0] : memref<?xf32>, vector<8xf32>
    %e = memref.load %room[%c0] : memref<?xf32>
    %f = math.erf %e : f32
    %g = arith.extf %f : f32 to f64
    %h = math.expm1 %g : f64
    memref.store %h, %y[%i] : memref<?xf64>
  }
  return
}
