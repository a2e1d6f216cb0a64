// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// exp, exp2 and expm1.
#include "codegen/common/gpu/math/exponential.h"
#include "codegen/common/gpu/math/functions.h"

Real ADZE_MATH(exp)(Real x) {
  Real bounded = clamped(x, ADZE_EITHER(-105, -746), ADZE_EITHER(90, 710));
  Power power = power_of_e(bounded);
  return scaled(1 + (power.rest.high + power.rest.low), power.exponent);
}

Real ADZE_MATH(exp2)(Real x) {
  Real bounded = clamped(x, ADZE_EITHER(-155, -1080), ADZE_EITHER(130, 1030));
  Rounded k = nearest(bounded, 1);
  Real fraction = bounded - k.real;
  Pair r = product_exact(fraction, kLn2Hi);
  Pair rest = exp_less_one((Pair){r.high, fused(fraction, kLn2Lo, r.low)});
  return scaled(1 + (rest.high + rest.low), k.integer);
}

Real ADZE_MATH(expm1)(Real x) {
  if (magnitude(x) < ADZE_EITHER(0x1p-25f, 0x1p-54))
    return x;
  Real bounded = clamped(x, ADZE_EITHER(-30, -60), ADZE_EITHER(90, 710));
  Power power = power_of_e(bounded);
  // 2^k (1 + rest - 2^-k).
  Real one = power.exponent < ADZE_EITHER(60, 120) ? power_of_two(-power.exponent) : 0;
  Pair less = sum_exact(1, -one), sum = sum_exact(less.high, power.rest.high);
  return scaled(sum.high + (sum.low + (less.low + power.rest.low)), power.exponent);
}
