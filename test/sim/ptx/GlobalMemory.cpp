// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/sim/ptx/GlobalMemory.h"
#include <cstdlib>

namespace adze::ptx {

namespace {
constexpr uint64_t smallestGap = 1 << 20;
std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof(text), "0x%llx", static_cast<unsigned long long>(value));
  return text;
}
} // namespace

void setWrittenRange(uint8_t *bits, uint64_t first, uint64_t bytes, bool written) {
  uint64_t end = first + bytes;
  for (; first < end && first % 8; ++first)
    setWritten(bits, first, 1, written);
  if (end - first >= 8)
    std::memset(bits + first / 8, written ? 0xff : 0, (end - first) / 8);
  for (first += (end - first) / 8 * 8; first < end; ++first)
    setWritten(bits, first, 1, written);
}

bool allWrittenRange(const uint8_t *bits, uint64_t first, uint64_t bytes) {
  for (uint64_t word; first % 8 == 0 && bytes >= 64; first += 64, bytes -= 64) {
    std::memcpy(&word, bits + first / 8, 8);
    if (word != ~0ull)
      return false;
  }
  for (; bytes; ++first, --bytes)
    if (first % 8 == 0 && bytes >= 8 && bits[first / 8] == 0xff)
      first += 7, bytes -= 7;
    else if (!allWritten(bits, first, 1))
      return false;
  return true;
}

GlobalMemory::~GlobalMemory() {
  forgetAccesses();
  for (auto &[base, allocation] : all) {
    std::free(allocation.data);
    std::free(allocation.written);
  }
  for (Cell *page : pool)
    std::free(page);
}

Allocation *GlobalMemory::allocate(uint64_t bytes, bool internal) {
  if (!internal && (bytes == 0 || bytes > limit || allocated > limit - bytes))
    return nullptr;
  Allocation allocation;
  // calloc: pages that nobody touches take no memory.
  allocation.data = static_cast<uint8_t *>(std::calloc(bytes + 16, 1));
  allocation.written = static_cast<uint8_t *>(std::calloc(bytes / 8 + 16, 1));
  if (!allocation.data || !allocation.written) {
    std::free(allocation.data);
    std::free(allocation.written);
    return nullptr;
  }
  allocation.base = next;
  allocation.size = bytes;
  allocation.internal = internal;
  allocation.pages.resize(bytes / pageBytes + 1);
  next += (bytes + smallestGap + bytes / 4 + 255) / 256 * 256;
  if (!internal)
    allocated += bytes, ++count;
  return &all.emplace(allocation.base, std::move(allocation)).first->second;
}

bool GlobalMemory::release(uint64_t address, bool internal) {
  auto found = all.find(address);
  if (found == all.end() || found->second.internal != internal)
    return false;
  if (!internal)
    allocated -= found->second.size, --count;
  std::free(found->second.data);
  std::free(found->second.written);
  all.erase(found);
  return true;
}

Allocation *GlobalMemory::find(uint64_t address) {
  auto after = all.upper_bound(address);
  if (after == all.begin())
    return nullptr;
  Allocation &allocation = std::prev(after)->second;
  return address - allocation.base < allocation.size ? &allocation : nullptr;
}

Allocation *GlobalMemory::find(uint64_t address, uint64_t bytes) {
  Allocation *allocation = find(address);
  if (!allocation || bytes > allocation->size - (address - allocation->base))
    return nullptr;
  return allocation;
}

std::string GlobalMemory::describe(uint64_t address) {
  auto after = all.upper_bound(address);
  std::string text = "address " + hex(address);
  if (after != all.begin()) {
    const Allocation &below = std::prev(after)->second;
    uint64_t distance = address - below.base;
    if (distance < below.size + smallestGap)
      return text + ", byte " + std::to_string(distance) + " of " + std::to_string(below.size) + " bytes at " +
             hex(below.base);
  }
  if (after != all.end() && after->first - address < smallestGap)
    return text + ", " + std::to_string(after->first - address) + " bytes before the " +
           std::to_string(after->second.size) + " bytes at " + hex(after->first);
  return text + ", where nothing is allocated";
}

void GlobalMemory::markWritten(Allocation &allocation, uint64_t offset, uint64_t bytes, bool written) {
  if (written && bytes == allocation.size)
    allocation.full = true;
  if (!written)
    allocation.full = false;
  setWrittenRange(allocation.written, offset, bytes, written);
}

Cell *GlobalMemory::newPage(Allocation &allocation, uint64_t page) {
  Cell *cells;
  if (pool.empty()) {
    cells = static_cast<Cell *>(std::calloc(pageBytes / 4, sizeof(Cell)));
    if (!cells)
      throw std::bad_alloc();
  } else {
    cells = pool.back();
    pool.pop_back();
    std::memset(static_cast<void *>(cells), 0, pageBytes / 4 * sizeof(Cell));
  }
  dirty.emplace_back(allocation.base, page);
  return cells;
}

void GlobalMemory::forgetAccesses() {
  constexpr size_t kept = 4096;
  for (auto [base, page] : dirty) {
    Cell *&cells = all.at(base).pages[page];
    if (pool.size() < kept)
      pool.push_back(cells);
    else
      std::free(cells);
    cells = nullptr;
  }
  dirty.clear();
}

} // namespace adze::ptx
