// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Element types as the C ABI numbers them.
#pragma once
#include "mlir/IR/Types.h"
#include "runtime/abi.h"
#include <optional>

namespace adze {

/// Nothing for a type that has no number.
std::optional<adze_dtype> dtypeOf(mlir::Type elementType);

/// The name that metadata uses, such as "float32".
const char *dtypeName(adze_dtype dtype);

} // namespace adze
