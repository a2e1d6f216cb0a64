// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// MLIR's diagnostics of one compilation as Api.h has them, with the ONNX nodes that they are about.
#pragma once
#include "compiler/Api.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringMap.h"

#include <mutex>

namespace adze {

class DiagnosticCollector : public mlir::ScopedDiagnosticHandler {
public:
  /// Collects what is reported in `context` until destroyed.
  explicit DiagnosticCollector(mlir::MLIRContext *context);

  /// Remembers operator and opset of each onnx.node of a module that was just imported.
  void learnNodes(mlir::ModuleOp module);

  /// Remembers one node, for errors before there is a module.
  void learnNode(llvm::StringRef name, const std::string &op, int64_t opset) {
    nodes.try_emplace(name, Node{op, opset});
  }

  /// Names the stage of what is reported from now on.
  void setStage(llvm::StringRef name) { stage = name.str(); }

  /// Adds an error that has no place in the model.
  void addError(const llvm::Twine &message);

  bool hasErrors() const { return errors > 0; }
  unsigned numErrors() const { return errors; }
  std::vector<Diagnostic> take() { return std::move(collected); }

private:
  struct Node {
    std::string op;
    int64_t opset;
  };

  void add(mlir::Diagnostic &diagnostic);

  std::mutex mutex; ///< passes report from several threads
  std::vector<Diagnostic> collected;
  llvm::StringMap<Node> nodes;
  std::string stage;
  unsigned errors = 0;
};

} // namespace adze
