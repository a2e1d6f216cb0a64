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

std::string adze::tool::commaSeparated(const std::vector<int64_t> &numbers) {
  std::string text;
  for (int64_t number : numbers)
    text += (text.empty() ? "" : ",") + std::to_string(number);
  return text;
}

std::string adze::tool::typeText(adze_dtype dtype, const std::vector<int64_t> &shape) {
  return std::string(adze_dtype_name(dtype)) + "[" + commaSeparated(shape) + "]";
}

bool adze::tool::dtypeOfName(const std::string &name, adze_dtype &dtype) {
  for (int number = ADZE_F32; number <= ADZE_I2; ++number)
    if (name == adze_dtype_name(static_cast<adze_dtype>(number))) {
      dtype = static_cast<adze_dtype>(number);
      return name != "unknown";
    }
  return false;
}

std::string adze::tool::FileNames::make(const std::string &name) {
  std::string base;
  for (unsigned char c : name.substr(0, 200))
    base += (c < 128 && isalnum(c)) || c == '_' || c == '-' || (c == '.' && !base.empty()) ? static_cast<char>(c) : '_';
  if (base.empty())
    base = "_";
  auto lower = [](std::string text) {
    for (char &c : text)
      c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
    return text;
  };
  std::string unique = base;
  int &next = repeated.try_emplace(lower(base), 2).first->second;
  while (!taken.insert(lower(unique)).second)
    unique = base + "-" + std::to_string(next++);
  return unique;
}
