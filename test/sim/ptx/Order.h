// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The order that fences and atomics make between warps, of any blocks: what a warp knew at a fence is released by the
// atomics that follow, at their addresses; a warp whose atomic or strong load is at such an address knows it after its
// next fence. Barriers in memory (mbarrier) release and acquire at once.
#pragma once
#include <array>
#include <cstdint>
#include <map>

namespace adze::ptx {

struct Warp;

/// By block and warp: the clock up to which accesses lie before.
using View = std::map<uint32_t, std::array<uint32_t, 32>>;
void join(View &into, const View &from);

/// All that the warp knows now, with its own accesses.
View viewOf(const Warp &warp);
/// The warp knows what the view says.
void learn(Warp &warp, const View &view);

void fenceOf(Warp &warp);
/// An atomic or strong access at an address of global memory, or of shared memory as its window has it.
void releaseAt(Warp &warp, uint64_t address);
void acquireAt(Warp &warp, uint64_t address);
/// The warp's accesses from now on lie after those that others have been told of.
void beginSegment(Warp &warp);

} // namespace adze::ptx
