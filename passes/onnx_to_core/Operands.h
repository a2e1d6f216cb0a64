// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Inputs with a check of their element type, and operands of the standard's first opsets.
#pragma once
#include "passes/onnx_to_core/Builder.h"

namespace adze {

/// What an operator takes as elements.
enum class Elements {
  any,      ///< all that CoreBuilder::in takes
  numbers,  ///< integers of 8 bits and more, floats of 16 bits and more
  floats,   ///< floats of 16 bits and more
  integers, ///< integers of 8 bits and more
  bools,
};

/// Input `i`; an error if its elements are of another kind.
mlir::Value input(CoreBuilder &b, unsigned i, Elements kind);

/// Input 1 of an operator of two inputs, as it broadcasts to `x`: before opset 7 its dimensions stand at the attribute
/// `axis` of x's where the node has one.
mlir::Value rightInput(CoreBuilder &b, mlir::Value x, Elements kind);

/// True for a tensor whose elements are strings.
bool isString(mlir::Value tensor);

} // namespace adze
