// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Devices and their contexts.
#include "test/sim/cuda/Driver.h"

#include <algorithm>
#include <cstring>
#include <dlfcn.h>

using namespace adze::sim;

/// The contexts that this thread has pushed.
static thread_local std::vector<Context *> stack;

Context *adze::sim::currentContext() { return stack.empty() ? nullptr : stack.back(); }

Context *adze::sim::requireContext(const char *function, Result &failed) {
  Context *context = currentContext();
  if (!context) {
    report("misuse", std::string(function) + ": the thread has no current context");
    failed = kInvalidContext;
    return nullptr;
  }
  if (context->retained > 0)
    return context;
  report("misuse", std::string(function) + ": the current context has been destroyed");
  failed = kContextIsDestroyed;
  return nullptr;
}

void adze::sim::loseIfFatal(Result result) {
  if (Context *context = currentContext(); context && result >= kIllegalAddress && result <= kLaunchFailed)
    context->lost = result;
}

void adze::sim::destroy(Context &context) {
  drainAll(context);
  if (context.lost == kSuccess)
    reportLeaks(context);
  for (const auto &[address, allocation] : context.memory)
    context.device->machine->release(address);
  for (const auto &[address, allocation] : context.pinned)
    ::operator delete(reinterpret_cast<void *>(address), std::align_val_t(4096));
  for (const auto &module : context.modules)
    if (module->code) {
      context.device->machine->unload(module->code);
      module->code = nullptr;
    }
  for (const auto &stream : context.streams)
    stream->destroyed = true;
  for (const auto &event : context.events)
    event->destroyed = true;
  for (const auto &graph : context.graphs)
    graph->destroyed = true;
  for (const auto &graph : context.readyGraphs)
    graph->destroyed = true;
  context.memory.clear();
  context.pinned.clear();
  context.retained = 0;
  context.lost = kSuccess;
}

int adze::sim::ordinalOf(const Device &device) {
  State &s = state();
  auto found = std::find_if(s.devices.begin(), s.devices.end(), [&](const auto &d) { return d.get() == &device; });
  return static_cast<int>(found - s.devices.begin());
}

static Device *findDevice(int number) {
  State &s = state();
  return number >= 0 && static_cast<size_t>(number) < s.devices.size() ? s.devices[static_cast<size_t>(number)].get()
                                                                       : nullptr;
}

ADZE_SIM_ENTRY int cuDeviceGetCount(int *count) {
  return enter("cuDeviceGetCount", [&] {
    *count = static_cast<int>(state().devices.size());
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuDeviceGet(int *device, int ordinal) {
  return enter("cuDeviceGet", [&] {
    *device = ordinal;
    return findDevice(ordinal) ? kSuccess : kInvalidDevice;
  });
}

ADZE_SIM_ENTRY int cuDeviceGetName(char *name, int length, int number) {
  return enter("cuDeviceGetName", [&] {
    Device *device = findDevice(number);
    if (!device)
      return kInvalidDevice;
    if (length <= 0)
      return kInvalidValue;
    strncpy(name, device->name.c_str(), static_cast<size_t>(length));
    name[length - 1] = 0;
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuDeviceTotalMem_v2(size_t *bytes, int number) {
  return enter("cuDeviceTotalMem_v2", [&] {
    Device *device = findDevice(number);
    if (device)
      *bytes = device->facts.memory_bytes;
    return device ? kSuccess : kInvalidDevice;
  });
}

ADZE_SIM_ENTRY int cuDeviceGetAttribute(int *value, int attribute, int number) {
  return enter("cuDeviceGetAttribute", [&]() -> Result {
    Device *device = findDevice(number);
    if (!device)
      return kInvalidDevice;
    const adze::ptx::Facts &facts = device->facts;
    const std::map<int, int> values = {{1, facts.max_threads},
                                       {2, facts.max_threads},
                                       {3, facts.max_threads},
                                       {4, 64},
                                       {5, 0x7fffffff},
                                       {6, 65535},
                                       {7, 65535},
                                       {8, 48 * 1024},
                                       {10, 32},
                                       {16, 4},
                                       {75, facts.sm / 10},
                                       {76, facts.sm % 10},
                                       {97, static_cast<int>(facts.max_shared_bytes)}};
    auto found = values.find(attribute);
    if (found == values.end())
      return kInvalidValue;
    *value = found->second;
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuDevicePrimaryCtxRetain(Context **context, int number) {
  return enter("cuDevicePrimaryCtxRetain", [&] {
    Device *device = findDevice(number);
    if (!device)
      return kInvalidDevice;
    *context = device->context.get();
    if (device->context->retained++ == 0) {
      device->context->streams.push_back(std::make_unique<Stream>());
      std::swap(device->context->streams.front(), device->context->streams.back());
      device->context->streams.front()->context = device->context.get();
    }
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuDevicePrimaryCtxRelease_v2(int number) {
  return enter("cuDevicePrimaryCtxRelease_v2", [&] {
    Device *device = findDevice(number);
    if (!device)
      return kInvalidDevice;
    if (device->context->retained <= 0) {
      report("misuse", "cuDevicePrimaryCtxRelease: the context is not retained");
      return kInvalidContext;
    }
    if (device->context->retained == 1)
      destroy(*device->context);
    else
      --device->context->retained;
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuCtxPushCurrent_v2(Context *context) {
  return enter("cuCtxPushCurrent_v2", [&] {
    if (!context || context->retained <= 0) {
      report("misuse", "cuCtxPushCurrent: not a context that is retained");
      return kInvalidContext;
    }
    stack.push_back(context);
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuCtxPopCurrent_v2(Context **context) {
  return enter("cuCtxPopCurrent_v2", [&] {
    if (stack.empty()) {
      report("misuse", "cuCtxPopCurrent: the thread has no current context");
      return kInvalidContext;
    }
    *context = stack.back();
    stack.pop_back();
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuCtxSetCurrent(Context *context) {
  return enter("cuCtxSetCurrent", [&] {
    if (context && context->retained <= 0) {
      report("misuse", "cuCtxSetCurrent: not a context that is retained");
      return kInvalidContext;
    }
    if (!stack.empty())
      stack.pop_back();
    if (context)
      stack.push_back(context);
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuCtxGetCurrent(Context **context) {
  return enter("cuCtxGetCurrent", [&] {
    *context = currentContext();
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuCtxGetDevice(int *number) {
  return enterIn("cuCtxGetDevice", false, [&](Context &context) {
    *number = ordinalOf(*context.device);
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuCtxSynchronize() {
  return enterIn("cuCtxSynchronize", false, [&](Context &context) -> Result {
    if (Result forbidden = checkNotRecording(context, "cuCtxSynchronize"))
      return forbidden;
    return drainAll(context);
  });
}

/// Finds an entry point by the name without a version: always the newest there is.
static int getProcAddress(const char *symbol, void **address) {
  Dl_info here;
  *address = nullptr;
  if (!dladdr(reinterpret_cast<void *>(&getProcAddress), &here))
    return kNotFound;
  void *self = dlopen(here.dli_fname, RTLD_NOW | RTLD_NOLOAD);
  if (!self)
    return kNotFound;
  *address = dlsym(self, (std::string(symbol) + "_v2").c_str());
  if (!*address)
    *address = dlsym(self, symbol);
  dlclose(self);
  return *address ? kSuccess : kNotFound;
}

ADZE_SIM_ENTRY int cuGetProcAddress(const char *symbol, void **address, int, uint64_t) {
  return getProcAddress(symbol, address);
}

ADZE_SIM_ENTRY int cuGetProcAddress_v2(const char *symbol, void **address, int, uint64_t, int *status) {
  int result = getProcAddress(symbol, address);
  if (status)
    *status = result == kSuccess ? 0 : 1;
  return result;
}
