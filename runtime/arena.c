// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The services of abi.h for memory: plans in arenas, and slots whose sizes are found in mid-run.
#include "runtime/exec.h"

#include "runtime/device.h"

#include <stdlib.h>
#include <string.h>

/// Makes an arena or a slot large enough, in the memory that it is of. False: recorded; `what` names it.
static bool reserve(adze_exec *exec, adze_block *block, bool on_device, bool generous, int64_t bytes,
                    const char *what) {
  adze_memory *memory = &exec->model->memory;
  if (on_device)
    return exec->model->program->device->driver->services->reserve(exec, block, bytes, generous, what);
  if (generous ? adze_block_grow(memory, block, bytes) : adze_block_reserve(memory, block, bytes))
    return true;
  adze_exec_fail(exec, ADZE_OUT_OF_MEMORY, "no memory for %s of %lld bytes", what, (long long)bytes);
  return false;
}

/// What a block without memory stands for: a place for tensors without elements.
static void *no_data(const adze_exec *exec, bool on_device) {
  return on_device ? exec->model->program->device->driver->services->no_data() : adze_no_data();
}

/// Finds the offsets for these sizes and makes the arena large enough.
static int32_t place_plan(adze_exec *exec, int32_t plan, const int64_t *sizes) {
  adze_exec_plan *state = &exec->plans[plan];
  int32_t num_buffers = exec->model->program->plans[plan].num_buffers, culprit;
  int64_t total;
  state->placed = false;
  adze_status status = adze_plan_cache_place(&exec->model->plan_cache, plan, sizes, state->offsets, &total, &culprit);
  if (status == ADZE_SHAPE_MISMATCH)
    return adze_exec_fail(exec, status, "a buffer's size is negative: %lld bytes (buffer %d of plan %d)",
                          (long long)sizes[culprit], (int)culprit, (int)plan);
  if (status != ADZE_OK)
    return adze_exec_fail(exec, status, "the buffers of plan %d need more memory than can be addressed", (int)plan);
  bool on_device = exec->model->program->plans[plan].on_device != 0;
  if (!reserve(exec, &state->arena, on_device, /*generous=*/false, total, "an arena"))
    return (int32_t)exec->error.status;
  memcpy(state->sizes, sizes, (size_t)num_buffers * sizeof *sizes);
  state->placed = true;
  return ADZE_OK;
}

int32_t adze_rt_plan(adze_exec *exec, int32_t plan, const int64_t *sizes, void **buffers) {
  adze_exec_plan *state = &exec->plans[plan];
  int32_t num_buffers = exec->model->program->plans[plan].num_buffers;
  if (num_buffers <= 0)
    return ADZE_OK;
  if (!state->placed || memcmp(state->sizes, sizes, (size_t)num_buffers * sizeof *sizes) != 0) {
    int32_t failed = place_plan(exec, plan, sizes);
    if (failed)
      return failed;
  }
  char *base = state->arena.data;
  if (!base)
    base = no_data(exec, exec->model->program->plans[plan].on_device != 0);
  for (int32_t i = 0; i < num_buffers; ++i)
    buffers[i] = base + state->offsets[i];
  return ADZE_OK;
}

/// Makes the table of slots reach `slot`.
static bool have_slot(adze_exec *exec, int32_t slot) {
  enum { kMaxSlots = 1 << 20 };
  if (slot >= 0 && slot < exec->num_slots)
    return true;
  if (slot < 0 || slot >= kMaxSlots) {
    adze_exec_fail(exec, ADZE_INTERNAL, "the program uses slot %d, expected 0 to %d", (int)slot, kMaxSlots - 1);
    return false;
  }
  int32_t count = slot + 1 > 2 * exec->num_slots ? slot + 1 : 2 * exec->num_slots;
  adze_exec_slot *slots = realloc(exec->slots, (size_t)count * sizeof *slots);
  if (!slots) {
    adze_exec_fail(exec, ADZE_OUT_OF_MEMORY, "no memory for %d slots", (int)count);
    return false;
  }
  memset(slots + exec->num_slots, 0, (size_t)(count - exec->num_slots) * sizeof *slots);
  exec->slots = slots;
  exec->num_slots = count;
  return true;
}

void *adze_rt_alloc(adze_exec *exec, int32_t slot, int32_t on_device, int64_t bytes) {
  if (!have_slot(exec, slot))
    return NULL;
  if (bytes < 0) {
    adze_exec_fail(exec, ADZE_SHAPE_MISMATCH, "a buffer's size is negative: %lld bytes", (long long)bytes);
    return NULL;
  }
  adze_exec_slot *own = &exec->slots[slot];
  own->on_device = on_device != 0;
  if (!reserve(exec, &own->block, own->on_device, /*generous=*/true, bytes, "a buffer"))
    return NULL;
  return own->block.data ? own->block.data : no_data(exec, own->on_device);
}

void *adze_rt_room(adze_exec *exec, int32_t slot, int32_t spare, int32_t on_device, int64_t bytes) {
  if (!have_slot(exec, slot) || !have_slot(exec, spare))
    return NULL;
  int64_t held = exec->slots[slot].block.bytes, more = held + held / 2; // cannot overflow: these bytes exist
  if (held > 0 && bytes > held) {
    adze_error before = exec->error;
    void *found = more > bytes ? adze_rt_alloc(exec, spare, on_device, more) : NULL;
    if (!found) {
      exec->error = before; // less may do
      found = adze_rt_alloc(exec, spare, on_device, bytes);
    }
    if (!found)
      return NULL;
    adze_rt_swap(exec, slot, spare);
  }
  return adze_rt_alloc(exec, slot, on_device, bytes);
}

void adze_rt_swap(adze_exec *exec, int32_t a, int32_t b) {
  if (!have_slot(exec, a) || !have_slot(exec, b))
    return;
  adze_exec_slot swapped = exec->slots[a];
  exec->slots[a] = exec->slots[b];
  exec->slots[b] = swapped;
}

void adze_exec_free_slots(adze_exec *exec) {
  for (int32_t i = 0; i < exec->num_slots; ++i)
    if (!exec->slots[i].on_device)
      adze_block_free(&exec->model->memory, &exec->slots[i].block);
  free(exec->slots);
  exec->slots = NULL;
  exec->num_slots = 0;
}
