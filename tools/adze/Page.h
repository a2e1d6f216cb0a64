// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The page of `adze bench --html`.
#pragma once
#include <string>

namespace adze::tool {

/// A self-contained page that shows `numbers`, the JSON text of `adze bench` with a timeline. Whatever the strings in
/// it hold (a model's author chose them), they stay text on the page.
std::string benchPage(const std::string &numbers);

} // namespace adze::tool
