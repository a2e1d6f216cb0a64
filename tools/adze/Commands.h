// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The subcommands of `adze`, one file each. Each adds itself to the command line and, if the user calls it, stores the
// exit status.
#pragma once
#include "compiler/Api.h"

#include <CLI/CLI.hpp>

namespace adze::tool {

void addCompile(CLI::App &app, int &status);
void addRun(CLI::App &app, int &status);
void addBench(CLI::App &app, int &status);
void addDiff(CLI::App &app, int &status);
void addCheck(CLI::App &app, int &status);
void addInspect(CLI::App &app, int &status);
void addCache(CLI::App &app, int &status);

/// Options that every command has that compiles.
struct CompileFlags {
  CompileOptions options;
  std::vector<std::string> dims; ///< "batch=1"
  /// Adds them to a command.
  void add(CLI::App &command);
  /// Reads `dims` into the options; false after a message.
  bool finish();
};

/// Splits "name=value" at the last '='; false if there is none or the name is empty.
bool splitAssignment(const std::string &text, std::string &name, std::string &value);

/// Reads "name=size" pairs; false after a message.
bool parseDims(const std::vector<std::string> &texts, std::vector<std::pair<std::string, int64_t>> &dims);

/// Compiles with a progress bar and prints all diagnostics.
CompileResult compileShown(const CompileOptions &options);

/// Prints which kernels the host runs though the target is a device, and why; nothing if there are none.
void printHostKernels(const CompileSummary &summary);

} // namespace adze::tool
