// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the user sees: diagnostics, the progress bar, sizes. Colour and movement on terminals only.
#pragma once
#include "compiler/Api.h"

namespace adze::tool {

/// When diagnostics are coloured. Auto: where standard error is a terminal and the environment's NO_COLOR is not set.
enum class Colour { Auto, Always, Never };
void setColour(Colour wanted);

/// Prints "error: node 'conv1' (Conv, opset 13): ..." to standard error.
void print(const Diagnostic &diagnostic);

/// Prints "error: message" to standard error; answers 1, the exit status.
int fail(const std::string &message);

/// "1.5 MB".
std::string bytesText(int64_t bytes);

/// The text without control characters: a model's names reach no terminal as escape sequences.
std::string printable(std::string text);

/// The text cut to what is left of a line of standard output after `used` columns, if that is a terminal.
std::string fitted(std::string text, size_t used);

/// A line at the bottom of the terminal that says where a compilation is; nothing if standard error is no terminal.
class ProgressBar {
public:
  ProgressBar();
  ~ProgressBar() { clear(); }
  void show(const CompileProgress &progress);
  void clear();

private:
  bool terminal, shown = false;
};

} // namespace adze::tool
