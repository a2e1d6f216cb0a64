// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Programs with kernels for a device, run by the runtime as it is over the played driver.
#include "runtime/exec.h"
#include "runtime/export.h"
#include "test/runtime/device/DeviceSample.h"

#include <atomic>
#include <cstring>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace adze_test;

namespace {

TEST_F(DeviceTest, RunsTheSample) {
  DeviceProgram program;
  adze_model *model = create(program);
  ASSERT_NE(model, nullptr) << error.message;
  for (int64_t elements : {64, 640, 128, 4096}) { // grows, shrinks, grows
    SampleResult result = run(model, elements, {0, elements - 1, 5});
    ASSERT_EQ(result.status, ADZE_OK) << result.message;
    std::vector<float> sum = expectedSum(elements);
    EXPECT_EQ(result.sum, sum) << elements;
    EXPECT_EQ(result.picked, (std::vector<float>{sum[0] / 2, sum.back() / 2, sum[5] / 2})) << elements;
  }
  EXPECT_GT(adze_arena_bytes(model), int64_t{5 * 4096 * 4}) << "the device's memory counts";
  adze_destroy(model);
}

TEST_F(DeviceTest, RunsWithoutElements) {
  DeviceProgram program;
  adze_model *model = create(program);
  ASSERT_NE(model, nullptr) << error.message;
  SampleResult result = run(model, 0, {});
  EXPECT_EQ(result.status, ADZE_OK) << result.message;
  adze_destroy(model);
}

/// x to the device, to another place there, and back as sum.
int32_t copyAround(adze_exec *exec) {
  int64_t n = adze_rt_input_dim(exec, 0, 0), m = 1, sizes[] = {4 * n, 4 * n, 0, 0, 0, 0, 0};
  void *b[7], *sum = adze_rt_output(exec, 0, &n);
  int32_t failed = adze_rt_plan(exec, 0, sizes, b);
  if (failed || (failed = adze_rt_transfer(exec, 1, b[0], adze_rt_input(exec, 0), 4 * n)) ||
      (failed = adze_rt_copy_on_device(exec, b[1], b[0], 4 * n)))
    return failed;
  return sum && adze_rt_output(exec, 1, &m) ? adze_rt_transfer(exec, 0, sum, b[1], 4 * n) : int32_t{ADZE_INTERNAL};
}

TEST_F(DeviceTest, CopiesWhatIsStagedAndMore) {
  DeviceProgram program(copyAround);
  adze_model *model = create(program);
  ASSERT_NE(model, nullptr) << error.message;
  for (int64_t elements : {1, 20000, 1 << 20, (1 << 20) + 1, 1300000, 7}) {
    SampleResult result = run(model, elements, {0});
    ASSERT_EQ(result.status, ADZE_OK) << result.message;
    for (int64_t i = 0; i < elements; ++i)
      ASSERT_EQ(result.sum[static_cast<size_t>(i)], static_cast<float>(i % 997)) << elements;
  }
  adze_destroy(model);
}

TEST_F(DeviceTest, TellsOfAnIndexOutOfRange) {
  DeviceProgram program;
  adze_model *model = create(program);
  ASSERT_NE(model, nullptr) << error.message;
  for (int64_t wrong : {int64_t{64}, int64_t{-1}, INT64_MAX}) {
    SampleResult result = run(model, 64, {0, wrong, 3});
    EXPECT_EQ(result.status, ADZE_INDEX_OUT_OF_RANGE);
    EXPECT_EQ(result.message, "node 'Gather_2' (Gather): index out of range");
    EXPECT_EQ(run(model, 64, {63}).status, ADZE_OK) << "the next run knows nothing of it";
  }
  adze_destroy(model);
}

TEST_F(DeviceTest, SeveralThreadsAndModelsRunAtOnce) {
  DeviceProgram program;
  adze_model *models[] = {create(program), create(program)};
  ASSERT_NE(models[0], nullptr) << error.message;
  ASSERT_NE(models[1], nullptr) << error.message;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&, t] {
      for (int round = 0; round < 8; ++round) {
        const int64_t elements = 64 * (1 + (t + 3 * round) % 10);
        const bool fails = (t + round) % 4 == 0;
        SampleResult result = run(models[t % 2], elements, {fails ? elements : 1});
        wrong += fails ? result.status != ADZE_INDEX_OUT_OF_RANGE
                       : result.status != ADZE_OK || result.sum != expectedSum(elements);
      }
    });
  for (auto &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
  adze_destroy(models[0]);
  EXPECT_EQ(run(models[1], 64, {0}).status, ADZE_OK);
  adze_destroy(models[1]);
}

TEST_F(DeviceTest, ModelsComeAndGoOnManyThreads) {
  DeviceProgram program;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int round = 0; round < 5; ++round) {
        adze_model *model = nullptr;
        adze_options own = options;
        adze_error why;
        wrong += adze_create_program(&program.program, &own, &model, &why) != ADZE_OK;
        if (model)
          wrong += run(model, 64 * (t + 1), {3}).sum != expectedSum(64 * (t + 1));
        adze_destroy(model);
      }
    });
  for (auto &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
}

/// State that grows turn by turn, in slots of the device: 1, 2, ... elements of x, copied on the device.
int32_t grow(adze_exec *exec) {
  int64_t n = adze_rt_input_dim(exec, 0, 0), m = 1;
  auto *state = static_cast<char *>(adze_rt_alloc(exec, 0, 1, 0));
  int32_t failed = 0;
  for (int64_t i = 0; state && i < n; ++i) {
    auto *next = static_cast<char *>(adze_rt_alloc(exec, 1, 1, 4 * (i + 1)));
    if (!next)
      return ADZE_INTERNAL;
    if ((failed = adze_rt_check(exec)) || (failed = adze_rt_copy_on_device(exec, next, state, 4 * i)) ||
        (failed = adze_rt_transfer(exec, 1, next + 4 * i,
                                   static_cast<const char *>(adze_rt_input(exec, 0)) + 4 * (n - 1 - i), 4)))
      return failed;
    adze_rt_swap(exec, 0, 1);
    state = next;
  }
  void *host = adze_rt_alloc(exec, 2, 0, 4 * n), *sum = adze_rt_output(exec, 0, &n);
  if (!state || !host || !sum || !adze_rt_output(exec, 1, &m))
    return ADZE_INTERNAL;
  if ((failed = adze_rt_transfer(exec, 0, host, state, 4 * n)))
    return failed;
  adze_rt_copy(sum, host, 4 * n);
  return 0;
}

TEST_F(DeviceTest, KeepsStateThatGrows) {
  DeviceProgram program(grow);
  adze_model *model = create(program);
  ASSERT_NE(model, nullptr) << error.message;
  for (int64_t elements : {300, 100}) {
    SampleResult result = run(model, elements, {0});
    ASSERT_EQ(result.status, ADZE_OK) << result.message;
    for (int64_t i = 0; i < elements; ++i)
      ASSERT_EQ(result.sum[static_cast<size_t>(i)], static_cast<float>(elements - 1 - i));
  }
  adze_destroy(model);
}

TEST_F(DeviceTest, ProfilesKernelsOfBoth) {
  struct Seen {
    std::vector<int32_t> kernels;
    bool ordered = true;
    int64_t last = 0;
  } seen;
  options.profile_user = &seen;
  options.profile = [](void *user, int32_t kernel, int64_t begin, int64_t end) {
    auto *s = static_cast<Seen *>(user);
    s->kernels.push_back(kernel);
    s->ordered = s->ordered && s->last <= begin && begin <= end;
    s->last = end;
  };
  DeviceProgram program;
  adze_model *model = create(program);
  ASSERT_NE(model, nullptr) << error.message;
  EXPECT_EQ(run(model, 128, {0}).status, ADZE_OK);
  EXPECT_EQ(seen.kernels, (std::vector<int32_t>{kAdd, kBias, kReverse, kPick, kDouble}));
  EXPECT_TRUE(seen.ordered);
  adze_destroy(model);
}

TEST_F(DeviceTest, IsCancelled) {
  options.cancelled = [](void *) -> int32_t { return 1; };
  DeviceProgram program([](adze_exec *exec) {
    int64_t one = 1, four[] = {4, 4, 4, 4, 4, 4, 4};
    void *b[7];
    int32_t failed = adze_rt_plan(exec, 0, four, b);
    void *buffers[] = {b[0], b[1], b[2]};
    const float value = 1;
    for (int input = 0; !failed && input < 2; ++input)
      failed = adze_rt_transfer(exec, 1, b[input], &value, 4);
    while (!failed)
      failed = adze_rt_launch(exec, kAdd, 1, 1, buffers, &one, 0);
    return failed;
  });
  adze_model *model = create(program);
  ASSERT_NE(model, nullptr) << error.message;
  EXPECT_EQ(run(model, 64, {0}).status, ADZE_CANCELLED);
  adze_destroy(model);
}

TEST_F(DeviceTest, RefusesSizesThatAreTooLarge) {
  struct Case {
    int64_t items, scratch;
    adze_status status;
    const char *message;
  };
  static Case current;
  const Case cases[] = {
      {int64_t{1} << 31, 0, ADZE_SHAPE_MISMATCH, "kernel 'reverse' has 2147483648 items, device 0 '"},
      {2, INT64_MAX, ADZE_OUT_OF_MEMORY, "no scratch memory of 9223372036854775807 bytes for each of 2 items"},
      {2, -1, ADZE_SHAPE_MISMATCH, "no scratch memory of -1 bytes for each of 2 items"},
      {1 << 20, 1 << 22, ADZE_OUT_OF_MEMORY, "no memory of the device for scratch memory of 4398046511104 bytes: "},
      {-1, 0, ADZE_INTERNAL, "output 'sum': the program did not compute it"}};
  DeviceProgram program([](adze_exec *exec) {
    void *none[2] = {nullptr, nullptr};
    return adze_rt_launch(exec, kReverse, current.items, 1, none, nullptr, current.scratch);
  });
  adze_model *model = create(program);
  ASSERT_NE(model, nullptr) << error.message;
  for (const Case &c : cases) {
    current = c;
    SampleResult result = run(model, 64, {0});
    EXPECT_EQ(result.status, c.status) << c.message;
    EXPECT_EQ(result.message.find(c.message), 0u) << result.message;
  }
  adze_destroy(model);
}

TEST_F(DeviceTest, RefusesArenasAndSlotsThatDoNotFit) {
  static bool slot;
  DeviceProgram program([](adze_exec *exec) {
    const int64_t huge = int64_t{1} << 42, sizes[] = {huge, 0, 0, 0, 0, 0, 0};
    void *b[7];
    if (slot)
      return adze_rt_alloc(exec, 0, 1, huge) ? 0 : int32_t{ADZE_INTERNAL};
    return adze_rt_plan(exec, 0, sizes, b);
  });
  adze_model *model = create(program);
  ASSERT_NE(model, nullptr) << error.message;
  for (bool which : {false, true}) {
    slot = which;
    SampleResult result = run(model, 64, {0});
    EXPECT_EQ(result.status, ADZE_OUT_OF_MEMORY);
    EXPECT_EQ(
        result.message.find(slot ? "no memory of the device for a buffer of 4398046511104 bytes: cuMemAlloc: out of "
                                   "memory (CUDA_ERROR_OUT_OF_MEMORY); "
                                 : "no memory of the device for an arena of 4398046511104 bytes: cuMemAlloc: out of "
                                   "memory (CUDA_ERROR_OUT_OF_MEMORY); "),
        0u)
        << result.message;
  }
  adze_destroy(model);
}

TEST_F(DeviceTest, IdleExecsGiveTheirMemoryBackWhereItIsNeeded) {
  if (!played())
    GTEST_SKIP() << "needs a device with little memory";
  reset("sm_80:Small card:1M");
  static std::atomic<int> together;
  DeviceProgram program([](adze_exec *exec) {
    const int64_t n = adze_rt_input_dim(exec, 0, 0);
    --together;
    while (together > 0)
      std::this_thread::yield();
    int32_t failed = runSample(exec);
    if (failed)
      return failed;
    return adze_rt_alloc(exec, 0, 1, n) ? 0 : int32_t{ADZE_INTERNAL};
  });
  adze_model *model = create(program);
  ASSERT_NE(model, nullptr) << error.message;
  const int64_t some = 64 * 256; // two of these at once fit, or one of three times the size
  auto runTwo = [&](int64_t elements) {
    std::atomic<int> wrong{0};
    std::vector<std::thread> threads;
    together = 2;
    for (int t = 0; t < 2; ++t)
      threads.emplace_back([&] { wrong += run(model, elements, {1}).sum != expectedSum(elements); });
    for (auto &thread : threads)
      thread.join();
    return wrong == 0;
  };
  auto streamsDestroyed = [&] { return find<uint64_t(const char *)>("adze_sim_calls")("cuStreamDestroy_v2"); };
  EXPECT_TRUE(runTwo(some));
  const uint64_t before = streamsDestroyed();
  SampleResult result = run(model, 3 * some, {1});
  ASSERT_EQ(result.status, ADZE_OK) << result.message;
  EXPECT_EQ(result.sum, expectedSum(3 * some));
  EXPECT_EQ(streamsDestroyed(), before + 1) << "the idle exec's";
  EXPECT_TRUE(runTwo(some / 4)) << "which runs again";
  EXPECT_EQ(run(model, 8 * some, {1}).status, ADZE_OUT_OF_MEMORY);
  adze_destroy(model);
}

TEST_F(DeviceTest, AForkCannotUseItsParentsDevice) {
  DeviceProgram program;
  adze_model *model = create(program);
  ASSERT_NE(model, nullptr) << error.message;
  ASSERT_EQ(run(model, 64, {0}).status, ADZE_OK);
  pid_t child = fork();
  if (child == 0) {
    alarm(60);
    SampleResult result = run(model, 64, {0});
    if (result.status != ADZE_NO_DEVICE || result.message.find("forked") == std::string::npos)
      _exit(1);
    adze_destroy(model);
    if (create(program) || error.status != ADZE_NO_DEVICE || !strstr(error.message, "forked"))
      _exit(2);
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
  EXPECT_EQ(run(model, 64, {0}).status, ADZE_OK) << "the parent goes on";
  adze_destroy(model);
}

} // namespace
