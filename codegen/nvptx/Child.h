// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A program that is run and waited for.
#pragma once
#include <chrono>
#include <string>
#include <vector>

namespace adze::nvptx {

enum class Ended { Well, Badly, TooLate };

/// Runs `command`, its output and errors in the file `log`. One that takes longer than `patience` is killed, and so it
/// is by the system if this thread ends before. May be called from several threads.
Ended runChild(const std::vector<std::string> &command, const std::string &log, std::chrono::milliseconds patience);

} // namespace adze::nvptx
