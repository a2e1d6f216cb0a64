// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kernel.dot on CPUs.
#pragma once
#include "mlir/IR/BuiltinOps.h"

namespace adze {

/// Replaces each kernel.dot by instructions: "vpdpbusd" (AVX512-VNNI, AVX-VNNI), "pmaddwd" (any x86-64), or "" for
/// multiplications and additions of i32.
void lowerDots(mlir::ModuleOp module, llvm::StringRef instruction);

} // namespace adze
