// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// asinh, acosh and atanh by log1p, so that nothing cancels near 0 (and near 1 for acosh): asinh x = log1p(x + x^2 / (1
// + sqrt(1 + x^2))), acosh x = log1p(t + sqrt(2 t + t^2)) with t = x - 1, atanh x = log1p(2 x / (1 - x)) / 2
// (Abramowitz and Stegun, 4.6.20 to 4.6.22).
#include "runtime/math/math.h"

double asinh(double x) {
  double a = adze_abs(x), result;
  if (a < 0x1p-28 || x != x)
    return x;
  if (a > 0x1p28)
    result = log(a) + kLn2;
  else if (a > 2)
    result = log(2 * a + 1 / (adze_sqrt(a * a + 1) + a));
  else
    result = log1p(a + a * a / (1 + adze_sqrt(a * a + 1)));
  return adze_with_sign(result, x);
}

double acosh(double x) {
  if (!(x >= 1))
    return __builtin_nan("");
  if (x > 0x1p28)
    return log(x) + kLn2;
  if (x > 2)
    return log(2 * x - 1 / (x + adze_sqrt(x * x - 1)));
  double t = x - 1;
  return log1p(t + adze_sqrt(2 * t + t * t));
}

double atanh(double x) {
  double a = adze_abs(x), result;
  if (!(a <= 1))
    return __builtin_nan("");
  if (a < 0x1p-28)
    return x;
  if (a < 0.5)
    result = 0.5 * log1p(2 * a + 2 * a * a / (1 - a));
  else
    result = 0.5 * log1p(2 * a / (1 - a));
  return adze_with_sign(result, x);
}
