// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/sim/ptx/Access.h"

namespace adze::ptx {

Space takeSpace(Assembler &a) {
  static const std::pair<const char *, Space> names[] = {{"global", Space::global},      {"shared", Space::shared},
                                                         {"shared::cta", Space::shared}, {"local", Space::local},
                                                         {"param", Space::param},        {"param::entry", Space::param},
                                                         {"param::func", Space::param},  {"const", Space::constant}};
  for (auto [name, space] : names)
    if (a.take(name))
      return space;
  return Space::generic;
}

void takeOrder(Assembler &a, Access &access) {
  std::string_view order = a.takeAny({"volatile", "relaxed", "acquire", "release", "mmio", "weak"});
  access.strong = !order.empty() && order != "weak";
  access.releases = order == "release";
  access.acquires = order == "acquire";
  a.takeAny({"cta", "cluster", "gpu", "sys"});
  a.takeAny({"ca", "cg", "cs", "lu", "cv", "wb", "wt"});
  a.takeAny({"L1::evict_normal", "L1::evict_unchanged", "L1::evict_first", "L1::evict_last", "L1::no_allocate"});
  a.takeAny({"L2::evict_normal", "L2::evict_first", "L2::evict_last"});
  a.takeAny({"L2::64B", "L2::128B", "L2::256B"});
}

void setPlace(Assembler &a, Access &access, const Operand &operand) {
  Place place = a.place(operand, access.space);
  access.base = place.base;
  access.is32 = place.is32;
  access.offset = place.offset;
  access.space = place.space;
}

void addressesOf(Warp &warp, const Access &access, Lanes lanes, uint64_t *at) {
  if (warp.undefined[access.base] & lanes)
    warp.block->launch.fault(Fault::uninitialized, warp, firstOf(warp.undefined[access.base] & lanes),
                             [] { return std::string("the address has no defined value"); });
  uint64_t offset = static_cast<uint64_t>(access.offset);
  if (access.is32) {
    const uint32_t *base = warp.lanes<uint32_t>(access.base);
    ADZE_EACH_LANE at[i] = base[i] + offset;
  } else {
    const uint64_t *base = warp.lanes<uint64_t>(access.base);
    ADZE_EACH_LANE at[i] = base[i] + offset;
  }
}

namespace {
std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof(text), "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

Lanes inRange(const uint64_t *at, Lanes lanes, uint64_t base, uint64_t size, unsigned total) {
  if (size < total)
    return 0;
  uint64_t last = size - total;
  uint64_t outside = 0;
  ADZE_EACH_LANE outside |= at[i] - base > last;
  return outside ? lanes & lanesWhere([=](int i) { return at[i] - base <= last; }) : lanes;
}

Space spaceOf(uint64_t address, Space space) {
  if (space == Space::constant)
    return Space::global;
  if (space != Space::generic)
    return space;
  auto within = [&](uint64_t window) { return address - window < windowBytes; };
  return within(sharedWindow)  ? Space::shared
         : within(localWindow) ? Space::local
         : within(paramWindow) ? Space::param
                               : Space::global;
}

void setRegion(Warp &warp, const Access &access, Space space, Region &region) {
  Block &block = *warp.block;
  bool isGeneric = access.space == Space::generic;
  region = Region();
  region.space = space;
  if (space == Space::shared) {
    region.base = isGeneric ? sharedWindow : 0;
    region.size = block.sharedBytes();
    region.data = block.shared.data();
    region.written = block.sharedWritten.data();
    region.tracked = true;
  } else if (space == Space::local) {
    region.base = isGeneric ? localWindow : 0;
    region.size = region.laneStride = block.launch.program.localBytes;
    region.data = warp.local;
    region.written = warp.localWritten;
  } else {
    region.base = isGeneric ? paramWindow : 0;
    region.size = block.launch.parameters.size() - 16;
    region.data = block.launch.parameters.data();
    region.written = block.launch.parametersWritten.data();
  }
}

void setGlobalRegion(Allocation &allocation, Region &region) {
  region = Region();
  region.base = allocation.base;
  region.size = allocation.size;
  region.data = allocation.data;
  region.written = allocation.written;
  region.allocation = &allocation;
  region.full = allocation.full;
  region.tracked = !allocation.readOnly;
}

[[noreturn]] void outside(Warp &warp, const Region &region, uint64_t at, unsigned total, int lane) {
  warp.block->launch.end(Fault::out_of_bounds, warp, lane, [&] {
    std::string text = std::to_string(total) + " bytes at ";
    if (region.space == Space::global)
      return text + warp.block->launch.memory.describe(at);
    return text + hex(at - region.base) + " of " + std::to_string(region.size) + " bytes of " +
           (region.space == Space::shared  ? "shared memory"
            : region.space == Space::local ? "the thread's local memory"
                                           : "parameters");
  });
}
} // namespace

Lanes resolve(Warp &warp, const Access &access, const uint64_t *at, Lanes lanes, Region &region) {
  int first = firstOf(lanes);
  unsigned total = access.total();
  Space space = spaceOf(at[first], access.space);
  if (space != Space::global) {
    setRegion(warp, access, space, region);
    if (access.isStore && space == Space::param)
      warp.block->launch.end(Fault::out_of_bounds, warp, first, [] { return std::string("parameters are constant"); });
    Lanes here = inRange(at, lanes, region.base, region.size, total);
    if (!(here >> first & 1))
      outside(warp, region, at[first], total, first);
    return here;
  }
  Allocation *&recent = warp.block->launch.sites[access.site].recent;
  Allocation *allocation = recent;
  if (!allocation || at[first] - allocation->base >= allocation->size)
    allocation = warp.block->launch.memory.find(at[first]);
  Lanes here = 0;
  if (allocation) {
    recent = allocation;
    setGlobalRegion(*allocation, region);
    here = inRange(at, lanes, allocation->base, allocation->size, total);
  }
  if (!(here >> first & 1)) {
    region.space = Space::global;
    outside(warp, region, at[first], total, first);
  }
  if (access.isStore && allocation->readOnly)
    warp.block->launch.end(Fault::out_of_bounds, warp, first, [] { return std::string("a store to constant memory"); });
  return here;
}

void setOffsets(Warp &warp, const Region &region, const uint64_t *at, Lanes lanes, unsigned total, Offsets &offsets) {
  uint64_t base = region.base, first = at[firstOf(lanes)], low = 0, different = 0, apart = 0;
  ADZE_EACH_LANE offsets.at[i] = at[i] - base;
  offsets.pattern = Offsets::scattered;
  if (lanes == allLanes) {
    ADZE_EACH_LANE low |= at[i];
    ADZE_EACH_LANE apart |= at[i] ^ (first + static_cast<uint64_t>(i) * total);
    if (apart)
      ADZE_EACH_LANE different |= at[i] ^ first;
    if (!region.laneStride)
      offsets.pattern = !apart ? Offsets::consecutive : !different ? Offsets::same : Offsets::scattered;
  } else {
    eachOf(lanes, [&](int i) { low |= at[i]; });
  }
  if (low & (total - 1))
    eachOf(lanes, [&](int i) {
      if (at[i] & (total - 1))
        warp.block->launch.fault(Fault::misaligned, warp, i, [&] {
          return "address " + hex(at[i]) + " is no multiple of " + std::to_string(total);
        });
    });
}

void checkInFlight(Warp &warp, const Region &, const Offsets &offsets, Lanes lanes, unsigned total) {
  const std::vector<uint8_t> &bits = warp.block->inFlight;
  eachOf(lanes, [&](int i) {
    for (unsigned byte = 0; byte < total; ++byte)
      if (uint64_t at = offsets.at[i] + byte; bits[at / 8] >> (at % 8) & 1)
        return warp.block->launch.fault(Fault::missing_wait, warp, i, [&] {
          return "byte " + std::to_string(at) + " of shared memory is still to be brought by a cp.async";
        });
  });
}

/// Shared memory is of one block: its addresses are told apart by the block's number.
static uint64_t orderedAddress(const Warp &warp, const Region &region, uint64_t offset) {
  return offset + (region.space == Space::shared ? sharedWindow + (uint64_t(warp.block->number) << 32) : region.base);
}

void orderAt(Warp &warp, const Region &region, const Offsets &offsets, Lanes lanes, bool reads, bool writes) {
  if (!warp.block->hasFenced && warp.block->launch.released.empty())
    return;
  if (offsets.pattern == Offsets::same)
    lanes = 1;
  eachOf(lanes, [&](int i) {
    uint64_t address = orderedAddress(warp, region, offsets.at[i]);
    if (reads)
      acquireAt(warp, address);
    if (writes)
      releaseAt(warp, address);
  });
}

namespace {
/// Records accesses of one warp's instruction to cells, one after the other. What the last cells had in common is kept:
/// neighbours mostly have the same history.
class CellNotes {
public:
  CellNotes(Warp &warp, const Region &region, bool atomic)
      : warp(warp), region(region), segments(warp.block->launch.segments), segment(warp.segment), atomic(atomic),
        at(cellAt(warp.pc, atomic, 0)) {
    uint32_t joint = warp.block->jointSegment;
    if (joint && segments[joint].clock >= warp.clock)
      shared = joint;
  }

  ADZE_INLINE void read(Cell &cell, uint32_t bytes, uint64_t offset, int lane) {
    if (!atomic && isBefore(cell.write)) {
      uint32_t reader = cell.read;
      if (reader == segment || reader == Segments::severalBlocks || reader == shared) {
        cell.readAt = (cell.readAt & 0xf0000000) | at | bytes << 28;
        return;
      }
      if (isBefore(reader)) {
        cell.read = segment;
        cell.readAt = at | bytes << 28;
        return;
      }
    }
    readSlowly(cell, bytes, offset, lane);
  }

  ADZE_INLINE void write(Cell &cell, uint32_t bytes, uint64_t offset, int lane) {
    if (bytes == 15 && !atomic && isBefore(cell.write) && isBefore(cell.read)) {
      cell = {segment, 0, at | 15u << 28, 0};
      return;
    }
    writeSlowly(cell, bytes, offset, lane);
  }

private:
  __attribute__((noinline)) void readSlowly(Cell &cell, uint32_t bytes, uint64_t offset, int lane) {
    Conflict conflict;
    if (!noteRead(segments, cell, warp, bytes, atomic, conflict))
      tell(conflict, offset, lane);
  }
  __attribute__((noinline)) void writeSlowly(Cell &cell, uint32_t bytes, uint64_t offset, int lane) {
    Conflict conflict;
    if (!noteWrite(segments, cell, warp, bytes, atomic, conflict))
      tell(conflict, offset, lane);
  }

  ADZE_INLINE bool isBefore(uint32_t other) {
    if (other == 0 || other == segment || other == ordered)
      return true;
    if (!segments.before(other, warp))
      return false;
    ordered = other;
    return true;
  }

  __attribute__((noinline)) void tell(const Conflict &conflict, uint64_t offset, int lane) {
    // Atomics at an address are themselves before those who have acquired there.
    if ((conflict.at & Cell::atomicBit) && warp.block->acquiredAt.count(orderedAddress(warp, region, offset)))
      return;
    warp.block->launch.fault(Fault::race, warp, lane, [&] {
      return "race with " + warp.block->launch.describe(conflict) + " at byte " + std::to_string(offset) + " of " +
             (region.space == Space::shared ? std::string("shared memory")
                                            : "the " + std::to_string(region.size) + " bytes at " + hex(region.base));
    });
  }

  Warp &warp;
  const Region &region;
  Segments &segments;
  const uint32_t segment;
  const bool atomic;
  const uint32_t at;
  uint32_t ordered = 0, shared = 0; ///< a segment that lies before; one that stands for this warp's reads too
};

template <bool isWrite>
void noteLanes(Warp &warp, const Region &region, const Offsets &offsets, Lanes lanes, unsigned total, bool atomic) {
  GlobalMemory &memory = warp.block->launch.memory;
  CellNotes notes(warp, region, atomic);
  auto note = [&](Cell &cell, uint32_t bytes, uint64_t offset, int lane) ADZE_INLINE {
    isWrite ? notes.write(cell, bytes, offset, lane) : notes.read(cell, bytes, offset, lane);
  };
  bool isShared = region.space == Space::shared;
  auto cellOf = [&](uint64_t offset) -> Cell & {
    return isShared ? warp.block->cells[offset / 4] : memory.cell(*region.allocation, offset);
  };
  if (offsets.pattern == Offsets::same)
    lanes = 1;
  if (offsets.pattern == Offsets::consecutive && total >= 4 && offsets.at[0] % 4 == 0) {
    uint64_t offset = offsets.at[0], end = offset + 32ull * total;
    while (offset < end) {
      Cell *cells = &cellOf(offset);
      uint64_t stop = isShared ? end : std::min(end, (offset / GlobalMemory::pageBytes + 1) * GlobalMemory::pageBytes);
      for (; offset < stop; offset += 4)
        note(*cells++, 15, offset, -1);
    }
    return;
  }
  uint64_t last = ~0ull;
  eachOf(lanes, [&](int i) {
    uint64_t offset = offsets.at[i];
    if (offset == last)
      return; // several lanes of one access
    last = offset;
    if (total < 4)
      return note(cellOf(offset), (((1u << total) - 1) << (offset & 3)) & 15, offset, i);
    for (unsigned byte = 0; byte < total; byte += 4)
      note(cellOf(offset + byte), 15, offset + byte, i);
  });
}
} // namespace

void noteAccess(Warp &warp, const Region &region, const Offsets &offsets, Lanes lanes, unsigned total, bool isWrite,
                bool atomic) {
  isWrite ? noteLanes<true>(warp, region, offsets, lanes, total, atomic)
          : noteLanes<false>(warp, region, offsets, lanes, total, atomic);
}

} // namespace adze::ptx
