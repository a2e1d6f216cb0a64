// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Memory that a model's runs hold (arenas, slots, staging, scratch): taken from the caller's allocator and counted.
#ifndef ADZE_RUNTIME_MEMORY_H
#define ADZE_RUNTIME_MEMORY_H

#include "runtime/abi.h"

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { ADZE_ALIGNMENT = 64 };

/// Where memory comes from, and how much of it is out. Shared by all threads that run one model.
typedef struct adze_memory {
  adze_allocator allocator;
  int64_t held; ///< bytes; atomic access only
} adze_memory;

/// A piece of memory that only grows.
typedef struct adze_block {
  void *data;
  int64_t bytes;
} adze_block;

/// Sets up `memory` over `allocator`, or over aligned_alloc if that is NULL. The default asks for huge pages for large
/// pieces and refuses more than the machine's memory.
void adze_memory_init(adze_memory *memory, const adze_allocator *allocator);

/// Bytes held now.
int64_t adze_memory_held(const adze_memory *memory);

/// Makes `block` at least `bytes` >= 0 large, 64-byte aligned. Contents are lost when it has to grow. False: no memory;
/// the block is then empty.
bool adze_block_reserve(adze_memory *memory, adze_block *block, int64_t bytes);

/// As adze_block_reserve, but takes half as much again as it held when it grows, for blocks that grow step by step.
bool adze_block_grow(adze_memory *memory, adze_block *block, int64_t bytes);

/// Counts `bytes` more (or fewer) as held: of memory that comes from elsewhere, such as a device's.
void adze_memory_count(adze_memory *memory, int64_t bytes);

/// Gives the memory back; the block is then empty.
void adze_block_free(adze_memory *memory, adze_block *block);

/// An aligned address for tensors without elements; nothing may be read or written there.
void *adze_no_data(void);

/// Rounds up to a multiple of `alignment`, a power of two. `value` is at least 0; false on overflow.
static inline bool adze_round_up(int64_t value, int64_t alignment, int64_t *rounded) {
  if (value > INT64_MAX - (alignment - 1))
    return false;
  *rounded = (value + (alignment - 1)) & ~(alignment - 1);
  return true;
}

#ifdef __cplusplus
}
#endif
#endif // ADZE_RUNTIME_MEMORY_H
