// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Modules, their functions, and launches.
#include "test/sim/cuda/Driver.h"

#include <algorithm>
#include <cstring>

using namespace adze;
using namespace adze::sim;

namespace {

/// Where the caller wants the log of a failure.
struct Log {
  char *text = nullptr;
  size_t room = 0;

  Log(unsigned count, const int *options, void **values) {
    enum { kErrorLog = 5, kErrorLogBytes = 6 };
    for (unsigned i = 0; i < count; ++i) {
      if (options[i] == kErrorLog)
        text = static_cast<char *>(values[i]);
      else if (options[i] == kErrorLogBytes)
        room = reinterpret_cast<uintptr_t>(values[i]);
    }
  }

  void write(const std::string &message) {
    if (!text || room == 0)
      return;
    size_t length = std::min(message.size(), room - 1);
    memcpy(text, message.data(), length);
    text[length] = 0;
  }
};

int load(Context &context, Loaded **result, const void *image, Log log) {
  auto bytes = static_cast<const unsigned char *>(image);
  if (memcmp(bytes,
             "\x7f"
             "ELF",
             4) == 0) {
    log.write("this device is played and has no machine code: it takes text only");
    return kNoBinaryForGpu;
  }
  std::string why;
  const ptx::Module *code = context.device->machine->load(static_cast<const char *>(image), why);
  if (!code) {
    log.write("ptxas application ptx input, " + why + "\nptxas fatal   : Ptx assembly aborted due to errors\n");
    return kInvalidPtx;
  }
  context.modules.push_back(std::make_unique<Loaded>());
  context.modules.back()->context = &context;
  context.modules.back()->code = code;
  *result = context.modules.back().get();
  return kSuccess;
}

Loaded *findModule(Context &context, void *handle, const char *function) {
  for (const auto &module : context.modules)
    if (module.get() == handle && module->code)
      return module.get();
  report("misuse", std::string(function) + ": not a module of the current context");
  return nullptr;
}

Function *findFunction(Context &context, void *handle, const char *name) {
  for (const auto &module : context.modules)
    for (const auto &[unused, function] : module->functions)
      if (function.get() == handle && module->code)
        return function.get();
  report("misuse", std::string(name) + ": not a function of a module of the current context");
  return nullptr;
}

/// What a kernel that ended early does to its context.
Result lostBy(const ptx::Machine &machine) {
  if (machine.reports().empty())
    return kLaunchFailed;
  switch (machine.reports().back().fault) {
  case ptx::Fault::out_of_bounds:
    return kIllegalAddress;
  case ptx::Fault::misaligned:
    return kMisalignedAddress;
  case ptx::Fault::deadlock:
  case ptx::Fault::limit:
    return kLaunchTimeout;
  default:
    return kLaunchFailed;
  }
}

/// A launch, with the values that its parameters had when it was given.
struct Launch {
  Context &context;
  Function &function;
  ptx::Dim3 grid, block;
  uint32_t sharedBytes;
  std::vector<std::vector<char>> values;

  Result operator()() const {
    ptx::Machine &machine = *context.device->machine;
    if (!function.module->code) {
      report("misuse", "cuLaunchKernel: the module has been unloaded before the kernel was done");
      return kSuccess;
    }
    std::vector<const void *> parameters;
    for (const auto &value : values)
      parameters.push_back(value.data());
    std::string why;
    bool done = machine.launch(*function.kernel, grid, block, sharedBytes, parameters.data(), why);
    size_t before = context.device->reported;
    reportFaults(*context.device);
    if (done)
      return kSuccess;
    if (context.device->reported == before && machine.reports().empty())
      report("launch", function.kernel->name + ": " + why);
    return lostBy(machine);
  }
};

/// What the driver finds wrong with a launch at once.
Result checkLaunch(const Context &context, const Function &function, ptx::Dim3 grid, ptx::Dim3 block,
                   uint32_t sharedBytes) {
  const ptx::Facts &facts = context.device->facts;
  const uint64_t threads = uint64_t(block[0]) * block[1] * block[2];
  if (!grid[0] || !grid[1] || !grid[2] || !threads || grid[0] > 0x7fffffff || grid[1] > 65535 || grid[2] > 65535)
    return kInvalidValue;
  if (threads > facts.max_threads || threads > function.kernel->max_threads)
    return kInvalidValue;
  if (sharedBytes > function.dynamicSharedLimit ||
      function.kernel->static_shared_bytes + sharedBytes > facts.max_shared_bytes)
    return kInvalidValue;
  return kSuccess;
}

} // namespace

ADZE_SIM_ENTRY int cuModuleLoadDataEx(Loaded **module, const void *image, unsigned count, int *options, void **values) {
  return enterIn("cuModuleLoadDataEx", false, [&](Context &context) {
    return image ? load(context, module, image, Log(count, options, values)) : int(kInvalidValue);
  });
}

ADZE_SIM_ENTRY int cuModuleLoadData(Loaded **module, const void *image) {
  return enterIn("cuModuleLoadData", false, [&](Context &context) {
    return image ? load(context, module, image, Log(0, nullptr, nullptr)) : int(kInvalidValue);
  });
}

ADZE_SIM_ENTRY int cuModuleUnload(void *handle) {
  return enterIn("cuModuleUnload", true, [&](Context &context) {
    Loaded *module = findModule(context, handle, "cuModuleUnload");
    if (!module)
      return kInvalidHandle;
    context.device->machine->unload(module->code);
    module->code = nullptr;
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuModuleGetFunction(Function **result, void *handle, const char *name) {
  return enterIn("cuModuleGetFunction", false, [&](Context &context) {
    Loaded *module = findModule(context, handle, "cuModuleGetFunction");
    if (!module)
      return kInvalidHandle;
    const ptx::Kernel *kernel = context.device->machine->find(module->code, name);
    if (!kernel)
      return kNotFound;
    auto &function = module->functions[name];
    if (!function)
      function.reset(new Function{module, kernel});
    *result = function.get();
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuFuncGetAttribute(int *value, int attribute, void *handle) {
  return enterIn("cuFuncGetAttribute", false, [&](Context &context) {
    Function *function = findFunction(context, handle, "cuFuncGetAttribute");
    if (!function)
      return kInvalidHandle;
    const uint32_t values[] = {std::min(function->kernel->max_threads, context.device->facts.max_threads),
                               function->kernel->static_shared_bytes,
                               0,
                               function->kernel->local_bytes,
                               std::min(function->kernel->registers, 255u),
                               uint32_t(context.device->facts.sm),
                               uint32_t(context.device->facts.sm),
                               0,
                               function->dynamicSharedLimit};
    if (attribute < 0 || size_t(attribute) >= std::size(values))
      return kInvalidValue;
    *value = int(values[attribute]);
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuFuncSetAttribute(void *handle, int attribute, int value) {
  return enterIn("cuFuncSetAttribute", false, [&](Context &context) {
    enum { kMaxDynamicSharedBytes = 8, kCarveout = 9 };
    Function *function = findFunction(context, handle, "cuFuncSetAttribute");
    if (!function)
      return kInvalidHandle;
    if (attribute == kCarveout)
      return kSuccess;
    if (attribute != kMaxDynamicSharedBytes || value < 0 ||
        function->kernel->static_shared_bytes + uint32_t(value) > context.device->facts.max_shared_bytes)
      return kInvalidValue;
    function->dynamicSharedLimit = uint32_t(value);
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuLaunchKernel(void *handle, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                                  unsigned blockY, unsigned blockZ, unsigned sharedBytes, void *streamHandle,
                                  void **parameters, void **extra) {
  return enterIn("cuLaunchKernel", false, [&](Context &context) -> Result {
    Function *function = findFunction(context, handle, "cuLaunchKernel");
    Stream *stream = findStream(context, streamHandle, "cuLaunchKernel");
    if (!function || !stream)
      return kInvalidHandle;
    Launch launch{context, *function, {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, sharedBytes, {}};
    if (Result failed = checkLaunch(context, *function, launch.grid, launch.block, sharedBytes))
      return failed;
    if (extra || (!parameters && !function->kernel->parameters.empty()))
      return kInvalidValue;
    for (size_t i = 0; i < function->kernel->parameters.size(); ++i) {
      auto first = static_cast<const char *>(parameters[i]);
      launch.values.emplace_back(first, first + function->kernel->parameters[i].bytes);
    }
    give(*stream, function->kernel->name, [launch = std::move(launch)] { return launch; });
    return kSuccess;
  });
}
