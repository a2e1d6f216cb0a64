// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Who accessed what since when: the order between the accesses of a launch's warps.
//
// A segment is what one warp does between two barriers. Each cell of four bytes knows the segment that wrote it last
// and the one that read it since; where several did, a segment stands for all warps of a block, or for several blocks.
// An access races with those that are not ordered before it, of other warps: accesses of one warp are in order. Several
// segments that write different bytes of one cell: only the last is known.
#pragma once
#include "test/sim/ptx/Warp.h"

namespace adze::ptx {

/// `At`: the op's index, whether the access is atomic, and which of the four bytes it touches.
struct Cell {
  static constexpr uint32_t atomicBit = 1u << 27, pcMask = atomicBit - 1;
  uint32_t write = 0, read = 0;
  uint32_t writeAt = 0, readAt = 0;
};
inline uint32_t cellAt(uint32_t pc, bool atomic, uint32_t bytes) {
  return pc | (atomic ? Cell::atomicBit : 0) | bytes << 28;
}

struct Segment {
  static constexpr uint16_t everyWarp = 0xffff;
  uint32_t block = 0, clock = 0;
  uint16_t warp = 0;
};

class Segments {
public:
  static constexpr uint32_t severalBlocks = ~0u;
  Segments() : all(1) {}
  /// A new one for the warp, which is in it from now on.
  void begin(Warp &warp);
  const Segment &operator[](uint32_t segment) const { return all[segment]; }
  size_t count() const { return all.size(); }
  /// Whether what `segment` did lies before what the warp does now.
  bool before(uint32_t segment, const Warp &warp) const {
    if (segment == severalBlocks)
      return false;
    const Segment &other = all[segment];
    return other.block == warp.number && (other.warp == warp.index || segment < warp.orderedBelow)
               ? true
               : isKnown(other, warp);
  }
  /// The segment that stands for `reader` and for the warp, which reads too.
  uint32_t join(uint32_t reader, const Warp &warp);

private:
  bool isKnown(const Segment &segment, const Warp &warp) const;
  std::vector<Segment> all; ///< [0]: nobody
};

/// What an access found: with which other access it races, if any.
struct Conflict {
  uint32_t segment = 0, at = 0;
  bool withWrite = false;
};

/// Records a read or a write of `bytes` (a mask of four) by the warp's running instruction. False, with the conflict,
/// if it races.
bool noteRead(Segments &segments, Cell &cell, const Warp &warp, uint32_t bytes, bool atomic, Conflict &conflict);
bool noteWrite(Segments &segments, Cell &cell, const Warp &warp, uint32_t bytes, bool atomic, Conflict &conflict);

} // namespace adze::ptx
