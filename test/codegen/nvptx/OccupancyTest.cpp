// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Occupancy, against the examples of NVIDIA's guides and, where a CUDA toolkit is at hand, against its calculator.
#include "codegen/nvptx/Occupancy.h"
#include "gtest/gtest.h"
#if __has_include(<cuda_occupancy.h>)
#include <climits>
#include <cstdlib>
#include <cuda_occupancy.h>
#endif

using namespace adze::nvptx;

// CUDA C++ Best Practices Guide, "Calculating Occupancy": 64 K registers and 64 warps a multiprocessor.
TEST(Occupancy, examplesOfTheGuide) {
  auto full = occupancyOf("sm_80", {1024, 32, 0});
  ASSERT_TRUE(full);
  EXPECT_EQ(full->share, 1.0);
  auto small = occupancyOf("sm_80", {128, 37, 0});
  EXPECT_EQ(small->blocks, 12);
  EXPECT_EQ(small->share, 0.75);
  auto large = occupancyOf("sm_80", {320, 37, 0});
  EXPECT_EQ(large->blocks, 4);
  EXPECT_EQ(large->share, 0.625); // the guide's 63%
}

TEST(Occupancy, sharedMemoryAndBlocks) {
  EXPECT_EQ(occupancyOf("sm_80", {64, 32, 0})->blocks, 32);             // the most of any kernel
  EXPECT_EQ(occupancyOf("sm_75", {64, 32, 0})->blocks, 16);             // of which these have fewer
  EXPECT_EQ(occupancyOf("sm_80", {64, 32, 163 * 1024})->blocks, 1);     // with the 1 KB that CUDA takes
  EXPECT_EQ(occupancyOf("sm_80", {64, 32, 163 * 1024 + 1})->blocks, 0); // more than there is
  EXPECT_EQ(occupancyOf("sm_89", {128, 64, 48 * 1024})->blocks, 2);
}

TEST(Occupancy, whatCannotRun) {
  EXPECT_FALSE(occupancyOf("sm_35", {128, 32, 0}));
  EXPECT_EQ(occupancyOf("sm_80", {1025, 32, 0})->blocks, 0);
  EXPECT_EQ(occupancyOf("sm_80", {1024, 128, 0})->blocks, 0);
}

#if __has_include(<cuda_occupancy.h>)
namespace {
/// A device as cudaGetDeviceProperties describes it.
struct Known {
  const char *chip;
  int capability, threads, shared, optIn, reserved;
};
constexpr Known kKnown[] = {{"sm_75", 75, 1024, 64, 64, 0},      {"sm_80", 80, 2048, 164, 163, 1024},
                            {"sm_86", 86, 1536, 100, 99, 1024},  {"sm_89", 89, 1536, 100, 99, 1024},
                            {"sm_90", 90, 2048, 228, 227, 1024}, {"sm_120", 120, 1536, 100, 99, 1024}};

int calculated(const Known &known, const BlockUse &use) {
  cudaOccDeviceProp device;
  device.computeMajor = known.capability / 10;
  device.computeMinor = known.capability % 10;
  device.maxThreadsPerBlock = 1024;
  device.maxThreadsPerMultiprocessor = known.threads;
  device.regsPerBlock = device.regsPerMultiprocessor = 64 * 1024;
  device.warpSize = 32;
  device.sharedMemPerBlock = 48 * 1024;
  device.sharedMemPerMultiprocessor = size_t(known.shared) * 1024;
  device.numSms = 1;
  device.sharedMemPerBlockOptin = size_t(known.optIn) * 1024;
  device.reservedSharedMemPerBlock = size_t(known.reserved);
  cudaOccFuncAttributes attributes{};
  attributes.maxThreadsPerBlock = INT_MAX;
  attributes.numRegs = int(use.registers);
  attributes.partitionedGCConfig = PARTITIONED_GC_OFF;
  attributes.shmemLimitConfig = FUNC_SHMEM_LIMIT_OPTIN;
  attributes.maxDynamicSharedSizeBytes = device.sharedMemPerBlockOptin;
  cudaOccDeviceState state{};
  state.carveoutConfig = SHAREDMEM_CARVEOUT_MAX_SHARED;
  cudaOccResult result{};
  auto status = cudaOccMaxActiveBlocksPerMultiprocessor(&result, &device, &attributes, &state, int(use.threads),
                                                        size_t(use.sharedBytes));
  return status == CUDA_OCC_SUCCESS ? result.activeBlocksPerMultiprocessor : -1;
}
} // namespace

TEST(Occupancy, agreesWithTheToolkit) {
  for (const Known &known : kKnown)
    for (int64_t threads : {1, 32, 33, 64, 96, 128, 160, 256, 320, 512, 1024})
      for (int64_t registers : {1, 16, 24, 32, 37, 64, 96, 128, 168, 255})
        for (int64_t shared : {0, 1, 1024, 16 * 1024 + 4, 48 * 1024, 60 * 1024, 96 * 1024}) {
          BlockUse use{threads, registers, shared};
          if (shared > int64_t(known.optIn) * 1024)
            continue;
          EXPECT_EQ(occupancyOf(known.chip, use)->blocks, calculated(known, use))
              << known.chip << ": " << threads << " threads, " << registers << " registers, " << shared << " bytes";
        }
}
#endif
