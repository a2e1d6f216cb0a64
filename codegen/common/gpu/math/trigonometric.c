// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sin, cos and tan: x = k pi/2 + r, k pi/2 taken off in three parts by fused products (Cody and Waite, 1980; Muller et
// al., Handbook of Floating-Point Arithmetic, 11.2), and polynomials for r as a pair.
#include "codegen/common/gpu/math/coefficients.h"
#include "codegen/common/gpu/math/functions.h"

/// Where the three parts are enough: x less k times the first is exact, and r is known to more than a pair.
ADZE_INLINE int is_large(Real x) { return !(magnitude(x) < ADZE_EITHER(0x1p17f, 0x1p30)); }

ADZE_INLINE Angle reduced(Real x) {
  if (is_large(x))
    return ADZE_MATH(reduced_large_angle)(x);
  Rounded k = nearest(x, kTwoOverPi);
  Real rest = fused(-k.real, kHalfPiHi, x);
  Pair second = product_exact(k.real, kHalfPiMid);
  Pair sum = sum_exact(rest, -second.high);
  return (Angle){k.integer, sum_ordered(sum.high, fused(-k.real, kHalfPiLo, sum.low - second.low))};
}

/// sin(r), |r| <= pi / 4.
ADZE_INLINE Pair sin_near_zero(Pair r) {
  Real square = r.high * r.high, low = fused((Real)-0.5 * square, r.low, r.low);
  return sum_ordered(r.high, fused(r.high * square, ADZE_POLYNOMIAL(kSinTerms, square), low));
}

/// cos(r), |r| <= pi / 4.
ADZE_INLINE Pair cos_near_zero(Pair r) {
  Real square = r.high * r.high, half = (Real)0.5 * square;
  Pair sum = sum_ordered(1, -half);
  Real rest = fused((Real)0.5, fused(r.high, r.high, -square), r.high * r.low);
  Real low = fused(square * square, ADZE_POLYNOMIAL(kCosTerms, square), -rest);
  return sum_ordered(sum.high, sum.low + low);
}

ADZE_INLINE Real total(Pair x) { return x.high + x.low; }

/// sin(quadrant * pi / 2 + rest).
ADZE_INLINE Real sin_of(Angle angle) {
  Real sine = total(sin_near_zero(angle.rest)), cosine = total(cos_near_zero(angle.rest));
  Real value = angle.quadrant & 1 ? cosine : sine;
  return angle.quadrant & 2 ? -value : value;
}

ADZE_INLINE int is_tiny(Real x) { return magnitude(x) < ADZE_EITHER(0x1p-13f, 0x1p-27); }

Real ADZE_MATH(sin)(Real x) {
  if (is_tiny(x))
    return x;
  return sin_of(reduced(x));
}

Real ADZE_MATH(cos)(Real x) {
  Angle angle = reduced(x);
  angle.quadrant += 1;
  return sin_of(angle);
}

Real ADZE_MATH(tan)(Real x) {
  if (is_tiny(x))
    return x;
  Angle angle = reduced(x);
  Pair sine = sin_near_zero(angle.rest), cosine = cos_near_zero(angle.rest);
  Pair negative = {-sine.high, -sine.low};
  int odd = angle.quadrant & 1;
  return total(quotient(odd ? cosine : sine, odd ? negative : cosine));
}
