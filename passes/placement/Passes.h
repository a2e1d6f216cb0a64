// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The passes of this folder, from Passes.td.
#pragma once
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace adze {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/placement/Passes.h.inc"
} // namespace adze
