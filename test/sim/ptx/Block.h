// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A block of threads: its warps, shared memory and barriers.
#pragma once
#include "test/sim/ptx/Launch.h"

namespace adze::ptx {

/// A barrier of bar.sync, between its first arrival and its completion.
struct Barrier {
  std::array<Lanes, 32> arrived{};  ///< by warp
  uint32_t threads = 0;             ///< that it waits for; 0: all
  std::array<uint32_t, 32> known{}; ///< joined over those that have arrived
  uint32_t clock = 0;
  std::array<bool, 32> waits{};  ///< by warp: has a group that goes on when it is complete
  uint32_t trues = 0, votes = 0; ///< of bar.red
  bool used = false;
};

/// An arrival at an mbarrier that waits for the copies of a lane up to a number.
struct CopyArrival {
  uint64_t object;
  uint32_t warp;
  uint8_t lane;
  uint64_t number;
};

/// What the op of a barrier (Op::extra) does: a: its number, b: threads, if counted, c: the predicate, if it reduces.
struct BarrierUse {
  bool waits = true, counted = false, reduces = false, negated = false;
};
/// Op::flags of bar.arrive, and of bar.warp.sync.
constexpr uint8_t arrivesOnlyFlag = 1, warpBarrierFlag = 2;

struct Block {
  Launch &launch;
  uint32_t number = 0;
  Dim3 id{};
  std::vector<std::unique_ptr<Warp>> warps;
  std::vector<uint8_t> shared, sharedWritten;
  std::vector<Cell> cells;
  std::vector<uint8_t> inFlight; ///< bits: bytes that a copy has yet to bring
  uint64_t copiesInFlight = 0;
  std::array<Barrier, 16> barriers;
  std::vector<CopyArrival> copyArrivals;
  std::map<uint64_t, View> memoryBarriers; ///< by offset: what those who arrived knew
  uint32_t trues = 0, votes = 0;           ///< of the bar.red that completes now
  uint32_t jointSegment = 0;
  bool hasFenced = false; ///< some warp has
  uint64_t instructions = 0;
  View acquired;                 ///< of other blocks, for all warps
  std::set<uint64_t> acquiredAt; ///< where

  explicit Block(Launch &launch);
  /// Becomes block `number` of the grid, with all its threads at the kernel's begin.
  void start(uint32_t number);
  /// Runs until all threads have exited (true) or `quantum` instructions are done. Throws LaunchEnded.
  bool run(uint64_t quantum);
  /// A group of the warp arrives at the barrier of `op`, and waits if that does.
  void arrive(Warp &warp, Group &group, const Op &op, Lanes lanes);
  /// Completes the barriers that have all they wait for; whether there was any.
  bool settle();
  uint64_t sharedBytes() const { return shared.size() - 16; }
  bool hasAcquired(const Segment &segment) const;
  Dim3 threadOf(uint32_t warp, int lane) const;
  /// The value of a register that the machine sets, of bytes as the slot has.
  void setPreset(Warp &warp, const Preset &preset);

private:
  void startWarp(Warp &warp);
  uint64_t presetValue(const Warp &warp, const Preset &preset, int lane) const;
  bool complete(const Barrier &barrier) const;
  void release(unsigned number);
  bool unstick();
  bool unstick(Warp &warp, Group &group);
  [[noreturn]] void deadlock();
  std::vector<uint8_t> registers, local, localWritten; ///< of all warps
  std::vector<Lanes> undefined;
};

} // namespace adze::ptx
