// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Names of a model's tensors as text and as names of files.
#pragma once
#include "runtime/abi.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace adze::tool {

/// "x: float32[batch,3,?,224]".
std::string describe(const adze_tensor_info &info);

/// "float32[2,3]".
std::string typeText(adze_dtype dtype, const std::vector<int64_t> &shape);

/// "2,3".
std::string commaSeparated(const std::vector<int64_t> &numbers);

/// The element type of this name (adze_dtype_name); false if there is none.
bool dtypeOfName(const std::string &name, adze_dtype &dtype);

/// Names for the files of one folder, from names that a model's author chose.
class FileNames {
public:
  /// Letters, digits, '_', '-' and '.' stay, never first a '.'; not longer than 220 bytes, and other than all that were
  /// made before, also where the file system does not tell capitals from small letters.
  std::string make(const std::string &name);

private:
  std::set<std::string> taken;
  std::map<std::string, int> repeated; ///< the number to try next, by name
};

} // namespace adze::tool
