// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What is left of a compilation that failed for a reason of the compiler's own: one file with IR and pipeline.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "llvm/Support/Error.h"

namespace adze {

/// Notes which pass of a pass manager failed.
class FailedPass : public mlir::PassInstrumentation {
public:
  /// The result goes to `name`, which must outlive the pass manager.
  explicit FailedPass(std::string &name) : name(name) {}
  void runAfterPassFailed(mlir::Pass *pass, mlir::Operation *op) override;

private:
  std::string &name;
};

/// Writes `module` with `pipeline` (empty: none) as a file for `adze-opt --run-reproducer` into the user's cache, where
/// the newest are kept, and answers its path. The file is the user's alone, and appears under its name when it is
/// whole. Weights are not in it.
llvm::Expected<std::string> writeReproducer(mlir::ModuleOp module, llvm::StringRef stage, llvm::StringRef pipeline);

} // namespace adze
