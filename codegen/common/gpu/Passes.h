// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The passes of this folder, from Passes.td, and the names that they use.
#pragma once
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace adze {
#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "codegen/common/gpu/Passes.h.inc"
} // namespace adze
