// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/adze/Names.h"

#include "runtime/tensor.h"

#include <cctype>

std::string adze::tool::describe(const adze_tensor_info &info) {
  std::string text = std::string(info.name) + ": " + adze_dtype_name(info.dtype) + "[";
  for (int32_t d = 0; d < info.rank; ++d) {
    text += d ? "," : "";
    if (info.dims[d] >= 0)
      text += std::to_string(info.dims[d]);
    else
      text += info.dim_names && info.dim_names[d] && *info.dim_names[d] ? info.dim_names[d] : "?";
  }
  return text + "]";
}

std::string adze::tool::fileName(const std::string &name, std::set<std::string> &taken) {
  std::string base;
  for (unsigned char c : name.substr(0, 200))
    base += (c < 128 && isalnum(c)) || c == '_' || c == '-' || (c == '.' && !base.empty()) ? static_cast<char>(c) : '_';
  if (base.empty())
    base = "_";
  std::string unique = base;
  for (int i = 2; !taken.insert(unique).second; ++i)
    unique = base + "-" + std::to_string(i);
  return unique;
}
