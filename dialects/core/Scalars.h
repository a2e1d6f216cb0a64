// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Small integer tensors as the scalars they are made of: what turns a model's shape arithmetic into host scalars.
#pragma once
#include "mlir/IR/Builders.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>

namespace adze::core {

/// The elements of an integer or i1 tensor of rank 0 or 1 and a known, small size, row-major, as values of type index
/// (i1 tensors: as i1), built at `builder`. Follows tensor.from_elements, constants, concat, slice, gather by
/// constants, reshape, cast, integer arithmetic, comparison, select, broadcast, iota and sums and products; an element
/// of anything else is a tensor.extract. Nothing if the size is not known, is over 256, or the rank over 1.
std::optional<llvm::SmallVector<mlir::Value>> scalarElements(mlir::OpBuilder &builder, mlir::Location loc,
                                                             mlir::Value tensor);

/// An index or integer value's constant, if it is one.
std::optional<int64_t> constantOf(mlir::Value scalar);

} // namespace adze::core
