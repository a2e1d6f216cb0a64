// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/adze/Page.h"

#include <string_view>

static constexpr std::string_view kPage =
#include "tools/adze/page.inc"
    ;
/// Where the numbers go.
static constexpr std::string_view kMark = "{{numbers}}";

std::string adze::tool::benchPage(const std::string &numbers) {
  size_t mark = kPage.find(kMark);
  std::string page(kPage.substr(0, mark));
  // In JSON '<' stands in strings only; written so, none of them can end the element that it lies in.
  for (char c : numbers)
    page += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return page.append(kPage.substr(mark + kMark.size()));
}
