// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// exp as a pair: x = k ln(2) + r, k ln(2) taken off in two parts by fused products (Cody and Waite, Software Manual for
// the Elementary Functions, 1980), and a polynomial for exp(r) - 1.
#pragma once
#include "codegen/common/gpu/math/coefficients.h"

/// exp(r) - 1 for |r| <= ln(2) / 2.
ADZE_INLINE Pair exp_less_one(Pair r) {
  Real factor = ADZE_POLYNOMIAL(kExpTerms, r.high);
  return sum_ordered(r.high, fused(r.high * r.high, factor, fused(r.high, r.low, r.low)));
}

/// x = exponent * ln(2) + rest.
ADZE_INLINE Power less_multiple_of_ln2(Real x) {
  Rounded k = nearest(x, kLog2EHi);
  Real rest = fused(-k.real, kLn2Hi, x), high = fused(-k.real, kLn2Lo, rest);
  return (Power){k.integer, {high, fused(-k.real, kLn2Lo, rest - high)}};
}

/// e^x for |x| < 750 (f64) or 110 (f32), its error far below a unit in the last place.
ADZE_INLINE Power power_of_e(Real x) {
  Power parts = less_multiple_of_ln2(x);
  return (Power){parts.exponent, exp_less_one(parts.rest)};
}

/// The same of a pair.
ADZE_INLINE Power power_of_e_pair(Pair x) {
  Power parts = less_multiple_of_ln2(x.high);
  return (Power){parts.exponent, exp_less_one(sum_exact(parts.rest.high, parts.rest.low + x.low))};
}
