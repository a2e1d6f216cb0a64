// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ONNX's types as MLIR's.
#pragma once
#include "mlir/IR/BuiltinTypes.h"
#include "onnx-ml.pb.h"

namespace adze {

/// Element type of a TensorProto.DataType; null for one that is unknown or complex.
mlir::Type elementType(int32_t dataType, mlir::MLIRContext &context);

/// Dimension names of a tensor type: one a dimension, empty where it has none or its size is known.
using DimNames = llvm::SmallVector<std::string>;

/// A value's type; a tensor without a shape is unranked. Null after an error on `loc`. Fills `names` for tensors.
mlir::Type valueType(const ::onnx::TypeProto &type, mlir::Location loc, DimNames &names);

} // namespace adze
