// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// PTX that LLVM's back end makes of C, against the same C on the host: Inputs/Portable.h is compiled for both.
#include "test/sim/ptx/Harness.h"
#include "test/sim/ptx/Inputs/Portable.h"
#include <cmath>
#include <cstdio>
#include <fstream>
#include <random>

namespace adze::ptx {
namespace {

/// PTX of an input; empty: this clang has no NVPTX.
std::string compiled(const std::string &file, const std::string &flags, int sm) {
  std::string path = temporaryPath(".ptx"), log;
  std::string command = ADZE_CLANG
                        " --target=nvptx64-nvidia-cuda -nocudalib -nostdinc -ffreestanding -S -Wno-everything " +
                        flags + " -Xclang -target-cpu -Xclang sm_" + std::to_string(sm) + " -I" ADZE_ROOT " -o " +
                        path + " " ADZE_INPUTS "/" + file;
  if (!runCommand(command, log)) {
    EXPECT_NE(log.find("unable to create target"), std::string::npos) << log;
    return "";
  }
  std::ifstream made(path);
  std::string all((std::istreambuf_iterator<char>(made)), std::istreambuf_iterator<char>());
  std::remove(path.c_str());
  return all;
}

class PtxClangLevels : public ::testing::TestWithParam<const char *> {};

TEST_P(PtxClangLevels, ComputesWhatTheHostDoes) {
  std::string text = compiled("Portable.c", GetParam(), 80);
  if (text.empty())
    GTEST_SKIP() << "this clang makes no PTX";
  Bench bench(Facts{80});
  expectValid(text);
  std::mt19937_64 random(7);
  const int n = 256;
  std::vector<struct Sample> in(n);
  for (struct Sample &x : in) {
    x.a = static_cast<int>(random() >> (random() % 32 + 32));
    x.b = static_cast<int>(random());
    x.c = static_cast<long>(random() >> random() % 64);
    x.d = static_cast<short>(random());
    x.e = static_cast<signed char>(random());
    x.f = static_cast<float>(static_cast<int>(random() % 4001) - 2000) / 64;
    x.g = static_cast<double>(static_cast<int64_t>(random())) * 0x1p-50;
  }
  for (int which = 0; which < functionCount; ++which) {
    uint64_t buffer = bench.upload(in), out = bench.machine.allocate(n * 8);
    bench.run(bench.load(text, "kernel" + std::to_string(which), false), {2, 1, 1}, {n / 2, 1, 1}, {buffer, out, n});
    auto got = bench.download<uint64_t>(out, n);
    for (int i = 0; i < n; ++i)
      ASSERT_EQ(got[i], functions[which](&in[i], i)) << "function " << which << " of sample " << i;
  }
}

TEST(PtxClang, IntrinsicsOfManyTargets) {
  for (int sm : {80, 86, 90, 100, 120}) {
    std::string text = compiled("Intrinsics.ll", "-O2", sm), log;
    if (text.empty())
      GTEST_SKIP() << "this clang makes no PTX";
    EXPECT_TRUE(Machine(Facts{sm}).load(text, log)) << "sm_" << sm << ": " << log;
    EXPECT_FALSE(Machine(Facts{75}).load(text, log));
  }
}

INSTANTIATE_TEST_SUITE_P(PtxClang, PtxClangLevels, ::testing::Values("-O0", "-O1", "-O3"));

} // namespace
} // namespace adze::ptx
