// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// sinh, cosh and tanh by expm1, which is accurate near 0 where exp(x) - exp(-x) cancels: with e = expm1(|x|) or
// expm1(2|x|), sinh = (e + e / (e + 1)) / 2, cosh = 1 + e^2 / (2 (e + 1)), tanh = e / (e + 2) (Abramowitz and
// Stegun, 4.5).
#include "runtime/math/math.h"

/// exp(x) / 2 where exp(x) alone may be too large.
static double half_exp(double x) {
  if (x < 709)
    return 0.5 * exp(x);
  double root = exp(0.5 * x);
  return 0.5 * root * root;
}

double sinh(double x) {
  double a = adze_abs(x);
  if (a < 0x1p-28)
    return x;
  double result;
  if (a < 22) {
    double e = expm1(a);
    result = a < 1 ? 0.5 * (2 * e - e * e / (e + 1)) : 0.5 * (e + e / (e + 1));
  } else {
    result = half_exp(a);
  }
  return adze_with_sign(result, x);
}

double cosh(double x) {
  double a = adze_abs(x);
  if (a < 0.35) {
    double e = expm1(a);
    return 1 + e * e / (2 * (1 + e));
  }
  if (a < 22) {
    double e = exp(a);
    return 0.5 * e + 0.5 / e;
  }
  return half_exp(a);
}

double tanh(double x) {
  double a = adze_abs(x);
  if (a < 0x1p-28 || x != x)
    return x;
  double result;
  if (a >= 22) {
    result = 1;
  } else if (a >= 1) {
    result = 1 - 2 / (expm1(2 * a) + 2);
  } else {
    double e = expm1(-2 * a);
    result = -e / (e + 2);
  }
  return adze_with_sign(result, x);
}
