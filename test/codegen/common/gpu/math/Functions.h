// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The functions of the GPU math library, compiled for the host.
#pragma once
#include <cmath>

#define ADZE_UNARY(X)                                                                                                  \
  X(acos)                                                                                                              \
  X(acosh)                                                                                                             \
  X(asin)                                                                                                              \
  X(asinh)                                                                                                             \
  X(atan)                                                                                                              \
  X(atanh)                                                                                                             \
  X(cbrt) X(cos) X(cosh) X(erf) X(exp) X(exp2) X(expm1) X(log) X(log10) X(log1p) X(log2) X(sin) X(sinh) X(tan) X(tanh)

extern "C" {
#define ADZE_DECLARE(name)                                                                                             \
  float adze_math_##name##_f32(float x);                                                                               \
  double adze_math_##name##_f64(double x);
ADZE_UNARY(ADZE_DECLARE)
ADZE_DECLARE(rsqrt)
#undef ADZE_DECLARE
float adze_math_atan2_f32(float y, float x);
double adze_math_atan2_f64(double y, double x);
float adze_math_powf_f32(float x, float y);
double adze_math_powf_f64(double x, double y);
float adze_math_remf_f32(float x, float y);
double adze_math_remf_f64(double x, double y);
}

namespace adze {
/// What `Real` is compared with: glibc's functions in the next wider type.
template <typename Real> struct Reference;
template <> struct Reference<float> {
  using Wide = double;
  static constexpr double most = 1.0;
#define ADZE_REFERENCE(name)                                                                                           \
  static double name(double x) { return std::name(x); }
  ADZE_UNARY(ADZE_REFERENCE)
#undef ADZE_REFERENCE
};
template <> struct Reference<double> {
  using Wide = long double;
  static constexpr double most = 1.0;
#define ADZE_REFERENCE(name)                                                                                           \
  static long double name(long double x) { return std::name(x); }
  ADZE_UNARY(ADZE_REFERENCE)
#undef ADZE_REFERENCE
};
} // namespace adze
