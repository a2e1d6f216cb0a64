// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/sim/ptx/Block.h"
#include "test/sim/ptx/Lanes.h"

namespace adze::ptx {

namespace {
constexpr uint64_t turnOfWarp = 20000;
uint64_t product(Dim3 dim) { return uint64_t(dim[0]) * dim[1] * dim[2]; }
template <class T> T *aligned(std::vector<T> &bytes) {
  return reinterpret_cast<T *>((reinterpret_cast<uintptr_t>(bytes.data()) + 63) / 64 * 64);
}
} // namespace

Block::Block(Launch &launch) : launch(launch) {
  const Program &program = launch.program;
  uint64_t count = (product(launch.block) + 31) / 32, size = uint64_t(program.units) * unitBytes;
  registers.resize(count * size + 64);
  undefined.resize(count * program.units);
  local.resize(count * 32 * program.localBytes + 16);
  localWritten.resize(count * 32 * program.localBytes / 8 + 16);
  for (uint64_t i = 0; i < count; ++i) {
    auto warp = std::make_unique<Warp>();
    warp->block = this;
    warp->index = static_cast<uint32_t>(i);
    warp->registers = aligned(registers) + i * size;
    warp->undefined = undefined.data() + i * program.units;
    warp->isWide = program.isWide.data();
    warp->local = local.data() + i * 32 * program.localBytes;
    warp->localWritten = localWritten.data() + i * 32 * program.localBytes / 8;
    for (const Constant &constant : program.constants)
      for (int lane = 0; lane < 32; ++lane)
        std::memcpy(warp->lanes<uint8_t>(constant.slot) + lane * constant.bytes, &constant.value, constant.bytes);
    warps.push_back(std::move(warp));
  }
  uint64_t sharedBytes = (program.staticShared + 15) / 16 * 16 + launch.dynamicShared;
  shared.resize(sharedBytes + 16);
  sharedWritten.resize(sharedBytes / 8 + 16);
  inFlight.resize(sharedBytes / 8 + 16);
  cells.resize(sharedBytes / 4 + 2);
}

void Block::start(uint32_t blockNumber) {
  number = blockNumber;
  id = launch.blockOf(number);
  std::fill(sharedWritten.begin(), sharedWritten.end(), 0);
  std::fill(localWritten.begin(), localWritten.end(), 0);
  std::fill(inFlight.begin(), inFlight.end(), 0);
  std::fill(cells.begin(), cells.end(), Cell());
  copiesInFlight = 0;
  barriers = {};
  jointSegment = 0;
  hasFenced = false;
  instructions = 0;
  acquired.clear();
  acquiredAt.clear();
  copyArrivals.clear();
  memoryBarriers.clear();
  for (auto &warp : warps)
    startWarp(*warp);
}

void Block::startWarp(Warp &warp) {
  const Program &program = launch.program;
  uint64_t threads = product(launch.block) - 32ull * warp.index;
  warp.present = threads >= 32 ? allLanes : (1u << threads) - 1;
  warp.alive = warp.present;
  Group group;
  group.lanes = warp.present;
  warp.groups.assign(1, group);
  warp.number = number;
  warp.clock = 1;
  warp.orderedBelow = 0;
  warp.known = {};
  warp.released.clear();
  warp.pending.clear();
  warp.pendingAt.clear();
  warp.fenceClock = 0;
  warp.copies.clear();
  warp.copyGroups = {};
  launch.segments.begin(warp);
  std::fill(warp.undefined, warp.undefined + program.units, allLanes);
  warp.undefined[0] = 0;
  for (const Constant &constant : program.constants)
    warp.undefined[constant.slot] = 0;
  for (const Preset &preset : program.presets)
    setPreset(warp, preset);
}

Dim3 Block::threadOf(uint32_t warp, int lane) const {
  uint32_t thread = warp * 32 + static_cast<uint32_t>(lane);
  uint32_t x = launch.block[0], y = launch.block[1];
  return {thread % x, thread / x % y, thread / x / y};
}

bool Block::run(uint64_t quantum) {
  for (uint64_t end = instructions + quantum;;) {
    bool progress = false, finished = true;
    for (auto &warp : warps) {
      if (warp->groups.empty())
        continue;
      uint64_t before = warp->instructions;
      if (warp->run(turnOfWarp) != Warp::done)
        finished = false;
      before = warp->instructions - before;
      progress = progress || before;
      instructions += before;
      launch.instructions += before;
      if (launch.instructions > launch.facts.max_warp_instructions)
        launch.end(Fault::limit, *warp, -1, [] { return std::string("more instructions than a launch may take"); });
    }
    if (finished)
      return true;
    progress = settle() || progress;
    if (!progress && !unstick())
      deadlock();
    if (instructions >= end)
      return false;
  }
}

void Block::arrive(Warp &warp, Group &group, const Op &op, Lanes lanes) {
  const auto &what = *static_cast<const BarrierUse *>(op.extra);
  int lane = firstOf(lanes);
  if ((warp.undefined[op.a] | warp.undefined[op.b]) & lanes)
    launch.fault(Fault::uninitialized, warp, lane, [] { return std::string("the barrier has no defined value"); });
  uint32_t which = warp.lanes<uint32_t>(op.a)[lane], threads = what.counted ? warp.lanes<uint32_t>(op.b)[lane] : 0;
  if (which >= barriers.size() || (what.counted && (threads == 0 || threads % 32)))
    launch.end(Fault::trap, warp, lane, [] { return std::string("no such barrier, or no whole number of warps"); });
  Barrier &barrier = barriers[which];
  if (barrier.used && barrier.threads != threads)
    launch.fault(Fault::divergence, warp, lane, [&] {
      return "waits for " + std::to_string(threads) + " threads, others of this barrier for " +
             std::to_string(barrier.threads) + " (0: all)";
    });
  barrier.used = true;
  barrier.threads = threads;
  barrier.arrived[warp.index] |= lanes;
  barrier.known[warp.index] = std::max(barrier.known[warp.index], warp.clock);
  for (size_t i = 0; i < warps.size(); ++i)
    barrier.known[i] = std::max(barrier.known[i], warp.known[i]);
  barrier.clock = std::max(barrier.clock, warp.clock);
  if (what.reduces) {
    if (warp.undefined[op.c] & lanes)
      launch.fault(Fault::uninitialized, warp, lane, [] { return std::string("the predicate has no defined value"); });
    Lanes value = warp.predicate(op.c) ^ (what.negated ? allLanes : 0);
    barrier.trues += static_cast<uint32_t>(popcount(value & lanes));
    barrier.votes += static_cast<uint32_t>(popcount(lanes));
  }
  if (what.waits) {
    group.state = Group::waitsForBarrier;
    group.barrier = static_cast<uint8_t>(which);
    barrier.waits[warp.index] = true;
  } else {
    ++warp.clock;
    launch.segments.begin(warp);
  }
}

/// Threads that have exited count as arrived.
bool Block::complete(const Barrier &barrier) const {
  uint32_t come = 0, wanted = barrier.threads ? barrier.threads : static_cast<uint32_t>(warps.size()) * 32;
  for (size_t i = 0; i < warps.size(); ++i)
    if (barrier.threads == 0 || barrier.arrived[i])
      come += static_cast<uint32_t>(popcount(barrier.arrived[i] | ~warps[i]->alive));
  return barrier.used && come >= wanted;
}

bool Block::settle() {
  bool any = false;
  for (unsigned i = 0; i < barriers.size(); ++i)
    if (complete(barriers[i])) {
      release(i);
      any = true;
    }
  return any;
}

void Block::release(unsigned which) {
  Barrier barrier = barriers[which];
  barriers[which] = {};
  trues = barrier.trues;
  votes = barrier.votes;
  for (size_t i = 0; i < warps.size(); ++i)
    if (barrier.waits[i])
      barrier.known[i] = barrier.clock; // those go on with a later clock
  // A barrier of all threads has all that the block did behind it; those that have exited did it before.
  bool isFull = barrier.threads == 0;
  for (size_t i = 0; i < warps.size(); ++i)
    isFull = isFull && (barrier.waits[i] || !warps[i]->alive);
  uint32_t began = static_cast<uint32_t>(launch.segments.count());
  for (auto &warp : warps) {
    bool woken = false;
    for (Group &group : warp->groups)
      if (group.state == Group::waitsForBarrier && group.barrier == which) {
        const Op &op = launch.program.code[group.pc];
        warp->pc = group.pc;
        if (op.run)
          op.run(*warp, op, group.lanes);
        group.state = Group::ready;
        ++group.pc;
        woken = true;
      }
    if (!woken)
      continue;
    for (size_t i = 0; i < warps.size(); ++i)
      warp->known[i] = std::max(warp->known[i], barrier.known[i]);
    warp->clock = std::max(warp->clock, barrier.clock) + 1;
    if (isFull)
      warp->orderedBelow = began;
    launch.segments.begin(*warp);
  }
}

/// Lets a group go on whose missing lanes will never come to it. False: it has to wait for ever.
bool Block::unstick(Warp &warp, Group &group) {
  const Op &op = launch.program.code[group.pc];
  Lanes named = op.aligned ? allLanes : warp.lanes<uint32_t>(op.a)[firstOf(group.lanes)];
  Lanes missing = named & warp.alive & ~group.lanes, elsewhere = 0, atWarpBarrier = 0;
  for (const Group &other : warp.groups)
    if (other.state == Group::waitsForLanes) {
      elsewhere |= other.lanes;
      if (launch.program.code[other.pc].flags & warpBarrierFlag)
        atWarpBarrier |= other.lanes;
    }
  warp.pc = group.pc;
  if ((op.flags & warpBarrierFlag) && !(missing & ~atWarpBarrier)) {
    for (Group &other : warp.groups)
      if (other.state == Group::waitsForLanes && (launch.program.code[other.pc].flags & warpBarrierFlag))
        other.state = Group::ready, other.forced = true;
    return true;
  }
  if (!op.aligned && (missing & ~elsewhere))
    return false;
  launch.fault(Fault::divergence, warp, firstOf(group.lanes), [&] {
    char text[96];
    std::snprintf(text, sizeof(text), "is executed by lanes 0x%08x while lanes 0x%08x are elsewhere", group.lanes,
                  missing);
    return std::string(text);
  });
  group.state = Group::ready;
  group.forced = true;
  return true;
}

bool Block::unstick() {
  for (auto &warp : warps)
    for (Group &group : warp->groups)
      if (group.state == Group::waitsForLanes && unstick(*warp, group))
        return true;
  return false;
}

void Block::deadlock() {
  std::string who;
  Warp *first = nullptr;
  int listed = 0;
  for (auto &warp : warps)
    for (Group &group : warp->groups) {
      if (!first) {
        first = warp.get();
        warp->pc = group.pc;
      }
      if (++listed > 8)
        continue;
      char text[128];
      std::snprintf(text, sizeof(text), "; warp %u, lanes 0x%08x: line %d, %s", warp->index, group.lanes,
                    launch.program.code[group.pc].line, launch.program.names[group.pc].c_str());
      who += text;
    }
  launch.end(Fault::deadlock, *first, -1, [&] { return "threads wait for others that never come" + who; });
}

bool Block::hasAcquired(const Segment &segment) const {
  auto found = acquired.find(segment.block);
  if (found == acquired.end())
    return false;
  if (segment.warp != Segment::everyWarp)
    return found->second[segment.warp] >= segment.clock;
  for (size_t i = 0; i < warps.size(); ++i)
    if (found->second[i] < segment.clock)
      return false;
  return true;
}

void Block::setPreset(Warp &warp, const Preset &preset) {
  warp.undefined[preset.slot] = 0;
  bool differs = preset.kind == Preset::tid || (preset.kind >= Preset::laneid && preset.kind <= Preset::lanemaskGt);
  uint64_t value = presetValue(warp, preset, 0);
  for (int lane = 0; lane < 32; ++lane) {
    if (differs)
      value = presetValue(warp, preset, lane);
    std::memcpy(warp.lanes<uint8_t>(preset.slot) + lane * preset.bytes, &value, preset.bytes);
  }
}

uint64_t Block::presetValue(const Warp &warp, const Preset &preset, int lane) const {
  uint32_t bit = 1u << lane;
  uint64_t time = launch.instructions + warp.instructions;
  switch (preset.kind) {
  case Preset::tid:
    return threadOf(warp.index, lane)[preset.member];
  case Preset::ntid:
    return launch.block[preset.member];
  case Preset::ctaid:
    return id[preset.member];
  case Preset::nctaid:
    return launch.grid[preset.member];
  case Preset::laneid:
    return static_cast<uint64_t>(lane);
  case Preset::warpid:
    return warp.index;
  case Preset::nwarpid:
    return 32;
  case Preset::lanemaskEq:
    return bit;
  case Preset::lanemaskLe:
    return bit | (bit - 1);
  case Preset::lanemaskLt:
    return bit - 1;
  case Preset::lanemaskGe:
    return ~(bit - 1);
  case Preset::lanemaskGt:
    return ~(bit | (bit - 1));
  case Preset::dynamicShared:
    return launch.dynamicShared;
  case Preset::totalShared:
    return launch.dynamicShared + (launch.program.staticShared + 15) / 16 * 16;
  case Preset::gridid:
  case Preset::zero:
    return 0;
  case Preset::one:
    return 1;
  case Preset::clock:
  case Preset::clock64:
  case Preset::globaltimer:
    return time;
  case Preset::clockHigh:
  case Preset::globaltimerHigh:
    return time >> 32;
  }
  return 0;
}

} // namespace adze::ptx
