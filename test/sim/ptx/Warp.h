// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A warp: registers, and the groups into which its lanes have diverged.
#pragma once
#include "test/sim/ptx/Order.h"
#include "test/sim/ptx/Program.h"
#include <array>
#include <deque>
#include <set>

namespace adze::ptx {

struct Block;

/// Lanes that are at the same instruction.
struct Group {
  enum State : uint8_t {
    ready,
    waitsForLanes,  ///< at a .sync instruction
    waitsForBarrier ///< arrived at barrier `barrier`
  };
  uint32_t pc = 0;
  Lanes lanes = 0;
  State state = ready;
  bool forced = false;  ///< goes on without the lanes that never come
  bool resting = false; ///< has had its turn among groups that spin
  uint8_t barrier = 0;
};

/// A copy that cp.async began and that has yet to land.
struct PendingCopy {
  uint64_t from = 0; ///< global address
  uint32_t to = 0;   ///< offset in shared memory
  uint8_t bytes = 0, fromBytes = 0, lane = 0;
  uint32_t pc = 0;
  int64_t group = -1;  ///< of the lane, -1: not committed
  uint64_t number = 0; ///< in the order of the warp's copies
};

struct Warp {
  Block *block = nullptr;
  uint32_t index = 0; ///< in the block
  uint8_t *registers = nullptr;
  /// By slot: lanes whose value nobody defined. Where a register of 64 bits has such lanes, the two slots behind its
  /// first say it of its halves.
  Lanes *undefined = nullptr;
  const uint8_t *isWide = nullptr; ///< by slot: whether a register of 64 bits begins there
  Lanes present = 0;               ///< lanes that have a thread
  Lanes alive = 0;                 ///< and have not exited
  std::vector<Group> groups;
  uint32_t pc = 0;  ///< of the running instruction
  Lanes active = 0; ///< of the running group, whatever the instruction's guard says
  uint64_t instructions = 0;

  // Order between accesses: see Races.h.
  uint32_t number = 0; ///< the block's
  uint32_t segment = 0, clock = 1;
  uint32_t orderedBelow = 0;        ///< all segments of the block below this one lie before
  std::array<uint32_t, 32> known{}; ///< of each warp of the block: the clock up to which its accesses lie before

  View released, pending;       ///< what the last fence releases; what the next one acquires
  std::set<uint64_t> pendingAt; ///< addresses of `pending`
  uint32_t fenceClock = 0;      ///< at the last fence; 0: there was none

  uint8_t *local = nullptr; ///< lane after lane
  uint8_t *localWritten = nullptr;
  std::vector<PendingCopy> copies;
  uint64_t copyNumber = 0;              ///< of the next
  std::array<int64_t, 32> copyGroups{}; ///< by lane: groups committed

  template <class T> T *lanes(Slot slot) { return reinterpret_cast<T *>(registers + uint64_t(slot) * unitBytes); }
  Lanes &predicate(Slot slot) { return *lanes<Lanes>(slot); }
  struct Halves {
    Lanes low, high;
    Halves operator|(Halves other) const { return {low | other.low, high | other.high}; }
  };
  /// Undefined lanes of each half of a register of 64 bits.
  Halves undefinedHalves(Slot a) const { return {undefined[a] & undefined[a + 1], undefined[a] & undefined[a + 2]}; }
  /// Marks d's lanes undefined where `from` is.
  void define(Slot d, Lanes lanes, Lanes from) {
    mark(d, lanes, from);
    if (isWide[d])
      mark(d + 1, lanes, from), mark(d + 2, lanes, from);
  }
  /// The same of a register of 64 bits, each half for itself.
  void defineHalves(Slot d, Lanes lanes, Halves from) {
    mark(d, lanes, from.low | from.high);
    mark(d + 1, lanes, from.low), mark(d + 2, lanes, from.high);
  }

  enum Outcome : uint8_t { done, blocked, yielded };
  /// Runs until all lanes have exited, none can go on, or `quantum` instructions are done.
  Outcome run(uint64_t quantum);

private:
  friend struct Block;
  void mark(Slot slot, Lanes lanes, Lanes from) { undefined[slot] = (undefined[slot] & ~lanes) | (from & lanes); }
  int pick();
  uint32_t nextStop(int group) const;
  bool runGroup(int group, uint64_t &quantum);
  bool meet(Group &group, const Op &op, Lanes lanes);
  void leave(Lanes lanes);
  void branchIndexed(int group, const Op &op, Lanes lanes);
  void split(int group, Lanes lanes, uint32_t target);
};

} // namespace adze::ptx
