// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/runtime/device/DeviceSample.h"
#include "runtime/cuda/device.h"
#include "runtime/exec.h"
#include "runtime/export.h"
#include "test/runtime/device/Kernels.h"

#include <cstdlib>
#include <dlfcn.h>
#include <map>

namespace adze_test {

static const float kWeights[] = {1, 2, 3, 4};
static const void *const kWeightsPointer = kWeights;
static const adze_device_image kImages[] = {{"sm_80", "ptx", kKernels, sizeof kKernels - 1}};
static const int64_t kFree[] = {-1};
static const adze_tensor_info kInputs[] = {
    {"x", ADZE_F32, 1, kFree, nullptr}, {"y", ADZE_F32, 1, kFree, nullptr}, {"index", ADZE_I64, 1, kFree, nullptr}};
static const adze_tensor_info kOutputs[] = {{"sum", ADZE_F32, 1, kFree, nullptr},
                                            {"picked", ADZE_F32, 1, kFree, nullptr}};
static const char *const kNames[] = {"add", "bias", "pick", "reverse", "wild", "double"};
static const char *const kNodes[] = {"Add_0", "Add_1", "Gather_2", "Reverse_3", "Wild_4", "Double_5"};
static const char *const kSites[] = {"node 'Add_0' (Add): unused", "node 'Gather_2' (Gather): index out of range"};

static const adze_device_kernel kOnDevice[] = {{"add", 128, 0, 3, 1},
                                               {"bias", 128, 0, 3, 1},
                                               {"pick", 128, 0, 3, 2},
                                               {"reverse", 64, 0, 2, 0},
                                               {"wild", 1, 0, 0, 0}};

/// The host's: x -> 2 x.
static void doubleAll(int64_t begin, int64_t end, void *const *buffers, const int64_t *, void *, int64_t *) {
  for (int64_t i = begin; i < end; ++i)
    static_cast<float *>(buffers[1])[i] = 2 * static_cast<const float *>(buffers[0])[i];
}

static const adze_kernel_entry kEntries[] = {{nullptr, &kOnDevice[kAdd]},  {nullptr, &kOnDevice[kBias]},
                                             {nullptr, &kOnDevice[kPick]}, {nullptr, &kOnDevice[kReverse]},
                                             {nullptr, &kOnDevice[kWild]}, {doubleAll, nullptr}};

// x, y, x + y, with bias, reversed; index, picked. One plan on the device, one of the host.
static const int32_t kFirst[] = {0, 0, 1, 2, 3, 0, 4}, kLast[] = {1, 1, 2, 3, 5, 5, 5};
static const int32_t kHostFirst[] = {0}, kHostLast[] = {1};
static const adze_plan_entry kPlans[] = {{7, 1, kFirst, kLast}, {1, 0, kHostFirst, kHostLast}};

int32_t launchSample(adze_exec *exec, void **b, int64_t n, int64_t m) {
  int64_t sizes[] = {n, m};
  int32_t failed = 0;
  void *add[] = {b[0], b[1], b[2]}, *reverse[] = {b[3], b[4]}, *pick[] = {b[4], b[5], b[6]};
  if ((failed = adze_rt_launch(exec, kAdd, (n + 127) / 128, 1, add, sizes, 0)))
    return failed;
  const void *weights = adze_rt_device_weights(exec);
  if (!weights)
    return ADZE_INTERNAL;
  void *bias[] = {b[2], const_cast<void *>(weights), b[3]};
  if ((failed = adze_rt_launch(exec, kBias, (n + 127) / 128, 1, bias, sizes, 0)) ||
      (failed = adze_rt_launch(exec, kReverse, n / 64, 1, reverse, sizes, 256)))
    return failed;
  return adze_rt_launch(exec, kPick, (m + 127) / 128, 1, pick, sizes, 0);
}

int32_t runSample(adze_exec *exec) {
  int64_t n = adze_rt_input_dim(exec, 0, 0), m = adze_rt_input_dim(exec, 2, 0);
  int64_t f = n * int64_t(sizeof(float)), sizes[] = {f, f, f, f, f, 8 * m, 4 * m};
  void *b[7], *doubled;
  int32_t failed = 0;
  if ((failed = adze_rt_plan(exec, 0, sizes, b)) || (failed = adze_rt_plan(exec, 1, sizes, &doubled)))
    return failed;
  if ((failed = adze_rt_transfer(exec, 1, b[0], adze_rt_input(exec, 0), f)) ||
      (failed = adze_rt_transfer(exec, 1, b[1], adze_rt_input(exec, 1), f)) ||
      (failed = adze_rt_transfer(exec, 1, b[5], adze_rt_input(exec, 2), 8 * m)))
    return failed;
  if ((failed = launchSample(exec, b, n, m)))
    return failed;
  void *sum = adze_rt_output(exec, 0, &n), *picked = sum ? adze_rt_output(exec, 1, &m) : nullptr;
  if (!picked)
    return ADZE_INTERNAL;
  if ((failed = adze_rt_transfer(exec, 0, doubled, b[4], f)))
    return failed;
  void *buffers[] = {doubled, sum};
  if ((failed = adze_rt_launch(exec, kDouble, n, 16, buffers, nullptr, 0)))
    return failed;
  return adze_rt_transfer(exec, 0, picked, b[6], 4 * m);
}

int32_t runStraight(adze_exec *exec) {
  return runStraightAnd(exec, [](void **, int64_t) { return 0; });
}

int32_t runStraightAnd(adze_exec *exec, const std::function<int32_t(void **, int64_t)> &more) {
  int64_t n = adze_rt_input_dim(exec, 0, 0), m = adze_rt_input_dim(exec, 2, 0);
  int64_t f = n * int64_t(sizeof(float)), sizes[] = {f, f, f, f, f, 8 * m, 4 * m};
  void *b[7];
  if (int32_t failed = adze_rt_plan(exec, 0, sizes, b))
    return failed;
  for (auto [input, buffer] : std::map<int, int>{{0, 0}, {1, 1}, {2, 5}}) {
    b[buffer] = const_cast<void *>(adze_rt_input_on_device(exec, input, b[buffer]));
    if (!b[buffer])
      return ADZE_INTERNAL;
  }
  int32_t failed = launchSample(exec, b, n, m);
  if (failed || (failed = more(b, n)) || (failed = adze_rt_deliver(exec, 0, &n, b[4])))
    return failed;
  return adze_rt_deliver(exec, 1, &m, b[6]);
}

DeviceProgram::DeviceProgram(int32_t (*body)(adze_exec *exec)) : device{}, program{} {
  device.driver = &adze_cuda_driver;
  device.images = kImages;
  device.num_images = 1;
  device.weights = &kWeightsPointer;
  device.weight_bytes = sizeof kWeights;
  program.abi_version = ADZE_ABI_VERSION;
  program.info.abi_version = ADZE_ABI_VERSION;
  program.info.num_inputs = 3;
  program.info.num_outputs = 2;
  program.info.num_kernels = kDeviceKernels;
  program.info.inputs = kInputs;
  program.info.outputs = kOutputs;
  program.info.kernel_names = kNames;
  program.info.kernel_nodes = kNodes;
  program.info.metadata = "{}";
  program.kernels = kEntries;
  program.plans = kPlans;
  program.num_plans = 2;
  program.sites = kSites;
  program.num_sites = 2;
  program.device = &device;
  program.main = body;
}

/// So many values the inputs have, so that sums are exact.
constexpr int64_t kDistinct = 997;

std::vector<float> expectedSum(int64_t elements) {
  std::vector<float> sum(static_cast<size_t>(elements));
  for (size_t i = 0; i < sum.size(); ++i) {
    size_t from = i / 64 * 64 + 63 - i % 64;
    sum[i] = 2 * (static_cast<float>(from % size_t{kDistinct} * 1001) + kWeights[from % 4]);
  }
  return sum;
}

SampleResult run(adze_model *model, int64_t elements, std::vector<int64_t> index) {
  const int64_t picks = static_cast<int64_t>(index.size());
  std::vector<float> x, y;
  for (int64_t i = 0; i < elements; ++i) {
    x.push_back(static_cast<float>(i % kDistinct));
    y.push_back(static_cast<float>(i % kDistinct * 1000));
  }
  SampleResult result{ADZE_OK, "", std::vector<float>(x.size()), std::vector<float>(index.size())};
  for (auto *values : {&x, &y, &result.sum, &result.picked})
    values->reserve(1); // so that there are data, if of no elements
  index.reserve(1);
  const adze_tensor inputs[] = {{x.data(), ADZE_F32, 1, &elements, nullptr, ADZE_ON_HOST},
                                {y.data(), ADZE_F32, 1, &elements, nullptr, ADZE_ON_HOST},
                                {index.data(), ADZE_I64, 1, &picks, nullptr, ADZE_ON_HOST}};
  const adze_tensor outputs[] = {{result.sum.data(), ADZE_F32, 1, &elements, nullptr, ADZE_ON_HOST},
                                 {result.picked.data(), ADZE_F32, 1, &picks, nullptr, ADZE_ON_HOST}};
  adze_error error{};
  result.status = adze_run(model, inputs, 3, outputs, 2, nullptr, nullptr, &error);
  result.message = error.message;
  return result;
}

void DeviceTest::SetUp() {
  options.struct_bytes = sizeof options;
  options.abi_version = ADZE_ABI_VERSION;
  options.threads = 2;
  if (getenv("ADZE_TEST_REAL_DRIVER"))
    return;
  setenv("ADZE_CUDA_DRIVER", ADZE_SIM_CUDA, 1);
  setenv("ADZE_SIM_REPORT", "/dev/null", 1); // `reports` has them
  library = dlopen(ADZE_SIM_CUDA, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  ASSERT_NE(library, nullptr) << dlerror();
  reset("sm_80:Played card:1G");
}

void DeviceTest::TearDown() {
  if (!played())
    return;
  if (!forgiven)
    for (const std::string &report : reports())
      ADD_FAILURE() << report;
  reset("sm_80");
}

adze_model *DeviceTest::create(const DeviceProgram &program, const char *device) {
  adze_model *model = nullptr;
  options.device = device;
  error = {};
  adze_create_program(&program.program, &options, &model, &error);
  return model;
}

void DeviceTest::reset(const char *devices, const char *failures) {
  if (devices)
    setenv("ADZE_SIM_DEVICES", devices, 1);
  if (failures)
    setenv("ADZE_SIM_FAIL", failures, 1);
  else
    unsetenv("ADZE_SIM_FAIL");
  find<void()>("adze_sim_reset")();
}

std::vector<std::string> DeviceTest::reports() {
  std::vector<std::string> lines;
  int count = find<int()>("adze_sim_finish")();
  for (int i = 0; i < count; ++i)
    lines.push_back(find<const char *(int)>("adze_sim_report")(i));
  return lines;
}

void *DeviceTest::findSymbol(const char *name) {
  void *address = dlsym(library, name);
  EXPECT_NE(address, nullptr) << name;
  return address;
}

} // namespace adze_test

extern "C" const adze_program adze_program_description = {};
