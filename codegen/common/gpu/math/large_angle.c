// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// x modulo pi/2 for large x by the method of Payne and Hanek (Radian reduction for trigonometric functions, SIGNUM 18,
// 1983): the mantissa of x times those bits of 2/pi that decide the quadrant and the fraction.
#include "codegen/common/gpu/math/coefficients.h"
#include "codegen/common/gpu/math/functions.h"

enum { kBits = ADZE_MATH_BITS, kWords = sizeof kTwoOverPiWords / sizeof *kTwoOverPiWords };

/// Four words of 2/pi from `first` on. Chosen by selects: on most targets a table would need a memory of its own.
typedef struct {
  Bits words[4];
} Window;

ADZE_INLINE Window window_at(int first) {
  Window window = {{0, 0, 0, 0}};
#pragma clang loop unroll(full)
  for (int i = 0; i < kWords; ++i)
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; ++j)
      window.words[j] = i == first + j ? kTwoOverPiWords[i] : window.words[j];
  return window;
}

/// `count` < kBits bits from `next` moved into `word` from below.
ADZE_INLINE Bits shifted(Bits word, Bits next, int count) { return word << count | next >> 1 >> (kBits - 1 - count); }

/// The upper half of a * b.
ADZE_INLINE Bits upper_product(Bits a, Bits b) {
#if ADZE_MATH_BITS == 32
  return (Bits)((uint64_t)a * b >> 32);
#else
  Bits a1 = a >> 32, a0 = (uint32_t)a, b1 = b >> 32, b0 = (uint32_t)b;
  Bits middle = a1 * b0 + (a0 * b0 >> 32), other = a0 * b1 + (uint32_t)middle;
  return a1 * b1 + (middle >> 32) + (other >> 32);
#endif
}

/// (high, low) / 2^(2 kBits) as a pair, high having fewer leading zeros than bits of the mantissa.
ADZE_INLINE Pair fraction(Bits high, Bits low) {
  const int bits = kMantissaBits + 1, left = kBits - bits;
  int zeros = high ? __builtin_clzg(high) : kBits - 1;
  Bits top = shifted(high, low, zeros), next = low << zeros;
  Real upper = (Real)(top >> left), lower = (Real)((top << bits | next >> left) >> left);
  Real unit = power_of_two(-bits) * power_of_two(-zeros);
  return (Pair){upper * unit, lower * unit * power_of_two(-bits)};
}

__attribute__((noinline)) Angle ADZE_MATH(reduced_large_angle)(Real x) {
  Bits bits = to_bits(x) & ~((Bits)1 << (kBits - 1));
  int exponent = (int)(bits >> kMantissaBits) - kBias;
  if (exponent > kBias)
    return (Angle){0, {not_a_number(), not_a_number()}};
  Bits mantissa = (bits & (((Bits)1 << kMantissaBits) - 1)) | (Bits)1 << kMantissaBits;
  // The first bit that is used weighs 2 of a quadrant; the words begin kBits before the point.
  int position = exponent - kMantissaBits - 2 + kBits;
  Window w = window_at(position / kBits);
  int count = position % kBits;
  Bits w0 = shifted(w.words[0], w.words[1], count), w1 = shifted(w.words[1], w.words[2], count),
       w2 = shifted(w.words[2], w.words[3], count);
  Bits low = mantissa * w1 + upper_product(mantissa, w2);
  Bits carry = low < upper_product(mantissa, w2);
  Bits high = mantissa * w0 + upper_product(mantissa, w1) + carry;
  int quadrant = (int)(high >> (kBits - 2));
  high = shifted(high, low, 2), low <<= 2;
  int rounds_up = (SignedBits)high < 0;
  if (rounds_up)
    high = ~high, low = ~low;
  Pair rest = product(fraction(high, low), (Pair){kHalfPiHi, kHalfPiMid});
  quadrant += rounds_up;
  int flips = rounds_up != is_negative(x);
  return (Angle){is_negative(x) ? -quadrant : quadrant, {flips ? -rest.high : rest.high, flips ? -rest.low : rest.low}};
}
