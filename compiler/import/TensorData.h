// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TensorProtos as attributes: small ones as elements, large ones as ranges of the file they lie in.
#pragma once
#include "compiler/import/ExternalData.h"
#include "compiler/import/WireScan.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Location.h"

namespace adze {

/// A tensor's value: an elements attribute or a #core.blob, and its type.
struct TensorValue {
  mlir::Attribute value;
  mlir::RankedTensorType type;
};

/// Reads the tensors of one model.
class TensorReader {
public:
  TensorReader(const ScannedModel &model, ExternalData &external, core::BlobStore &store)
      : model(model), external(external), store(store) {}

  /// An error on `loc` names the tensor and what is wrong: shape, type, amount or place of its data.
  mlir::FailureOr<TensorValue> read(const ::onnx::TensorProto &tensor, mlir::Location loc);
  /// A sparse tensor as a dense one.
  mlir::FailureOr<TensorValue> readSparse(const ::onnx::SparseTensorProto &sparse, mlir::Location loc);

private:
  mlir::FailureOr<TensorValue> readRaw(const ::onnx::TensorProto &tensor, mlir::RankedTensorType type,
                                       llvm::ArrayRef<char> raw, mlir::Location loc);
  mlir::FailureOr<TensorValue> readFields(const ::onnx::TensorProto &tensor, mlir::RankedTensorType type,
                                          mlir::Location loc);
  mlir::FailureOr<TensorValue> fromBytes(std::vector<char> bytes, mlir::RankedTensorType type);

  const ScannedModel &model;
  ExternalData &external;
  core::BlobStore &store;
};

} // namespace adze
