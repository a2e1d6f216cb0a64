// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names of a model's tensors as text and as names of files.
#pragma once
#include "runtime/abi.h"

#include <set>
#include <string>

namespace adze::tool {

/// "x: float32[batch,3,?,224]".
std::string describe(const adze_tensor_info &info);

/// A name for a file from a name that a model's author chose: letters, digits, '_', '-' and '.' stay, never first a
/// '.'; not longer than 200 bytes, and other than all in `taken`, to which it is added.
std::string fileName(const std::string &name, std::set<std::string> &taken);

} // namespace adze::tool
