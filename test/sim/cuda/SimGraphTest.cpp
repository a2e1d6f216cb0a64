// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The played driver's graphs: streams recorded, and launched as often as one likes.
#include "test/sim/cuda/Control.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

extern "C" {
int cuInit(unsigned);
int cuDevicePrimaryCtxRetain(void **, int);
int cuDevicePrimaryCtxRelease_v2(int);
int cuCtxSetCurrent(void *);
int cuMemAlloc_v2(uint64_t *, size_t);
int cuMemFree_v2(uint64_t);
int cuMemHostAlloc(void **, size_t, unsigned);
int cuMemFreeHost(void *);
int cuMemcpyHtoDAsync_v2(uint64_t, const void *, size_t, void *);
int cuMemcpyDtoHAsync_v2(void *, uint64_t, size_t, void *);
int cuPointerGetAttribute(void *, int, uint64_t);
int cuStreamCreate(void **, unsigned);
int cuStreamDestroy_v2(void *);
int cuStreamSynchronize(void *);
int cuStreamBeginCapture_v2(void *, int);
int cuStreamEndCapture(void *, void **);
int cuStreamIsCapturing(void *, int *);
int cuGraphInstantiateWithFlags(void **, void *, unsigned long long);
int cuGraphDestroy(void *);
int cuGraphLaunch(void *, void *);
int cuGraphExecDestroy(void *);
}

namespace {

enum { kThreadLocal = 1, kRelaxed = 2, kUnsupported = 900, kInvalidated = 901 };

class SimGraphs : public testing::Test {
protected:
  void *context = nullptr, *stream = nullptr, *graph = nullptr, *ready = nullptr, *in = nullptr, *out = nullptr;
  uint64_t memory = 0;

  void SetUp() override {
    setenv("ADZE_SIM_REPORT", "/dev/null", 1);
    unsetenv("ADZE_SIM_DEVICES");
    unsetenv("ADZE_SIM_FAIL");
    adze_sim_reset();
    ASSERT_EQ(cuInit(0), 0);
    ASSERT_EQ(cuDevicePrimaryCtxRetain(&context, 0), 0);
    ASSERT_EQ(cuCtxSetCurrent(context), 0);
    ASSERT_EQ(cuStreamCreate(&stream, 1), 0);
    ASSERT_EQ(cuMemAlloc_v2(&memory, 4), 0);
    ASSERT_EQ(cuMemHostAlloc(&in, 4, 0), 0);
    ASSERT_EQ(cuMemHostAlloc(&out, 4, 0), 0);
  }
  void TearDown() override {
    cuCtxSetCurrent(nullptr);
    adze_sim_reset();
    unsetenv("ADZE_SIM_REPORT");
  }
  /// Frees what SetUp took; answers the reports since then.
  std::vector<std::string> close() {
    cuMemFreeHost(in);
    cuMemFreeHost(out);
    cuMemFree_v2(memory);
    cuStreamDestroy_v2(stream);
    cuDevicePrimaryCtxRelease_v2(0);
    std::vector<std::string> reports;
    for (int i = 0, count = adze_sim_finish(); i < count; ++i)
      reports.push_back(adze_sim_report(i));
    return reports;
  }
  void expectOne(const std::string &text) {
    std::vector<std::string> reports = close();
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_NE(reports[0].find(text), std::string::npos) << reports[0];
  }
  /// in to the device and back to out.
  void record() {
    ASSERT_EQ(cuStreamBeginCapture_v2(stream, kThreadLocal), 0);
    EXPECT_EQ(cuMemcpyHtoDAsync_v2(memory, in, 4, stream), 0);
    EXPECT_EQ(cuMemcpyDtoHAsync_v2(out, memory, 4, stream), 0);
    ASSERT_EQ(cuStreamEndCapture(stream, &graph), 0);
    ASSERT_EQ(cuGraphInstantiateWithFlags(&ready, graph, 0), 0);
    EXPECT_EQ(cuGraphDestroy(graph), 0);
  }
  int &value(void *data) { return *static_cast<int *>(data); }
};

TEST_F(SimGraphs, DoNothingUntilTheyAreLaunched) {
  value(in) = 1;
  value(out) = -1;
  record();
  EXPECT_EQ(cuStreamSynchronize(stream), 0);
  EXPECT_EQ(value(out), -1);
  for (int round : {5, 6}) {
    value(in) = round;
    EXPECT_EQ(cuGraphLaunch(ready, stream), 0);
    EXPECT_NE(value(out), round) << "not before the wait";
    EXPECT_EQ(cuStreamSynchronize(stream), 0);
    EXPECT_EQ(value(out), round);
  }
  EXPECT_EQ(cuGraphExecDestroy(ready), 0);
  EXPECT_TRUE(close().empty());
}

TEST_F(SimGraphs, ReportHostMemoryThatIsWrittenBeforeALaunchIsDone) {
  value(in) = 1;
  record();
  EXPECT_EQ(cuGraphLaunch(ready, stream), 0);
  value(in) = 2;
  EXPECT_EQ(cuStreamSynchronize(stream), 0);
  EXPECT_EQ(cuGraphExecDestroy(ready), 0);
  expectOne("cuMemcpyHtoDAsync_v2: the host has written to memory before the copy from it was done");
}

TEST_F(SimGraphs, ForbidWaitsAndMemoryMeanwhile) {
  uint64_t more = 0;
  void *pinned = nullptr;
  int state = 0;
  for (int call = 0; call < 4; ++call) {
    ASSERT_EQ(cuStreamBeginCapture_v2(stream, kThreadLocal), 0);
    EXPECT_EQ(call == 0   ? cuStreamSynchronize(stream)
              : call == 1 ? cuMemAlloc_v2(&more, 4)
              : call == 2 ? cuMemHostAlloc(&pinned, 4, 0)
                          : cuMemFree_v2(memory),
              kUnsupported);
    EXPECT_EQ(cuStreamIsCapturing(stream, &state), 0);
    EXPECT_EQ(state, 2) << "spoilt";
    EXPECT_EQ(cuStreamEndCapture(stream, &graph), kInvalidated);
  }
  EXPECT_EQ(close().size(), 4u);
}

TEST_F(SimGraphs, LetOtherThreadsDoAsTheyLike) {
  ASSERT_EQ(cuStreamBeginCapture_v2(stream, kThreadLocal), 0);
  std::thread([&] {
    uint64_t more = 0;
    EXPECT_EQ(cuCtxSetCurrent(context), 0);
    EXPECT_EQ(cuMemAlloc_v2(&more, 4), 0);
    EXPECT_EQ(cuMemFree_v2(more), 0);
  }).join();
  ASSERT_EQ(cuStreamEndCapture(stream, &graph), 0);
  EXPECT_EQ(cuGraphDestroy(graph), 0);
  EXPECT_TRUE(close().empty());
}

TEST_F(SimGraphs, TakePinnedMemoryOnly) {
  int plain = 3;
  ASSERT_EQ(cuStreamBeginCapture_v2(stream, kRelaxed), 0);
  EXPECT_EQ(cuMemcpyHtoDAsync_v2(memory, &plain, 4, stream), kUnsupported);
  EXPECT_EQ(cuStreamEndCapture(stream, &graph), kInvalidated);
  expectOne("a stream is being recorded, and the host's memory is not pinned");
}

TEST_F(SimGraphs, ReportWhatIsDestroyedTooEarlyAndLeft) {
  value(in) = 1;
  record();
  EXPECT_EQ(cuGraphLaunch(ready, stream), 0);
  EXPECT_EQ(cuGraphExecDestroy(ready), 0);
  EXPECT_EQ(cuStreamSynchronize(stream), 0);
  record();
  std::vector<std::string> reports = close();
  ASSERT_EQ(reports.size(), 2u);
  EXPECT_NE(reports[0].find("a launch of the graph is not done"), std::string::npos) << reports[0];
  EXPECT_NE(reports[1].find("a graph that is ready to launch"), std::string::npos) << reports[1];
}

TEST_F(SimGraphs, BytesThatNobodyHasWrittenAreReported) {
  EXPECT_EQ(cuMemcpyDtoHAsync_v2(out, memory, 4, stream), 0);
  EXPECT_EQ(cuStreamSynchronize(stream), 0);
  expectOne("4 of 4 bytes have never been written on the device");
}

TEST_F(SimGraphs, AddressesAreKnown) {
  unsigned type = 0;
  int number = -1;
  void *owner = nullptr;
  EXPECT_EQ(cuPointerGetAttribute(&type, 2, memory + 3), 0);
  EXPECT_EQ(type, 2u);
  EXPECT_EQ(cuPointerGetAttribute(&number, 9, memory), 0);
  EXPECT_EQ(number, 0);
  EXPECT_EQ(cuPointerGetAttribute(&owner, 1, memory), 0);
  EXPECT_EQ(owner, context);
  EXPECT_EQ(cuPointerGetAttribute(&type, 2, reinterpret_cast<uint64_t>(in)), 0);
  EXPECT_EQ(type, 1u);
  EXPECT_EQ(cuPointerGetAttribute(&type, 2, memory + 4), 1) << "behind its end";
  EXPECT_TRUE(close().empty());
}

} // namespace
