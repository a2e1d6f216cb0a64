// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Counts of accesses: conflicts in the banks of shared memory, sectors of global memory.
#include "test/sim/ptx/Access.h"

namespace adze::ptx {

unsigned bankPasses(const uint64_t *addresses, Lanes lanes, unsigned words) {
  uint32_t first[32], rest[32 * 8];
  uint8_t many[32] = {};
  unsigned others = 0, passes = 0;
  eachOf(lanes, [&](int lane) {
    for (unsigned i = 0; i < words; ++i) {
      uint32_t word = static_cast<uint32_t>(addresses[lane] / 4) + i, bank = word % 32;
      if (many[bank] == 0) {
        first[bank] = word;
      } else if (first[bank] == word) {
        continue;
      } else {
        bool known = false;
        for (unsigned j = 0; j < others && many[bank] > 1; ++j)
          known = known || rest[j] == word;
        if (known)
          continue;
        rest[others++] = word;
      }
      passes = std::max<unsigned>(passes, ++many[bank]);
    }
  });
  return passes;
}

namespace {
void countBanks(SiteCounts &site, const Offsets &offsets, Lanes lanes, unsigned total) {
  ++site.shared;
  if (offsets.pattern != Offsets::scattered)
    return;
  // The hardware takes 32 words at a time: all lanes, the halves or the quarters of a warp.
  unsigned parts = total <= 4 ? 1 : total <= 8 ? 2 : 4, width = 32 / parts;
  for (unsigned i = 0; i < parts; ++i) {
    Lanes part = lanes & (width == 32 ? allLanes : ((1u << width) - 1) << (i * width));
    unsigned passes = part ? bankPasses(offsets.at, part, std::max(total / 4, 1u)) : 0;
    site.conflicts += passes ? passes - 1 : 0;
  }
}

uint64_t sectorsOf(const Region &region, const Offsets &offsets, Lanes lanes, unsigned total) {
  uint64_t first = (region.base + offsets.at[firstOf(lanes)]);
  if (offsets.pattern == Offsets::consecutive)
    return (first + 32ull * total - 1) / 32 - first / 32 + 1;
  if (offsets.pattern == Offsets::same)
    return (first + total - 1) / 32 - first / 32 + 1;
  uint64_t table[64];
  uint64_t used = 0;
  unsigned count = 0;
  auto add = [&](uint64_t sector) {
    for (unsigned slot = sector % 64;; slot = (slot + 1) % 64) {
      if (!(used >> slot & 1)) {
        used |= 1ull << slot;
        table[slot] = sector;
        ++count;
        return;
      }
      if (table[slot] == sector)
        return;
    }
  };
  eachOf(lanes, [&](int i) {
    uint64_t address = region.base + offsets.at[i];
    add(address / 32);
    if (count < 63 && (address + total - 1) / 32 != address / 32)
      add((address + total - 1) / 32);
  });
  return count;
}
} // namespace

void countAccess(Warp &warp, const Region &region, const Offsets &offsets, Lanes lanes, unsigned total,
                 uint32_t index) {
  SiteCounts &site = warp.block->launch.sites[index];
  if (region.space == Space::shared)
    return countBanks(site, offsets, lanes, total);
  uint64_t bytes = static_cast<uint64_t>(popcount(lanes)) * total;
  uint64_t sectors = sectorsOf(region, offsets, lanes, total);
  ++site.accesses;
  site.bytes += bytes;
  site.sectors += sectors;
  site.least += std::min(sectors, (bytes + 31) / 32);
}

} // namespace adze::ptx
