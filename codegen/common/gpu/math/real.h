// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One text for both precisions: each file is compiled with ADZE_MATH_BITS = 32 and 64. Sums and products whose rounding
// errors are kept as a second number are those of Dekker (1971) and Knuth (TAOCP 2, 4.2.2); Muller et al., Handbook of
// Floating-Point Arithmetic, chapters 4 and 5.
#pragma once
#include <stdint.h>

#if ADZE_MATH_BITS == 32
typedef float Real;
typedef uint32_t Bits;
typedef int32_t SignedBits;
/// The name of a function of this precision.
#define ADZE_MATH(name) adze_math_##name##_f32
/// One of two constants: for f32 and for f64.
#define ADZE_EITHER(single, double) single
enum { kMantissaBits = 23, kBias = 127 };
#else
typedef double Real;
typedef uint64_t Bits;
typedef int64_t SignedBits;
#define ADZE_MATH(name) adze_math_##name##_f64
#define ADZE_EITHER(single, double) double
enum { kMantissaBits = 52, kBias = 1023 };
#endif

#define ADZE_INLINE static inline __attribute__((always_inline))

/// high + low, where low is at most half a unit in the last place of high.
typedef struct {
  Real high, low;
} Pair;

/// 2^exponent * (1 + rest).
typedef struct {
  int exponent;
  Pair rest;
} Power;

ADZE_INLINE Real infinity(void) { return (Real)__builtin_inf(); }
ADZE_INLINE Real not_a_number(void) { return (Real)__builtin_nan(""); }
ADZE_INLINE Real fused(Real a, Real b, Real c) { return __builtin_elementwise_fma(a, b, c); }
ADZE_INLINE Real magnitude(Real x) { return __builtin_elementwise_abs(x); }
ADZE_INLINE Real with_sign(Real x, Real sign) { return __builtin_elementwise_copysign(x, sign); }
ADZE_INLINE Real square_root(Real x) { return __builtin_elementwise_sqrt(x); }
ADZE_INLINE Real truncated(Real x) { return __builtin_elementwise_trunc(x); }
ADZE_INLINE Bits to_bits(Real x) { return __builtin_bit_cast(Bits, x); }
ADZE_INLINE Real from_bits(Bits x) { return __builtin_bit_cast(Real, x); }
ADZE_INLINE int is_negative(Real x) { return (SignedBits)to_bits(x) < 0; }

/// x between two bounds; a NaN stays one.
ADZE_INLINE Real clamped(Real x, Real least, Real most) { return x > most ? most : x < least ? least : x; }

/// 2^exponent, for the exponents of normal numbers.
ADZE_INLINE Real power_of_two(int exponent) { return from_bits((Bits)(exponent + kBias) << kMantissaBits); }

/// x * 2^exponent, for results that overflow, underflow or are subnormal too.
ADZE_INLINE Real scaled(Real x, int exponent) {
  int half = exponent >> 1;
  return x * power_of_two(half) * power_of_two(exponent - half);
}

/// The integer nearest to x * factor, |x * factor| < 2^(kMantissaBits - 1), as a number and as its lowest 16 bits. A
/// NaN gives NaN and any 16 bits.
typedef struct {
  Real real;
  int integer;
} Rounded;

ADZE_INLINE Rounded nearest(Real x, Real factor) {
  const Real shift = ADZE_EITHER(0x1.8p23f, 0x1.8p52);
  Real sum = fused(x, factor, shift);
  return (Rounded){sum - shift, (int16_t)(to_bits(sum) - to_bits(shift))};
}

/// a + b exactly, for |a| >= |b| or a = 0.
ADZE_INLINE Pair sum_ordered(Real a, Real b) {
  Real sum = a + b;
  return (Pair){sum, b - (sum - a)};
}

/// a + b exactly.
ADZE_INLINE Pair sum_exact(Real a, Real b) {
  Real sum = a + b, part = sum - a;
  return (Pair){sum, (a - (sum - part)) + (b - part)};
}

/// a * b exactly, unless it underflows.
ADZE_INLINE Pair product_exact(Real a, Real b) {
  Real product = a * b;
  return (Pair){product, fused(a, b, -product)};
}

ADZE_INLINE Pair product(Pair a, Pair b) {
  Pair p = product_exact(a.high, b.high);
  return sum_ordered(p.high, p.low + fused(a.high, b.low, a.low * b.high));
}

ADZE_INLINE Pair quotient(Pair a, Pair b) {
  Real inverse = 1 / b.high, q = a.high * inverse;
  Real rest = fused(-q, b.high, a.high) + fused(-q, b.low, a.low);
  return sum_ordered(q, rest * inverse);
}

ADZE_INLINE Pair square_root_of(Pair a) {
  Real root = square_root(a.high);
  Real rest = fused(-root, root, a.high) + a.low;
  return (Pair){root, root > 0 ? rest / (2 * root) : 0};
}

/// The polynomial of these coefficients, the constant one first.
ADZE_INLINE Real polynomial(const Real *terms, int count, Real x) {
  Real sum = terms[count - 1];
#pragma clang loop unroll(full)
  for (int i = count - 2; i >= 0; --i)
    sum = fused(sum, x, terms[i]);
  return sum;
}
#define ADZE_POLYNOMIAL(terms, x) polynomial(terms, sizeof(terms) / sizeof *(terms), x)
