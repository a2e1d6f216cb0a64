// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A program with kernels for a device, as the compiler would make it, and models of it over the played driver.
#pragma once
#include "runtime/abi.h"

#include <functional>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace adze_test {

/// Kernels of the programs.
enum DeviceKernel { kAdd, kBias, kPick, kReverse, kWild, kDouble, kDeviceKernels };

/// The sample's way of running: sum = reverse(bias(x + y)) per 64 elements, bias by the weights; doubled[i] = 2 *
/// sum[i] by the host's own kernel; picked[i] = sum[index[i]]. Inputs x, y (f32, as long as each other, a multiple of
/// 64) and index (i64); outputs sum and picked.
int32_t runSample(adze_exec *exec);

/// Its launches on the device: of buffers x, y, x + y, with bias, reversed, index, picked.
int32_t launchSample(adze_exec *exec, void **buffers, int64_t elements, int64_t picks);

/// The same without the host's kernel: sum = reverse(bias(x + y)). All work is on the device, inputs are taken and
/// outputs delivered there.
int32_t runStraight(adze_exec *exec);

/// The same with more work before outputs are delivered: of buffers as above and their number of elements.
int32_t runStraightAnd(adze_exec *exec, const std::function<int32_t(void **, int64_t)> &more);

/// A program of these kernels. What it runs is `body`, the sample's by default.
struct DeviceProgram {
  adze_device_program device;
  adze_program program;

  explicit DeviceProgram(int32_t (*body)(adze_exec *exec) = runSample);
  DeviceProgram(const DeviceProgram &) = delete;
};

/// What came out of a run of the sample.
struct SampleResult {
  adze_status status;
  std::string message;
  std::vector<float> sum, picked;
};

/// Runs a model of the sample on elements 0, 1, 2 ... and 0, 1000, 2000 ..., from the beginning again after some.
SampleResult run(adze_model *model, int64_t elements, std::vector<int64_t> index);

/// What such a run comes to.
std::vector<float> expectedSum(int64_t elements);

/// The played driver, set up anew for each test; at its end there must be no report. Where the environment has
/// ADZE_TEST_REAL_DRIVER it is the system's driver and a card instead, and tests that need the played one are skipped.
class DeviceTest : public testing::Test {
protected:
  adze_error error{};

  void SetUp() override;
  void TearDown() override;

  /// Whether the driver is the played one.
  bool played() const { return library != nullptr; }
  /// Sets a model up; null: see `error`. `device`: see adze_options.
  adze_model *create(const DeviceProgram &program, const char *device = nullptr);
  /// Begins anew with these devices and failures (see test/sim/cuda); null: as before.
  void reset(const char *devices, const char *failures = nullptr);
  /// Functions of the played driver by name.
  template <typename Function> Function *find(const char *name) {
    return reinterpret_cast<Function *>(findSymbol(name));
  }
  /// The reports of the played driver since the last reset, leaks included.
  std::vector<std::string> reports();
  /// For a test in which something goes wrong on purpose: these reports are not to fail it.
  void forgive() { forgiven = true; }

  void *library = nullptr;
  bool forgiven = false;
  /// Options of `create`.
  adze_options options{};

private:
  void *findSymbol(const char *name);
};

} // namespace adze_test
