// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The driver's state: set up from the environment, looked through for leaks at its end.
#include "test/sim/cuda/Driver.h"
#include "test/sim/cuda/Control.h"

#include <atomic>
#include <cstdlib>
#include <sstream>
#include <unistd.h>

using namespace adze::sim;

namespace {

/// The process that has called cuInit; 0: none.
std::atomic<int> initialisedBy{0};

std::vector<std::string> split(const std::string &text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);)
    parts.push_back(part);
  return parts;
}

/// "24G", "512M", "64K" or bytes.
uint64_t parseBytes(const std::string &text) {
  char *end;
  uint64_t value = strtoull(text.c_str(), &end, 10);
  switch (*end) {
  case 'G':
    return value << 30;
  case 'M':
    return value << 20;
  case 'K':
    return value << 10;
  }
  return value;
}

/// Bytes of shared memory that a block may have ("CUDA C++ Programming Guide", technical specifications).
uint32_t sharedBytesOf(int sm) {
  switch (sm) {
  case 75:
    return 64 * 1024;
  case 80:
  case 87:
    return 163 * 1024;
  case 90:
  case 100:
  case 103:
    return 227 * 1024;
  default:
    return 99 * 1024;
  }
}

/// "sm_89:NAME:24G"; name and memory may be left out.
std::unique_ptr<Device> makeDevice(const std::string &text) {
  std::vector<std::string> parts = split(text, ':');
  auto device = std::make_unique<Device>();
  if (!parts.empty() && parts[0].rfind("sm_", 0) == 0)
    device->facts.sm = atoi(parts[0].c_str() + 3);
  device->facts.max_shared_bytes = sharedBytesOf(device->facts.sm);
  device->name = parts.size() > 1 ? parts[1] : "Simulated " + (parts.empty() ? text : parts[0]);
  if (parts.size() > 2)
    device->facts.memory_bytes = parseBytes(parts[2]);
  device->machine = std::make_unique<adze::ptx::Machine>(device->facts);
  device->context = std::make_unique<Context>();
  device->context->device = device.get();
  return device;
}

/// "function:3" or "function:3:700"; without a result: no memory for what allocates, else an unknown error.
Injection parseInjection(const std::string &text) {
  std::vector<std::string> parts = split(text, ':');
  parts.resize(3);
  Injection injection{parts[0], parts[1].empty() ? 1 : strtoull(parts[1].c_str(), nullptr, 10), kUnknown};
  if (!parts[2].empty())
    injection.result = atoi(parts[2].c_str());
  else if (parts[0].find("Alloc") != std::string::npos)
    injection.result = kOutOfMemory;
  return injection;
}

/// Ends what is still there.
void finish(State &s) {
  for (auto &device : s.devices) {
    Context &context = *device->context;
    if (context.retained > 0) {
      report("leak", "the primary context of device '" + device->name + "' is still retained");
      destroy(context);
    }
    writeCounts(*device);
  }
}

/// Looks for leaks when the process ends.
struct AtExit {
  ~AtExit() {
    if (initialisedBy == getpid())
      finish(state());
  }
};

} // namespace

State &adze::sim::state() {
  static State *only = new State; // lives as long as any code that may use it
  static AtExit atExit;
  return *only;
}

void adze::sim::configure(State &s) {
  const char *devices = getenv("ADZE_SIM_DEVICES"), *failures = getenv("ADZE_SIM_FAIL");
  for (const std::string &text : split(devices ? devices : "sm_80", ','))
    s.devices.push_back(makeDevice(text));
  for (const std::string &text : split(failures ? failures : "", ','))
    s.injections.push_back(parseInjection(text));
  s.initialised = true;
  initialisedBy = getpid();
}

bool adze::sim::isForked() { return initialisedBy != 0 && initialisedBy != getpid(); }

Result adze::sim::usable() { return state().initialised ? kSuccess : kNotInitialized; }

Result adze::sim::countCall(const char *function) {
  State &s = state();
  uint64_t number = ++s.calls[function];
  for (const Injection &injection : s.injections)
    if (injection.function == function && injection.call == number)
      return injection.result;
  return kSuccess;
}

ADZE_SIM_ENTRY int cuInit(unsigned flags) {
  if (isForked())
    return kNotInitialized;
  State &s = state();
  std::lock_guard<std::mutex> guard(s.lock);
  if (!s.initialised)
    configure(s);
  if (Result failed = countCall("cuInit"))
    return failed;
  if (flags != 0)
    return kInvalidValue;
  return s.devices.empty() ? kNoDevice : kSuccess;
}

ADZE_SIM_ENTRY int cuDriverGetVersion(int *version) {
  *version = 13000;
  return kSuccess;
}

ADZE_SIM_ENTRY int adze_sim_finish() {
  State &s = state();
  std::lock_guard<std::mutex> guard(s.lock);
  finish(s);
  return static_cast<int>(s.reports.size());
}

ADZE_SIM_ENTRY void adze_sim_reset() {
  State &s = state();
  std::lock_guard<std::mutex> guard(s.lock);
  for (auto &device : s.devices)
    s.gone.push_back(std::move(device));
  s.devices.clear();
  s.injections.clear();
  s.calls.clear();
  s.reports.clear();
  s.initialised = false;
  initialisedBy = 0;
}

ADZE_SIM_ENTRY uint64_t adze_sim_calls(const char *function) {
  State &s = state();
  std::lock_guard<std::mutex> guard(s.lock);
  auto found = s.calls.find(function);
  return found == s.calls.end() ? 0 : found->second;
}

ADZE_SIM_ENTRY const char *adze_sim_report(int index) {
  State &s = state();
  std::lock_guard<std::mutex> guard(s.lock);
  return index >= 0 && static_cast<size_t>(index) < s.reports.size() ? s.reports[static_cast<size_t>(index)].c_str()
                                                                     : nullptr;
}
