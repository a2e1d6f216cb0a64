// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The passes of this folder, from Passes.td.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace adze {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "passes/verify_stage/Passes.h.inc"
} // namespace adze
