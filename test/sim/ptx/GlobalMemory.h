// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Global memory: allocations with wide gaps, which bytes have been written, and the cells of the running launch.
#pragma once
#include "test/sim/ptx/Races.h"
#include <cstring>
#include <map>

namespace adze::ptx {

/// Bits of which bytes have been written; two words of slack lie behind the last.
inline bool allWritten(const uint8_t *bits, uint64_t first, unsigned bytes) {
  uint32_t word, mask = bytes >= 32 ? ~0u : (1u << bytes) - 1;
  std::memcpy(&word, bits + (first >> 3), 4);
  return (word >> (first & 7) & mask) == mask;
}
inline void setWritten(uint8_t *bits, uint64_t first, unsigned bytes, bool written) {
  uint32_t word, mask = ((1u << bytes) - 1) << (first & 7);
  std::memcpy(&word, bits + (first >> 3), 4);
  word = written ? word | mask : word & ~mask;
  std::memcpy(bits + (first >> 3), &word, 4);
}
/// The same for ranges of any length.
void setWrittenRange(uint8_t *bits, uint64_t first, uint64_t bytes, bool written);
bool allWrittenRange(const uint8_t *bits, uint64_t first, uint64_t bytes);

struct Allocation {
  uint64_t base = 0, size = 0;
  uint8_t *data = nullptr, *written = nullptr;
  bool full = false;     ///< every byte is written
  bool readOnly = false; ///< .const
  bool internal = false; ///< a module's variable
  std::vector<Cell *> pages;
};

class GlobalMemory {
public:
  static constexpr uint64_t pageBytes = 4096;
  explicit GlobalMemory(uint64_t limit) : limit(limit) {}
  ~GlobalMemory();
  GlobalMemory(const GlobalMemory &) = delete;

  /// Null: no room.
  Allocation *allocate(uint64_t bytes, bool internal);
  bool release(uint64_t address, bool internal);
  /// The allocation that has this byte, or null.
  Allocation *find(uint64_t address);
  /// The one that has the whole range, or null.
  Allocation *find(uint64_t address, uint64_t bytes);
  /// "12 bytes behind the 4096 bytes at 0x...": for messages.
  std::string describe(uint64_t address);
  void markWritten(Allocation &allocation, uint64_t offset, uint64_t bytes, bool written);

  /// The cell of the four bytes at this offset.
  Cell &cell(Allocation &allocation, uint64_t offset) {
    Cell *&page = allocation.pages[offset / pageBytes];
    if (!page)
      page = newPage(allocation, offset / pageBytes);
    return page[offset % pageBytes / 4];
  }
  /// Forgets all accesses: a launch is over.
  void forgetAccesses();

  uint64_t allocated = 0; ///< bytes of those that are not internal
  size_t count = 0;

private:
  Cell *newPage(Allocation &allocation, uint64_t page);
  std::map<uint64_t, Allocation> all; ///< by base
  uint64_t next = 0x300000000, limit;
  std::vector<Cell *> pool;
  std::vector<std::pair<uint64_t, uint64_t>> dirty; ///< (base, page)
};

} // namespace adze::ptx
