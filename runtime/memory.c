// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Counted memory; see memory.h.
#define _GNU_SOURCE
#include "runtime/memory.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { kHugePage = 2 << 20 };

/// Whether the machine could never hold `bytes`: an overcommitting kernel would grant them and kill the process later.
static bool exceeds_machine(size_t bytes) {
  if (bytes < (size_t)1 << 30)
    return false;
  long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 && bytes / (size_t)page > (size_t)pages;
}

static void *default_alloc(void *self, size_t bytes, size_t alignment) {
  (void)self;
  if (exceeds_machine(bytes))
    return NULL;
  bool large = bytes >= 2 * (size_t)kHugePage;
  if (large && alignment < kHugePage)
    alignment = kHugePage;
  void *data = aligned_alloc(alignment, (bytes + alignment - 1) & ~(alignment - 1));
  if (data && large)
    madvise(data, bytes, MADV_HUGEPAGE); // a hint: failing changes nothing
  return data;
}

static void default_free(void *self, void *data, size_t bytes) {
  (void)self;
  (void)bytes;
  free(data);
}

void adze_memory_init(adze_memory *memory, const adze_allocator *allocator) {
  static const adze_allocator kDefault = {NULL, default_alloc, default_free};
  memory->allocator = allocator ? *allocator : kDefault;
  memory->held = 0;
}

int64_t adze_memory_held(const adze_memory *memory) { return __atomic_load_n(&memory->held, __ATOMIC_RELAXED); }

void adze_memory_count(adze_memory *memory, int64_t bytes) {
  __atomic_fetch_add(&memory->held, bytes, __ATOMIC_RELAXED);
}

static bool take(adze_memory *memory, adze_block *block, int64_t bytes) {
  int64_t rounded;
  if (!adze_round_up(bytes, ADZE_ALIGNMENT, &rounded))
    return false;
  void *data = memory->allocator.alloc(memory->allocator.self, (size_t)rounded, ADZE_ALIGNMENT);
  if (!data)
    return false;
  adze_memory_count(memory, rounded);
  block->data = data;
  block->bytes = rounded;
  return true;
}

bool adze_block_reserve(adze_memory *memory, adze_block *block, int64_t bytes) {
  if (bytes <= block->bytes)
    return true;
  adze_block_free(memory, block);
  return take(memory, block, bytes);
}

bool adze_block_grow(adze_memory *memory, adze_block *block, int64_t bytes) {
  if (bytes <= block->bytes)
    return true;
  int64_t generous = block->bytes + block->bytes / 2; // cannot overflow: these bytes exist
  adze_block_free(memory, block);
  return (generous > bytes && take(memory, block, generous)) || take(memory, block, bytes);
}

void adze_block_free(adze_memory *memory, adze_block *block) {
  if (block->data) {
    memory->allocator.free(memory->allocator.self, block->data, (size_t)block->bytes);
    adze_memory_count(memory, -block->bytes);
  }
  block->data = NULL;
  block->bytes = 0;
}

void *adze_no_data(void) {
  static _Alignas(ADZE_ALIGNMENT) char nothing[ADZE_ALIGNMENT];
  return nothing;
}
