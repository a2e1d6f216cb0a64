// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// log as a pair: x = 2^k (1 + f) with 1 + f from sqrt(1/2) to sqrt(2), and log(1 + f) = 2 atanh(s), s = f / (2 + f)
// (the reduction of fdlibm's e_log.c), here with s, s^3 and the coefficient 2/3 as pairs.
#pragma once
#include "codegen/common/gpu/math/coefficients.h"

/// x as a power, 1 + rest from sqrt(1/2) to sqrt(2): of a finite x > 0.
ADZE_INLINE Power as_power(Pair x) {
  const Real root = ADZE_EITHER(0x1.6a09e6p-1f, 0x1.6a09e667f3bcdp-1);
  int offset = x.high < power_of_two(1 - kBias) ? kMantissaBits + 1 : 0;
  Bits bits = to_bits(x.high * power_of_two(offset));
  int exponent = (int)((SignedBits)(bits - to_bits(root)) >> kMantissaBits);
  Real scaled = from_bits(bits - ((Bits)exponent << kMantissaBits));
  // Of a subnormal x, low is 0; of the largest it is too small to matter.
  Real low = exponent < kBias ? x.low * power_of_two(-exponent) : 0;
  return (Power){exponent - offset, sum_ordered(scaled - 1, low)};
}

/// Its relative error is about 2^-63 (f64) or 2^-34 (f32).
ADZE_INLINE Pair log_of_power(Power x) {
  Pair f = x.rest, sum = sum_ordered(2, f.high);
  Pair s = quotient(f, (Pair){sum.high, sum.low + f.low});
  Pair square = product(s, s);
  Pair third = sum_ordered(kTwoThirdsHi, square.high * ADZE_POLYNOMIAL(kLogTerms, square.high));
  third.low += kTwoThirdsLo;
  Pair cubic = product(product(square, third), s);
  Pair log = sum_ordered(2 * s.high, cubic.high);
  Real k = (Real)x.exponent, low = log.low + fused(2, s.low, cubic.low);
  log = sum_exact(k * kLn2ShortHi, log.high);
  return sum_ordered(log.high, log.low + fused(k, kLn2ShortLo, low));
}
