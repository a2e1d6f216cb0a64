// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whole runs of the sample program: results, output memory, errors of kernels, the profile hook, many threads.
#include "test/runtime/Sample.h"
#include "test/runtime/Tensors.h"

#include <gtest/gtest.h>

#include <thread>
#include <xmmintrin.h>

using namespace adze_test;

static const std::vector<adze_tensor> kNoMemory(2);

static void expectSum(const float *sum, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    ASSERT_EQ(sum[i], 1001.0f * static_cast<float>(i)) << i;
}

TEST(Run, ComputesForAnySizeAndNumberOfThreads) {
  for (int32_t threads : {1, 2, 3, 7})
    for (int64_t rows : {1, 2, 5, 64, 1000}) {
      Model model(threads);
      SampleInputs inputs(rows, 3, {0, rows * 3 - 1});
      Outputs outputs;
      ASSERT_EQ(model.run(inputs.views(), kNoMemory, &outputs), ADZE_OK) << model.error.message;
      EXPECT_EQ(outputs.shapes[0], (std::vector<int64_t>{rows, 3}));
      expectSum(outputs.values<float>(0), rows * 3);
      EXPECT_EQ(outputs.values<float>(1)[1], 1001.0f * static_cast<float>(rows * 3 - 1));
    }
}

TEST(Run, TakesTensorsWithoutElements) {
  Model model;
  SampleInputs inputs(0, 4);
  Outputs outputs;
  ASSERT_EQ(model.run(inputs.views(), kNoMemory, &outputs), ADZE_OK) << model.error.message;
  EXPECT_EQ(outputs.shapes[0], (std::vector<int64_t>{0, 4}));
  EXPECT_EQ(outputs.shapes[1], (std::vector<int64_t>{0}));
}

TEST(Run, WritesToTheCallersMemory) {
  Model model;
  SampleInputs inputs(4, 4, {5});
  Tensor<float> sum{{4, 4}, {}, std::vector<float>(16)}, picked{{1}, {}, {0}};
  ASSERT_EQ(model.run(inputs.views(), {sum.view(ADZE_F32), picked.view(ADZE_F32)}, nullptr), ADZE_OK)
      << model.error.message;
  expectSum(sum.values.data(), 16);
  EXPECT_EQ(picked.values[0], 5005.0f);
}

TEST(Run, NamesAnOutputOfTheWrongShape) {
  Model model;
  SampleInputs inputs(4, 4, {5});
  Tensor<float> sum{{4, 5}, {}, std::vector<float>(20, -1)}, picked{{1}, {}, {0}};
  EXPECT_EQ(model.run(inputs.views(), {sum.view(ADZE_F32), picked.view(ADZE_F32)}, nullptr), ADZE_INVALID_ARGUMENT);
  EXPECT_STREQ(model.error.message, "output 'sum': dimension 1 of the given memory is 5, the result's is 4");
  EXPECT_EQ(sum.values, std::vector<float>(20, -1));
}

TEST(Run, EndsWhenTheCallbackGivesNoMemory) {
  Model model;
  SampleInputs inputs(4, 4, {5});
  auto views = inputs.views();
  auto none = [](void *, int32_t, adze_dtype, int32_t, const int64_t *) -> void * { return nullptr; };
  EXPECT_EQ(adze_run(model.model, views.data(), 3, kNoMemory.data(), 2, none, nullptr, &model.error),
            ADZE_OUT_OF_MEMORY);
  EXPECT_STREQ(model.error.message, "output 'sum': the caller gave no memory for 64 bytes");
}

TEST(Run, AnOutputMayOverlapAnInput) {
  Model model;
  SampleInputs inputs(8, 8, {63});
  adze_tensor inPlace = inputs.x.view(ADZE_F32);
  Tensor<float> picked{{1}, {}, {0}};
  ASSERT_EQ(model.run(inputs.views(), {inPlace, picked.view(ADZE_F32)}, nullptr), ADZE_OK);
  expectSum(inputs.x.values.data(), 64);
}

TEST(Run, ReportsAKernelsErrorWithItsSite) {
  for (int32_t threads : {1, 4}) {
    Model model(threads);
    std::vector<int64_t> index(100, 3);
    index[70] = 16;
    SampleInputs inputs(4, 4, index);
    Outputs outputs;
    EXPECT_EQ(model.run(inputs.views(), kNoMemory, &outputs), ADZE_INDEX_OUT_OF_RANGE);
    EXPECT_EQ(model.error.status, ADZE_INDEX_OUT_OF_RANGE);
    EXPECT_STREQ(model.error.message, "node 'Gather_3' (Gather): index out of range");
    inputs.index.values[70] = 15; // the failure does not stick to the model
    EXPECT_EQ(model.run(inputs.views(), kNoMemory, &outputs), ADZE_OK);
    EXPECT_EQ(outputs.values<float>(1)[70], 15015.0f);
  }
}

TEST(Run, CallsTheProfileHookInOrder) {
  struct Call {
    int32_t kernel;
    int64_t begin, end;
  };
  static std::vector<Call> calls;
  calls.clear();
  adze_options options{};
  options.struct_bytes = sizeof options;
  options.abi_version = ADZE_ABI_VERSION;
  options.threads = 2;
  options.profile = [](void *user, int32_t kernel, int64_t begin, int64_t end) {
    static_cast<std::vector<Call> *>(user)->push_back({kernel, begin, end});
  };
  options.profile_user = &calls;
  Model model(options);
  SampleInputs inputs(16, 16, {1});
  Outputs outputs;
  ASSERT_EQ(model.run(inputs.views(), kNoMemory, &outputs), ADZE_OK);
  ASSERT_EQ(calls.size(), static_cast<size_t>(kSampleKernels));
  for (int32_t k = 0; k < kSampleKernels; ++k) {
    EXPECT_EQ(calls[k].kernel, k);
    EXPECT_LE(calls[k].begin, calls[k].end);
    if (k > 0)
      EXPECT_LE(calls[k - 1].end, calls[k].begin);
  }
}

TEST(Run, ManyThreadsMayRunOneModel) {
  Model model(3);
  std::vector<std::thread> callers;
  std::vector<int> failures(8);
  for (int c = 0; c < 8; ++c)
    callers.emplace_back([&, c] {
      for (int round = 0; round < 200; ++round) {
        int64_t rows = 1 + (c * 31 + round) % 50;
        SampleInputs inputs(rows, 4, {rows * 4 - 1});
        Outputs outputs;
        auto views = inputs.views();
        adze_error error;
        if (adze_run(model.model, views.data(), 3, kNoMemory.data(), 2, Outputs::alloc, &outputs, &error) != ADZE_OK ||
            outputs.values<float>(1)[0] != 1001.0f * static_cast<float>(rows * 4 - 1))
          ++failures[c];
      }
    });
  for (auto &caller : callers)
    caller.join();
  EXPECT_EQ(failures, std::vector<int>(8));
}

TEST(Run, HoldsMemoryAndGivesItBack) {
  struct Tally {
    int64_t held = 0, calls = 0;
  } tally;
  adze_allocator allocator{&tally,
                           [](void *self, size_t bytes, size_t alignment) {
                             auto *t = static_cast<Tally *>(self);
                             t->held += static_cast<int64_t>(bytes);
                             ++t->calls;
                             return aligned_alloc(alignment, bytes);
                           },
                           [](void *self, void *data, size_t bytes) {
                             static_cast<Tally *>(self)->held -= static_cast<int64_t>(bytes);
                             free(data);
                           }};
  adze_options options{};
  options.struct_bytes = sizeof options;
  options.abi_version = ADZE_ABI_VERSION;
  options.threads = 1;
  options.allocator = &allocator;
  {
    Model model(options);
    SampleInputs inputs(100, 10, {0});
    Outputs outputs;
    EXPECT_EQ(adze_arena_bytes(model.model), 0);
    ASSERT_EQ(model.run(inputs.views(), kNoMemory, &outputs), ADZE_OK);
    EXPECT_GE(adze_arena_bytes(model.model), 8000);
    EXPECT_EQ(adze_arena_bytes(model.model), tally.held);
    int64_t calls = tally.calls;
    ASSERT_EQ(model.run(inputs.views(), kNoMemory, &outputs), ADZE_OK);
    EXPECT_EQ(tally.calls, calls) << "a second run of the same sizes takes no memory";
  }
  EXPECT_EQ(tally.held, 0);
}

#if defined(__x86_64__)
TEST(Run, ComputesWithDenormalsAndKeepsTheCallersEnvironment) {
  Model model(2);
  unsigned before = _mm_getcsr();
  const unsigned flushing = before | 0x8040;
  SampleInputs inputs(2, 1, {});
  inputs.x.values = {1e-40f, 1e-40f};
  inputs.y.values = {1e-40f, 1e-40f};
  Outputs outputs;
  _mm_setcsr(flushing);
  adze_status status = model.run(inputs.views(), kNoMemory, &outputs);
  unsigned after = _mm_getcsr();
  _mm_setcsr(before);
  ASSERT_EQ(status, ADZE_OK);
  EXPECT_EQ(after & ~0x3fu, flushing & ~0x3fu);
  const float expected[] = {1e-40f + 1e-40f, 1e-40f + 1e-40f};
  EXPECT_EQ(memcmp(outputs.values<float>(0), expected, sizeof expected), 0);
}
#endif
