// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From stage loops to numbers, through the plain C ABI.
#include "runtime/loader/loader.h"
#include "test/compiler/Emit.h"
#include <filesystem>
#include <gtest/gtest.h>

using namespace adze;
using namespace adze::test;

/// Compiles one of the texts to a file of its name and opens it.
static std::unique_ptr<Opened> build(const std::string &name, const Options &options = {}) {
  std::string path = temporaryFolder() + "/" + name + ".so";
  EXPECT_EQ(emitFile(name + ".mlir", path, options), "");
  auto opened = std::make_unique<Opened>(path);
  EXPECT_TRUE(opened->ok) << opened->error.message;
  return opened;
}

TEST(Artifact, ReluOfKnownSize) {
  auto opened = build("relu_static");
  ASSERT_TRUE(opened->ok);
  auto y = opened->run({floats({4, 3}, {-1, 2, -3, 4, -5, 6, -7, 8, -9, 10, -11, 12})});
  ASSERT_EQ(y.size(), 1u) << opened->error.message;
  EXPECT_EQ(y[0].shape, (std::vector<int64_t>{4, 3}));
  EXPECT_EQ(y[0].values<float>(), (std::vector<float>{0, 2, 0, 4, 0, 6, 0, 8, 0, 10, 0, 12}));
}

TEST(Artifact, BuffersBetweenKernelsOfUnknownRows) {
  auto opened = build("sequence");
  ASSERT_TRUE(opened->ok);
  for (int64_t rows : {1, 0, 5, 200, 2}) {
    std::vector<float> x(rows * 3), y, flat;
    for (size_t i = 0; i < x.size(); ++i) {
      x[i] = float(i) - 4;
      y.push_back(2 * x[i] * x[i]);
      flat.push_back(8 * x[i] * x[i]);
    }
    auto out = opened->run({floats({rows, 3}, x)});
    ASSERT_EQ(out.size(), 2u) << opened->error.message;
    EXPECT_EQ(out[0].shape, (std::vector<int64_t>{rows, 3}));
    EXPECT_EQ(out[0].values<float>(), y);
    EXPECT_EQ(out[1].shape, (std::vector<int64_t>{rows * 3}));
    EXPECT_EQ(out[1].values<float>(), flat);
  }
}

TEST(Artifact, TellsItsTensorsAndKernels) {
  auto opened = build("sequence");
  ASSERT_TRUE(opened->ok);
  const adze_model_info *info = opened->info();
  ASSERT_EQ(info->num_inputs, 1);
  EXPECT_STREQ(info->inputs[0].name, "x");
  EXPECT_EQ(info->inputs[0].dtype, ADZE_F32);
  EXPECT_EQ(info->inputs[0].dims[0], -1);
  EXPECT_EQ(info->inputs[0].dims[1], 3);
  EXPECT_STREQ(info->inputs[0].dim_names[0], "batch");
  EXPECT_EQ(info->inputs[0].dim_names[1], nullptr);
  ASSERT_EQ(info->num_kernels, 2);
  EXPECT_STREQ(info->kernel_names[1], "multiply");
  EXPECT_STREQ(info->kernel_nodes[1], "Mul_1;Mul_2");
  EXPECT_NE(std::string(info->metadata).find("\"batch\""), std::string::npos) << info->metadata;
}

TEST(Artifact, IndexOutOfRangeNamesItsNode) {
  auto opened = build("gather");
  ASSERT_TRUE(opened->ok);
  auto x = floats({3}, {10, 20, 30});
  auto good = opened->run({x, longs({2}, {2, 0}), longs({2}, {1, 1})});
  ASSERT_EQ(good.size(), 1u) << opened->error.message;
  EXPECT_EQ(good[0].values<float>(), (std::vector<float>{10, 10}));
  EXPECT_TRUE(opened->run({x, longs({2}, {0, 3}), longs({2}, {0, 0})}).empty());
  EXPECT_EQ(opened->error.status, ADZE_INDEX_OUT_OF_RANGE);
  EXPECT_STREQ(opened->error.message, "node 'Gather_7' (Gather): index out of range");
  EXPECT_TRUE(opened->run({x, longs({2}, {0, 1}), longs({2}, {0, -1})}).empty());
  EXPECT_STREQ(opened->error.message, "node 'Gather_8' (Gather): index out of range");
}

TEST(Artifact, WeightsLieBehindTheCode) {
  auto opened = build("weights");
  ASSERT_TRUE(opened->ok);
  const int64_t n = 2621440;
  auto y = opened->run({floats({n}, std::vector<float>(n, 0.5f))});
  ASSERT_EQ(y.size(), 2u) << opened->error.message;
  auto values = y[0].values<float>();
  for (int64_t i : {int64_t(0), int64_t(1), int64_t(2), int64_t(77777), n - 1})
    EXPECT_EQ(values[i], 0.5f + testWeight(i) + float(i % 4 + 1)) << i;
  EXPECT_EQ(y[1].values<float>(), (std::vector<float>{1, 2, 3, 4}));
  std::string path = temporaryFolder() + "/weights.so";
  adze_error error;
  EXPECT_EQ(adze_verify_weights(path.c_str(), &error), ADZE_OK) << error.message;
  EXPECT_LT(std::filesystem::file_size(path), 4u * n + 300000);
}

TEST(Artifact, AValueFromDataDecidesASize) {
  auto opened = build("readback");
  ASSERT_TRUE(opened->ok);
  auto out = opened->run({floats({5}, {1, -2, 3, 0, 5})});
  ASSERT_EQ(out.size(), 2u) << opened->error.message;
  EXPECT_EQ(out[0].values<float>(), (std::vector<float>{1, 3, 5}));
  EXPECT_EQ(out[1].values<int64_t>(), (std::vector<int64_t>{5, 3}));
  out = opened->run({floats({2}, {-1, -2})});
  ASSERT_EQ(out.size(), 2u) << opened->error.message;
  EXPECT_EQ(out[0].shape, (std::vector<int64_t>{0}));
  EXPECT_TRUE(opened->run({floats({0}, {})}).empty());
  EXPECT_EQ(opened->error.status, ADZE_SHAPE_MISMATCH);
  EXPECT_STREQ(opened->error.message, "node 'Some' (Test): x is empty");
}

TEST(Artifact, LoopsAndBranches) {
  auto opened = build("control");
  ASSERT_TRUE(opened->ok);
  for (int64_t times : {0, 1, 2, 3, 10}) {
    std::vector<float> x{1, 2, 3, 4, 5, 6, 7, 8, 9}, sum, twice;
    for (float v : x) {
      sum.push_back(v * float(times + 1));
      twice.push_back(2 * v);
    }
    auto out = opened->run({floats({9}, x), longs({}, {times})});
    ASSERT_EQ(out.size(), 6u) << opened->error.message;
    EXPECT_EQ(out[0].values<float>(), sum);
    EXPECT_EQ(out[1].values<float>(), std::vector<float>(times + 1, 1.0f));
    EXPECT_EQ(out[2].values<float>(), (std::vector<float>{1, 2}));
    EXPECT_EQ(out[3].values<float>(), times > 2 ? sum : x);
    EXPECT_EQ(out[4].values<float>(), times > 2 ? twice : sum);
    EXPECT_EQ(out[5].shape, (std::vector<int64_t>{2, 0}));
  }
}

TEST(Artifact, SameBytesFromAnyFolderWithAnyNumberOfJobs) {
  Options one, four;
  one.jobs = 1;
  four.jobs = 4;
  std::string folder = temporaryFolder() + "/elsewhere";
  std::filesystem::create_directories(folder);
  std::string a = temporaryFolder() + "/a.so", b = folder + "/a_longer_name.so";
  ASSERT_EQ(emitFile("control.mlir", a, one), "");
  auto here = std::filesystem::current_path();
  std::filesystem::current_path(folder);
  ASSERT_EQ(emitFile("control.mlir", b, four), "");
  std::filesystem::current_path(here);
  EXPECT_TRUE(readFile(a) == readFile(b));
  EXPECT_FALSE(readFile(a).empty());
}

TEST(Artifact, RunsAtLowerLevelsAndOnTheReferenceRoute) {
  for (const char *cpu : {"x86-64-v2", "x86-64-v3"})
    for (unsigned level : {0u, 1u}) {
      Options options;
      options.cpu = cpu;
      options.optLevel = level;
      auto opened = build("sequence", options);
      ASSERT_TRUE(opened->ok);
      auto out = opened->run({floats({1, 3}, {1, 2, 3})});
      ASSERT_EQ(out.size(), 2u) << opened->error.message;
      EXPECT_EQ(out[0].values<float>(), (std::vector<float>{2, 8, 18}));
    }
}

TEST(Artifact, ErrorsLeaveNoFile) {
  Options options;
  options.cpu = "abacus";
  std::string path = temporaryFolder() + "/none.so";
  EXPECT_NE(emitFile("relu_static.mlir", path, options).find("CPU 'abacus' is not known"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path));
  options = {};
  options.target = "abacus";
  EXPECT_NE(emitFile("relu_static.mlir", path, options).find("target 'abacus' is not one"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path));
  options = {};
  options.libraryFolder = temporaryFolder() + "/nowhere";
  EXPECT_NE(emitFile("relu_static.mlir", path, options).find("libadze_rt.a"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Artifact, CompilesQuickly) {
  std::string path = temporaryFolder() + "/quick.so";
  Summary summary;
  for (int i = 0; i < 5; ++i)
    ASSERT_EQ(emitFile("relu_static.mlir", path, {}, &summary), "");
  RecordProperty("milliseconds", int(summary.seconds * 1000));
  printf("warm: %.1f ms, %lld bytes of code\n", summary.seconds * 1000, (long long)summary.codeBytes);
  EXPECT_LT(summary.seconds, 1.0);
}
