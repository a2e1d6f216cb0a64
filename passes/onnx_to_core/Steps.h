// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sequences of steps that hand a state on: unrolled where their number is small and known, else a loop of the host
// program.
#pragma once
#include "passes/onnx_to_core/Builder.h"

namespace adze {

/// The state after the last step, and what the steps gave, one after the other along a first dimension (null if they
/// give nothing).
struct Stepped {
  llvm::SmallVector<mlir::Value> state;
  mlir::Value outputs;
};

/// What a step gives: the next state, of the sizes of the one before, and its output, of the sizes that the caller
/// told, or null.
using StepResult = std::pair<llvm::SmallVector<mlir::Value>, mlir::Value>;

/// Runs `body(t, state)` for t = 0 .. count - 1, or from count - 1 down to 0. The outputs lie in order of t; each has
/// `outputSizes` and `outputElement` (null: there are none). An empty state tells that an error has been reported.
Stepped runSteps(CoreBuilder &b, mlir::Value count, bool reverse, llvm::ArrayRef<mlir::Value> state,
                 llvm::ArrayRef<mlir::Value> outputSizes, mlir::Type outputElement,
                 llvm::function_ref<StepResult(mlir::Value t, mlir::ValueRange state)> body);

} // namespace adze
