// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The sources of the GPU math library, run on the host, against glibc's functions in a wider type. They are compiled
// without contraction, so a GPU computes the same bits.
#include "test/codegen/common/gpu/math/Functions.h"
#include "gtest/gtest.h"
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

using adze::Reference;

namespace {
#ifndef ADZE_SAMPLES
#define ADZE_SAMPLES 40000
#endif

template <typename Real> using Bits = std::conditional_t<sizeof(Real) == 4, uint32_t, uint64_t>;
template <typename Real> using Limits = std::numeric_limits<Real>;
template <typename Real> using Wide = typename Reference<Real>::Wide;

template <typename Real> Bits<Real> toBits(Real x) {
  Bits<Real> bits;
  std::memcpy(&bits, &x, sizeof x);
  return bits;
}

template <typename Real> Real fromBits(Bits<Real> bits) {
  Real x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

/// How far `got` is from `expected`, in units of the last place of Real at `expected`; infinity for a NaN or a sign
/// that is wrong. Beyond the largest number, infinity is the next.
template <typename Real> double errorIn(Real got, Wide<Real> expected) {
  if (std::isnan(expected) || std::isnan(got))
    return std::isnan(expected) && std::isnan(got) ? 0 : HUGE_VAL;
  if (std::signbit(expected) != std::signbit(got) || (expected == 0 && got != 0))
    return HUGE_VAL;
  if (expected == 0 || (std::isinf(expected) && std::isinf(got)))
    return 0;
  const Wide<Real> end = std::ldexp(Wide<Real>(1), Limits<Real>::max_exponent);
  Wide<Real> value = std::min(std::fabs(Wide<Real>(got)), end), wanted = std::min(std::fabs(expected), end);
  int exponent = std::clamp(std::ilogb(wanted), Limits<Real>::min_exponent - 1, Limits<Real>::max_exponent - 1);
  return double(std::fabs(value - wanted) / std::ldexp(Wide<Real>(1), exponent - (Limits<Real>::digits - 1)));
}

/// Numbers at which some function changes: its way of computing, its sign, its range.
template <typename Real> std::vector<Real> specials() {
  std::vector<Real> found = {0,
                             Limits<Real>::denorm_min(),
                             Limits<Real>::min(),
                             Limits<Real>::max(),
                             Limits<Real>::infinity(),
                             Limits<Real>::quiet_NaN()};
  for (double x : {0.5,
                   1.0,
                   1.5,
                   2.0,
                   3.0,
                   4.0,
                   6.0,
                   10.0,
                   22.0,
                   0.41421356237309503,
                   0.7071067811865476,
                   1.4142135623730951,
                   88.72283905,
                   103.97207,
                   709.782712893384,
                   710.4758600739439,
                   745.1332191019411,
                   1e5,
                   131072.0,
                   1073741824.0})
    for (int step : {-2, -1, 0, 1, 2})
      found.push_back(fromBits<Real>(toBits(Real(x)) + step));
  for (int i = 1; i < 3000; ++i)
    for (double unit : {1.5707963267948966, 0.6931471805599453, 1.0})
      found.push_back(Real(i * unit));
  for (int exponent = -1074; exponent < 1024; ++exponent)
    for (double factor : {1.0, 1.1, 1.9})
      found.push_back(Real(std::ldexp(factor, exponent)));
  for (size_t i = 0, count = found.size(); i < count; ++i)
    found.push_back(-found[i]);
  return found;
}

/// The specials, numbers of all exponents, and numbers about as large as those that models hold.
template <typename Real> std::vector<Real> arguments() {
  std::vector<Real> found = specials<Real>();
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> about1(-1.5, 1.5), about10(-12, 12), about1000(-1100, 1100);
  for (int i = 0; i < ADZE_SAMPLES; ++i) {
    found.push_back(fromBits<Real>(Bits<Real>(random())));
    for (double x : {about1(random), about10(random), about1000(random)})
      found.push_back(Real(x));
  }
  return found;
}

/// The largest error over `inputs` is at most the type's bound.
template <typename Real, typename Argument>
void check(const std::string &name, const std::vector<Argument> &inputs, const std::function<double(Argument)> &error,
           const std::function<std::string(Argument)> &text) {
  double most = -1;
  Argument worst{};
  for (const Argument &x : inputs)
    if (double e = error(x); e > most) {
      most = e;
      worst = x;
    }
  EXPECT_LE(most, Reference<Real>::most) << name << " at " << text(worst);
  testing::Test::RecordProperty(name, std::to_string(most));
  if (std::getenv("ADZE_SHOW_ERRORS"))
    std::printf("%-8s %.3f at %s\n", name.c_str(), most, text(worst).c_str());
}

template <typename Real> std::string asText(Real x) {
  char text[64];
  std::snprintf(text, sizeof text, "%.17g (%a)", double(x), double(x));
  return text;
}

template <typename Real>
void checkUnary(const std::string &name, Real (*function)(Real), Wide<Real> (*reference)(Wide<Real>)) {
  static const std::vector<Real> inputs = arguments<Real>();
  check<Real, Real>(name, inputs, [&](Real x) { return errorIn<Real>(function(x), reference(x)); }, asText<Real>);
}

template <typename Real>
void checkBinary(const std::string &name, const std::vector<std::pair<Real, Real>> &inputs,
                 Real (*function)(Real, Real), Wide<Real> (*reference)(Wide<Real>, Wide<Real>)) {
  using Pair = std::pair<Real, Real>;
  check<Real, Pair>(
      name, inputs, [&](Pair x) { return errorIn<Real>(function(x.first, x.second), reference(x.first, x.second)); },
      [](Pair x) { return asText(x.first) + ", " + asText(x.second); });
}

/// Every pair of some special numbers, pairs of any two and pairs whose second is other(first, a part).
template <typename Real> std::vector<std::pair<Real, Real>> pairs(const std::function<Real(Real, Real)> &other) {
  std::vector<Real> few = {0,
                           1,
                           2,
                           3,
                           Real(0.5),
                           Real(1.5),
                           Real(1e10),
                           Real(std::ldexp(1, 53)),
                           Real(std::ldexp(1, 24)) - 1,
                           std::nextafter(Real(1), Real(2)),
                           std::nextafter(Real(1), Real(0)),
                           Limits<Real>::denorm_min(),
                           Limits<Real>::min(),
                           Limits<Real>::max(),
                           Limits<Real>::infinity(),
                           Limits<Real>::quiet_NaN()};
  for (size_t i = 0, count = few.size(); i < count; ++i)
    few.push_back(-few[i]);
  std::vector<std::pair<Real, Real>> found;
  for (Real x : few)
    for (Real y : few)
      found.push_back({x, y});
  std::mt19937_64 random(7);
  for (int i = 0; i < 3 * ADZE_SAMPLES; ++i) {
    Real x = fromBits<Real>(Bits<Real>(random())), y = fromBits<Real>(Bits<Real>(random()));
    Real part = Real(std::uniform_real_distribution<double>(-1.2, 1.2)(random));
    Real near1 = Real(std::uniform_real_distribution<double>(0.4, 2.5)(random));
    found.push_back({x, y});
    found.push_back({std::fabs(x), other(x, part)});
    found.push_back({near1, other(near1, part)});
  }
  return found;
}

template <typename Real> void checkPow(Real (*function)(Real, Real)) {
  // A y for which x^y is about 2^(part * the largest exponent).
  auto inputs = pairs<Real>(
      [](Real x, Real part) { return Real(part * Limits<Real>::max_exponent / std::log2(std::fabs(Wide<Real>(x)))); });
  checkBinary<Real>("powf", inputs, function, [](Wide<Real> x, Wide<Real> y) { return std::pow(x, y); });
}

template <typename Real> void checkAtan2(Real (*function)(Real, Real)) {
  auto inputs = pairs<Real>([](Real x, Real part) { return x * part; });
  checkBinary<Real>("atan2", inputs, function, [](Wide<Real> y, Wide<Real> x) { return std::atan2(y, x); });
}

template <typename Real> void checkRemainder(Real (*function)(Real, Real)) {
  auto inputs = pairs<Real>([](Real x, Real part) { return x * part; });
  for (auto [x, y] : inputs) {
    Real got = function(x, y), expected = std::fmod(x, y);
    bool same = std::isnan(expected) ? std::isnan(got) : toBits(got) == toBits(expected);
    ASSERT_TRUE(same) << "remf at " << asText(x) << ", " << asText(y) << ": " << asText(got) << ", expected "
                      << asText(expected);
  }
}

template <typename Real> Wide<Real> reciprocalRoot(Wide<Real> x) { return 1 / std::sqrt(x); }

TEST(GpuMath, SingleArgumentsToOneUlp) {
#define ADZE_CHECK(name) checkUnary<float>(#name, adze_math_##name##_f32, Reference<float>::name);
  ADZE_UNARY(ADZE_CHECK)
#undef ADZE_CHECK
  checkUnary<float>("rsqrt", adze_math_rsqrt_f32, reciprocalRoot<float>);
}

TEST(GpuMath, DoubleArgumentsToOneUlp) {
#define ADZE_CHECK(name) checkUnary<double>(#name, adze_math_##name##_f64, Reference<double>::name);
  ADZE_UNARY(ADZE_CHECK)
#undef ADZE_CHECK
  checkUnary<double>("rsqrt", adze_math_rsqrt_f64, reciprocalRoot<double>);
}

TEST(GpuMath, PowersOfSingles) { checkPow<float>(adze_math_powf_f32); }
TEST(GpuMath, PowersOfDoubles) { checkPow<double>(adze_math_powf_f64); }
TEST(GpuMath, AnglesOfSingles) { checkAtan2<float>(adze_math_atan2_f32); }
TEST(GpuMath, AnglesOfDoubles) { checkAtan2<double>(adze_math_atan2_f64); }

TEST(GpuMath, ExactRemaindersOfSingles) { checkRemainder<float>(adze_math_remf_f32); }
TEST(GpuMath, ExactRemaindersOfDoubles) { checkRemainder<double>(adze_math_remf_f64); }

TEST(GpuMath, PowersOfBasesAreExactInTheirLogarithm) {
  for (int i = 0; i <= 22; ++i)
    EXPECT_EQ(adze_math_log10_f64(double(std::pow(10.0L, i))), double(i));
  for (int i = -149; i < 128; ++i) {
    EXPECT_EQ(adze_math_log2_f32(std::ldexp(1.0f, i)), float(i));
    EXPECT_EQ(adze_math_exp2_f32(float(i)), std::ldexp(1.0f, i));
  }
}
} // namespace
