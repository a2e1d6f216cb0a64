// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operands of the standard's first opsets, and strings.
#pragma once
#include "passes/onnx_to_core/Builder.h"

namespace adze {

/// Input 1 of an operator of two inputs, as it broadcasts to `x`: before opset 7 its dimensions stand at the attribute
/// `axis` of x's where the node has one.
mlir::Value rightInput(CoreBuilder &b, mlir::Value x);

/// True for a tensor whose elements are strings.
bool isString(mlir::Value tensor);

} // namespace adze
