// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// erf: a polynomial below 0.85; from there on 1 - exp(-x^2) g(x), g a polynomial in a ratio of the kind that Shepherd
// and Laframboise use (Chebyshev approximation of (1 + 2x) exp(x^2) erfc x, 1981), here 0 near where g matters most.
#include "codegen/common/gpu/math/exponential.h"
#include "codegen/common/gpu/math/functions.h"

Real ADZE_MATH(erf)(Real x) {
  Real a = magnitude(x);
  if (a < (Real)0.85)
    return fused(x, ADZE_POLYNOMIAL(kErfTerms, x * x), x);
  Real bounded = a > 6 ? 6 : a;
  Pair square = product_exact(bounded, bounded);
  Power power = power_of_e_pair((Pair){-square.high, -square.low});
  Real factor = ADZE_POLYNOMIAL(kErfcTerms, (bounded - 1) / (bounded + 2));
  Real rest = power_of_two(power.exponent) * fused(factor, power.rest.high + power.rest.low, factor);
  return with_sign(1 - rest, x);
}
