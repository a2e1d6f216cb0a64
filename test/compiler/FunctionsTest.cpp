// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The scalar functions that artifacts carry, against this machine's libm in long double.
#include "test/compiler/Emit.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace adze;
using namespace adze::test;

/// Functions in the order of functions.mlir.
using Real = long double;
static const struct {
  const char *name;
  Real (*exact)(Real);
} kFunctions[] = {{"erf", [](Real x) { return std::erf(x); }},
                  {"sinh", [](Real x) { return std::sinh(x); }},
                  {"cosh", [](Real x) { return std::cosh(x); }},
                  {"tanh", [](Real x) { return std::tanh(x); }},
                  {"asinh", [](Real x) { return std::asinh(x); }},
                  {"acosh", [](Real x) { return std::acosh(x); }},
                  {"atanh", [](Real x) { return std::atanh(x); }},
                  {"exp", [](Real x) { return std::exp(x); }},
                  {"log", [](Real x) { return std::log(x); }},
                  {"sin", [](Real x) { return std::sin(x); }},
                  {"cos", [](Real x) { return std::cos(x); }},
                  {"tan", [](Real x) { return std::tan(x); }},
                  {"asin", [](Real x) { return std::asin(x); }},
                  {"acos", [](Real x) { return std::acos(x); }},
                  {"atan", [](Real x) { return std::atan(x); }},
                  {"expm1", [](Real x) { return std::expm1(x); }},
                  {"log1p", [](Real x) { return std::log1p(x); }},
                  {"exp2", [](Real x) { return std::exp2(x); }},
                  {"log2", [](Real x) { return std::log2(x); }},
                  {"log10", [](Real x) { return std::log10(x); }},
                  {"cbrt", [](Real x) { return std::cbrt(x); }},
                  {"pow", [](Real x) { return std::pow(x, 1.5L); }},
                  {"fmod", [](Real x) { return std::fmod(x, Real(0.7)); }}};

/// How many numbers lie between two, at most.
template <typename T> static double distance(T found, T expected) {
  if (std::isnan(found) || std::isnan(expected))
    return std::isnan(found) && std::isnan(expected) ? 0 : INFINITY;
  if (found == expected)
    return 0;
  if (std::isinf(found) || std::isinf(expected))
    return INFINITY;
  T next = std::nextafter(std::fabs(expected), T(INFINITY));
  return std::fabs(double(found) - double(expected)) / double(next - std::fabs(expected));
}

static std::vector<double> samples() {
  std::vector<double> x{0, -0.0, 1, -1, 0.5, -0.5, 6, 22, 709, 710, -745, 1e-300, 1e300, INFINITY, -INFINITY, NAN};
  for (double v = 1e-9; v < 800; v *= 1.013) {
    x.push_back(v);
    x.push_back(-v);
    x.push_back(1 + v);
  }
  return x;
}

TEST(Functions, AgreeWithLibm) {
  std::string path = temporaryFolder() + "/functions.so";
  ASSERT_EQ(emitFile("functions.mlir", path, {}), "");
  Opened opened(path);
  ASSERT_TRUE(opened.ok) << opened.error.message;
  std::vector<double> x = samples();
  const size_t n = x.size();
  auto out = opened.run({Tensor::of(ADZE_F64, {int64_t(n)}, x)});
  ASSERT_EQ(out.size(), 3u) << opened.error.message;
  auto wide = out[0].values<double>();
  auto narrow = out[1].values<float>();
  for (size_t f = 0; f < std::size(kFunctions); ++f) {
    double worst = 0, worstNarrow = 0, at = 0, atNarrow = 0;
    for (size_t i = 0; i < n; ++i) {
      double d = distance(wide[f * n + i], double(kFunctions[f].exact(x[i])));
      if (d > worst)
        worst = d, at = x[i];
      // In f32, the arguments 1.5 and 0.7 are others than in f64.
      if (f == 22)
        continue;
      float expected = float(kFunctions[f].exact(float(x[i])));
      double dn = distance(narrow[f * n + i], expected);
      if (dn > worstNarrow)
        worstNarrow = dn, atNarrow = x[i];
    }
    EXPECT_LE(worst, 2) << kFunctions[f].name << " of " << at;
    EXPECT_LE(worstNarrow, 1.5) << kFunctions[f].name << "f of " << atNarrow;
  }
}

TEST(Functions, SmallFloatsRoundToNearestEven) {
  std::string path = temporaryFolder() + "/small.so";
  for (const char *cpu : {"x86-64-v2", "native"}) {
    Options options;
    options.cpu = cpu;
    ASSERT_EQ(emitFile("functions.mlir", path, options), "");
    Opened opened(path);
    ASSERT_TRUE(opened.ok) << opened.error.message;
    auto out = opened.run({Tensor::of<double>(ADZE_F64, {5}, {1, 1 + 0x1p-11, 1 + 0x3p-11, 70000, 1 + 0x1p-8})});
    ASSERT_EQ(out.size(), 3u) << opened.error.message;
    EXPECT_EQ(out[2].values<float>(), (std::vector<float>{1, 1, 1 + 0x1p-9f, INFINITY, 1 + 0x1p-8f, //
                                                          1, 1, 1, 70144, 1}));
  }
}
