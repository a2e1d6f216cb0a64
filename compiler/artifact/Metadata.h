// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The JSON text that says what an artifact is.
#pragma once
#include "compiler/Options.h"
#include "passes/host/Program.h"

namespace adze {

/// `machine` is Target::machine(). What the import has kept of the model's file is read from attributes of `module`.
std::string makeMetadata(mlir::ModuleOp module, const host::Program &program, llvm::StringRef machine,
                         const Options &options);

} // namespace adze
