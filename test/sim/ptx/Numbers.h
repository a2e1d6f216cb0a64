// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Floating-point formats as the card's instructions treat them: canonical NaNs, subnormals flushed where asked, the
// 16-bit and 8-bit formats.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace adze::ptx {

template <class To, class From> inline To bitsAs(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof(to));
  return to;
}

constexpr uint32_t canonicalNan = 0x7fffffff;

/// NaNs that arithmetic makes have one form.
inline float canonical(float x) { return x == x ? x : bitsAs<float>(canonicalNan); }
inline double canonical(double x) { return x; }

/// Subnormals become zeros of their sign.
inline float flush(float x) {
  uint32_t bits = bitsAs<uint32_t>(x);
  return bitsAs<float>((bits & 0x7f800000) == 0 ? bits & 0x80000000 : bits);
}
template <bool ftz> inline float flushIf(float x) { return ftz ? flush(x) : x; }
template <bool ftz> inline double flushIf(double x) { return x; }

/// [0, 1]; NaN becomes 0.
template <class T> inline T saturate(T x) { return x > T(0) ? (x < T(1) ? x : T(1)) : T(0); }

/// a + b rounded to odd: rounding the result again, to half of its bits or fewer, gives what rounding once would.
inline double addToOdd(double a, double b) {
  double sum = a + b, c = sum - a;
  double error = (a - (sum - c)) + (b - c);
  uint64_t bits = bitsAs<uint64_t>(sum);
  bool isExact = !(error != 0) || std::isinf(sum) || std::isnan(sum);
  if (isExact || (bits & 1))
    return sum;
  bool away = (error > 0) == (sum > 0); // the exact sum is larger in magnitude
  return bitsAs<double>(away ? bits | 1 : bits - 1);
}

/// x as f32, rounded to odd.
inline float toOdd(double x) {
  float f = static_cast<float>(x);
  uint32_t bits = bitsAs<uint32_t>(f);
  if (static_cast<double>(f) == x || x != x)
    return f;
  if (std::isinf(f))
    return bitsAs<float>((bits & 0x80000000) | 0x7f7fffff);
  if (std::fabs(static_cast<double>(f)) > std::fabs(x))
    --bits;
  return bitsAs<float>(bits | 1);
}

inline float fromHalf(uint16_t half) {
#ifdef __F16C__
  return static_cast<float>(bitsAs<_Float16>(half));
#else
  uint32_t sign = (half & 0x8000u) << 16, rest = half & 0x7fffu;
  if (rest >= 0x7c00)
    return bitsAs<float>(sign | 0x7f800000 | (rest & 0x3ff) << 13);
  float magnitude = rest < 0x400 ? static_cast<float>(rest) * 0x1p-24f : bitsAs<float>((rest << 13) + (112u << 23));
  return bitsAs<float>(bitsAs<uint32_t>(magnitude) | sign);
#endif
}

/// To nearest, ties to even; NaN becomes 0x7fff.
inline uint16_t toHalf(float x) {
  if (x != x)
    return 0x7fff;
#ifdef __F16C__
  return bitsAs<uint16_t>(static_cast<_Float16>(x));
#else
  uint32_t bits = bitsAs<uint32_t>(x), sign = bits >> 16 & 0x8000, rest = bits & 0x7fffffff;
  if (rest >= 0x477ff000) // rounds to 65536 or more
    return static_cast<uint16_t>(sign | 0x7c00);
  if (rest < 0x38800000) { // subnormal: let the addition round
    float shifted = bitsAs<float>(rest) + 0.5f;
    return static_cast<uint16_t>(sign | (bitsAs<uint32_t>(shifted) - 0x3f000000));
  }
  rest += 0xfff + (rest >> 13 & 1);
  return static_cast<uint16_t>(sign | (rest - (112u << 23)) >> 13);
#endif
}

inline float fromBf16(uint16_t x) { return bitsAs<float>(static_cast<uint32_t>(x) << 16); }

/// To nearest, ties to even; NaN becomes 0x7fff.
inline uint16_t toBf16(float x) {
  uint32_t bits = bitsAs<uint32_t>(x);
  uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  return static_cast<uint16_t>(x == x ? rounded : 0x7fff);
}

/// The formats, for templates.
struct Half {
  static float from(uint16_t x) { return fromHalf(x); }
  static uint16_t to(float x) { return toHalf(x); }
  static constexpr uint16_t smallestNormal = 0x0400;
};
struct Bf16 {
  static float from(uint16_t x) { return fromBf16(x); }
  static uint16_t to(float x) { return toBf16(x); }
  static constexpr uint16_t smallestNormal = 0x0080;
};
template <class Format> inline uint16_t flushFormat(uint16_t x) {
  return (x & 0x7fff) < Format::smallestNormal ? x & 0x8000 : x;
}

} // namespace adze::ptx
