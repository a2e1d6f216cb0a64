// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adze::compile by way of the cache.
#pragma once
#include "compiler/Api.h"

namespace adze {

/// What the cache needs of the workers.
struct Compiler {
  /// Compiles without a cache.
  std::function<CompileResult(const CompileOptions &, const Callbacks &)> compile;
  /// The files that a worker consists of; empty if none can be started.
  std::function<std::vector<std::string>()> files;
  /// The files of programs of others with which it assembles for the compilation's target.
  std::function<std::vector<std::string>()> tools = {};
};

/// True if the cache is asked for and has to do with such a compilation.
bool goesThroughCache(const CompileOptions &options);

/// Takes the artifact from the cache, or compiles it into the cache. Whatever is wrong with the cache costs no more
/// than itself: the model is then compiled without it, and a warning or remark says why. The options' paths are
/// absolute.
CompileResult compileCached(const CompileOptions &options, const Callbacks &callbacks, const Compiler &compiler);

} // namespace adze
