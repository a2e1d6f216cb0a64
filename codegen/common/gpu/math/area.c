// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// asinh, acosh and atanh as logarithms of pairs (Abramowitz and Stegun, 4.6.20 to 4.6.22), so that nothing is lost near
// 0, and near 1 for acosh.
#include "codegen/common/gpu/math/functions.h"
#include "codegen/common/gpu/math/logarithm.h"

/// From where on x^2 + 1 is x^2.
#define ADZE_FAR ADZE_EITHER(0x1p30f, 0x1p60)

/// log(x + sqrt(x^2 + one)), x >= 0 and finite, one = 1 or -1.
ADZE_INLINE Real log_of_sum(Real x, Real one) {
  Pair square = product_exact(x, x), sum = sum_exact(one, square.high);
  Pair root = square_root_of(sum_ordered(sum.high, sum.low + square.low));
  Pair all = x < root.high ? sum_ordered(root.high, x) : sum_ordered(x, root.high);
  Pair log = log_of_power(as_power((Pair){all.high, all.low + root.low}));
  return log.high + log.low;
}

/// log(2 x) for large x; an infinity stays one.
ADZE_INLINE Real log_of_double(Real x) {
  Power power = as_power((Pair){x, 0});
  power.exponent += 1;
  Pair log = log_of_power(power);
  return x == infinity() ? x : log.high + log.low;
}

Real ADZE_MATH(asinh)(Real x) {
  Real a = magnitude(x);
  if (a < ADZE_EITHER(0x1p-13f, 0x1p-28) || x != x)
    return x;
  return with_sign(a < ADZE_FAR ? log_of_sum(a, 1) : log_of_double(a), x);
}

Real ADZE_MATH(acosh)(Real x) {
  if (!(x >= 1))
    return not_a_number();
  return x < ADZE_FAR ? log_of_sum(x, -1) : log_of_double(x);
}

Real ADZE_MATH(atanh)(Real x) {
  Real a = magnitude(x);
  if (!(a < 1))
    return a == 1 ? with_sign(infinity(), x) : not_a_number();
  if (a < ADZE_EITHER(0x1p-13f, 0x1p-28))
    return x;
  Pair ratio = quotient(sum_ordered(1, a), sum_ordered(1, -a));
  Pair log = log_of_power(as_power(ratio));
  return with_sign((Real)0.5 * (log.high + log.low), x);
}
