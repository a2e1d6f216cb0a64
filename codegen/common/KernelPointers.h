// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernel bodies take flat buffers as memrefs; launches pass addresses.
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace adze {

/// Arguments of a kernel's body before and after its sizes and buffers.
enum : unsigned { kFixedScalars = 3, kFixedBuffers = 2 }; // begin, end, site; scratch, error

/// Checks that `body` is (begin, end, site, sizes..., buffers..., scratch, error), scalars of type index and buffers
/// memref<?xT>, without results. Answers the number of scalars, the first three among them.
mlir::FailureOr<unsigned> verifyKernelBody(mlir::func::FuncOp body);

/// A buffer of type memref<?xT> at `pointer` (!llvm.ptr), for the conversion of memory accesses to LLVM.
mlir::Value bufferAt(mlir::OpBuilder &b, mlir::Location loc, mlir::Type buffer, mlir::Value pointer);

} // namespace adze
