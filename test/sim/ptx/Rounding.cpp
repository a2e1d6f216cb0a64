// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/sim/ptx/Rounding.h"
#include <algorithm>

namespace adze::ptx {

double toInteger(double x, Round mode) {
  switch (mode) {
  case Round::nearest:
    return std::rint(x);
  case Round::zero:
    return std::trunc(x);
  case Round::down:
    return std::floor(x);
  case Round::up:
    return std::ceil(x);
  case Round::away:
    return std::round(x);
  }
  return x;
}

double quantise(double x, const Format &format, Round mode, bool finite) {
  if (x == 0 || x != x)
    return x;
  bool negative = x < 0;
  double largest = negative ? -format.most : format.most;
  if (std::isinf(x))
    return finite || !format.hasInfinity ? largest : x;
  int exponent = std::max(std::ilogb(x), format.smallest);
  double rounded = std::ldexp(toInteger(std::ldexp(x, format.fraction - exponent), mode), exponent - format.fraction);
  if (std::fabs(rounded) <= format.most)
    return rounded == 0 && negative ? -0.0 : rounded;
  bool toLargest = finite || !format.hasInfinity || mode == Round::zero || (mode == Round::down && !negative) ||
                   (mode == Round::up && negative);
  return toLargest ? largest : negative ? -HUGE_VAL : HUGE_VAL;
}

uint32_t encode(double x, const Format &format) {
  int exponents = format.hasInfinity ? format.largest + 1 - format.smallest + 1 : format.largest - format.smallest + 2;
  int exponentBits = 0;
  while (1 << exponentBits < exponents)
    ++exponentBits;
  uint32_t sign = static_cast<uint32_t>(std::signbit(x)) << (format.fraction + exponentBits);
  uint32_t top = (1u << exponentBits) - 1;
  if (x != x)
    return (1u << (format.fraction + exponentBits)) - 1;
  if (x == 0)
    return sign;
  if (std::isinf(x))
    return sign | top << format.fraction;
  double magnitude = std::fabs(x);
  int exponent = std::max(std::ilogb(magnitude), format.smallest);
  uint32_t bits = static_cast<uint32_t>(std::ldexp(magnitude, format.fraction - exponent)); // with the leading one
  bool isNormal = bits >> format.fraction & 1;
  uint32_t biased = isNormal ? static_cast<uint32_t>(exponent - format.smallest + 1) : 0;
  return sign | biased << format.fraction | (bits & ((1u << format.fraction) - 1));
}

double decode(uint32_t bits, const Format &format) {
  int exponents = format.hasInfinity ? format.largest + 1 - format.smallest + 1 : format.largest - format.smallest + 2;
  int exponentBits = 0;
  while (1 << exponentBits < exponents)
    ++exponentBits;
  uint32_t fraction = bits & ((1u << format.fraction) - 1), top = (1u << exponentBits) - 1;
  uint32_t biased = bits >> format.fraction & top;
  bool negative = bits >> (format.fraction + exponentBits) & 1;
  double value;
  if (biased == top && (format.hasInfinity || fraction == (1u << format.fraction) - 1))
    value = format.hasInfinity && fraction == 0 ? HUGE_VAL : std::nan("");
  else if (biased == 0)
    value = std::ldexp(static_cast<double>(fraction), format.smallest - format.fraction);
  else
    value = std::ldexp(static_cast<double>(fraction | 1u << format.fraction),
                       format.smallest + static_cast<int>(biased) - 1 - format.fraction);
  return negative ? -value : value;
}

double oddFromInteger(uint64_t magnitude, bool negative) {
  if (magnitude >> 53) {
    int drop = 11 - __builtin_clzll(magnitude);
    uint64_t lost = magnitude & ((1ull << drop) - 1);
    magnitude = (magnitude >> drop | (lost ? 1 : 0)) << drop;
  }
  double value = static_cast<double>(magnitude);
  return negative ? -value : value;
}

} // namespace adze::ptx
