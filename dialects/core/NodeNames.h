// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The model's node names and their operators, which locations carry: a node's is loc("name"("Operator")).
#pragma once
#include "mlir/IR/Location.h"
#include "llvm/ADT/SmallVector.h"

namespace adze::core {

/// The names of the ONNX nodes in a location, in order, each once.
void collectNodeNames(mlir::Location loc, llvm::SmallVectorImpl<llvm::StringRef> &names);
/// Their operators, in the order of the nodes, each once; nothing of a node whose location has none.
void collectOperators(mlir::Location loc, llvm::SmallVectorImpl<llvm::StringRef> &operators);
/// `message` after "node 'name': ", or alone where the location has no name.
std::string messageAtNode(mlir::Location loc, llvm::StringRef message);

} // namespace adze::core
