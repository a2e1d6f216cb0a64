// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Places the buffers of a plan in one arena, from their sizes and the intervals in which they live.
#ifndef ADZE_RUNTIME_PLANNER_H
#define ADZE_RUNTIME_PLANNER_H

#include "runtime/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Gives each buffer an offset, a multiple of 64 (of 256 in a device's memory), so that no two buffers whose intervals
/// meet share a byte; buffers of size 0 get 0. `*total` is the arena's size. Largest first, each into the smallest gap
/// that fits; the result depends on the arguments only. Answers ADZE_SHAPE_MISMATCH for a negative size (its index in
/// *culprit), ADZE_OUT_OF_MEMORY if the arena exceeds int64 or there is no memory to work in.
adze_status adze_planner_place(const adze_plan_entry *plan, const int64_t *sizes, int64_t *offsets, int64_t *total,
                               int32_t *culprit);

#ifdef __cplusplus
}
#endif
#endif // ADZE_RUNTIME_PLANNER_H
