// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/sim/ptx/Races.h"
#include "test/sim/ptx/Block.h"

namespace adze::ptx {

void Segments::begin(Warp &warp) {
  Segment segment;
  segment.block = warp.block->number;
  segment.warp = static_cast<uint16_t>(warp.index);
  segment.clock = warp.clock;
  warp.segment = static_cast<uint32_t>(all.size());
  all.push_back(segment);
}

bool Segments::isKnown(const Segment &other, const Warp &warp) const {
  if (other.block != warp.block->number)
    return warp.block->hasAcquired(other);
  if (other.warp == warp.index)
    return true;
  if (other.warp != Segment::everyWarp)
    return warp.known[other.warp] >= other.clock;
  for (uint32_t i = 0; i < warp.block->warps.size(); ++i)
    if (i != warp.index && warp.known[i] < other.clock)
      return false;
  return true;
}

uint32_t Segments::join(uint32_t reader, const Warp &warp) {
  if (reader == severalBlocks)
    return reader;
  Segment other = all[reader];
  if (other.block != warp.block->number)
    return severalBlocks;
  if (other.warp == Segment::everyWarp && other.clock >= warp.clock)
    return reader;
  uint32_t clock = std::max(other.clock, warp.clock);
  uint32_t &joint = warp.block->jointSegment;
  if (joint && all[joint].clock == clock)
    return joint;
  other.warp = Segment::everyWarp;
  other.clock = clock;
  joint = static_cast<uint32_t>(all.size());
  all.push_back(other);
  return joint;
}

namespace {
bool overlaps(uint32_t at, uint32_t bytes, bool atomic) {
  return (at >> 28 & bytes) && !(atomic && (at & Cell::atomicBit));
}
} // namespace

bool noteRead(Segments &segments, Cell &cell, const Warp &warp, uint32_t bytes, bool atomic, Conflict &conflict) {
  bool fine = true;
  if (cell.write && cell.write != warp.segment && overlaps(cell.writeAt, bytes, atomic) &&
      !segments.before(cell.write, warp)) {
    conflict = {cell.write, cell.writeAt, true};
    fine = false;
  }
  uint32_t at = cellAt(warp.pc, atomic, bytes);
  if (cell.read == warp.segment) {
    cell.readAt = (at & cell.readAt & Cell::atomicBit) | (at & Cell::pcMask) | ((at | cell.readAt) & 0xf0000000);
  } else if (cell.read == 0 || segments.before(cell.read, warp)) {
    cell.read = warp.segment;
    cell.readAt = at;
  } else {
    cell.read = segments.join(cell.read, warp);
    cell.readAt = (at & cell.readAt & Cell::atomicBit) | (at & Cell::pcMask) | ((at | cell.readAt) & 0xf0000000);
  }
  return fine;
}

bool noteWrite(Segments &segments, Cell &cell, const Warp &warp, uint32_t bytes, bool atomic, Conflict &conflict) {
  bool fine = true;
  if (cell.write && cell.write != warp.segment && overlaps(cell.writeAt, bytes, atomic) &&
      !segments.before(cell.write, warp)) {
    conflict = {cell.write, cell.writeAt, true};
    fine = false;
  } else if (cell.read && cell.read != warp.segment && overlaps(cell.readAt, bytes, atomic) &&
             !segments.before(cell.read, warp)) {
    conflict = {cell.read, cell.readAt, false};
    fine = false;
  }
  uint32_t at = cellAt(warp.pc, atomic, bytes);
  if (cell.write == warp.segment)
    at = (at & cell.writeAt & Cell::atomicBit) | (at & Cell::pcMask) | ((at | cell.writeAt) & 0xf0000000);
  cell.write = warp.segment;
  cell.writeAt = at;
  if (bytes == 15 && !atomic)
    cell.read = 0;
  return fine;
}

} // namespace adze::ptx
