// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The functions of the library, and the part of a slow path that is a call.
#pragma once
#include "codegen/common/gpu/math/real.h"

/// As in C11 with its Annex F; errno and the floating-point flags are not set.
Real ADZE_MATH(acos)(Real x);
Real ADZE_MATH(acosh)(Real x);
Real ADZE_MATH(asin)(Real x);
Real ADZE_MATH(asinh)(Real x);
Real ADZE_MATH(atan)(Real x);
Real ADZE_MATH(atan2)(Real y, Real x);
Real ADZE_MATH(atanh)(Real x);
Real ADZE_MATH(cbrt)(Real x);
Real ADZE_MATH(cos)(Real x);
Real ADZE_MATH(cosh)(Real x);
Real ADZE_MATH(erf)(Real x);
Real ADZE_MATH(exp)(Real x);
Real ADZE_MATH(exp2)(Real x);
Real ADZE_MATH(expm1)(Real x);
Real ADZE_MATH(log)(Real x);
Real ADZE_MATH(log10)(Real x);
Real ADZE_MATH(log1p)(Real x);
Real ADZE_MATH(log2)(Real x);
Real ADZE_MATH(powf)(Real x, Real y);
Real ADZE_MATH(remf)(Real x, Real y);
Real ADZE_MATH(rsqrt)(Real x);
Real ADZE_MATH(sin)(Real x);
Real ADZE_MATH(sinh)(Real x);
Real ADZE_MATH(tan)(Real x);
Real ADZE_MATH(tanh)(Real x);

/// x = quadrant * pi / 2 + rest, |rest| about pi / 4 at most.
typedef struct {
  int quadrant;
  Pair rest;
} Angle;

/// The same for |x| too large for multiples of pi / 2 in three parts.
Angle ADZE_MATH(reduced_large_angle)(Real x);
