// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// AttributeProtos as MLIR attributes, graphs apart.
#pragma once
#include "compiler/import/TensorData.h"

namespace adze {

/// An attribute's type: the one it states, or, before IR version 2, the one of what it holds. An error on `loc` if it
/// states one type and holds another, or lacks a value that cannot be left out.
mlir::FailureOr<::onnx::AttributeProto::AttributeType> attributeType(const ::onnx::AttributeProto &attribute,
                                                                     mlir::Location loc);

/// The value of an attribute of this type, which is no graph, as onnx.node has it. An error on `loc` for types that it
/// has not.
mlir::FailureOr<mlir::Attribute> importAttribute(const ::onnx::AttributeProto &attribute,
                                                 ::onnx::AttributeProto::AttributeType type, TensorReader &tensors,
                                                 mlir::Location loc);

} // namespace adze
