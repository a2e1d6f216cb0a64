// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles a model in this very process: what a worker does. A defect of a back end may end the process; Api.h's
// `compile` is the one to call otherwise.
#pragma once
#include "compiler/Api.h"

namespace adze {

/// As `compile` of Api.h; `outputPath` must be given unless nothing is written. `progress` may be called from any
/// thread, one call at a time.
CompileResult compileInProcess(const CompileOptions &options,
                               const std::function<void(const CompileProgress &)> &progress);

/// Compiles up to `stage`, in which a compilation with these options failed for a reason of the compiler's own, and
/// writes what goes into it to a file of the user's cache. Answers how to run it, to be added to a message; empty if
/// that is not possible.
std::string reproduce(const CompileOptions &options, const std::string &stage);

/// The files that this compiler consists of: its program, the libraries in use, what goes into artifacts.
std::vector<std::string> compilerFiles();

/// The files of the programs of others that make code for the options' target, where it is asked to assemble it.
std::vector<std::string> targetTools(const CompileOptions &options);

/// The names of the stages, in order.
std::vector<std::string> compilerStages();

} // namespace adze
