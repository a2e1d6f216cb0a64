// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Double functions of C's math library that compiled kernels call: those of LLVM's libc that the ones of this folder
// use, and the ones of this folder.
#ifndef ADZE_RUNTIME_MATH_MATH_H
#define ADZE_RUNTIME_MATH_MATH_H

#include <stdint.h>

/// From LLVM's libc.
double exp(double x);
double expm1(double x);
double log(double x);
double log1p(double x);

/// From this folder: as in C11, but errno and the floating-point flags are not promised.
double acosh(double x);
double asinh(double x);
double atanh(double x);
double cosh(double x);
double erf(double x);
double sinh(double x);
double tanh(double x);

static const double kLn2 = 0x1.62e42fefa39efp-1;

static inline double adze_abs(double x) { return __builtin_fabs(x); }
static inline double adze_with_sign(double magnitude, double sign) { return __builtin_copysign(magnitude, sign); }
static inline double adze_sqrt(double x) { return __builtin_elementwise_sqrt(x); }

#endif // ADZE_RUNTIME_MATH_MATH_H
