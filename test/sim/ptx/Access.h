// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What loads, stores, atomics and copies share: addresses, the memory behind them, its checks and its counts.
#pragma once
#include "test/sim/ptx/Assembler.h"
#include "test/sim/ptx/Block.h"
#include "test/sim/ptx/Lanes.h"

namespace adze::ptx {

/// Op::extra of an access.
struct Access {
  Space space = Space::generic;
  Slot base = 0;
  bool is32 = false; ///< the base
  int64_t offset = 0;
  uint8_t bytes = 0, count = 1; ///< of an element; elements
  bool isSigned = false;
  bool strong = false;                     ///< volatile, relaxed and so on: does not race with its like
  bool releases = false, acquires = false; ///< orders other accesses itself
  bool isStore = false;
  uint32_t site = 0;
  uint8_t registerBytes[8] = {};
  Slot registers[8] = {};
  unsigned total() const { return unsigned(bytes) * count; }
};

/// The memory in which the addresses of some lanes lie.
struct Region {
  Space space = Space::global;
  uint64_t base = 0, size = 0;
  uint8_t *data = nullptr, *written = nullptr;
  uint64_t laneStride = 0;          ///< of local memory: a lane's bytes
  Allocation *allocation = nullptr; ///< of global memory
  bool full = false;                ///< every byte is written
  bool tracked = false;             ///< others can access it: look for races

  uint8_t *at(uint64_t offset, int lane) const { return data + laneStride * static_cast<unsigned>(lane) + offset; }
  uint64_t bit(uint64_t offset, int lane) const { return laneStride * static_cast<unsigned>(lane) + offset; }
};

/// Offsets in a region; how those of all lanes lie.
struct Offsets {
  enum Pattern : uint8_t { scattered, consecutive, same } pattern = scattered;
  uint64_t at[32];
};

/// How often 32 banks of 4 bytes must be passed over for the lanes, which access `words` words each from their
/// addresses.
unsigned bankPasses(const uint64_t *addresses, Lanes lanes, unsigned words);

/// The access's modifiers of order, scope and caching, which a load and a store have in common.
void takeOrder(Assembler &a, Access &access);
Space takeSpace(Assembler &a);
/// Sets base, offset and space.
void setPlace(Assembler &a, Access &access, const Operand &operand);

/// Addresses of all lanes; reports those that are undefined.
void addressesOf(Warp &warp, const Access &access, Lanes lanes, uint64_t *at);
/// Of the first lanes of `lanes`: those that lie in one region with it. Ends the launch if the first one lies nowhere.
Lanes resolve(Warp &warp, const Access &access, const uint64_t *at, Lanes lanes, Region &region);
void setOffsets(Warp &warp, const Region &region, const uint64_t *at, Lanes lanes, unsigned total, Offsets &offsets);

/// Records the access for the search of races, and reports them.
void noteAccess(Warp &warp, const Region &region, const Offsets &offsets, Lanes lanes, unsigned total, bool isWrite,
                bool atomic);
/// Reports those that touch what a copy has yet to bring.
void checkInFlight(Warp &warp, const Region &region, const Offsets &offsets, Lanes lanes, unsigned total);
void countAccess(Warp &warp, const Region &region, const Offsets &offsets, Lanes lanes, unsigned total, uint32_t site);

/// What a strong access orders.
void orderAt(Warp &warp, const Region &region, const Offsets &offsets, Lanes lanes, bool reads, bool writes);

/// f(region, offsets, lanes) for each region that the addresses lie in, checked, recorded and counted.
template <class F>
void eachRegionAt(Warp &warp, const Access &access, const uint64_t *at, Lanes lanes, bool reads, bool writes,
                  bool atomic, F f) {
  Region region;
  Offsets offsets;
  unsigned total = access.total();
  while (lanes) {
    Lanes here = resolve(warp, access, at, lanes, region);
    setOffsets(warp, region, at, here, total, offsets);
    if (region.space == Space::shared && warp.block->copiesInFlight)
      checkInFlight(warp, region, offsets, here, total);
    if (region.space == Space::shared || region.space == Space::global)
      countAccess(warp, region, offsets, here, total, access.site);
    if (region.tracked && reads)
      noteAccess(warp, region, offsets, here, total, false, atomic);
    if (region.tracked && writes)
      noteAccess(warp, region, offsets, here, total, true, atomic);
    if (region.tracked && atomic)
      orderAt(warp, region, offsets, here, reads, writes);
    f(static_cast<const Region &>(region), static_cast<const Offsets &>(offsets), here);
    lanes &= ~here;
  }
}

/// The same for the addresses that the access says; what it orders by itself included.
template <class F>
void eachRegion(Warp &warp, const Access &access, Lanes lanes, bool reads, bool writes, bool atomic, F f) {
  uint64_t at[32];
  if (access.releases)
    fenceOf(warp);
  addressesOf(warp, access, lanes, at);
  eachRegionAt(warp, access, at, lanes, reads, writes, atomic, f);
  if (access.acquires)
    fenceOf(warp);
}

} // namespace adze::ptx
