// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The text in front of the data of a .npy file: "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }".
#pragma once
#include "runtime/abi.h"

#include <string>
#include <string_view>
#include <vector>

namespace adze::tool {

struct NpyHeader {
  std::string descr; ///< "<f4"
  bool fortranOrder = false;
  std::vector<int64_t> shape;
};

/// Reads the text; false, with the reason in `error`, for any other text.
bool parseNpyHeader(std::string_view text, NpyHeader &header, std::string &error);

/// The text for a tensor.
std::string printNpyHeader(const NpyHeader &header);

/// The format's name of an element type; for those without a name, that of the unsigned type of their size.
const char *npyDescr(adze_dtype dtype);

/// The element type that `descr` means where `expected` is wanted; false if there is none.
bool npyDtype(const std::string &descr, adze_dtype expected, adze_dtype &dtype);

} // namespace adze::tool
