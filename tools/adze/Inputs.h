// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What `adze run` and `adze bench` run, and on what: a model or an artifact, values from .npy files or random ones.
#pragma once
#include "tools/adze/Commands.h"
#include "tools/adze/Model.h"

namespace adze::tool {

/// Their options: those of a compilation, --input, --random, --threads and --device.
struct InputFlags {
  CompileFlags compile;
  std::vector<std::string> inputs; ///< "x=x.npy"
  int threads = 0;
  std::string device; ///< a number or a part of a name; empty: none is named
  uint64_t seed = 0;
  bool random = false;                      ///< inputs without a file get random values
  std::map<std::string, std::string> known; ///< files of inputs that the user names none for
  /// Adds them to a command.
  void add(CLI::App &command);
  /// Reads them; false after a message.
  bool finish() { return compile.finish(); }
};

/// Compiles the model that the user named, unless it is an artifact already. False after a message. `path`: the
/// artifact, there as long as `compiled` lives.
bool openModel(const InputFlags &flags, CompileResult &compiled, std::string &path);

/// "adze 0.1.0, -O2": who makes the values of a dump.
std::string producerName(const CompileOptions &options);

/// Values of all inputs: from files of the user, else from those in `known`, else random. False after a message.
bool readInputs(const InputFlags &flags, const adze_model_info &info, std::vector<Tensor> &inputs);

} // namespace adze::tool
