// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The played driver: it does work late, and tells what programs do wrong.
#include "test/sim/cuda/Control.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

extern "C" {
int cuInit(unsigned);
int cuDeviceGetCount(int *);
int cuDeviceGetName(char *, int, int);
int cuDeviceTotalMem_v2(size_t *, int);
int cuDevicePrimaryCtxRetain(void **, int);
int cuDevicePrimaryCtxRelease_v2(int);
int cuCtxSetCurrent(void *);
int cuCtxSynchronize();
int cuMemAlloc_v2(uint64_t *, size_t);
int cuMemFree_v2(uint64_t);
int cuMemGetInfo_v2(size_t *, size_t *);
int cuMemHostAlloc(void **, size_t, unsigned);
int cuMemFreeHost(void *);
int cuMemcpyHtoD_v2(uint64_t, const void *, size_t);
int cuMemcpyDtoH_v2(void *, uint64_t, size_t);
int cuMemcpyHtoDAsync_v2(uint64_t, const void *, size_t, void *);
int cuMemcpyDtoHAsync_v2(void *, uint64_t, size_t, void *);
int cuMemsetD8Async(uint64_t, unsigned char, size_t, void *);
int cuMemsetD32_v2(uint64_t, unsigned, size_t);
int cuStreamCreate(void **, unsigned);
int cuStreamDestroy_v2(void *);
int cuStreamSynchronize(void *);
int cuStreamQuery(void *);
int cuStreamWaitEvent(void *, void *, unsigned);
int cuEventCreate(void **, unsigned);
int cuEventRecord(void *, void *);
int cuEventDestroy_v2(void *);
int cuModuleLoadDataEx(void **, const void *, unsigned, int *, void **);
int cuModuleUnload(void *);
int cuModuleGetFunction(void **, void *, const char *);
int cuLaunchKernel(void *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void *, void **,
                   void **);
int cuGetErrorName(int, const char **);
int cuGetProcAddress_v2(const char *, void **, int, uint64_t, int *);
}

namespace {

const char kText[] = R"(
.version 7.0
.target sm_80
.address_size 64
.visible .entry store(.param .u64 store_at)
{
  .reg .b32 %r<2>;
  .reg .b64 %rd<3>;
  ld.param.u64 %rd1, [store_at];
  cvta.to.global.u64 %rd2, %rd1;
  mov.u32 %r1, 7;
  st.global.u32 [%rd2], %r1;
  ret;
}
)";

class SimCuda : public testing::Test {
protected:
  void *context = nullptr, *stream = nullptr;
  std::string path;

  void SetUp() override {
    path = testing::TempDir() + "sim-" + std::to_string(getpid()) + ".jsonl";
    unlink(path.c_str());
    setenv("ADZE_SIM_REPORT", path.c_str(), 1);
    unsetenv("ADZE_SIM_DEVICES");
    unsetenv("ADZE_SIM_FAIL");
    adze_sim_reset();
  }
  void TearDown() override {
    cuCtxSetCurrent(nullptr);
    adze_sim_reset();
    unlink(path.c_str());
  }
  /// One device, its context current, a stream that is ordered with nothing else.
  void open() {
    ASSERT_EQ(cuInit(0), 0);
    ASSERT_EQ(cuDevicePrimaryCtxRetain(&context, 0), 0);
    ASSERT_EQ(cuCtxSetCurrent(context), 0);
    ASSERT_EQ(cuStreamCreate(&stream, 1), 0);
  }
  void close() {
    EXPECT_EQ(cuStreamDestroy_v2(stream), 0);
    EXPECT_EQ(cuDevicePrimaryCtxRelease_v2(0), 0);
  }
  uint64_t allocate(size_t bytes) {
    uint64_t address = 0;
    EXPECT_EQ(cuMemAlloc_v2(&address, bytes), 0);
    return address;
  }
  void *pin(size_t bytes) {
    void *data = nullptr;
    EXPECT_EQ(cuMemHostAlloc(&data, bytes, 0), 0);
    return data;
  }
  void *load() {
    void *module = nullptr;
    EXPECT_EQ(cuModuleLoadDataEx(&module, kText, 0, nullptr, nullptr), 0);
    return module;
  }
  int launchStore(void *module, uint64_t at) {
    void *function = nullptr, *parameters[] = {&at};
    EXPECT_EQ(cuModuleGetFunction(&function, module, "store"), 0);
    return cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, stream, parameters, nullptr);
  }
  /// That there is one report and what is in it.
  void expectReport(const std::string &text) {
    EXPECT_EQ(adze_sim_finish(), 1) << text;
    const char *line = adze_sim_report(0);
    ASSERT_NE(line, nullptr) << text;
    EXPECT_NE(std::string(line).find(text), std::string::npos) << line;
    EXPECT_EQ(adze_sim_report(1), nullptr) << adze_sim_report(1);
    EXPECT_EQ(access(path.c_str(), F_OK), 0) << "reports go to the file";
  }
};

TEST_F(SimCuda, DoesWorkWhenSomebodyWaits) {
  open();
  uint64_t memory = allocate(4);
  auto *out = static_cast<uint32_t *>(pin(4));
  void *module = load();
  *out = 0;
  ASSERT_EQ(launchStore(module, memory), 0);
  ASSERT_EQ(cuMemcpyDtoHAsync_v2(out, memory, 4, stream), 0);
  EXPECT_EQ(*out, 0xDBDBDBDBu) << "not there yet";
  EXPECT_EQ(cuStreamQuery(stream), 600);
  ASSERT_EQ(cuStreamSynchronize(stream), 0);
  EXPECT_EQ(*out, 7u);
  EXPECT_EQ(cuStreamQuery(stream), 0);
  EXPECT_EQ(cuMemFreeHost(out), 0);
  EXPECT_EQ(cuMemFree_v2(memory), 0);
  EXPECT_EQ(cuModuleUnload(module), 0);
  close();
  EXPECT_EQ(adze_sim_finish(), 0);
  EXPECT_NE(access(path.c_str(), F_OK), 0);
}

TEST_F(SimCuda, OrdersStreamsByEventsAndTheSharedStream) {
  open();
  uint64_t memory = allocate(4);
  void *other, *event, *blocking;
  uint32_t out = 0;
  ASSERT_EQ(cuStreamCreate(&other, 1), 0);
  ASSERT_EQ(cuEventCreate(&event, 0), 0);
  ASSERT_EQ(cuMemsetD8Async(memory, 3, 4, other), 0);
  ASSERT_EQ(cuEventRecord(event, other), 0);
  ASSERT_EQ(cuStreamWaitEvent(stream, event, 0), 0);
  ASSERT_EQ(cuMemcpyDtoHAsync_v2(&out, memory, 4, stream), 0);
  ASSERT_EQ(cuStreamSynchronize(stream), 0);
  EXPECT_EQ(out, 0x03030303u);
  ASSERT_EQ(cuStreamCreate(&blocking, 0), 0);
  ASSERT_EQ(cuMemsetD8Async(memory, 4, 4, blocking), 0);
  ASSERT_EQ(cuMemcpyDtoH_v2(&out, memory, 4), 0) << "waits for streams that are ordered with the shared one";
  EXPECT_EQ(out, 0x04040404u);
  ASSERT_EQ(cuMemsetD8Async(memory, 5, 4, stream), 0);
  ASSERT_EQ(cuMemcpyDtoH_v2(&out, memory, 4), 0) << "but for no other";
  EXPECT_EQ(out, 0x04040404u);
  ASSERT_EQ(cuCtxSynchronize(), 0);
  EXPECT_EQ(cuEventDestroy_v2(event), 0);
  EXPECT_EQ(cuStreamDestroy_v2(other), 0);
  EXPECT_EQ(cuStreamDestroy_v2(blocking), 0);
  EXPECT_EQ(cuMemFree_v2(memory), 0);
  close();
  EXPECT_EQ(adze_sim_finish(), 0);
}

TEST_F(SimCuda, ReportsMemoryThatIsFreedTooEarly) {
  open();
  uint64_t memory = allocate(4);
  ASSERT_EQ(cuMemsetD8Async(memory, 3, 4, stream), 0);
  ASSERT_EQ(cuMemFree_v2(memory), 0);
  ASSERT_EQ(cuStreamSynchronize(stream), 0);
  close();
  expectReport("device memory has been freed before the work was done");
}

TEST_F(SimCuda, ReportsPinnedMemoryThatIsFreedTooEarly) {
  open();
  uint64_t memory = allocate(4);
  void *in = pin(4);
  ASSERT_EQ(cuMemcpyHtoDAsync_v2(memory, in, 4, stream), 0);
  ASSERT_EQ(cuMemFreeHost(in), 0);
  ASSERT_EQ(cuStreamSynchronize(stream), 0);
  ASSERT_EQ(cuMemFree_v2(memory), 0);
  close();
  expectReport("pinned memory has been freed before the work was done");
}

TEST_F(SimCuda, ReportsHostMemoryThatIsWrittenTooEarly) {
  open();
  uint64_t memory = allocate(4);
  void *in = pin(4);
  memset(in, 1, 4);
  ASSERT_EQ(cuMemcpyHtoDAsync_v2(memory, in, 4, stream), 0);
  memset(in, 2, 4);
  ASSERT_EQ(cuStreamSynchronize(stream), 0);
  ASSERT_EQ(cuMemFreeHost(in), 0);
  ASSERT_EQ(cuMemFree_v2(memory), 0);
  close();
  expectReport("the host has written to memory before the copy from it was done");
}

TEST_F(SimCuda, ReportsModulesThatAreUnloadedTooEarly) {
  open();
  uint64_t memory = allocate(4);
  void *module = load();
  ASSERT_EQ(launchStore(module, memory), 0);
  ASSERT_EQ(cuModuleUnload(module), 0);
  ASSERT_EQ(cuStreamSynchronize(stream), 0);
  ASSERT_EQ(cuMemFree_v2(memory), 0);
  close();
  expectReport("the module has been unloaded before the kernel was done");
}

TEST_F(SimCuda, ReportsRangesOutsideOfMemory) {
  open();
  uint64_t memory = allocate(4);
  EXPECT_EQ(cuMemsetD8Async(memory, 3, 5, stream), 1);
  ASSERT_EQ(cuMemFree_v2(memory), 0);
  close();
  expectReport("the range is not within memory of the current context");
}

TEST_F(SimCuda, ReportsCallsWithoutAContext) {
  ASSERT_EQ(cuInit(0), 0);
  uint64_t memory;
  EXPECT_EQ(cuMemAlloc_v2(&memory, 4), 201);
  expectReport("cuMemAlloc_v2: the thread has no current context");
}

TEST_F(SimCuda, ReportsHandlesOfAnotherContext) {
  setenv("ADZE_SIM_DEVICES", "sm_80,sm_89", 1);
  open();
  void *other;
  ASSERT_EQ(cuDevicePrimaryCtxRetain(&other, 1), 0);
  ASSERT_EQ(cuCtxSetCurrent(other), 0);
  EXPECT_EQ(cuStreamSynchronize(stream), 400);
  ASSERT_EQ(cuCtxSetCurrent(context), 0);
  EXPECT_EQ(cuDevicePrimaryCtxRelease_v2(1), 0);
  close();
  expectReport("not a stream of the current context");
}

TEST_F(SimCuda, ReportsLeaks) {
  open();
  allocate(12);
  close();
  expectReport("12 bytes of memory");
}

TEST_F(SimCuda, LosesTheContextWithAKernel) {
  open();
  void *module = load();
  const char *name = nullptr;
  ASSERT_EQ(launchStore(module, 64), 0);
  EXPECT_EQ(cuStreamSynchronize(stream), 700);
  ASSERT_EQ(cuGetErrorName(700, &name), 0);
  EXPECT_STREQ(name, "CUDA_ERROR_ILLEGAL_ADDRESS");
  uint64_t memory;
  EXPECT_EQ(cuMemAlloc_v2(&memory, 4), 700) << "as all calls from now on";
  EXPECT_EQ(cuModuleUnload(module), 700);
  EXPECT_EQ(cuStreamDestroy_v2(stream), 700);
  EXPECT_EQ(cuDevicePrimaryCtxRelease_v2(0), 0);
  expectReport("out_of_bounds");
}

TEST_F(SimCuda, RefusesTextThatIsWrong) {
  open();
  char log[256] = "";
  int options[] = {5, 6};
  void *values[] = {log, reinterpret_cast<void *>(sizeof log)}, *module;
  EXPECT_EQ(cuModuleLoadDataEx(&module, ".version 7.0\n.target sm_80\nnonsense", 2, options, values), 218);
  EXPECT_NE(std::string(log).find("line 3"), std::string::npos) << log;
  EXPECT_EQ(cuModuleLoadDataEx(&module,
                               "\x7f"
                               "ELF",
                               2, options, values),
            209);
  close();
  EXPECT_EQ(adze_sim_finish(), 0);
}

TEST_F(SimCuda, TakesItsDevicesAndFailuresFromTheEnvironment) {
  setenv("ADZE_SIM_DEVICES", "sm_89:NVIDIA GeForce RTX 4090:24G,sm_75", 1);
  setenv("ADZE_SIM_FAIL", "cuMemAlloc_v2:2,cuStreamSynchronize:1:719", 1);
  open();
  int count = 0;
  char name[64];
  size_t bytes = 0, total = 0;
  EXPECT_EQ(cuDeviceGetCount(&count), 0);
  EXPECT_EQ(count, 2);
  EXPECT_EQ(cuDeviceGetName(name, sizeof name, 0), 0);
  EXPECT_STREQ(name, "NVIDIA GeForce RTX 4090");
  EXPECT_EQ(cuDeviceTotalMem_v2(&bytes, 0), 0);
  EXPECT_EQ(bytes, size_t{24} << 30);
  uint64_t memory = allocate(4), second;
  EXPECT_EQ(cuMemAlloc_v2(&second, 4), 2);
  EXPECT_EQ(cuMemAlloc_v2(&second, 4), 0);
  EXPECT_EQ(cuMemGetInfo_v2(&bytes, &total), 0);
  EXPECT_LT(bytes, total);
  EXPECT_EQ(cuMemAlloc_v2(&memory, size_t{25} << 30), 2);
  EXPECT_EQ(cuStreamSynchronize(stream), 719);
  EXPECT_EQ(cuStreamSynchronize(stream), 719) << "the context is lost";
  EXPECT_EQ(adze_sim_calls("cuMemAlloc_v2"), 4u);
  adze_sim_reset();
  setenv("ADZE_SIM_DEVICES", "", 1);
  EXPECT_EQ(cuInit(0), 100);
}

TEST_F(SimCuda, CannotBeUsedInAFork) {
  open();
  pid_t child = fork();
  if (child == 0)
    _exit(cuInit(0));
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 3);
  close();
  EXPECT_EQ(adze_sim_finish(), 0);
}

TEST_F(SimCuda, LooksForLeaksWhenTheProcessEnds) {
  const std::string counts = path + ".counts";
  setenv("ADZE_SIM_COUNTS", counts.c_str(), 1);
  pid_t child = fork();
  if (child == 0) {
    open();
    launchStore(load(), allocate(4));
    cuStreamSynchronize(stream);
    exit(0);
  }
  unsetenv("ADZE_SIM_COUNTS");
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  std::ifstream file(path), countsFile(counts);
  const std::string reports{std::istreambuf_iterator<char>(file), {}};
  const std::string counted{std::istreambuf_iterator<char>(countsFile), {}};
  for (const char *text : {"is still retained", "4 bytes of memory", "a stream", "a module"})
    EXPECT_NE(reports.find(text), std::string::npos) << text << "\n" << reports;
  EXPECT_NE(counted.find("\"kernel\": \"store\", \"launches\": 1,"), std::string::npos) << counted;
  unlink(counts.c_str());
}

TEST_F(SimCuda, FindsFunctionsByName) {
  void *address = nullptr;
  int status = -1;
  EXPECT_EQ(cuGetProcAddress_v2("cuMemAlloc", &address, 12000, 0, &status), 0);
  EXPECT_EQ(address, reinterpret_cast<void *>(&cuMemAlloc_v2));
  EXPECT_EQ(cuGetProcAddress_v2("cuNothing", &address, 12000, 0, &status), 500);
}

} // namespace
