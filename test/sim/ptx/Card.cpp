// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/sim/ptx/Card.h"
#include <dlfcn.h>
#include <gtest/gtest.h>

namespace adze::ptx {

namespace {
/// The entry points of NVIDIA's driver that are needed here.
struct Driver {
  using Address = unsigned long long;
  int (*init)(unsigned) = nullptr;
  int (*deviceGet)(int *, int) = nullptr;
  int (*attribute)(int *, int, int) = nullptr;
  int (*retain)(void **, int) = nullptr;
  int (*setCurrent)(void *) = nullptr;
  int (*load)(void **, const void *) = nullptr;
  int (*unload)(void *) = nullptr;
  int (*function)(void **, void *, const char *) = nullptr;
  int (*allocate)(Address *, size_t) = nullptr;
  int (*release)(Address) = nullptr;
  int (*toDevice)(Address, const void *, size_t) = nullptr;
  int (*toHost)(void *, Address, size_t) = nullptr;
  int (*launch)(void *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, void *, void **,
                void **) = nullptr;
  int (*synchronize)() = nullptr;
  int sm = 0; ///< of its first device; 0: none

  Driver() {
    void *library = dlopen("libcuda.so.1", RTLD_NOW);
    if (!library)
      return;
    auto get = [&](auto &entry, const char *name) {
      entry = reinterpret_cast<std::decay_t<decltype(entry)>>(dlsym(library, name));
      return entry != nullptr;
    };
    bool all = get(init, "cuInit") && get(deviceGet, "cuDeviceGet") && get(attribute, "cuDeviceGetAttribute") &&
               get(retain, "cuDevicePrimaryCtxRetain") && get(setCurrent, "cuCtxSetCurrent") &&
               get(load, "cuModuleLoadData") && get(unload, "cuModuleUnload") && get(function, "cuModuleGetFunction") &&
               get(allocate, "cuMemAlloc_v2") && get(release, "cuMemFree_v2") && get(toDevice, "cuMemcpyHtoD_v2") &&
               get(toHost, "cuMemcpyDtoH_v2") && get(launch, "cuLaunchKernel") && get(synchronize, "cuCtxSynchronize");
    int device = 0, major = 0, minor = 0;
    void *context = nullptr;
    constexpr int majorAttribute = 75, minorAttribute = 76;
    if (all && init(0) == 0 && deviceGet(&device, 0) == 0 && attribute(&major, majorAttribute, device) == 0 &&
        attribute(&minor, minorAttribute, device) == 0 && retain(&context, device) == 0 && setCurrent(context) == 0)
      sm = major * 10 + minor;
  }
};
} // namespace

bool runOnCard(const std::string &text, const char *kernel, uint32_t threads, int sm,
               std::vector<std::vector<uint8_t>> &buffers) {
  static Driver driver;
  if (driver.sm < sm || driver.sm == 0)
    return false;
  void *module = nullptr, *function = nullptr;
  int status = driver.load(&module, text.c_str());
  if (status == 0)
    status = driver.function(&function, module, kernel);
  std::vector<Driver::Address> addresses(buffers.size());
  std::vector<void *> parameters;
  for (size_t i = 0; i < buffers.size() && status == 0; ++i) {
    parameters.push_back(&addresses[i]);
    if (buffers[i].empty())
      continue;
    status = driver.allocate(&addresses[i], buffers[i].size());
    if (status == 0)
      status = driver.toDevice(addresses[i], buffers[i].data(), buffers[i].size());
  }
  if (status == 0)
    status = driver.launch(function, 1, 1, 1, threads, 1, 1, 0, nullptr, parameters.data(), nullptr);
  if (status == 0)
    status = driver.synchronize();
  for (size_t i = 0; i < buffers.size(); ++i) {
    if (status == 0 && addresses[i])
      status = driver.toHost(buffers[i].data(), addresses[i], buffers[i].size());
    if (addresses[i])
      driver.release(addresses[i]);
  }
  if (module)
    driver.unload(module);
  EXPECT_EQ(status, 0) << "on the card:\n" << text;
  return status == 0;
}

} // namespace adze::ptx
