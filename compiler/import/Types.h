// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX's types as MLIR's.
#pragma once
#include "mlir/IR/BuiltinTypes.h"
#include "onnx-ml.pb.h"

namespace adze {

/// The highest rank of a tensor.
constexpr int kMaxRank = 32;
/// What is wrong with a tensor that has these known sizes among its dimensions: one is negative, or the bytes cannot be
/// counted; or nothing.
std::string sizeProblem(llvm::ArrayRef<int64_t> sizes, mlir::Type element);

/// Dimension names of a tensor type: one a dimension, empty where it has none or its size is known.
using DimNames = llvm::SmallVector<std::string>;

/// A value's type; a tensor without a shape is unranked. Null after an error on `loc`. Fills `names` for tensors.
mlir::Type valueType(const ::onnx::TypeProto &type, mlir::Location loc, DimNames &names);

} // namespace adze
