// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/sim/ptx/Order.h"
#include "test/sim/ptx/Block.h"
#include <algorithm>

namespace adze::ptx {

void join(View &into, const View &from) {
  for (const auto &[block, clocks] : from) {
    auto &mine = into[block];
    for (size_t i = 0; i < clocks.size(); ++i)
      mine[i] = std::max(mine[i], clocks[i]);
  }
}

View viewOf(const Warp &warp) {
  View view = warp.block->acquired;
  auto &mine = view[warp.block->number];
  mine = warp.known;
  mine[warp.index] = warp.clock;
  return view;
}

void learn(Warp &warp, const View &view) {
  for (const auto &[block, clocks] : view) {
    auto &mine = block == warp.block->number ? warp.known : warp.block->acquired[block];
    for (size_t i = 0; i < clocks.size(); ++i)
      mine[i] = std::max(mine[i], clocks[i]);
  }
}

void beginSegment(Warp &warp) {
  ++warp.clock;
  warp.block->launch.segments.begin(warp);
}

void fenceOf(Warp &warp) {
  learn(warp, warp.pending);
  warp.pending.clear();
  warp.block->acquiredAt.insert(warp.pendingAt.begin(), warp.pendingAt.end());
  warp.pendingAt.clear();
  warp.released = viewOf(warp);
  warp.fenceClock = warp.clock;
  warp.block->hasFenced = true;
  beginSegment(warp);
}

void releaseAt(Warp &warp, uint64_t address) {
  for (const auto &other : warp.block->warps)
    if (other->fenceClock && (other.get() == &warp || warp.known[other->index] >= other->fenceClock))
      join(warp.block->launch.released[address], other->released);
}

void acquireAt(Warp &warp, uint64_t address) {
  auto &released = warp.block->launch.released;
  if (released.empty())
    return;
  if (auto found = released.find(address); found != released.end()) {
    join(warp.pending, found->second);
    warp.pendingAt.insert(address);
  }
}

} // namespace adze::ptx
