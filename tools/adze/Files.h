// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files that appear complete or not at all.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace adze::tool {

/// Writes the pieces, one after the other, to the file `path` in one step: there is never half a file of that name.
/// False, with the reason in `error`.
bool writeFile(const std::string &path, const std::vector<std::string_view> &pieces, std::string &error);

/// "cannot WHAT: " and errno's text, for "be written" and the like.
std::string errnoText(const char *what);

} // namespace adze::tool
