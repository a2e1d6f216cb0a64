// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// erf by Taylor polynomials: about 0 in x^2, and about the middle of each quarter up to 6, from where on it rounds
// to 1.
#include "runtime/math/math.h"

#include "runtime/math/erf_table.inc"

static double horner(const double *coefficients, int count, double x) {
  double sum = coefficients[count - 1];
  for (int i = count - 2; i >= 0; --i)
    sum = sum * x + coefficients[i];
  return sum;
}

enum { kNearZeroTerms = sizeof kNearZero / sizeof *kNearZero, kQuarterTerms = sizeof *kQuarters / sizeof **kQuarters };

double erf(double x) {
  double a = adze_abs(x);
  if (x != x)
    return x;
  if (a < 0.5)
    return x + x * horner(kNearZero, kNearZeroTerms, x * x);
  if (a >= 6)
    return adze_with_sign(1, x);
  int quarter = (int)(a * 4);
  double t = a - (quarter * 0.25 + 0.125);
  return adze_with_sign(horner(kQuarters[quarter - 2], kQuarterTerms, t), x);
}
