// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What can be computed with elements of a type.
#pragma once
#include "mlir/IR/Location.h"
#include "mlir/IR/Types.h"
#include "llvm/Support/LogicalResult.h"
#include <optional>

namespace adze::core {

/// True for floats of 16 bits and more, which are computed with; smaller ones are cast before.
bool isWideFloat(mlir::Type elementType);

/// An error at `loc` unless elements of this type are added and compared as they are: integers and wide floats.
llvm::LogicalResult checkNumbers(std::optional<mlir::Location> loc, mlir::Type elementType);

} // namespace adze::core
