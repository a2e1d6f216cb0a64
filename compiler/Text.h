// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Modules between the stages as files: MLIR's text, and beside it the bytes of the weights that the text only names.
#pragma once
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Error.h"

namespace adze {

/// Writes `module` to `path`. With `weights`, the bytes behind its #core.blob attributes go to `path`.weights, if there
/// are any, and the attributes name that file from then on.
llvm::Error writeModuleText(mlir::ModuleOp module, llvm::StringRef path, bool weights);

/// Opens the files beside a text that its #core.blob attributes name: `folder`/NAME.weights, never a link or a path.
/// Those that are not there are left unknown; whoever needs their bytes reports it.
llvm::Error openWeights(mlir::ModuleOp module, llvm::StringRef folder);

} // namespace adze
