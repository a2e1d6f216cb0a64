// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sinh and cosh by E = exp(|x|) / 2 and 1 / (4 E), sinh below 1 by a polynomial; tanh = e / (e + 2) with e = exp(2 |x|)
// - 1, which keeps its digits near 0 (Abramowitz and Stegun, 4.5).
#include "codegen/common/gpu/math/exponential.h"
#include "codegen/common/gpu/math/functions.h"

/// exp(x) + sign * exp(-x), halved; x >= 0, or NaN.
ADZE_INLINE Real half_sum(Real x, Real sign) {
  Power power = power_of_e(x > ADZE_EITHER(100, 720) ? ADZE_EITHER(100, 720) : x);
  Pair one = sum_ordered(1, power.rest.high);
  int far = power.exponent > 2 * kMantissaBits / 3;
  Real inverse = far ? 0 : power_of_two(-2 * power.exponent) / one.high;
  return scaled(one.high + (one.low + power.rest.low + sign * inverse), power.exponent - 1);
}

Real ADZE_MATH(sinh)(Real x) {
  Real a = magnitude(x);
  if (a < 1) {
    Real square = x * x;
    return fused(x * square, ADZE_POLYNOMIAL(kSinhTerms, square), x);
  }
  return with_sign(half_sum(a, -1), x);
}

Real ADZE_MATH(cosh)(Real x) { return half_sum(magnitude(x), 1); }

Real ADZE_MATH(tanh)(Real x) {
  Real a = magnitude(x);
  if (a < ADZE_EITHER(0x1p-13f, 0x1p-28))
    return x;
  Real bounded = a > ADZE_EITHER(10, 22) ? ADZE_EITHER(10, 22) : a;
  Power power = power_of_e(2 * bounded);
  Real scale = power_of_two(power.exponent);
  Pair sum = sum_exact(scale - 1, scale * power.rest.high);
  Pair e = sum_ordered(sum.high, sum.low + scale * power.rest.low), two = sum_exact(e.high, 2);
  Pair ratio = quotient(e, (Pair){two.high, two.low + e.low});
  return with_sign(ratio.high + ratio.low, x);
}
