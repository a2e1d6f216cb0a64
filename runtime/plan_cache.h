// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Remembers where the planner put the buffers of a plan, by plan and tuple of sizes; shared by all runs of a model.
#ifndef ADZE_RUNTIME_PLAN_CACHE_H
#define ADZE_RUNTIME_PLAN_CACHE_H

#include "runtime/abi.h"

#include <pthread.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  ADZE_PLACEMENTS_PER_PLAN = 32 ///< the least recently used is forgotten
};

/// One remembered placement.
typedef struct adze_placement {
  uint64_t hash, used; ///< used 0: empty
  int64_t total;
  int64_t *values; ///< sizes, then offsets
} adze_placement;

/// The placements of all plans of a model. Any number of threads may ask at once.
typedef struct adze_plan_cache {
  const adze_plan_entry *plans;
  int32_t num_plans;
  pthread_mutex_t lock;
  uint64_t clock, misses;
  adze_placement *placements;
} adze_plan_cache;

/// Sets up an empty cache. False: no memory.
bool adze_plan_cache_init(adze_plan_cache *cache, const adze_plan_entry *plans, int32_t num_plans);

/// Forgets all placements, and that a thread may hold the lock: in a forked child, where that thread does not exist.
/// No other thread may use the cache meanwhile.
void adze_plan_cache_reset(adze_plan_cache *cache);

/// Frees all.
void adze_plan_cache_free(adze_plan_cache *cache);

/// adze_planner_place for plan `plan`, remembered.
adze_status adze_plan_cache_place(adze_plan_cache *cache, int32_t plan, const int64_t *sizes, int64_t *offsets,
                                  int64_t *total, int32_t *culprit);

#ifdef __cplusplus
}
#endif
#endif // ADZE_RUNTIME_PLAN_CACHE_H
