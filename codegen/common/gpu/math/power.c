// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// powf = exp(y log|x|) with the logarithm and the product as pairs: in f32 they are pairs of f32, which are several
// times faster on most GPUs than f64. cbrt by Halley's and Newton's iterations (Muller et al., Handbook of
// Floating-Point Arithmetic, 4.7).
#include "codegen/common/gpu/math/exponential.h"
#include "codegen/common/gpu/math/functions.h"
#include "codegen/common/gpu/math/logarithm.h"

ADZE_INLINE int is_integer(Real x) { return truncated(x) == x; }
ADZE_INLINE int is_odd(Real x) { return is_integer(x) && !is_integer(x * (Real)0.5); }

/// a^y for 0 <= a, a != 1 (C11, F.10.4.4).
ADZE_INLINE Real power_of_positive(Real a, Real y) {
  if (a == 0 || a == infinity())
    return (y < 0) == (a == 0) ? infinity() : 0;
  const Real least = ADZE_EITHER(-105, -746), most = ADZE_EITHER(90, 710);
  Pair log = log_of_power(as_power((Pair){a, 0}));
  Pair exponent = product_exact(y, log.high);
  int bounded = exponent.high > least && exponent.high < most;
  exponent.low = bounded ? fused(y, log.low, exponent.low) : 0;
  exponent.high = clamped(exponent.high, least, most);
  Power power = power_of_e_pair(exponent);
  return scaled(1 + (power.rest.high + power.rest.low), power.exponent);
}

Real ADZE_MATH(powf)(Real x, Real y) {
  Real a = magnitude(x);
  if (y == 0 || x == 1 || (x == -1 && magnitude(y) == infinity()))
    return 1;
  if (x != x || y != y)
    return x + y;
  if (x < 0 && a < infinity() && !is_integer(y))
    return not_a_number();
  Real result = a == 1 ? 1 : power_of_positive(a, y);
  return is_negative(x) && is_odd(y) ? -result : result;
}

Real ADZE_MATH(cbrt)(Real x) {
  Real a = magnitude(x);
  if (!(a > 0 && a < infinity()))
    return x;
  int offset = a < power_of_two(1 - kBias) ? 3 * ADZE_EITHER(8, 18) : 0;
  Bits bits = to_bits(a * power_of_two(offset));
  // a = 2^(3 third + rest) * m with 1 <= m < 2.
  int exponent = (int)(bits >> kMantissaBits) - kBias, third = (exponent + 3 * kBias) / 3 - kBias;
  int rest = exponent - 3 * third;
  Real m = from_bits((bits & (((Bits)1 << kMantissaBits) - 1)) | (Bits)kBias << kMantissaBits);
  Real root = ADZE_POLYNOMIAL(kCbrtTerms, m) * (rest == 0 ? 1 : rest == 1 ? kCbrt2 : kCbrt4);
  m *= rest == 0 ? 1 : rest == 1 ? 2 : 4;
  if (ADZE_MATH_BITS == 64) {
    Real cube = root * root * root;
    root = fused(root, (m - cube) / fused(2, cube, m), root);
  }
  Pair square = product_exact(root, root);
  Real excess = fused(square.high, root, -m) + square.low * root;
  root -= excess / (3 * square.high);
  return with_sign(root * power_of_two(third - offset / 3), x);
}

Real ADZE_MATH(rsqrt)(Real x) {
  int small = x < ADZE_EITHER(0x1p-90f, 0x1p-900), shift = small ? ADZE_EITHER(30, 100) : 0;
  Pair root = square_root_of((Pair){x * power_of_two(2 * shift), 0});
  Real inverse = 1 / root.high;
  Real rest = fused(-inverse, root.high, 1) - inverse * root.low;
  int finite = inverse > 0 && inverse < infinity();
  return (finite ? fused(inverse, rest, inverse) : inverse) * power_of_two(shift);
}
