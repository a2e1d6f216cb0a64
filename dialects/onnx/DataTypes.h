// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Element types by their numbers in ONNX's TensorProto.DataType.
#pragma once
#include "mlir/IR/Types.h"
#include <optional>

namespace adze::onnx {

/// Numbers are below this.
constexpr unsigned kDataTypes = 29;

/// The element type of a number; null for one that is unknown or complex.
mlir::Type elementType(int64_t dataType, mlir::MLIRContext *context);
/// The number of an element type; nothing if ONNX has no such type.
std::optional<unsigned> dataTypeOf(mlir::Type element);

} // namespace adze::onnx
