// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// asin, acos, atan and atan2. asin(x) for |x| > 1/2 is pi/2 - 2 asin(sqrt((1 - |x|) / 2)); the arctangent of a ratio
// over tan(pi/8) is pi/4 + atan((a - b) / (a + b)) (Abramowitz and Stegun, 4.4).
#include "codegen/common/gpu/math/coefficients.h"
#include "codegen/common/gpu/math/functions.h"

/// asin(x) - x, |x| <= 1/2.
ADZE_INLINE Real asin_less_x(Real x) {
  Real square = x * x;
  return x * square * ADZE_POLYNOMIAL(kAsinTerms, square);
}

/// asin(sqrt((1 - a) / 2)), 1/2 <= a <= 1: half the angle from the pole.
ADZE_INLINE Pair half_angle(Real a) {
  Pair root = square_root_of((Pair){(Real)0.5 * (1 - a), 0});
  return (Pair){root.high, root.low + asin_less_x(root.high)};
}

/// multiple * pi / 4 + angle, |angle| <= pi / 2.
ADZE_INLINE Real quarters_plus(int multiple, Pair angle) {
  Real halves = (Real)0.5 * (Real)multiple;
  Pair base = product_exact(halves, kHalfPiHi);
  Pair sum = sum_ordered(base.high, angle.high);
  return sum.high + (sum.low + (angle.low + fused(halves, kHalfPiMid, base.low)));
}

Real ADZE_MATH(asin)(Real x) {
  Real a = magnitude(x);
  if (a < (Real)0.5)
    return x + asin_less_x(x);
  Pair half = half_angle(a);
  return with_sign(quarters_plus(2, (Pair){-2 * half.high, -2 * half.low}), x);
}

Real ADZE_MATH(acos)(Real x) {
  Real a = magnitude(x);
  if (a < (Real)0.5)
    return quarters_plus(2, (Pair){-x, -asin_less_x(x)});
  Pair half = half_angle(a);
  int sign = x < 0 ? -2 : 2;
  return quarters_plus(x < 0 ? 4 : 0, (Pair){(Real)sign * half.high, (Real)sign * half.low});
}

/// Both times a power of two, so that neither their sum overflows nor what division leaves underflows.
ADZE_INLINE Real scale_of(Real larger) {
  const Real large = ADZE_EITHER(0x1p100f, 0x1p1000), small = ADZE_EITHER(0x1p-80f, 0x1p-900);
  return larger > large ? ADZE_EITHER(0x1p-30f, 0x1p-100) : larger < small ? ADZE_EITHER(0x1p60f, 0x1p200) : 1;
}

/// atan(smaller / larger) of positive ones as quarters * pi / 4 + rest.
typedef struct {
  int quarters;
  Pair rest;
} Quarters;

ADZE_INLINE Quarters atan_of_ratio(Real smaller, Real larger) {
  const Real bound = ADZE_EITHER(0x1.a8279ap-2f, 0x1.a827999fcef32p-2);
  int above = smaller > bound * larger;
  Pair difference = sum_ordered(larger, -smaller), sum = sum_ordered(larger, smaller);
  Pair top = above ? (Pair){-difference.high, -difference.low} : (Pair){smaller, 0};
  Pair bottom = above ? sum : (Pair){larger, 0};
  Real t = top.high / bottom.high;
  Real low = (fused(-t, bottom.high, top.high) + fused(-t, bottom.low, top.low)) / bottom.high;
  Real square = t * t;
  return (Quarters){above, {t, fused(t * square, ADZE_POLYNOMIAL(kAtanTerms, square), low)}};
}

Real ADZE_MATH(atan2)(Real y, Real x) {
  if (x != x || y != y)
    return x + y;
  Real a = magnitude(y), b = magnitude(x);
  int swapped = a > b;
  Real smaller = swapped ? b : a, larger = swapped ? a : b;
  if (larger == infinity()) {
    smaller = smaller == infinity() ? 1 : 0;
    larger = 1;
  }
  larger = larger == 0 ? 1 : larger;
  Real scale = scale_of(larger);
  Quarters angle = atan_of_ratio(smaller * scale, larger * scale);
  // theta, pi/2 - theta, pi - theta or pi/2 + theta.
  int negative = is_negative(x), flips = swapped != negative;
  int base = swapped ? 2 : negative ? 4 : 0;
  Pair rest = {flips ? -angle.rest.high : angle.rest.high, flips ? -angle.rest.low : angle.rest.low};
  return with_sign(quarters_plus(base + (flips ? -angle.quarters : angle.quarters), rest), y);
}

Real ADZE_MATH(atan)(Real x) {
  Real a = magnitude(x);
  int swapped = a > 1;
  const Real most = ADZE_EITHER(0x1p60f, 0x1p200);
  a = a > most ? most : a;
  Quarters angle = swapped ? atan_of_ratio(1, a) : atan_of_ratio(a, 1);
  Real sign = swapped ? -1 : 1;
  int quarters = swapped ? 2 - angle.quarters : angle.quarters;
  return with_sign(quarters_plus(quarters, (Pair){sign * angle.rest.high, sign * angle.rest.low}), x);
}
