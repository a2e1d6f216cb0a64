// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PTX that nvcc makes of Inputs/Kernels.cu and Inputs/Pairs.cu, against the host.
#include "test/sim/ptx/Harness.h"
#include <cfenv>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <random>
#include <unistd.h>

namespace adze::ptx {
namespace {

std::string contents(const std::string &path) {
  std::ifstream file(path);
  return std::string((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
}

/// The PTX of Inputs/<name>.cu for sm_<sm>; empty: there is no nvcc, or one that does not know the target. It is kept
/// beside the test program, under a hash of its source: each test is a process of its own.
std::string compiled(const std::string &name, int sm) {
  std::string nvcc = toolkitProgram("nvcc"), source = ADZE_INPUTS "/" + name + ".cu", log;
  if (nvcc.empty())
    return std::string();
  std::string kept =
      ADZE_KEPT "/" + name + "-" + std::to_string(std::hash<std::string>()(nvcc + contents(source))) + ".ptx";
  if (std::string known = contents(kept); !known.empty())
    return known;
  std::string architecture = "sm_" + std::to_string(sm);
  if (runCommand(nvcc + " --list-gpu-code", log) && log.find(architecture) == std::string::npos)
    return std::string();
  std::string made = kept + "." + std::to_string(getpid());
  EXPECT_TRUE(runCommand(nvcc + " -ptx -arch=" + architecture + " -o " + made + " " + source, log)) << log;
  std::rename(made.c_str(), kept.c_str());
  return contents(kept);
}

const std::string &kernels() {
  static const std::string text = compiled("Kernels", 80);
  return text;
}

class PtxCuda : public ::testing::Test {
protected:
  void SetUp() override {
    if (kernels().empty())
      GTEST_SKIP() << "no nvcc";
  }
  void run(const char *kernel, Dim3 grid, Dim3 block, std::vector<uint64_t> parameters, uint32_t shared = 0) {
    bench.run(bench.load(kernels(), kernel, false), grid, block, std::move(parameters), shared);
  }
  std::vector<float> numbers(size_t count, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::vector<float> list(count);
    for (float &x : list)
      x = static_cast<float>(static_cast<int>(random() % 2001) - 1000) / 256;
    return list;
  }
  Bench bench;
};

TEST_F(PtxCuda, Reduction) {
  std::vector<float> in = numbers(5000);
  double want = 0;
  for (float x : in)
    want += x;
  uint64_t out = bench.upload(std::vector<float>{0});
  run("reduce", {4, 1, 1}, {256, 1, 1}, {bench.upload(in), out, in.size()});
  EXPECT_NEAR(bench.download<float>(out, 1)[0], want, 1e-2);
}

TEST_F(PtxCuda, Transposition) {
  uint32_t rows = 70, columns = 50;
  std::vector<float> in = numbers(rows * columns);
  uint64_t out = bench.machine.allocate(in.size() * 4);
  run("transpose", {2, 3, 1}, {32, 8, 1}, {bench.upload(in), out, rows, columns});
  auto got = bench.download<float>(out, in.size());
  for (uint32_t i = 0; i < rows; ++i)
    for (uint32_t j = 0; j < columns; ++j)
      ASSERT_EQ(got[j * rows + i], in[i * columns + j]);
  for (auto &[line, banks] : bench.machine.counts().at("transpose").shared)
    EXPECT_EQ(banks.conflicts, 0u) << line;
}

TEST_F(PtxCuda, Histogram) {
  std::vector<uint8_t> in(3000);
  std::vector<uint32_t> want(256);
  std::mt19937 random(2);
  for (uint8_t &x : in)
    ++want[x = static_cast<uint8_t>(random() % 200)];
  uint64_t bins = bench.upload(std::vector<uint32_t>(256));
  run("histogram", {3, 1, 1}, {256, 1, 1}, {bench.upload(in), bins, in.size()});
  EXPECT_EQ(bench.download<uint32_t>(bins, 256), want);
}

TEST_F(PtxCuda, Softmax) {
  uint32_t rows = 5, columns = 77;
  std::vector<float> in = numbers(rows * columns);
  uint64_t out = bench.machine.allocate(in.size() * 4);
  run("softmax", {rows, 1, 1}, {32, 1, 1}, {bench.upload(in), out, columns}, columns * 4);
  auto got = bench.download<float>(out, in.size());
  for (uint32_t i = 0; i < rows; ++i) {
    double sum = 0;
    for (uint32_t j = 0; j < columns; ++j)
      sum += std::exp(static_cast<double>(in[i * columns + j]));
    for (uint32_t j = 0; j < columns; ++j)
      EXPECT_NEAR(got[i * columns + j], std::exp(static_cast<double>(in[i * columns + j])) / sum, 1e-6);
  }
}

TEST_F(PtxCuda, MatrixProduct) {
  uint32_t m = 128, n = 128, k = 96;
  std::mt19937 random(3);
  std::vector<uint16_t> a(m * k), b(n * k);
  std::vector<int> x(m * k), y(n * k);
  static const uint16_t halves[] = {0xc200, 0xc000, 0xbc00, 0, 0x3c00, 0x4000, 0x4200}; // -3 ... 3
  for (size_t i = 0; i < a.size(); ++i)
    a[i] = halves[(x[i] = static_cast<int>(random() % 7) - 3) + 3];
  for (size_t i = 0; i < b.size(); ++i)
    b[i] = halves[(y[i] = static_cast<int>(random() % 7) - 3) + 3];
  uint64_t out = bench.machine.allocate(m * n * 4);
  run("matmul", {n / 64, m / 64, 1}, {128, 1, 1}, {bench.upload(a), bench.upload(b), out, n, k});
  auto got = bench.download<float>(out, m * n);
  for (uint32_t i = 0; i < m; ++i)
    for (uint32_t j = 0; j < n; ++j) {
      int want = 0;
      for (uint32_t l = 0; l < k; ++l)
        want += x[i * k + l] * y[j * k + l];
      ASSERT_EQ(got[i * n + j], static_cast<float>(want)) << i << " " << j;
    }
}

TEST_F(PtxCuda, TilesOfWmma) {
  std::mt19937 random(4);
  static const uint16_t halves[] = {0xc000, 0xbc00, 0, 0x3c00, 0x4000}; // -2 ... 2
  std::vector<uint16_t> a(256), b(256);
  std::vector<int> x(256), y(256);
  std::vector<float> c(256);
  for (size_t i = 0; i < 256; ++i) {
    a[i] = halves[(x[i] = static_cast<int>(random() % 5) - 2) + 2];
    b[i] = halves[(y[i] = static_cast<int>(random() % 5) - 2) + 2];
    c[i] = static_cast<float>(i);
  }
  uint64_t out = bench.upload(c), small = bench.machine.allocate(512);
  run("tiles", {1, 1, 1}, {32, 1, 1}, {bench.upload(a), bench.upload(b), out, small});
  auto got = bench.download<float>(out, 256);
  auto half = bench.download<uint16_t>(small, 256);
  for (uint32_t i = 0; i < 16; ++i)
    for (uint32_t j = 0; j < 16; ++j) {
      int sum = 0;
      for (uint32_t k = 0; k < 16; ++k)
        sum += x[i * 16 + k] * y[j * 16 + k];
      EXPECT_EQ(got[i * 16 + j], 2 * c[i * 16 + j] + static_cast<float>(sum));
      uint16_t bits = half[j * 16 + i];
      float value = bits & 0x7fff ? std::ldexp(static_cast<float>((bits & 0x3ff) | 0x400), (bits >> 10 & 31) - 25) : 0;
      EXPECT_EQ(bits & 0x8000 ? -value : value, static_cast<float>(sum + 1));
    }
}

TEST_F(PtxCuda, DoublePrecision) {
  std::vector<double> in;
  for (int i = 0; i < 300; ++i)
    in.push_back(0.01 + i * 0.37);
  uint64_t out = bench.machine.allocate(in.size() * 8);
  run("real", {3, 1, 1}, {128, 1, 1}, {bench.upload(in), out, in.size()});
  auto got = bench.download<double>(out, in.size());
  for (size_t i = 0; i < in.size(); ++i) {
    double x = in[i], want = std::exp(-x) + std::sqrt(x) * std::sin(x) + std::pow(x, 1.7) / std::log(x + 2);
    EXPECT_NEAR(got[i], want, 1e-12 * std::max(1.0, std::fabs(want))) << x;
  }
}

TEST_F(PtxCuda, Collatz) {
  uint64_t out = bench.machine.allocate(1000 * 4);
  run("collatz", {8, 1, 1}, {128, 1, 1}, {out, 1000});
  auto got = bench.download<uint32_t>(out, 1000);
  for (uint64_t i = 0; i < 1000; ++i) {
    uint32_t steps = 0;
    for (uint64_t x = i + 1; x != 1; ++steps)
      x = x & 1 ? 3 * x + 1 : x / 2;
    EXPECT_EQ(got[i], steps);
  }
}

struct Pair {
  float first;
  int second;
  double third;
};
Pair combine(Pair a, int k) { return k % 3 == 0 ? a : Pair{a.first * 2, a.second - k, a.third + a.first}; }
int choose(const int *table, int k) {
  const int results[] = {table[3], table[1] * 5, table[0] - 9, table[2] ^ 77, -1, table[1] + table[2], 6, 7};
  return results[k];
}

TEST_F(PtxCuda, Calls) {
  uint64_t out = bench.machine.allocate(64 * 8);
  Pair seed{1.5f, 10, 2.25};
  const Kernel *k = bench.load(kernels(), "calls", false);
  ASSERT_TRUE(k);
  const void *parameters[] = {&seed, &out};
  EXPECT_TRUE(bench.machine.launch(*k, {1, 1, 1}, {64, 1, 1}, 0, parameters, bench.error)) << bench.error;
  auto got = bench.download<double>(out, 64);
  for (int i = 0; i < 64; ++i) {
    int table[4];
    for (int j = 0; j < 4; ++j)
      table[(j + i) % 4] = i * j + 1;
    Pair p = seed;
    p.second += i;
    p = combine(combine(p, i), i + 1);
    EXPECT_EQ(got[i], p.first + static_cast<float>(p.second) + p.third + choose(table, i % 8)) << i;
  }
}

TEST_F(PtxCuda, Halves) {
  size_t n = 128;
  std::vector<uint16_t> in(n);
  std::vector<float> values(n);
  for (size_t i = 0; i < n; ++i) {
    in[i] = static_cast<uint16_t>(0x3000 + 37 * i) | (i % 3 ? 0 : 0x8000);
    float magnitude = std::ldexp(static_cast<float>((in[i] & 0x3ff) | 0x400), (in[i] >> 10 & 31) - 25);
    values[i] = in[i] & 0x8000 ? -magnitude : magnitude;
  }
  uint64_t out = bench.machine.allocate(n * 2), small = bench.machine.allocate(n * 2);
  run("halves", {1, 1, 1}, {64, 1, 1}, {bench.upload(in), out, small, n});
  auto half = bench.download<uint16_t>(out, n), bf16 = bench.download<uint16_t>(small, n);
  for (size_t i = 0; i < n; ++i) {
    float got = std::ldexp(static_cast<float>((half[i] & 0x3ff) | ((half[i] & 0x7c00) ? 0x400 : 0)),
                           std::max(half[i] >> 10 & 31, 1) - 25) *
                (half[i] & 0x8000 ? -1.0f : 1.0f);
    float want = std::max((values[i] * values[i] + 0.5f) * values[i], -1.0f);
    EXPECT_NEAR(got, want, std::fabs(want) * 0.0011f) << i;
    float exact = i % 2 ? values[i] + 1.0f : values[i] * 3.0f;
    EXPECT_NEAR(fromBits<float>(uint64_t(bf16[i]) << 16), exact, std::fabs(exact) / 256) << i;
  }
}

TEST_F(PtxCuda, LastBlockAddsUp) {
  std::vector<int> in(8 * 64);
  int want = 0;
  for (size_t i = 0; i < in.size(); ++i)
    want += in[i] = static_cast<int>(i * 7 % 100);
  uint64_t parts = bench.machine.allocate(32), out = bench.machine.allocate(4);
  run("lastBlock", {8, 1, 1}, {64, 1, 1}, {bench.upload(in), parts, out});
  EXPECT_EQ(bench.download<int>(out, 1)[0], want);
}

TEST_F(PtxCuda, Bits) {
  std::mt19937_64 random(6);
  std::vector<uint64_t> in(32);
  uint32_t ballot = 0;
  for (uint32_t i = 0; i < 32; ++i)
    ballot |= ((in[i] = random() >> (i * 2 % 50)) & 4 ? 1u : 0u) << i;
  uint64_t out = bench.machine.allocate(256);
  run("bits", {1, 1, 1}, {32, 1, 1}, {bench.upload(in), out});
  auto got = bench.download<uint64_t>(out, 32);
  for (uint32_t i = 0; i < 32; ++i) {
    uint64_t x = in[i], y = in[i ^ 1] | 1, reversed = 0;
    for (int b = 0; b < 64; ++b)
      reversed |= (y >> b & 1) << (63 - b);
    uint64_t both = uint64_t(uint32_t(y)) << 32 | uint32_t(x);
    uint32_t permuted = 0;
    for (int b = 0; b < 4; ++b)
      permuted |= uint32_t(both >> 8 * (0x3715 >> 4 * b & 7) & 255) << 8 * b;
    uint32_t funnel = i % 32 ? uint32_t(y) << i | uint32_t(x) >> (32 - i) : uint32_t(y);
    int64_t quotient = int64_t(int32_t(x)) / int64_t(int32_t(y >> 3 | 1));
    uint64_t want = (x / y) ^ (x % y) ^ uint64_t((unsigned __int128)x * y >> 64) ^
                    uint64_t(__builtin_popcountll(x)) << 40 ^ uint64_t(x ? __builtin_clzll(x) : 64) << 50 ^ reversed ^
                    uint64_t(quotient) ^ ballot ^ permuted ^ funnel ^ 217u;
    EXPECT_EQ(got[i], want) << i;
  }
}

TEST(PtxCudaPairs, SumsOfProducts) {
  std::string text = compiled("Pairs", 120);
  if (text.empty())
    GTEST_SKIP() << "no nvcc for sm_120";
  EXPECT_NE(text.find("fma.rn.f32x2"), std::string::npos);
  uint32_t rows = 70, pairs = 9;
  std::vector<float> x(rows * pairs * 2), y(pairs * 2);
  std::mt19937 random(8);
  for (auto *list : {&x, &y})
    for (float &value : *list)
      value = static_cast<float>(static_cast<int>(random() % 2001) - 1000) / 64;
  Bench bench(Facts{120});
  uint64_t out = bench.machine.allocate(rows * 4);
  bench.run(bench.load(text, "dots", false), {3, 1, 1}, {32, 1, 1},
            {bench.upload(x), bench.upload(y), out, rows, pairs});
  auto got = bench.download<float>(out, rows);
  for (uint32_t i = 0; i < rows; ++i) {
    float sums[2] = {0.25f, 0.25f};
    for (uint32_t k = 0; k < pairs * 2; ++k)
      sums[k % 2] = std::fma(x[i * pairs * 2 + k], y[k], sums[k % 2]);
    EXPECT_EQ(got[i], sums[0] + sums[1]) << i;
  }
}

TEST(PtxCudaPairs, WaysOfRounding) {
  std::string text = compiled("Pairs", 120);
  if (text.empty())
    GTEST_SKIP() << "no nvcc for sm_120";
  std::vector<float> x(64), y(64);
  std::mt19937 random(9);
  for (auto *list : {&x, &y})
    for (float &value : *list)
      value = static_cast<float>(static_cast<int>(random() % 20001) - 10000) / 97;
  x[0] = 0x1p-130f, y[0] = 0x1p-149f;
  Bench bench(Facts{120});
  uint64_t out = bench.machine.allocate(64 * 4 * 4);
  bench.run(bench.load(text, "mixed", false), {1, 1, 1}, {32, 1, 1}, {bench.upload(x), bench.upload(y), out});
  auto got = bench.download<float>(out, 64 * 4);
  auto rounded = [](int mode, auto f) {
    std::fesetround(mode);
    volatile float result = f();
    std::fesetround(FE_TONEAREST);
    return static_cast<float>(result);
  };
  for (uint32_t i = 0; i < 64; ++i) {
    volatile float a = x[i], b = y[i];
    const float *of = &got[i / 2 * 8 + i % 2];
    EXPECT_EQ(of[0], rounded(FE_TOWARDZERO, [&] { return a + b; })) << i;
    EXPECT_EQ(of[2], rounded(FE_UPWARD, [&] { return a * b; })) << i;
    EXPECT_EQ(of[4], rounded(FE_DOWNWARD, [&] { return std::fma(a, b, a); })) << i;
    EXPECT_EQ(of[6], i == 0 ? 0.0f : a - b) << i;
  }
}

} // namespace
} // namespace adze::ptx
