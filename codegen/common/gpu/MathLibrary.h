// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The math library of GPU kernels: math/ as bitcode.
#pragma once
#include "mlir/IR/Location.h"
#include "mlir/Support/LLVM.h"
#include "llvm/IR/Module.h"

namespace adze::gpu {

/// What the names of the library's functions begin with: adze_math_exp_f32.
inline constexpr llvm::StringLiteral kMathPrefix = "adze_math_";

/// Links the functions of the library that `module` calls into it, as internal ones, and marks those that are to be
/// inlined. Does nothing if it calls none.
mlir::LogicalResult linkMathLibrary(llvm::Module &module, mlir::Location loc);

} // namespace adze::gpu
