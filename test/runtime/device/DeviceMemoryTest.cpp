// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Inputs and outputs that the caller has on the device, and runs recorded as graphs.
#include "runtime/device/state.h"
#include "runtime/exec.h"
#include "runtime/export.h"
#include "test/runtime/device/DeviceSample.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <thread>

using namespace adze_test;

namespace {

/// The sample with all of its work on the device, but the host asks for x.
int32_t runWithARead(adze_exec *exec) {
  const void *x = adze_rt_input(exec, 0);
  return x ? runStraight(exec) : int32_t{ADZE_INTERNAL};
}

/// The straight sample with a loop behind it: round r of them picks element r by an index that the host has at hand.
int64_t rounds;
int32_t runWithALoop(adze_exec *exec) {
  return runStraightAnd(exec, [exec](void **b, int64_t n) {
    int32_t failed = 0;
    void *pick[] = {b[4], b[5], b[6]};
    int64_t sizes[] = {n, 1};
    for (int64_t r = 0; r < rounds && !failed; ++r) {
      int64_t index = r % n;
      if (!(failed = adze_rt_check(exec)) && !(failed = adze_rt_transfer(exec, 1, b[5], &index, sizeof index)))
        failed = adze_rt_launch(exec, kPick, 1, 1, pick, sizes, 0);
    }
    return failed;
  });
}

class DeviceMemory : public DeviceTest {
protected:
  /// Memory of the model's device, freed at the test's end by `free`.
  void *onDevice(const void *data, size_t bytes, size_t offset = 0) {
    void *memory = nullptr;
    EXPECT_EQ(adze_alloc_on_device(model, bytes + offset, &memory, &error), ADZE_OK) << error.message;
    memories.push_back(memory);
    void *place = static_cast<char *>(memory) + offset;
    if (data)
      EXPECT_EQ(adze_copy_on_device(model, place, ADZE_ON_DEVICE, data, ADZE_ON_HOST, bytes, &error), ADZE_OK);
    return place;
  }
  std::vector<float> read(const void *data, size_t elements) {
    std::vector<float> values(elements);
    EXPECT_EQ(adze_copy_on_device(model, values.data(), ADZE_ON_HOST, data, ADZE_ON_DEVICE, 4 * elements, &error),
              ADZE_OK)
        << error.message;
    return values;
  }
  void setUpModel(const DeviceProgram &program) {
    model = create(program);
    ASSERT_NE(model, nullptr) << error.message;
  }
  void destroy() {
    for (void *memory : memories)
      adze_free_on_device(model, memory);
    adze_destroy(model);
  }
  adze_status runOn(std::vector<adze_tensor> inputs, std::vector<adze_tensor> outputs) {
    return adze_run(model, inputs.data(), 3, outputs.data(), 2, nullptr, nullptr, &error);
  }
  /// So often a function of the played driver has been called; a card's counts nothing.
  uint64_t calls(const char *function) {
    return played() ? find<uint64_t(const char *)>("adze_sim_calls")(function) : 0;
  }
  void expectCalls(const char *function, uint64_t expected, const std::string &what = "") {
    EXPECT_EQ(calls(function), played() ? expected : 0) << function << " " << what;
  }

  adze_model *model = nullptr;
  std::vector<void *> memories;
  static constexpr int64_t kCount = 128, kPicks = 2;
  const int64_t count = kCount, picks = kPicks;
  std::vector<float> x = values(1), y = values(1000), picked = std::vector<float>(kPicks),
                     sum = std::vector<float>(kCount);
  std::vector<int64_t> index{0, 5};

  static std::vector<float> values(int scale) {
    std::vector<float> made;
    for (int i = 0; i < kCount; ++i)
      made.push_back(static_cast<float>(i * scale));
    return made;
  }
  /// What the sample comes to, without the host's doubling.
  static std::vector<float> expected() {
    std::vector<float> all = expectedSum(kCount);
    for (float &value : all)
      value /= 2;
    return all;
  }
  adze_tensor host(std::vector<float> &data, const int64_t &elements) {
    return {data.data(), ADZE_F32, 1, &elements, nullptr, ADZE_ON_HOST};
  }
  adze_tensor device(void *data, const int64_t &elements, const int64_t *strides = nullptr) {
    return {data, ADZE_F32, 1, &elements, strides, ADZE_ON_DEVICE};
  }
  adze_tensor indices() { return {index.data(), ADZE_I64, 1, &picks, nullptr, ADZE_ON_HOST}; }
};

TEST_F(DeviceMemory, TellsOfTheDevice) {
  DeviceProgram program;
  setUpModel(program);
  const adze_device_info *info = adze_describe_device(model);
  ASSERT_NE(info, nullptr);
  EXPECT_EQ(info->type, 2) << "kDLCUDA";
  EXPECT_EQ(info->number, 0);
  destroy();
}

TEST_F(DeviceMemory, InputsAreReadWhereTheyLie) {
  DeviceProgram program(runStraight);
  options.no_graphs = 1;
  setUpModel(program);
  void *dx = onDevice(x.data(), 4 * kCount), *dy = onDevice(y.data(), 4 * kCount);
  uint64_t uploads = calls("cuMemcpyHtoDAsync_v2");
  ASSERT_EQ(runOn({device(dx, count), device(dy, count), indices()}, {host(sum, count), host(picked, picks)}), ADZE_OK)
      << error.message;
  EXPECT_EQ(sum, expected());
  EXPECT_EQ(picked, (std::vector<float>{expected()[0], expected()[5]}));
  expectCalls("cuMemcpyHtoDAsync_v2", uploads + 1, "the index");
  expectCalls("cuMemcpyDtoDAsync_v2", 0);
  destroy();
}

TEST_F(DeviceMemory, InputsOfAnyAlignmentAndStridesAreTaken) {
  DeviceProgram program(runStraight);
  setUpModel(program);
  std::vector<float> spread(3 * kCount, -1), backwards(x.rbegin(), x.rend());
  for (int64_t i = 0; i < kCount; ++i)
    spread[static_cast<size_t>(3 * i)] = y[static_cast<size_t>(i)];
  const int64_t three = 3, back = -1;
  void *unaligned = onDevice(x.data(), 4 * kCount, 4), *dspread = onDevice(spread.data(), 4 * spread.size()),
       *dback = onDevice(backwards.data(), 4 * kCount);
  for (adze_tensor first : {device(unaligned, count), device(static_cast<float *>(dback) + kCount - 1, count, &back)})
    for (int round = 0; round < 4; ++round) {
      sum.assign(kCount, 0);
      ASSERT_EQ(runOn({first, device(dspread, count, &three), indices()}, {host(sum, count), host(picked, picks)}),
                ADZE_OK)
          << error.message;
      EXPECT_EQ(sum, expected()) << round;
    }
  destroy();
}

TEST_F(DeviceMemory, ManyPiecesGoThroughTheHost) {
  DeviceProgram program(runStraight);
  setUpModel(program);
  const int64_t many = 2048, two = 2;
  std::vector<float> spread(2 * many, 7), zeros(many, 0), out(many);
  void *dspread = onDevice(spread.data(), 4 * spread.size());
  uint64_t copies = calls("cuMemcpyDtoDAsync_v2");
  ASSERT_EQ(runOn({device(dspread, many, &two), host(zeros, many), indices()}, {host(out, many), host(picked, picks)}),
            ADZE_OK)
      << error.message;
  EXPECT_EQ(out[0], 7 + 4);
  expectCalls("cuMemcpyDtoDAsync_v2", copies);
  destroy();
}

TEST_F(DeviceMemory, TheHostReadsInputsThatAreOnTheDevice) {
  DeviceProgram program; // whose program asks for the host's data of all inputs
  setUpModel(program);
  const int64_t two = 2;
  std::vector<float> spread(2 * kCount, -1);
  for (int64_t i = 0; i < kCount; ++i)
    spread[static_cast<size_t>(2 * i)] = y[static_cast<size_t>(i)];
  void *dx = onDevice(x.data(), 4 * kCount), *dy = onDevice(spread.data(), 4 * spread.size());
  void *out = onDevice(nullptr, 4 * kCount);
  ASSERT_EQ(runOn({device(dx, count), device(dy, count, &two), indices()}, {device(out, count), host(picked, picks)}),
            ADZE_OK)
      << error.message;
  EXPECT_EQ(read(out, kCount), expectedSum(kCount)) << "an output that the host writes";
  destroy();
}

TEST_F(DeviceMemory, OutputsAreWrittenOnTheDevice) {
  DeviceProgram program(runStraight);
  setUpModel(program);
  const int64_t two = 2;
  std::vector<float> nothing(2 * kCount, -1);
  void *plain = onDevice(nullptr, 4 * kCount), *spread = onDevice(nothing.data(), 8 * kCount);
  for (int round = 0; round < 4; ++round) {
    ASSERT_EQ(runOn({host(x, count), host(y, count), indices()}, {device(plain, count), host(picked, picks)}), ADZE_OK)
        << error.message;
    EXPECT_EQ(read(plain, kCount), expected()) << round;
  }
  ASSERT_EQ(runOn({host(x, count), host(y, count), indices()}, {device(spread, count, &two), host(picked, picks)}),
            ADZE_OK);
  std::vector<float> got = read(spread, 2 * kCount);
  for (int64_t i = 0; i < kCount; ++i) {
    EXPECT_EQ(got[static_cast<size_t>(2 * i)], expected()[static_cast<size_t>(i)]);
    EXPECT_EQ(got[static_cast<size_t>(2 * i + 1)], -1) << "between its elements";
  }
  destroy();
}

TEST_F(DeviceMemory, AnOutputMayBeAnInputsMemory) {
  DeviceProgram program(runStraight);
  setUpModel(program);
  void *dx = onDevice(x.data(), 4 * kCount);
  ASSERT_EQ(runOn({device(dx, count), host(y, count), indices()}, {device(dx, count), host(picked, picks)}), ADZE_OK)
      << error.message;
  EXPECT_EQ(read(dx, kCount), expected());
  destroy();
}

TEST_F(DeviceMemory, TheCallbackGivesMemoryOfTheDevice) {
  DeviceProgram program(runStraight);
  setUpModel(program);
  struct Given {
    adze_model *model;
    std::vector<void *> *memories;
    void *data;
  } given{model, &memories, nullptr};
  auto alloc = [](void *user, int32_t, adze_dtype, int32_t, const int64_t *shape) -> void * {
    auto *g = static_cast<Given *>(user);
    adze_alloc_on_device(g->model, static_cast<size_t>(*shape) * 4, &g->data, nullptr);
    g->memories->push_back(g->data);
    return g->data;
  };
  std::vector<adze_tensor> inputs = {host(x, count), host(y, count), indices()};
  adze_tensor outputs[] = {{nullptr, ADZE_F32, 1, nullptr, nullptr, ADZE_ON_DEVICE}, host(picked, picks)};
  for (int round = 0; round < 4; ++round) {
    ASSERT_EQ(adze_run(model, inputs.data(), 3, outputs, 2, alloc, &given, &error), ADZE_OK) << error.message;
    EXPECT_EQ(read(given.data, kCount), expected()) << round;
  }
  destroy();
}

TEST_F(DeviceMemory, RefusesAddressesThatAreNotTheDevices) {
  if (played())
    reset("sm_80:First:1G,sm_80:Second:1G");
  DeviceProgram program(runStraight);
  setUpModel(program);
  EXPECT_EQ(runOn({device(x.data(), count), host(y, count), indices()}, {host(sum, count), host(picked, picks)}),
            ADZE_INVALID_ARGUMENT);
  EXPECT_EQ(std::string(error.message).find("input 'x': the address is"), 0u) << error.message;
  EXPECT_NE(strstr(error.message, "is not in the memory of a device"), nullptr) << error.message;
  EXPECT_EQ(runOn({host(x, count), host(y, count), indices()}, {device(sum.data(), count), host(picked, picks)}),
            ADZE_INVALID_ARGUMENT);
  EXPECT_EQ(std::string(error.message).find("output 'sum': "), 0u) << error.message;
  adze_tensor wrong = host(x, count);
  wrong.place = static_cast<adze_place>(7);
  EXPECT_EQ(runOn({wrong, host(y, count), indices()}, {host(sum, count), host(picked, picks)}), ADZE_INVALID_ARGUMENT);
  EXPECT_STREQ(error.message, "input 'x': its place is 7, expected 0 (host) or 1 (device)");
  if (played()) {
    adze_model *first = model;
    model = create(program, "1");
    ASSERT_NE(model, nullptr) << error.message;
    void *data = nullptr;
    ASSERT_EQ(adze_alloc_on_device(first, 4 * kCount, &data, &error), ADZE_OK);
    EXPECT_EQ(runOn({device(data, count), host(y, count), indices()}, {host(sum, count), host(picked, picks)}),
              ADZE_INVALID_ARGUMENT);
    EXPECT_NE(strstr(error.message, "is in the memory of device 0, expected device 1"), nullptr) << error.message;
    adze_free_on_device(first, data);
    adze_destroy(first);
  }
  destroy();
}

TEST_F(DeviceMemory, ReportsWhatCannotBeAllocatedOrCopied) {
  DeviceProgram program;
  setUpModel(program);
  void *data = &data;
  EXPECT_EQ(adze_alloc_on_device(model, size_t{1} << 60, &data, &error), ADZE_OUT_OF_MEMORY);
  EXPECT_EQ(data, nullptr);
  EXPECT_EQ(adze_copy_on_device(model, x.data(), ADZE_ON_HOST, y.data(), ADZE_ON_HOST, 4, &error),
            ADZE_INVALID_ARGUMENT);
  EXPECT_EQ(adze_copy_on_device(model, x.data(), ADZE_ON_DEVICE, y.data(), ADZE_ON_HOST, 4, &error),
            ADZE_INVALID_ARGUMENT);
  EXPECT_EQ(adze_wait_for_device(model, nullptr, &error), ADZE_OK);
  destroy();
}

class DeviceGraphs : public DeviceMemory {
protected:
  void SetUp() override {
    DeviceMemory::SetUp();
    options.log_user = &logged;
    options.log = [](void *user, int32_t level, const char *message) {
      if (level <= 1)
        static_cast<std::vector<std::string> *>(user)->push_back(message);
    };
  }
  adze_status runHost(int64_t scale = 1) {
    for (int64_t i = 0; i < kCount; ++i)
      x[static_cast<size_t>(i)] = static_cast<float>(i * scale);
    sum.assign(kCount, -1);
    picked.assign(kPicks, -1);
    adze_status status = runOn({host(x, count), host(y, count), indices()}, {host(sum, count), host(picked, picks)});
    if (status == ADZE_OK) {
      std::vector<float> all = expected();
      for (size_t i = 0; i < all.size(); ++i)
        all[i] += static_cast<float>(scale - 1) * static_cast<float>(i / 64 * 64 + 63 - i % 64);
      EXPECT_EQ(sum, all);
      EXPECT_EQ(picked[1], sum[static_cast<size_t>(index[1])]);
    }
    return status;
  }
  std::vector<std::string> logged;
};

TEST_F(DeviceGraphs, TheThirdRunIsOneLaunch) {
  DeviceProgram program(runStraight);
  setUpModel(program);
  for (int round = 0; round < 6; ++round) {
    uint64_t kernels = calls("cuLaunchKernel"), memory = calls("cuMemAlloc_v2") + calls("cuMemHostAlloc");
    ASSERT_EQ(runHost(round + 1), ADZE_OK) << error.message;
    expectCalls("cuLaunchKernel", kernels + (round < 2 ? 4 : 0), std::to_string(round));
    expectCalls("cuGraphLaunch", static_cast<uint64_t>(round), std::to_string(round));
    if (round > 0)
      EXPECT_EQ(calls("cuMemAlloc_v2") + calls("cuMemHostAlloc"), memory) << round;
  }
  EXPECT_TRUE(logged.empty()) << logged[0];
  destroy();
}

TEST_F(DeviceGraphs, HoldLoops) {
  DeviceProgram program(runWithALoop);
  setUpModel(program);
  rounds = 48;
  for (int round = 0; round < 5; ++round) {
    SampleResult result = run(model, 64, {1});
    ASSERT_EQ(result.status, ADZE_OK) << result.message;
    EXPECT_EQ(result.picked[0], result.sum[47]);
  }
  expectCalls("cuGraphLaunch", 4);
  destroy();
}

TEST_F(DeviceGraphs, OfTooManyLaunchesAreNotMade) {
  DeviceProgram program(runWithALoop);
  setUpModel(program);
  rounds = ADZE_RECORDED_MOST;
  for (int round = 0; round < 4; ++round)
    ASSERT_EQ(run(model, 64, {1}).status, ADZE_OK);
  expectCalls("cuStreamBeginCapture_v2", 0);
  destroy();
}

TEST_F(DeviceGraphs, OtherSizesAndAddressesAreRunPlainly) {
  DeviceProgram program(runStraight);
  setUpModel(program);
  void *dx = onDevice(x.data(), 4 * kCount), *other = onDevice(y.data(), 4 * kCount);
  auto runFrom = [&](void *data, const std::vector<float> &now) {
    ASSERT_EQ(runOn({device(data, count), host(y, count), indices()}, {host(sum, count), host(picked, picks)}), ADZE_OK)
        << error.message;
    EXPECT_EQ(sum[0], now[63] + y[63] + 4);
  };
  for (int round = 0; round < 3; ++round)
    runFrom(dx, x);
  expectCalls("cuGraphLaunch", 2);
  for (int round = 0; round < 3; ++round) {
    runFrom(other, y);
    runFrom(dx, x);
  }
  expectCalls("cuGraphLaunch", 2, "each run has another address than the one before");
  for (int round = 0; round < 4; ++round)
    ASSERT_EQ(run(model, 640, {1}).status, ADZE_OK);
  expectCalls("cuGraphLaunch", 4, "the first made room, the second is like it, two are launches");
  ASSERT_EQ(runHost(), ADZE_OK);
  destroy();
}

TEST_F(DeviceGraphs, FailuresOfKernelsAreFound) {
  DeviceProgram program(runStraight);
  setUpModel(program);
  for (int round = 0; round < 6; ++round) {
    index[1] = round % 2 ? kCount : 5;
    EXPECT_EQ(runHost(), round % 2 ? ADZE_INDEX_OUT_OF_RANGE : ADZE_OK) << round;
    if (round % 2)
      EXPECT_STREQ(error.message, "node 'Gather_2' (Gather): index out of range");
  }
  destroy();
}

TEST_F(DeviceGraphs, WhatTheHostReadsIsNoGraph) {
  for (auto body : {runSample, runWithARead}) {
    DeviceProgram program(body);
    model = create(program);
    ASSERT_NE(model, nullptr) << error.message;
    for (int round = 0; round < 4; ++round)
      EXPECT_EQ(run(model, 64, {1}).status, ADZE_OK);
    adze_destroy(model);
  }
  expectCalls("cuStreamBeginCapture_v2", 0);
}

TEST_F(DeviceGraphs, AreTurnedOff) {
  DeviceProgram program(runStraight);
  for (int way = 0; way < 3; ++way) {
    options.no_graphs = way == 0;
    options.profile = way == 1 ? [](void *, int32_t, int64_t, int64_t) {} : nullptr;
    if (way == 2)
      setenv("ADZE_DEVICE_GRAPHS", "0", 1);
    model = create(program);
    unsetenv("ADZE_DEVICE_GRAPHS");
    ASSERT_NE(model, nullptr) << error.message;
    for (int round = 0; round < 4; ++round)
      EXPECT_EQ(runHost(), ADZE_OK) << error.message;
    adze_destroy(model);
  }
  expectCalls("cuStreamBeginCapture_v2", 0);
}

TEST_F(DeviceGraphs, WhereNoneCanBeMadeKernelsAreLaunched) {
  if (!played())
    GTEST_SKIP() << "needs the played driver";
  for (const char *call : {"cuStreamBeginCapture_v2:1", "cuStreamEndCapture:1", "cuGraphInstantiateWithFlags:1",
                           "cuGraphLaunch:1", "cuLaunchKernel:6"}) {
    SCOPED_TRACE(call);
    reset("sm_80:Played card:1G", call);
    logged.clear();
    DeviceProgram program(runStraight);
    setUpModel(program);
    for (int round = 0; round < 4; ++round)
      EXPECT_EQ(runHost(round + 1), ADZE_OK) << error.message;
    ASSERT_EQ(logged.size(), 1u);
    EXPECT_EQ(logged[0].find("kernels are launched one by one, since a run cannot be made a graph: "), 0u) << logged[0];
    adze_destroy(model);
    for (const std::string &report : reports())
      ADD_FAILURE() << report;
  }
  reset("sm_80:Played card:1G");
}

TEST_F(DeviceGraphs, SeveralThreadsRecordAtOnce) {
  DeviceProgram program(runStraight);
  setUpModel(program);
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      std::vector<float> out(kCount), chosen(kPicks);
      adze_error why;
      adze_tensor inputs[] = {host(x, count), host(y, count), indices()},
                  outputs[] = {host(out, count), host(chosen, picks)};
      for (int round = 0; round < 8; ++round)
        wrong += adze_run(model, inputs, 3, outputs, 2, nullptr, nullptr, &why) != ADZE_OK || out != expected();
    });
  for (auto &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(!played() || calls("cuGraphLaunch") > 0);
  EXPECT_TRUE(logged.empty());
  destroy();
}

} // namespace
