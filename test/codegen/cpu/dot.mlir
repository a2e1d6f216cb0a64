// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: adze-opt %s --adze-cpu-kernel-to-llvm=dot=vpdpbusd | FileCheck %s --check-prefix=VNNI
// RUN: adze-opt %s --adze-cpu-kernel-to-llvm=dot=pmaddwd | FileCheck %s --check-prefix=PAIRS
// RUN: adze-opt %s --adze-cpu-kernel-to-llvm | FileCheck %s --check-prefix=PLAIN

// VNNI-LABEL: llvm.func @dot
// VNNI:         llvm.call_intrinsic "llvm.x86.avx512.vpdpbusd.256"({{.*}}) : (vector<8xi32>, vector<32xi8>, vector<32xi8>) -> vector<8xi32>

// PAIRS-LABEL: llvm.func @dot
// PAIRS:         llvm.bitcast %{{.*}} : vector<32xi8> to vector<16xi16>
// PAIRS-COUNT-2: llvm.call_intrinsic "llvm.x86.avx2.pmadd.wd"
// PAIRS:         llvm.add

// PLAIN-LABEL: llvm.func @dot
// PLAIN:         llvm.zext %{{.*}} : vector<32xi8> to vector<32xi32>
// PLAIN:         llvm.sext %{{.*}} : vector<32xi8> to vector<32xi32>
// PLAIN-COUNT-4: llvm.shufflevector
func.func @dot(%sum: vector<8xi32>, %x: vector<32xi8>, %y: vector<32xi8>) -> vector<8xi32> {
  %0 = kernel.dot %x, %y, %sum : vector<32xi8> -> vector<8xi32>
  return %0 : vector<8xi32>
}
