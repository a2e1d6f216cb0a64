// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Greedy by size, best fit; see planner.h.
#include "runtime/planner.h"

#include "runtime/device.h"
#include "runtime/memory.h"

#include <stdbool.h>
#include <stdlib.h>

/// A buffer that has a place: its bytes [begin, end) and its life.
typedef struct placed {
  int64_t begin, end;
  int32_t first, last;
} placed;

typedef struct work {
  const adze_plan_entry *plan;
  const int64_t *sizes;
  int64_t *offsets;
  int64_t alignment;
  int32_t *order; ///< buffers of a size above 0, largest first
  placed *placed; ///< by begin
  int32_t num_placed;
} work;

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

/// Puts `buffer` in the smallest gap between the buffers that live with it. False: the arena exceeds int64.
static bool place(work *w, int32_t buffer) {
  int64_t size, end = 0, best = -1, best_gap = INT64_MAX;
  int32_t first = w->plan->first[buffer], last = w->plan->last[buffer];
  if (last < first)
    last = first;
  if (!adze_round_up(w->sizes[buffer], w->alignment, &size))
    return false;
  for (const placed *p = w->placed, *stop = p + w->num_placed; p != stop; ++p) {
    if (p->first > last || p->last < first)
      continue;
    int64_t gap = p->begin - end;
    if (gap >= size && gap < best_gap) {
      best = end;
      best_gap = gap;
    }
    if (p->end > end)
      end = p->end;
  }
  if (best < 0)
    best = end;
  if (size > INT64_MAX - best)
    return false;
  w->offsets[buffer] = best;
  int32_t at = w->num_placed++;
  for (; at > 0 && w->placed[at - 1].begin > best; --at)
    w->placed[at] = w->placed[at - 1];
  w->placed[at] = (placed){best, best + size, first, last};
  return true;
}

static adze_status place_all(work *w, int64_t *total, int32_t *culprit) {
  int32_t count = 0;
  for (int32_t i = 0; i < w->plan->num_buffers; ++i) {
    w->offsets[i] = 0;
    if (w->sizes[i] < 0) {
      *culprit = i;
      return ADZE_SHAPE_MISMATCH;
    }
    if (w->sizes[i] > 0)
      w->order[count++] = i;
  }
  sort_by_size(w->order, w->sizes, count);
  for (int32_t i = 0; i < count; ++i)
    if (!place(w, w->order[i]))
      return ADZE_OUT_OF_MEMORY;
  for (int32_t i = 0; i < w->num_placed; ++i)
    if (w->placed[i].end > *total)
      *total = w->placed[i].end;
  return ADZE_OK;
}

adze_status adze_planner_place(const adze_plan_entry *plan, const int64_t *sizes, int64_t *offsets, int64_t *total,
                               int32_t *culprit) {
  *culprit = -1;
  *total = 0;
  if (plan->num_buffers <= 0)
    return ADZE_OK;
  size_t count = (size_t)plan->num_buffers;
  placed *memory = malloc(count * (sizeof(placed) + sizeof(int32_t)));
  if (!memory)
    return ADZE_OUT_OF_MEMORY;
  int64_t alignment = plan->on_device ? ADZE_DEVICE_ALIGNMENT : ADZE_ALIGNMENT;
  work w = {plan, sizes, offsets, alignment, (int32_t *)(memory + count), memory, 0};
  adze_status status = place_all(&w, total, culprit);
  free(memory);
  return status;
}
