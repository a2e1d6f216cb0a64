// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/sim/ptx/Machine.h"
#include "test/sim/ptx/Launch.h"
#include "test/sim/ptx/Module.h"
#include <algorithm>

namespace adze::ptx {

struct Machine::State {
  explicit State(const Facts &facts) : facts(facts), memory(facts.memory_bytes) {}
  Facts facts;
  GlobalMemory memory;
  std::vector<std::unique_ptr<Module>> modules;
  Reports reports;
  std::map<std::string, Counts> counts;
};

Machine::Machine(Facts facts) : state(std::make_unique<State>(facts)) {}
Machine::~Machine() = default;

uint64_t Machine::allocate(uint64_t bytes) {
  Allocation *allocation = state->memory.allocate(bytes, false);
  return allocation ? allocation->base : 0;
}

bool Machine::release(uint64_t address) { return state->memory.release(address, false); }
uint64_t Machine::allocated() const { return state->memory.allocated; }
size_t Machine::allocations() const { return state->memory.count; }

bool Machine::write(uint64_t to, const void *from, uint64_t bytes) {
  Allocation *allocation = state->memory.find(to, bytes);
  if (!allocation)
    return bytes == 0;
  std::memcpy(allocation->data + (to - allocation->base), from, bytes);
  state->memory.markWritten(*allocation, to - allocation->base, bytes, true);
  return true;
}

bool Machine::read(void *to, uint64_t from, uint64_t bytes) {
  Allocation *allocation = state->memory.find(from, bytes);
  if (!allocation)
    return bytes == 0;
  std::memcpy(to, allocation->data + (from - allocation->base), bytes);
  return true;
}

uint64_t Machine::unwritten(uint64_t from, uint64_t bytes) const {
  Allocation *allocation = state->memory.find(from, bytes);
  uint64_t first = allocation ? from - allocation->base : 0, count = 0;
  if (!allocation || allocation->full || allWrittenRange(allocation->written, first, bytes))
    return 0;
  for (uint64_t i = 0; i < bytes; ++i)
    count += !allWritten(allocation->written, first + i, 1);
  return count;
}

bool Machine::copy(uint64_t to, uint64_t from, uint64_t bytes) {
  Allocation *target = state->memory.find(to, bytes), *source = state->memory.find(from, bytes);
  if (!target || !source)
    return bytes == 0;
  uint64_t first = to - target->base, second = from - source->base;
  std::memmove(target->data + first, source->data + second, bytes);
  if (source->full || allWrittenRange(source->written, second, bytes)) {
    state->memory.markWritten(*target, first, bytes, true);
    return true;
  }
  if (target->full)
    setWrittenRange(target->written, 0, target->size, true);
  target->full = false;
  std::vector<bool> written(bytes);
  for (uint64_t i = 0; i < bytes; ++i)
    written[i] = allWritten(source->written, second + i, 1);
  for (uint64_t i = 0; i < bytes; ++i)
    setWritten(target->written, first + i, 1, written[i]);
  return true;
}

bool Machine::fill(uint64_t to, uint8_t value, uint64_t bytes) {
  Allocation *allocation = state->memory.find(to, bytes);
  if (!allocation)
    return bytes == 0;
  std::memset(allocation->data + (to - allocation->base), value, bytes);
  state->memory.markWritten(*allocation, to - allocation->base, bytes, true);
  return true;
}

const Module *Machine::load(std::string_view text, std::string &log) {
  try {
    state->modules.push_back(std::make_unique<Module>(text, state->facts, state->memory));
    return state->modules.back().get();
  } catch (const TextError &error) {
    log = "line " + std::to_string(error.line) + ": " + error.what();
  } catch (const std::bad_alloc &) {
    log = "no memory for the module";
  }
  return nullptr;
}

void Machine::unload(const Module *module) {
  auto &modules = state->modules;
  modules.erase(std::remove_if(modules.begin(), modules.end(), [&](auto &one) { return one.get() == module; }),
                modules.end());
}

const Kernel *Machine::find(const Module *module, std::string_view kernel) const { return module->find(kernel); }

bool Machine::variable(const Module *module, std::string_view name, uint64_t &address, uint64_t &bytes) const {
  address = module->address(name);
  bytes = address ? module->bytes(name) : 0;
  return address != 0;
}

namespace {
/// Why a launch cannot begin; empty: it can.
std::string obstacle(const Kernel &kernel, const Facts &facts, Dim3 grid, Dim3 block, uint32_t dynamicShared) {
  auto inRange = [](Dim3 dim, uint64_t x, uint64_t y, uint64_t z) {
    return dim[0] && dim[1] && dim[2] && dim[0] <= x && dim[1] <= y && dim[2] <= z;
  };
  if (!inRange(grid, 0x7fffffff, 65535, 65535) || uint64_t(grid[0]) * grid[1] * grid[2] > 1ull << 31)
    return "a grid of " + text(grid) + " blocks";
  if (!inRange(block, 1024, 1024, 64))
    return "a block of " + text(block) + " threads";
  uint64_t threads = uint64_t(block[0]) * block[1] * block[2];
  if (threads > kernel.max_threads || threads > facts.max_threads)
    return std::to_string(threads) + " threads in a block, at most " +
           std::to_string(std::min(kernel.max_threads, facts.max_threads));
  Dim3 required = kernel.module->program(kernel.name).requiredBlock;
  if (required[0] && required != block)
    return "a block of " + text(block) + " threads, the kernel requires " + text(required);
  uint64_t shared = (uint64_t(kernel.static_shared_bytes) + 15) / 16 * 16 + dynamicShared;
  if (shared > facts.max_shared_bytes)
    return std::to_string(shared) + " bytes of shared memory in a block, at most " +
           std::to_string(facts.max_shared_bytes);
  return {};
}

void passParameters(Launch &launch, const Kernel &kernel, const void *const *parameters) {
  uint32_t bytes = 0;
  for (const Kernel::Parameter &parameter : kernel.parameters)
    bytes = std::max(bytes, parameter.offset + parameter.bytes);
  launch.parameters.resize(bytes + 16);
  launch.parametersWritten.resize(bytes / 8 + 16);
  for (size_t i = 0; i < kernel.parameters.size(); ++i) {
    const Kernel::Parameter &parameter = kernel.parameters[i];
    std::memcpy(launch.parameters.data() + parameter.offset, parameters[i], parameter.bytes);
    setWrittenRange(launch.parametersWritten.data(), parameter.offset, parameter.bytes, true);
  }
}

void addCounts(Counts &counts, const Launch &launch) {
  ++counts.launches;
  counts.warp_instructions += launch.instructions;
  for (size_t i = 0; i < launch.sites.size(); ++i) {
    const SiteCounts &site = launch.sites[i];
    const AccessSite &place = launch.program.sites[i];
    (place.isStore ? counts.global_store_bytes : counts.global_load_bytes) += site.bytes;
    if (site.accesses) {
      Counts::Sectors &sectors = counts.global[place.line];
      sectors.bytes_per_lane = static_cast<int>(place.bytesPerLane);
      sectors.accesses += site.accesses;
      sectors.sectors += site.sectors;
      sectors.least += site.least;
    }
    if (site.shared) {
      counts.shared[place.line].accesses += site.shared;
      counts.shared[place.line].conflicts += site.conflicts;
    }
  }
}
} // namespace

bool Machine::launch(const Kernel &kernel, Dim3 grid, Dim3 block, uint32_t dynamic_shared_bytes,
                     const void *const *parameters, std::string &error) {
  error = obstacle(kernel, state->facts, grid, block, dynamic_shared_bytes);
  if (!error.empty())
    return false;
  Launch launch(kernel.module->program(kernel.name), state->facts, state->memory, state->reports);
  launch.grid = grid;
  launch.block = block;
  launch.dynamicShared = dynamic_shared_bytes;
  launch.sites.resize(launch.program.sites.size());
  passParameters(launch, kernel, parameters);
  try {
    launch.run();
  } catch (const LaunchEnded &) {
    error = launch.error;
  } catch (const std::bad_alloc &) {
    error = "no memory for the launch";
  }
  state->memory.forgetAccesses();
  addCounts(state->counts[kernel.name], launch);
  return error.empty();
}

const std::vector<Report> &Machine::reports() const { return state->reports.list; }
void Machine::clearReports() { state->reports.clear(); }
const std::map<std::string, Counts> &Machine::counts() const { return state->counts; }
void Machine::clearCounts() { state->counts.clear(); }

} // namespace adze::ptx
