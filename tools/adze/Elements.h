// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Elements of all types as numbers.
#pragma once
#include "tools/adze/Npy.h"

#include <string>

namespace adze::tool {

/// True for the types that hold whole numbers and for bool.
bool isInteger(adze_dtype dtype);

/// The element at `data`; 0 for types without numbers. Integers of 64 bits are rounded where long double is short.
long double numberAt(adze_dtype dtype, const void *data);

/// The element at `data` as text, with as many digits as its type has.
std::string elementText(adze_dtype dtype, const void *data);

/// The tensor with its elements in row-major order. False: no memory.
bool makeRowMajor(Tensor &tensor);

} // namespace adze::tool
