// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From an ONNX file to a module of onnx.node ops. The file is hostile until proved otherwise.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace adze {

/// A model: a file, or bytes in memory.
struct ModelSource {
  std::string path;          ///< of the model's file; empty where `bytes` are given
  llvm::StringRef bytes;     ///< the model itself; they outlive the context
  std::string baseDirectory; ///< where external data of `bytes` lies; empty: such data is an error
};

struct ImportOptions {
  std::map<std::string, int64_t> dims; ///< sizes for named dimensions of the inputs; an unknown name is an error
  /// Told of each node before it is imported: the name that diagnostics have for it, its operator (with the domain
  /// where that is not ONNX's own), its opset or -1.
  std::function<void(llvm::StringRef node, const std::string &op, int64_t opset)> onNode;
  bool exposeValues = false; ///< named values of the main graph become results of @main, see ExposedValues.h
};

/// Imports a model; null after errors were reported as diagnostics, on the nodes' names where they are about a node.
/// The module has one function, @main, of onnx.node and core.constant ops, with the inputs' names and dimension names
/// as argument attributes and the outputs' names as result attributes. Declared shapes of intermediate values and
/// outputs are not read. Large weights stay where they are: #core.blob refers to the mapped file through the context's
/// BlobStore. `externalFiles`, if given, gets the locations of the files beside the model that hold some.
mlir::OwningOpRef<mlir::ModuleOp> importModel(const ModelSource &source, const ImportOptions &options,
                                              mlir::MLIRContext &context,
                                              std::vector<std::string> *externalFiles = nullptr);

} // namespace adze
