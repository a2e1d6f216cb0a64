// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Floating-point instructions against the host's IEEE arithmetic.
#include "test/sim/ptx/Harness.h"
#include <cfenv>
#include <cmath>
#include <functional>
#include <random>

namespace adze::ptx {
namespace {

constexpr uint32_t nan32 = 0x7fffffff;
bool isNan(uint32_t bits) { return (bits & 0x7fffffff) > 0x7f800000; }

std::vector<uint64_t> floats(unsigned seed, size_t count = 512) {
  static const uint32_t edges[] = {0,          0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000,
                                   0x7fc00000, 0xffc12345, 1,          0x80000001, 0x007fffff, 0x00800000,
                                   0x80800000, 0x7f7fffff, 0xff7fffff, 0x3f000000, 0x3f800001, 0x33800000,
                                   0x4b7fffff, 0x4b800001, 0xcf000000, 0x4f000000, 0x7fa00000};
  std::mt19937_64 random(seed);
  std::vector<uint64_t> list;
  for (size_t i = 0; i < count; ++i) {
    uint64_t x = random();
    float near = std::ldexp(1.0f + static_cast<float>(x >> 41) * 0x1p-23f, static_cast<int>(x % 9) - 4);
    list.push_back(i % 3 == 0 ? edges[x % (sizeof(edges) / 4)] : i % 3 == 1 ? x >> 32 : toBits(x & 256 ? near : -near));
  }
  return list;
}

float flushed(float x) { return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x; }

void compare(const std::string &code, std::function<float(float, float, float)> expected) {
  auto a = floats(1), b = floats(2), c = floats(3);
  auto got = evaluate({code, "f32", {"f32", "f32", "f32"}}, {a, b, c});
  for (size_t i = 0; i < a.size(); ++i) {
    uint32_t want =
        static_cast<uint32_t>(toBits(expected(fromBits<float>(a[i]), fromBits<float>(b[i]), fromBits<float>(c[i]))));
    if (isNan(want))
      ASSERT_TRUE(isNan(static_cast<uint32_t>(got[i]))) << code;
    else
      ASSERT_EQ(got[i], want) << code << std::hex << " of " << a[i] << ", " << b[i] << ", " << c[i];
  }
}

TEST(PtxFloat, Arithmetic) {
  using F = float;
  compare("add.f32 %d, %a, %b;", [](F a, F b, F) { return a + b; });
  compare("add.rn.f32 %d, %a, %b;", [](F a, F b, F) { return a + b; });
  compare("sub.f32 %d, %a, %b;", [](F a, F b, F) { return a - b; });
  compare("mul.f32 %d, %a, %b;", [](F a, F b, F) { return a * b; });
  compare("div.rn.f32 %d, %a, %b;", [](F a, F b, F) { return a / b; });
  compare("fma.rn.f32 %d, %a, %b, %c;", [](F a, F b, F c) { return std::fma(a, b, c); });
  compare("sqrt.rn.f32 %d, %a;", [](F a, F, F) { return std::sqrt(a); });
  compare("rcp.rn.f32 %d, %a;", [](F a, F, F) { return 1 / a; });
  compare("neg.f32 %d, %a;", [](F a, F, F) { return -a; });
  compare("abs.f32 %d, %a;", [](F a, F, F) { return std::fabs(a); });
  compare("copysign.f32 %d, %a, %b;", [](F a, F b, F) { return std::copysign(b, a); });
}

TEST(PtxFloat, SubnormalsAreFlushedWhereAsked) {
  using F = float;
  compare("add.ftz.f32 %d, %a, %b;", [](F a, F b, F) { return flushed(flushed(a) + flushed(b)); });
  compare("mul.ftz.f32 %d, %a, %b;", [](F a, F b, F) { return flushed(flushed(a) * flushed(b)); });
  compare("fma.rn.ftz.f32 %d, %a, %b, %c;",
          [](F a, F b, F c) { return flushed(std::fma(flushed(a), flushed(b), flushed(c))); });
  compare("abs.ftz.f32 %d, %a;", [](F a, F, F) { return std::fabs(flushed(a)); });
  compare("max.ftz.f32 %d, %a, 0f00000000;", [](F a, F, F) {
    return flushed(std::isnan(a) ? 0.0f : a > 0 ? a : 0.0f);
  });
  compare("setp.gt.ftz.f32 p, %a, 0f00000000; selp.f32 %d, 0f3F800000, 0f00000000, p;",
          [](F a, F, F) { return flushed(a) > 0 ? 1.0f : 0.0f; });
}

TEST(PtxFloat, Saturation) {
  auto sat = [](float x) { return x > 0 ? std::min(x, 1.0f) : 0.0f; };
  compare("add.sat.f32 %d, %a, %b;", [=](float a, float b, float) { return sat(a + b); });
  compare("fma.rn.sat.f32 %d, %a, %b, %c;", [=](float a, float b, float c) { return sat(std::fma(a, b, c)); });
  compare("cvt.sat.f32.f32 %d, %a;", [=](float a, float, float) { return sat(a); });
}

TEST(PtxFloat, RoundingModes) {
  auto with = [](int mode, auto f) {
    return [=](float a, float b, float c) {
      volatile float x = a, y = b, z = c;
      std::fesetround(mode);
      volatile float result = f(x, y, z);
      std::fesetround(FE_TONEAREST);
      return static_cast<float>(result);
    };
  };
  compare("add.rz.f32 %d, %a, %b;",
          with(FE_TOWARDZERO, [](volatile float &a, volatile float &b, volatile float &) { return a + b; }));
  compare("mul.rm.f32 %d, %a, %b;",
          with(FE_DOWNWARD, [](volatile float &a, volatile float &b, volatile float &) { return a * b; }));
  compare("div.rp.f32 %d, %a, %b;",
          with(FE_UPWARD, [](volatile float &a, volatile float &b, volatile float &) { return a / b; }));
  compare("fma.rz.f32 %d, %a, %b, %c;",
          with(FE_TOWARDZERO, [](volatile float &a, volatile float &b, volatile float &c) {
            return std::fma(float(a), float(b), float(c));
          }));
  compare("sqrt.rm.f32 %d, %a;",
          with(FE_DOWNWARD, [](volatile float &a, volatile float &, volatile float &) { return std::sqrt(float(a)); }));
}

TEST(PtxFloat, MinimumAndMaximum) {
  auto least = [](float a, float b, float) {
    return std::isnan(a) ? b : std::isnan(b) ? a : a == b ? (std::signbit(a) ? a : b) : std::min(a, b);
  };
  compare("min.f32 %d, %a, %b;", least);
  compare("max.f32 %d, %a, %b;", [](float a, float b, float) {
    return std::isnan(a) ? b : std::isnan(b) ? a : a == b ? (std::signbit(a) ? b : a) : std::max(a, b);
  });
  compare("min.NaN.f32 %d, %a, %b;",
          [=](float a, float b, float c) { return std::isnan(a) || std::isnan(b) ? std::nanf("") : least(a, b, c); });
  auto one = [](const char *code, uint32_t a, uint32_t b) {
    return evaluate({code, "f32", {"f32", "f32"}}, {{a}, {b}})[0];
  };
  EXPECT_EQ(one("min.f32 %d, %a, %b;", 0x80000000, 0), 0x80000000u);
  EXPECT_EQ(one("max.f32 %d, %a, %b;", 0x80000000, 0), 0u);
  EXPECT_EQ(one("max.f32 %d, %a, %b;", 0x7fc00000, 0x3f800000), 0x3f800000u);
  EXPECT_EQ(one("max.NaN.f32 %d, %a, %b;", 0x7fc00000, 0x3f800000), nan32);
  EXPECT_EQ(one("add.f32 %d, %a, %b;", 0x7f800000, 0xff800000), nan32);
}

TEST(PtxFloat, ComparisonsWithNan) {
  auto test = [](const std::string &name, std::function<bool(float, float)> expected) {
    compare("setp." + name + ".f32 p, %a, %b; selp.f32 %d, 0f3F800000, 0f00000000, p;",
            [=](float a, float b, float) { return expected(a, b) ? 1.0f : 0.0f; });
  };
  auto unordered = [](float a, float b) { return std::isnan(a) || std::isnan(b); };
  test("eq", [](float a, float b) { return a == b; });
  test("ne", [=](float a, float b) { return a != b && !unordered(a, b); });
  test("lt", [](float a, float b) { return a < b; });
  test("ge", [](float a, float b) { return a >= b; });
  test("neu", [](float a, float b) { return a != b; });
  test("ltu", [=](float a, float b) { return a < b || unordered(a, b); });
  test("geu", [=](float a, float b) { return a >= b || unordered(a, b); });
  test("equ", [=](float a, float b) { return a == b || unordered(a, b); });
  test("num", [=](float a, float b) { return !unordered(a, b); });
  test("nan", unordered);
}

TEST(PtxFloat, Approximations) {
  struct Row {
    const char *code;
    double (*exact)(double);
  };
  const Row rows[] = {{"ex2.approx.f32 %d, %a;", [](double x) { return std::exp2(x); }},
                      {"ex2.approx.ftz.f32 %d, %a;", [](double x) { return std::exp2(x); }},
                      {"lg2.approx.f32 %d, %a;", [](double x) { return std::log2(x); }},
                      {"sin.approx.f32 %d, %a;", [](double x) { return std::sin(x); }},
                      {"cos.approx.f32 %d, %a;", [](double x) { return std::cos(x); }},
                      {"tanh.approx.f32 %d, %a;", [](double x) { return std::tanh(x); }},
                      {"rsqrt.approx.f32 %d, %a;", [](double x) { return 1 / std::sqrt(x); }},
                      {"rcp.approx.f32 %d, %a;", [](double x) { return 1 / x; }},
                      {"sqrt.approx.f32 %d, %a;", [](double x) { return std::sqrt(x); }}};
  std::vector<uint64_t> inputs;
  for (int i = 1; i < 500; ++i)
    inputs.push_back(toBits(static_cast<float>(i) * 0.037f));
  for (const Row &row : rows) {
    auto got = evaluate({row.code, "f32", {"f32"}, false}, {inputs});
    for (size_t i = 0; i < inputs.size(); ++i) {
      float exact = static_cast<float>(row.exact(fromBits<float>(inputs[i])));
      EXPECT_FLOAT_EQ(fromBits<float>(got[i]), exact) << row.code;
    }
  }
  auto one = [](const char *code, uint32_t a) { return evaluate({code, "f32", {"f32"}}, {{a}})[0]; };
  EXPECT_EQ(one("ex2.approx.f32 %d, %a;", 0xff800000), 0u);
  EXPECT_EQ(one("lg2.approx.f32 %d, %a;", 0), 0xff800000u);
  EXPECT_EQ(one("rcp.approx.ftz.f32 %d, %a;", 1), 0x7f800000u);
  EXPECT_EQ(one("rsqrt.approx.f32 %d, %a;", 0xbf800000), nan32);
}

TEST(PtxFloat, Double) {
  std::mt19937_64 random(4);
  std::vector<uint64_t> a, b, c;
  for (int i = 0; i < 256; ++i)
    for (auto *list : {&a, &b, &c})
      list->push_back(i % 4 ? toBits(std::ldexp(double(int64_t(random())), int(random() % 40) - 60)) : random());
  using D = double;
  auto compareReal = [&](const char *code, std::function<D(D, D, D)> expected) {
    auto got = evaluate({code, "f64", {"f64", "f64", "f64"}}, {a, b, c});
    for (size_t i = 0; i < a.size(); ++i) {
      D want = expected(fromBits<D>(a[i]), fromBits<D>(b[i]), fromBits<D>(c[i])), have = fromBits<D>(got[i]);
      ASSERT_TRUE(have == want || (have != have && want != want)) << code << have << want;
    }
  };
  compareReal("add.rn.f64 %d, %a, %b;", [](D x, D y, D) { return x + y; });
  compareReal("fma.rn.f64 %d, %a, %b, %c;", [](D x, D y, D z) { return std::fma(x, y, z); });
  compareReal("div.rn.f64 %d, %a, %b;", [](D x, D y, D) { return x / y; });
  compareReal("sqrt.rn.f64 %d, %a;", [](D x, D, D) { return std::sqrt(x); });
  compareReal("min.f64 %d, %a, %b;", [](D x, D y, D) { return std::fmin(x, y); });
}

// ---- 16 bits ----
float halfValue(uint16_t h) {
  float magnitude = (h & 0x7c00) == 0 ? std::ldexp(float(h & 0x3ff), -24)
                                      : std::ldexp(float((h & 0x3ff) | 0x400), ((h >> 10) & 31) - 25);
  if ((h & 0x7c00) == 0x7c00)
    magnitude = h & 0x3ff ? std::nanf("") : INFINITY;
  return h & 0x8000 ? -magnitude : magnitude;
}
/// The nearest half by trying all.
uint16_t nearestHalf(long double x) {
  static const std::vector<float> all = [] {
    std::vector<float> list;
    for (uint32_t h = 0; h < 0x7c00; ++h)
      list.push_back(halfValue(static_cast<uint16_t>(h)));
    return list;
  }();
  long double magnitude = std::fabs(x);
  uint16_t sign = std::signbit(x) ? 0x8000 : 0;
  if (x != x)
    return 0x7fff;
  if (magnitude >= 65520)
    return sign | 0x7c00;
  size_t above = static_cast<size_t>(std::upper_bound(all.begin(), all.end(), magnitude) - all.begin());
  if (above == all.size())
    return sign | 0x7bff;
  size_t below = above - 1;
  long double toBelow = magnitude - all[below], toAbove = all[above] - magnitude;
  size_t chosen = toBelow < toAbove ? below : toAbove < toBelow ? above : below % 2 ? above : below;
  return static_cast<uint16_t>(sign | chosen);
}

TEST(PtxFloat, HalfArithmeticRoundsOnce) {
  std::mt19937_64 random(9);
  std::vector<uint64_t> a, b, c;
  for (int i = 0; i < 1000; ++i) {
    a.push_back(random() & 0xffff), b.push_back(random() & 0xffff), c.push_back(random() & 0xffff);
    if (i % 2) // exponents near each other, so that rounding matters
      a.back() = (a.back() & 0x83ff) | 0x3c00, b.back() = (b.back() & 0x83ff) | 0x3800,
      c.back() = (c.back() & 0x83ff) | 0x0400;
  }
  auto check = [&](const char *code, auto exact) {
    auto got = evaluate({code, "b16", {"b16", "b16", "b16"}}, {a, b, c});
    for (size_t i = 0; i < a.size(); ++i) {
      long double x = halfValue(uint16_t(a[i])), y = halfValue(uint16_t(b[i])), z = halfValue(uint16_t(c[i]));
      ASSERT_EQ(got[i] & 0xffff, nearestHalf(exact(x, y, z))) << code << std::hex << a[i] << " " << b[i] << " " << c[i];
    }
  };
  using L = long double;
  check("add.f16 %d, %a, %b;", [](L x, L y, L) { return x + y; });
  check("mul.f16 %d, %a, %b;", [](L x, L y, L) { return x * y; });
  check("fma.rn.f16 %d, %a, %b, %c;", [](L x, L y, L z) { return x * y + z; });
}

TEST(PtxFloat, HalfConversions) {
  std::vector<uint64_t> inputs = floats(21, 1000);
  auto half = evaluate({"cvt.rn.f16.f32 %d, %a;", "b16", {"f32"}}, {inputs});
  for (size_t i = 0; i < inputs.size(); ++i)
    ASSERT_EQ(half[i] & 0xffff, nearestHalf(fromBits<float>(inputs[i]))) << std::hex << inputs[i];
  std::vector<uint64_t> all;
  for (uint32_t h = 0; h < 1024; ++h)
    all.push_back(h * 64 + 7);
  auto single = evaluate({"cvt.f32.f16 %d, %a;", "f32", {"b16"}}, {all});
  for (size_t i = 0; i < all.size(); ++i) {
    float want = halfValue(uint16_t(all[i])), have = fromBits<float>(single[i]);
    ASSERT_TRUE(have == want || (have != have && want != want)) << all[i];
  }
}

TEST(PtxFloat, Bf16) {
  auto inputs = floats(31, 1000);
  auto got = evaluate({"cvt.rn.bf16.f32 %d, %a;", "b16", {"f32"}}, {inputs});
  for (size_t i = 0; i < inputs.size(); ++i) {
    uint32_t bits = static_cast<uint32_t>(inputs[i]);
    uint32_t want = isNan(bits) ? 0x7fff : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    ASSERT_EQ(got[i] & 0xffff, want) << std::hex << bits;
  }
  auto fma = evaluate({"fma.rn.bf16 %d, %a, %b, %c;", "b16", {"b16", "b16", "b16"}}, {{0x3f81}, {0x3f81}, {0x3f80}});
  EXPECT_EQ(fma[0] & 0xffff, 0x4001u); // 1.0078125^2 + 1 = 2.0156860...
}

TEST(PtxFloat, Pairs) {
  auto one = [](const char *code, uint32_t a, uint32_t b) {
    return evaluate({code, "b32", {"b32", "b32"}}, {{a}, {b}})[0];
  };
  EXPECT_EQ(one("add.f16x2 %d, %a, %b;", 0x3c004000, 0x3c003c00), 0x40004200u);
  EXPECT_EQ(one("mul.f16x2 %d, %a, %b;", 0x3c004000, 0x40004000), 0x40004400u);
  EXPECT_EQ(one("fma.rn.f16x2 %d, %a, %b, %a;", 0x3c003c00, 0x40004200), 0x42004400u);
  EXPECT_EQ(one("max.f16x2 %d, %a, %b;", 0x7e00bc00, 0x3c008000), 0x3c008000u);
  EXPECT_EQ(one("neg.f16x2 %d, %a;", 0x3c00bc00, 0), 0xbc003c00u);
  EXPECT_EQ(one("abs.bf16x2 %d, %a;", 0xbf80bf80, 0), 0x3f803f80u);
  EXPECT_EQ(one("setp.lt.f16x2 p|q, %a, %b; selp.b32 %d, 1, 0, p; @q add.u32 %d, %d, 2;", 0x3c004000, 0x40003c00), 2u);
  EXPECT_EQ(one("set.eq.f16x2.f16x2 %d, %a, %b;", 0x3c004000, 0x3c003c00), 0x3c000000u);
}

/// `code` on pairs, whose halves are what `expected` gives of theirs; NaNs are canonical.
void comparePairs(const std::string &code, std::function<float(float, float, float)> expected) {
  std::vector<uint64_t> words[3];
  for (unsigned e = 0; e < 3; ++e) {
    auto low = floats(41 + e), high = floats(51 + e);
    for (size_t i = 0; i < low.size(); ++i)
      words[e].push_back((low[i] & 0xffffffff) | high[i] << 32);
  }
  auto got = evaluate({code, "b64", {"b64", "b64", "b64"}}, {words[0], words[1], words[2]}, 100);
  for (size_t i = 0; i < got.size(); ++i)
    for (unsigned shift : {0u, 32u}) {
      auto half = [&](unsigned e) { return fromBits<float>(words[e][i] >> shift & 0xffffffff); };
      uint32_t want = static_cast<uint32_t>(toBits(expected(half(0), half(1), half(2))));
      ASSERT_EQ(got[i] >> shift & 0xffffffff, isNan(want) ? nan32 : want)
          << code << std::hex << " of " << words[0][i] << ", " << words[1][i] << ", " << words[2][i];
    }
}

TEST(PtxFloat, PairsOfSingles) {
  using F = float;
  comparePairs("add.f32x2 %d, %a, %b;", [](F a, F b, F) { return a + b; });
  comparePairs("add.rn.ftz.f32x2 %d, %a, %b;", [](F a, F b, F) { return flushed(flushed(a) + flushed(b)); });
  comparePairs("sub.rn.f32x2 %d, %a, %b;", [](F a, F b, F) { return a - b; });
  comparePairs("sub.ftz.f32x2 %d, %a, %b;", [](F a, F b, F) { return flushed(flushed(a) - flushed(b)); });
  comparePairs("mul.f32x2 %d, %a, %b;", [](F a, F b, F) { return a * b; });
  comparePairs("mul.ftz.f32x2 %d, %a, %b;", [](F a, F b, F) { return flushed(flushed(a) * flushed(b)); });
  comparePairs("fma.rn.f32x2 %d, %a, %b, %c;", [](F a, F b, F c) { return std::fma(a, b, c); });
  comparePairs("fma.rn.ftz.f32x2 %d, %a, %b, %c;",
               [](F a, F b, F c) { return flushed(std::fma(flushed(a), flushed(b), flushed(c))); });
}

TEST(PtxFloat, PairsOfSinglesRoundedOtherwise) {
  auto with = [](int mode, bool ftz, auto f) {
    return [=](float a, float b, float c) {
      volatile float x = ftz ? flushed(a) : a, y = ftz ? flushed(b) : b, z = ftz ? flushed(c) : c;
      std::fesetround(mode);
      volatile float result = f(x, y, z);
      std::fesetround(FE_TONEAREST);
      return ftz ? flushed(result) : static_cast<float>(result);
    };
  };
  using V = volatile float;
  auto sum = [](V &a, V &b, V &) { return a + b; };
  auto difference = [](V &a, V &b, V &) { return a - b; };
  auto product = [](V &a, V &b, V &) { return a * b; };
  auto fused = [](V &a, V &b, V &c) { return std::fma(float(a), float(b), float(c)); };
  comparePairs("add.rz.f32x2 %d, %a, %b;", with(FE_TOWARDZERO, false, sum));
  comparePairs("add.rm.ftz.f32x2 %d, %a, %b;", with(FE_DOWNWARD, true, sum));
  comparePairs("sub.rp.f32x2 %d, %a, %b;", with(FE_UPWARD, false, difference));
  comparePairs("sub.rz.ftz.f32x2 %d, %a, %b;", with(FE_TOWARDZERO, true, difference));
  comparePairs("mul.rm.f32x2 %d, %a, %b;", with(FE_DOWNWARD, false, product));
  comparePairs("mul.rp.ftz.f32x2 %d, %a, %b;", with(FE_UPWARD, true, product));
  comparePairs("fma.rp.f32x2 %d, %a, %b, %c;", with(FE_UPWARD, false, fused));
  comparePairs("fma.rm.ftz.f32x2 %d, %a, %b, %c;", with(FE_DOWNWARD, true, fused));
  comparePairs("fma.rz.f32x2 %d, %a, %b, %c;", with(FE_TOWARDZERO, false, fused));
}

TEST(PtxFloat, SumsOfSinglesAndHalves) {
  auto wide = floats(61);
  std::vector<uint64_t> a(wide.size()), b(wide.size());
  std::mt19937_64 random(62);
  for (size_t i = 0; i < wide.size(); ++i)
    a[i] = random() & 0xffff, b[i] = random() & 0xffff;
  auto brain = [](uint64_t x) { return fromBits<float>(x << 16); };
  auto half = [](uint64_t x) { return halfValue(static_cast<uint16_t>(x)); };
  auto check = [&](const char *code, auto value, std::function<float(float, float, float)> expected) {
    auto got = evaluate({code, "f32", {"b16", "b16", "f32"}}, {a, b, wide}, 100);
    for (size_t i = 0; i < got.size(); ++i) {
      uint32_t want = static_cast<uint32_t>(toBits(expected(value(a[i]), value(b[i]), fromBits<float>(wide[i]))));
      ASSERT_EQ(got[i], isNan(want) ? nan32 : want)
          << code << std::hex << " of " << a[i] << ", " << b[i] << ", " << wide[i];
    }
  };
  using F = float;
  check("add.rn.f32.f16 %d, %a, %c;", half, [](F x, F, F z) { return x + z; });
  check("sub.f32.bf16 %d, %a, %c;", brain, [](F x, F, F z) { return x - z; });
  check("fma.rn.f32.bf16 %d, %a, %b, %c;", brain, [](F x, F y, F z) { return std::fma(x, y, z); });
  check("fma.rn.sat.f32.f16 %d, %a, %b, %c;", half, [](F x, F y, F z) {
    float sum = std::fma(x, y, z);
    return sum > 0 ? std::min(sum, 1.0f) : 0.0f;
  });
  check("add.rz.f32.f16 %d, %a, %c;", half, [](F x, F, F z) {
    volatile float from = x, to = z;
    std::fesetround(FE_TOWARDZERO);
    volatile float sum = from + to;
    std::fesetround(FE_TONEAREST);
    return static_cast<float>(sum);
  });
}

TEST(PtxFloat, WhatPairsAndMixedSumsAreNot) {
  auto loads = [](const std::string &code, int sm) {
    std::string log,
        text =
            header(sm) + ".visible .entry k() { .reg .b64 %a, %b; .reg .f64 %x; .reg .f32 %f; .reg .b16 %h;\n" +
            "mov.b64 %a, 0; mov.b64 %b, 0; mov.f64 %x, 0d0000000000000000; mov.f32 %f, 0f00000000; mov.b16 %h, 0;\n" +
            code + "\nret; }";
    return Machine(Facts{120}).load(text, log) != nullptr;
  };
  EXPECT_TRUE(loads("add.f32x2 %a, %a, %b;", 100));
  EXPECT_FALSE(loads("add.f32x2 %a, %a, %b;", 90));
  EXPECT_FALSE(loads("fma.rn.f32x2 %a, %a, %b, %b;", 80));
  EXPECT_TRUE(loads("add.f32.f16 %f, %h, %f;", 100));
  EXPECT_FALSE(loads("add.f32.f16 %f, %h, %f;", 90));
  for (const char *code : {"add.sat.f32x2 %a, %a, %b;", "fma.rn.sat.f32x2 %a, %a, %b, %b;", "add.f32x2 %a, %a, 1;",
                           "add.f32x2 %a, %a, %x;", "min.f32x2 %a, %a, %b;", "neg.f32x2 %a, %b;", "abs.f32x2 %a, %b;",
                           "mad.rn.f32x2 %a, %a, %b, %b;", "div.rn.f32x2 %a, %a, %b;", "mul.lo.f32x2 %a, %a, %b;",
                           "cvt.rn.f32x2.f32 %a, %f;", "setp.lt.f32x2 %p, %a, %b;", "copysign.f32x2 %a, %a, %b;",
                           "mul.rn.f32.f16 %f, %h, %f;", "mul.rn.f32.f16 %f, %h, %h;", "add.ftz.f32.f16 %f, %h, %f;",
                           "sub.f32.f16 %f, %f, %h;", "add.f32.f16x2 %f, %f, %f;", "mad.rn.f32.f16 %f, %h, %h, %f;"})
    EXPECT_FALSE(loads(code, 120)) << code;
}

TEST(PtxFloat, Properties) {
  auto test = [](const char *name, uint32_t a) {
    return evaluate({"testp." + std::string(name) + ".f32 p, %a; selp.b32 %d, 1, 0, p;", "b32", {"f32"}}, {{a}})[0];
  };
  EXPECT_EQ(test("finite", 0x7f800000), 0u);
  EXPECT_EQ(test("infinite", 0xff800000), 1u);
  EXPECT_EQ(test("notanumber", 0x7fc00000), 1u);
  EXPECT_EQ(test("subnormal", 1), 1u);
  EXPECT_EQ(test("normal", 1), 0u);
  EXPECT_EQ(test("number", 0x7f800000), 1u);
}

} // namespace
} // namespace adze::ptx
