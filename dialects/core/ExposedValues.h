// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attributes of a module whose model's named values are results of @main, so that a caller can look at them.
#pragma once
#include "llvm/ADT/StringRef.h"

namespace adze::core {

/// Of the module: an array with one dictionary for each named value of the model, in the order of the graph. "name";
/// "node", "op" and "opset" (-1: unknown) of the node that makes it; then either "output", its index among the results
/// of @main, or "reason", why it is none; and the unit "exposed" where that result is no output of the model's own.
constexpr llvm::StringLiteral kValuesAttr = "adze.values";
/// Of a result of @main, a unit: no output of the model's own.
constexpr llvm::StringLiteral kExposedAttr = "adze.exposed";

} // namespace adze::core
