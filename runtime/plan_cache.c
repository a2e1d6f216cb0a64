// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The memory of the planner; see plan_cache.h.
#include "runtime/plan_cache.h"

#include "runtime/planner.h"

#include <stdlib.h>
#include <string.h>

bool adze_plan_cache_init(adze_plan_cache *cache, const adze_plan_entry *plans, int32_t num_plans) {
  cache->plans = plans;
  cache->num_plans = num_plans;
  cache->clock = cache->misses = 0;
  size_t count = (size_t)num_plans * ADZE_PLACEMENTS_PER_PLAN;
  cache->placements = calloc(count + 1, sizeof *cache->placements);
  if (!cache->placements)
    return false;
  pthread_mutex_init(&cache->lock, NULL);
  return true;
}

void adze_plan_cache_reset(adze_plan_cache *cache) {
  pthread_mutex_init(&cache->lock, NULL);
  for (size_t i = 0; i < (size_t)cache->num_plans * ADZE_PLACEMENTS_PER_PLAN; ++i)
    cache->placements[i].used = 0;
}

void adze_plan_cache_free(adze_plan_cache *cache) {
  if (!cache->placements)
    return;
  for (size_t i = 0; i < (size_t)cache->num_plans * ADZE_PLACEMENTS_PER_PLAN; ++i)
    free(cache->placements[i].values);
  free(cache->placements);
  cache->placements = NULL;
  pthread_mutex_destroy(&cache->lock);
}

static uint64_t hash_sizes(const int64_t *sizes, int32_t count) {
  uint64_t hash = 0x9e3779b97f4a7c15u;
  for (int32_t i = 0; i < count; ++i) {
    hash = (hash ^ (uint64_t)sizes[i]) * 0xff51afd7ed558ccdu;
    hash ^= hash >> 32;
  }
  return hash;
}

/// The entry of these sizes, or the one to replace: *hit tells which.
static adze_placement *find(adze_placement *entries, uint64_t hash, const int64_t *sizes, size_t bytes, bool *hit) {
  adze_placement *oldest = entries;
  for (int32_t i = 0; i < ADZE_PLACEMENTS_PER_PLAN; ++i) {
    adze_placement *entry = &entries[i];
    if (entry->used && entry->hash == hash && memcmp(entry->values, sizes, bytes) == 0) {
      *hit = true;
      return entry;
    }
    if (entry->used < oldest->used)
      oldest = entry;
  }
  *hit = false;
  return oldest;
}

/// Stores a placement; without memory it is simply not remembered.
static void remember(adze_plan_cache *cache, adze_placement *entry, uint64_t hash, const int64_t *sizes,
                     const int64_t *offsets, int64_t total, size_t bytes) {
  if (!entry->values)
    entry->values = malloc(2 * bytes);
  if (!entry->values)
    return;
  memcpy(entry->values, sizes, bytes);
  memcpy((char *)entry->values + bytes, offsets, bytes);
  entry->hash = hash;
  entry->total = total;
  entry->used = ++cache->clock;
}

adze_status adze_plan_cache_place(adze_plan_cache *cache, int32_t plan, const int64_t *sizes, int64_t *offsets,
                                  int64_t *total, int32_t *culprit) {
  *culprit = -1;
  *total = 0;
  const adze_plan_entry *entry = &cache->plans[plan];
  if (entry->num_buffers <= 0)
    return ADZE_OK;
  size_t bytes = (size_t)entry->num_buffers * sizeof *sizes;
  uint64_t hash = hash_sizes(sizes, entry->num_buffers);
  adze_placement *entries = &cache->placements[(size_t)plan * ADZE_PLACEMENTS_PER_PLAN];
  bool hit;
  pthread_mutex_lock(&cache->lock);
  adze_placement *found = find(entries, hash, sizes, bytes, &hit);
  if (hit) {
    memcpy(offsets, (const char *)found->values + bytes, bytes);
    *total = found->total;
    found->used = ++cache->clock;
    pthread_mutex_unlock(&cache->lock);
    return ADZE_OK;
  }
  ++cache->misses;
  pthread_mutex_unlock(&cache->lock);

  adze_status status = adze_planner_place(entry, sizes, offsets, total, culprit);
  if (status != ADZE_OK)
    return status;
  pthread_mutex_lock(&cache->lock);
  found = find(entries, hash, sizes, bytes, &hit); // another run may have been quicker
  if (!hit)
    remember(cache, found, hash, sizes, offsets, *total, bytes);
  pthread_mutex_unlock(&cache->lock);
  return ADZE_OK;
}
