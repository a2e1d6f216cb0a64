// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rounding to any binary format, for the conversions that no vector code serves.
#pragma once
#include "test/sim/ptx/Numbers.h"

namespace adze::ptx {

enum class Round : uint8_t { nearest, zero, down, up, away }; ///< away: to nearest, ties away from zero

/// A binary format: bits of the fraction, exponents of the smallest normal and of the largest number.
struct Format {
  int fraction, smallest, largest;
  double most; ///< the largest number
  bool hasInfinity;
};
constexpr Format halfFormat{10, -14, 15, 65504.0, true}, bf16Format{7, -126, 127, 0x1.fep127, true},
    tf32Format{10, -126, 127, 0x1.ffcp127, true}, singleFormat{23, -126, 127, 0x1.fffffep127, true},
    e4m3Format{3, -6, 8, 448.0, false}, e5m2Format{2, -14, 15, 57344.0, true};

/// x rounded to an integer.
double toInteger(double x, Round mode);
/// x as a number of the format; finite: what is too large becomes the largest.
double quantise(double x, const Format &format, Round mode, bool finite);
/// Bits of a number of the format, which quantise has made; NaN: all ones but the sign.
uint32_t encode(double x, const Format &format);
double decode(uint32_t bits, const Format &format);
/// An integer as f64, rounded to odd: what follows may round again.
double oddFromInteger(uint64_t magnitude, bool negative);

} // namespace adze::ptx
