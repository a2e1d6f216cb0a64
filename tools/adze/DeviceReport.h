// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// compile --report: what a device's kernels ask of a piece of hardware.
#pragma once
#include "tools/adze/Commands.h"

namespace adze::tool {

/// Adds --report and --report-json to a command; --report-json's file goes to `jsonPath`.
void addReportFlags(CLI::App &command, CompileOptions &options, std::string &jsonPath);

/// Shows CompileResult::report as a table, or writes it to `jsonPath` if that is not empty. False after a message.
bool showReport(const std::string &report, const std::string &jsonPath);

} // namespace adze::tool
