// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// TensorProtos as attributes: small ones as elements, large ones as ranges of the file they lie in.
#pragma once
#include "compiler/import/ExternalData.h"
#include "compiler/import/WireScan.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/DenseMap.h"

namespace adze {

/// A tensor's value: an elements attribute or a #core.blob, and its type.
struct TensorValue {
  mlir::Attribute value;
  mlir::RankedTensorType type;
};

/// The start of an error about a tensor.
mlir::InFlightDiagnostic tensorError(const ::onnx::TensorProto &tensor, mlir::Location loc);
/// The shape and type, checked so that the bytes can be counted; null after an error.
mlir::RankedTensorType tensorShape(const ::onnx::TensorProto &tensor, mlir::Location loc);

/// Reads the tensors of one model.
class TensorReader {
public:
  /// `source` is the name of the model's own bytes in the store.
  TensorReader(const ScannedModel &model, std::string source, ExternalData &external, core::BlobStore &store)
      : model(model), source(std::move(source)), external(external), store(store) {}

  /// An error on `loc` names the tensor and what is wrong: shape, type, amount or place of its data.
  mlir::FailureOr<TensorValue> read(const ::onnx::TensorProto &tensor, mlir::Location loc);
  /// A sparse tensor as a dense one. All of a model together have a limit: such a tensor can claim any size.
  mlir::FailureOr<TensorValue> readSparse(const ::onnx::SparseTensorProto &sparse, mlir::Location loc);

private:
  mlir::FailureOr<TensorValue> readNew(const ::onnx::TensorProto &tensor, mlir::Location loc);
  mlir::FailureOr<TensorValue> readExternal(const ::onnx::TensorProto &tensor, mlir::RankedTensorType type,
                                            mlir::Location loc);
  mlir::FailureOr<TensorValue> readRaw(const ::onnx::TensorProto &tensor, mlir::RankedTensorType type,
                                       llvm::ArrayRef<char> raw, mlir::Location loc);
  mlir::FailureOr<TensorValue> readFields(const ::onnx::TensorProto &tensor, mlir::RankedTensorType type,
                                          mlir::Location loc);
  mlir::FailureOr<TensorValue> fromBytes(std::vector<char> bytes, mlir::RankedTensorType type);

  const ScannedModel &model;
  std::string source;
  ExternalData &external;
  core::BlobStore &store;
  uint64_t sparseBytes = 0;                                       ///< made so far
  llvm::DenseMap<const ::onnx::TensorProto *, TensorValue> known; ///< a function's tensors are read once
};

} // namespace adze
