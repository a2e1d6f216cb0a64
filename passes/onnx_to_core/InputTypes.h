// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The element types that the ONNX standard lets operators' inputs have.
#pragma once
#include "passes/onnx_to_core/Builder.h"

namespace adze {

/// Checks the node's inputs that are tensors: each has elements that some version of the standard lets its operator
/// take at this position, and those that every version gives one type variable have equal ones. Reports the first that
/// does not. An operator that the standard does not have passes, as does what is left out, a sequence or an optional.
mlir::LogicalResult checkInputTypes(CoreBuilder &b);

} // namespace adze
