// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The named values of a model as results of its function, for those who compare the model's parts.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include <string>
#include <vector>

namespace adze {

/// Collects named values in the order of the graph.
class ExposedValues {
public:
  struct Entry {
    std::string name;
    llvm::StringRef node; ///< the context's
    std::string op;       ///< with the domain where that is not ONNX's own
    int64_t opset = -1;   ///< -1: unknown
    mlir::Value value;
    std::string reason; ///< why it can be no result, or empty
  };

  void add(Entry entry) { entries.push_back(std::move(entry)); }

  /// Appends the values that are no results yet, by their names, to the `results` of @main and their `attributes`, and
  /// sets what dialects/core/ExposedValues.h says.
  void addResults(mlir::ModuleOp module, llvm::SmallVectorImpl<mlir::Value> &results,
                  llvm::SmallVectorImpl<mlir::DictionaryAttr> &attributes) const;

private:
  std::vector<Entry> entries;
};

} // namespace adze
