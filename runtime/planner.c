// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Greedy by size, best fit; see planner.h.
#include "runtime/planner.h"

#include "runtime/memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

typedef struct work {
  const adze_plan_entry *plan;
  const int64_t *sizes;
  int64_t *offsets;
  int32_t *order;  ///< buffers of a size above 0, largest first
  int32_t *placed; ///< buffers that have a place, by offset
  int32_t num_placed;
} work;

static int64_t rounded_size(const work *w, int32_t buffer) {
  int64_t size = 0;
  adze_round_up(w->sizes[buffer], &size);
  return size;
}

static bool comes_before(const int64_t *sizes, int32_t a, int32_t b) {
  return sizes[a] != sizes[b] ? sizes[a] > sizes[b] : a < b;
}

/// Restores the heap whose greatest element is the one that comes last, below `root`.
static void sift(int32_t *order, const int64_t *sizes, int32_t root, int32_t count) {
  for (int32_t child; (child = 2 * root + 1) < count; root = child) {
    if (child + 1 < count && comes_before(sizes, order[child], order[child + 1]))
      ++child;
    if (!comes_before(sizes, order[root], order[child]))
      return;
    int32_t swapped = order[root];
    order[root] = order[child];
    order[child] = swapped;
  }
}

/// Heap sort: qsort takes no context, and may take memory.
static void sort_by_size(int32_t *order, const int64_t *sizes, int32_t count) {
  for (int32_t i = count / 2; i-- > 0;)
    sift(order, sizes, i, count);
  for (int32_t end = count; end-- > 1;) {
    int32_t last = order[0];
    order[0] = order[end];
    order[end] = last;
    sift(order, sizes, 0, end);
  }
}

static bool live_together(const adze_plan_entry *plan, int32_t a, int32_t b) {
  int32_t last_a = plan->last[a] < plan->first[a] ? plan->first[a] : plan->last[a];
  int32_t last_b = plan->last[b] < plan->first[b] ? plan->first[b] : plan->last[b];
  return plan->first[a] <= last_b && plan->first[b] <= last_a;
}

/// Puts `buffer` in the smallest gap between the buffers that live with it. False: the arena exceeds int64.
static bool place(work *w, int32_t buffer) {
  int64_t size = rounded_size(w, buffer), end = 0, best = -1, best_gap = INT64_MAX;
  for (int32_t i = 0; i < w->num_placed; ++i) {
    int32_t other = w->placed[i];
    if (!live_together(w->plan, buffer, other))
      continue;
    int64_t gap = w->offsets[other] - end;
    if (gap >= size && gap < best_gap) {
      best = end;
      best_gap = gap;
    }
    int64_t other_end = w->offsets[other] + rounded_size(w, other);
    if (other_end > end)
      end = other_end;
  }
  if (best < 0)
    best = end;
  if (size > INT64_MAX - best)
    return false;
  w->offsets[buffer] = best;
  int32_t at = w->num_placed++;
  for (; at > 0 && w->offsets[w->placed[at - 1]] > best; --at)
    w->placed[at] = w->placed[at - 1];
  w->placed[at] = buffer;
  return true;
}

static adze_status place_all(work *w, int64_t *total, int32_t *culprit) {
  int32_t count = 0;
  int64_t ignored;
  for (int32_t i = 0; i < w->plan->num_buffers; ++i) {
    w->offsets[i] = 0;
    if (w->sizes[i] < 0) {
      *culprit = i;
      return ADZE_SHAPE_MISMATCH;
    }
    if (!adze_round_up(w->sizes[i], &ignored))
      return ADZE_OUT_OF_MEMORY;
    if (w->sizes[i] > 0)
      w->order[count++] = i;
  }
  sort_by_size(w->order, w->sizes, count);
  *total = 0;
  for (int32_t i = 0; i < count; ++i) {
    if (!place(w, w->order[i]))
      return ADZE_OUT_OF_MEMORY;
    int64_t end = w->offsets[w->order[i]] + rounded_size(w, w->order[i]);
    if (end > *total)
      *total = end;
  }
  return ADZE_OK;
}

adze_status adze_planner_place(const adze_plan_entry *plan, const int64_t *sizes, int64_t *offsets, int64_t *total,
                               int32_t *culprit) {
  *culprit = -1;
  *total = 0;
  if (plan->num_buffers <= 0)
    return ADZE_OK;
  int32_t *both = malloc(2 * (size_t)plan->num_buffers * sizeof *both);
  if (!both)
    return ADZE_OUT_OF_MEMORY;
  work w = {plan, sizes, offsets, both, both + plan->num_buffers, 0};
  adze_status status = place_all(&w, total, culprit);
  free(both);
  return status;
}
