// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Evaluates core ops on the bytes of constants.
#pragma once
#include "dialects/core/Core.h"

namespace adze {

/// The value of `op`'s one result, as core.constant takes it (elements, or a blob from 4 KB up), if all its tensor
/// operands are core.constants, its index operands constants, and the op is one that can be evaluated here. Fails
/// otherwise.
mlir::FailureOr<mlir::Attribute> evaluateConstant(mlir::Operation *op);

} // namespace adze
