// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Memory that runs hold on the device, and the host's memory through which they copy.
#include "runtime/device/state.h"

void adze_device_free(adze_model *model, adze_block *block) {
  adze_model_device *own = model->device;
  if (block->data) {
    own->driver->free(own->device, block->data);
    adze_memory_count(&model->memory, -block->bytes);
  }
  block->data = NULL;
  block->bytes = 0;
}

static adze_status take(adze_model *model, adze_block *block, int64_t bytes, adze_error *error) {
  adze_model_device *own = model->device;
  adze_status status = own->driver->alloc(own->device, bytes, &block->data, error);
  if (status != ADZE_OK) {
    block->data = NULL;
    return status;
  }
  block->bytes = bytes;
  adze_memory_count(&model->memory, bytes);
  return ADZE_OK;
}

/// Gives back what idle execs of the model hold of the device; false: there is nothing.
static bool release_idle(adze_model *model) {
  pthread_mutex_lock(&model->lock);
  adze_exec *idle = model->idle;
  model->idle = NULL;
  pthread_mutex_unlock(&model->lock);
  bool any = false;
  while (idle) {
    adze_exec *exec = idle;
    idle = exec->next;
    any = any || exec->device;
    adze_device_forget(exec);
    adze_exec_release(exec);
  }
  return any;
}

bool adze_device_reserve(adze_exec *exec, adze_block *block, int64_t bytes, bool generous, const char *what) {
  if (bytes <= block->bytes)
    return true;
  if (exec->device->graph.recording)
    return adze_device_wait(exec) == ADZE_OK;              // which says that it cannot
  int64_t more = block->bytes + block->bytes / 2, rounded; // cannot overflow: these bytes exist
  if (block->data && adze_device_wait(exec) != ADZE_OK)
    return false;
  adze_device_free(exec->model, block);
  adze_error error = {ADZE_OUT_OF_MEMORY, "more than can be addressed"};
  if (generous && more > bytes && adze_round_up(more, ADZE_DEVICE_ALIGNMENT, &rounded) &&
      take(exec->model, block, rounded, &error) == ADZE_OK)
    return true;
  if (adze_round_up(bytes, ADZE_DEVICE_ALIGNMENT, &rounded)) {
    adze_status status = take(exec->model, block, rounded, &error);
    if (status == ADZE_OUT_OF_MEMORY && release_idle(exec->model))
      status = take(exec->model, block, rounded, &error);
    if (status == ADZE_OK)
      return true;
  }
  adze_exec_fail(exec, error.status, "no memory of the device for %s of %lld bytes: %s", what, (long long)bytes,
                 error.message);
  return false;
}

bool adze_device_stage(adze_exec *exec, int64_t bytes) {
  enum { kLeast = 64 << 10 };
  adze_exec_device *share = exec->device;
  int64_t total = bytes + ADZE_STAGING_BEGIN;
  if (total < 2 * share->staging.bytes)
    total = 2 * share->staging.bytes;
  if (total > ADZE_STAGING_MOST + ADZE_STAGING_BEGIN)
    total = ADZE_STAGING_MOST + ADZE_STAGING_BEGIN;
  if (total < kLeast)
    total = kLeast;
  share->staged = ADZE_STAGING_BEGIN;
  return adze_device_pin(exec, &share->staging, total);
}

void adze_device_unpin(adze_model *model, adze_block *block) {
  adze_model_device *own = model->device;
  if (block->data) {
    own->driver->free_host(own->device, block->data);
    adze_memory_count(&model->memory, -block->bytes);
  }
  block->data = NULL;
  block->bytes = 0;
}

bool adze_device_pin(adze_exec *exec, adze_block *block, int64_t bytes) {
  adze_model_device *own = exec->model->device;
  if (bytes <= block->bytes)
    return true;
  if (exec->device->graph.recording)
    return adze_device_wait(exec) == ADZE_OK; // which says that it cannot
  adze_error error;
  void *larger;
  if (own->driver->alloc_host(own->device, bytes, &larger, &error) != ADZE_OK) {
    adze_device_failed(exec, &error);
    return false;
  }
  adze_device_unpin(exec->model, block);
  block->data = larger;
  block->bytes = bytes;
  adze_memory_count(&exec->model->memory, bytes);
  return true;
}
