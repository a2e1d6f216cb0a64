// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every call of the driver fails in turn: the status is right, nothing crashes, nothing is left over, and what can go
// on goes on.
#include "runtime/cuda/api.h"
#include "runtime/export.h"
#include "test/runtime/device/DeviceSample.h"

#include <cstring>

using namespace adze_test;

namespace {

const char *const kFunctions[] = {
#define ADZE_CUDA_SYMBOL(name, parameters, symbol) symbol,
    ADZE_CUDA_FUNCTIONS(ADZE_CUDA_SYMBOL)
#undef ADZE_CUDA_SYMBOL
};

/// Whether a failure of this function leaves something behind that nobody can free any more, or is not noticed.
bool gives(const std::string &function) {
  for (const char *back : {"Free", "Destroy", "Unload", "Release", "PopCurrent"})
    if (function.find(back) != std::string::npos)
      return true;
  return false;
}

class DeviceFailures : public DeviceTest {
protected:
  DeviceProgram program;
  bool failed = false;

  void SetUp() override {
    DeviceTest::SetUp();
    if (!played())
      GTEST_SKIP() << "needs the played driver";
  }

  void expectFailure(adze_status status, const std::string &message, const std::string &what, int result) {
    failed = true;
    if (what.find("cuInit") == 0)
      EXPECT_TRUE(status == ADZE_NO_DEVICE || status == ADZE_OUT_OF_MEMORY) << what << ": " << message;
    else
      EXPECT_EQ(status, result == 2 ? ADZE_OUT_OF_MEMORY : ADZE_DEVICE_ERROR) << what << ": " << message;
    const char *name = result == 2     ? "CUDA_ERROR_OUT_OF_MEMORY"
                       : result == 719 ? "CUDA_ERROR_LAUNCH_FAILED"
                                       : "CUDA_ERROR_UNKNOWN";
    EXPECT_NE(message.find(name), std::string::npos) << what << ": " << message;
  }

  /// The context that is current on this thread, which no other user of the driver has set here.
  void *currentContext() {
    void *context = nullptr;
    find<int(void **)>("cuCtxGetCurrent")(&context);
    return context;
  }

  /// Create, three runs, destroy, with call `number` of `function` failing. False: it was not called so often.
  bool playWith(const std::string &function, int number, int result) {
    const std::string what = function + ":" + std::to_string(number) + ":" + std::to_string(result);
    SCOPED_TRACE(what);
    reset(nullptr, what.c_str());
    failed = false;
    adze_model *model = create(program);
    if (!model) {
      expectFailure(error.status, error.message, what, result);
    } else {
      for (int64_t elements : {64, 640}) {
        SampleResult got = run(model, elements, {elements - 1});
        if (got.status != ADZE_OK)
          expectFailure(got.status, got.message, what, result);
        else
          EXPECT_EQ(got.sum, expectedSum(elements));
      }
      SampleResult last = run(model, 128, {0});
      if (last.status != ADZE_OK)
        expectFailure(last.status, last.message, what, result);
    }
    adze_destroy(model);
    if (function != "cuCtxPopCurrent_v2")
      EXPECT_EQ(currentContext(), nullptr) << "the thread's own context is back";
    while (currentContext())
      find<int(void *)>("cuCtxSetCurrent")(nullptr);
    bool reached = find<uint64_t(const char *)>("adze_sim_calls")(function.c_str()) >= static_cast<uint64_t>(number);
    if (!gives(function))
      // A failure to make the context current may come when there is nobody left to tell.
      for (const std::string &report : reports())
        EXPECT_TRUE(function == "cuCtxPushCurrent_v2" && !failed) << report;
    return reached;
  }
};

TEST_F(DeviceFailures, OfEveryCallInTurn) {
  forgive();
  for (const char *function : kFunctions) {
    if (strncmp(function, "cuGetError", 10) == 0)
      continue;
    for (int result : {2, 999, 719}) {
      int number = 1;
      while (playWith(function, number, result)) {
        if (!gives(function) && strcmp(function, "cuCtxPushCurrent_v2") != 0 &&
            strcmp(function, "cuMemGetInfo_v2") != 0)
          EXPECT_TRUE(failed) << function << ":" << number << " was not noticed";
        ++number;
        if (HasFailure())
          return;
      }
      EXPECT_TRUE(number > 1 || strstr(function, "Capture") || strstr(function, "Graph") ||
                  strcmp(function, "cuPointerGetAttribute") == 0 || strcmp(function, "cuMemGetInfo_v2") == 0 ||
                  strcmp(function, "cuFuncSetAttribute") == 0 || strcmp(function, "cuMemcpyDtoDAsync_v2") == 0)
          << function << " is never called";
    }
  }
}

/// Runs that become a graph, on an input that the device has: right, or failed with the driver's words; then right.
TEST_F(DeviceFailures, OfEveryCallOfGraphsInTurn) {
  forgive();
  DeviceProgram straight(runStraight);
  const int64_t elements = 64, picks = 1;
  const std::vector<float> zeros(elements, 0);
  float sum[elements], picked;
  int64_t index = 0;
  for (const char *function : kFunctions)
    for (int result : {2, 999, 719}) {
      bool reached = strncmp(function, "cuGetError", 10) != 0;
      for (int number = 1; reached; ++number) {
        const std::string what = std::string(function) + ":" + std::to_string(number) + ":" + std::to_string(result);
        SCOPED_TRACE(what);
        reset(nullptr, what.c_str());
        adze_model *model = create(straight);
        void *x = nullptr;
        if (model && (adze_alloc_on_device(model, sizeof sum, &x, &error) != ADZE_OK ||
                      adze_copy_on_device(model, x, ADZE_ON_DEVICE, zeros.data(), ADZE_ON_HOST, sizeof sum, &error)))
          EXPECT_NE(error.message[0], 0);
        for (int round = 0; model && x && round < 4; ++round) {
          const adze_tensor inputs[] = {{x, ADZE_F32, 1, &elements, nullptr, ADZE_ON_DEVICE},
                                        {const_cast<float *>(zeros.data()), ADZE_F32, 1, &elements, nullptr,
                                         ADZE_ON_HOST},
                                        {&index, ADZE_I64, 1, &picks, nullptr, ADZE_ON_HOST}},
                            outputs[] = {{sum, ADZE_F32, 1, &elements, nullptr, ADZE_ON_HOST},
                                         {&picked, ADZE_F32, 1, &picks, nullptr, ADZE_ON_HOST}};
          adze_status status = adze_run(model, inputs, 3, outputs, 2, nullptr, nullptr, &error);
          if (status == ADZE_OK)
            EXPECT_EQ(sum[1], 3) << round;
          else
            EXPECT_TRUE(status == ADZE_OUT_OF_MEMORY || status == ADZE_DEVICE_ERROR) << error.message;
        }
        adze_free_on_device(model, x);
        adze_destroy(model);
        while (currentContext())
          find<int(void *)>("cuCtxSetCurrent")(nullptr);
        reached = find<uint64_t(const char *)>("adze_sim_calls")(function) >= static_cast<uint64_t>(number);
        if (!gives(function) && strcmp(function, "cuCtxPushCurrent_v2") != 0)
          for (const std::string &report : reports())
            if (report.find("uninitialized") == std::string::npos) // x where its copy has failed
              ADD_FAILURE() << report;
        if (HasFailure())
          return;
      }
    }
}

TEST_F(DeviceFailures, AKernelThatGoesWrongLosesTheDevice) {
  forgive();
  DeviceProgram wild([](adze_exec *exec) {
    int64_t one = 1;
    int32_t status = adze_rt_launch(exec, kWild, 1, 1, nullptr, nullptr, 0);
    if (status)
      return status;
    void *sum = adze_rt_output(exec, 0, &one);
    void *memory = adze_rt_alloc(exec, 0, 1, 4);
    return sum && memory ? adze_rt_transfer(exec, 0, sum, memory, 4) : int32_t{ADZE_INTERNAL};
  });
  adze_model *model = create(wild);
  ASSERT_NE(model, nullptr) << error.message;
  SampleResult result = run(model, 1, {0});
  EXPECT_EQ(result.status, ADZE_DEVICE_ERROR);
  EXPECT_EQ(result.message, "cuStreamSynchronize: an illegal memory access was encountered "
                            "(CUDA_ERROR_ILLEGAL_ADDRESS) (the last kernel that was begun is 'wild')");
  result = run(model, 1, {0});
  EXPECT_EQ(result.status, ADZE_DEVICE_ERROR);
  EXPECT_NE(result.message.find("CUDA_ERROR_ILLEGAL_ADDRESS"), std::string::npos) << result.message;
  adze_destroy(model);
  EXPECT_EQ(reports().size(), 1u) << "the machine's own, of the kernel";
  adze_model *next = create(program); // the context is a new one
  ASSERT_NE(next, nullptr) << error.message;
  EXPECT_EQ(run(next, 64, {0}).status, ADZE_OK);
  adze_destroy(next);
}

} // namespace
