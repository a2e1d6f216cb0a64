// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A run's share of the device, from its begin to its end; kept with the exec for later runs.
#include "runtime/device/state.h"

#include <stdlib.h>
#include <string.h>

adze_status adze_device_failed(adze_exec *exec, const adze_error *error) {
  return adze_exec_fail(exec, error->status, "%s", error->message);
}

/// Frees all of an exec's share but arenas and slots.
static void free_share(adze_model *model, adze_exec_device *share) {
  adze_model_device *own = model->device;
  adze_device_free(model, &share->scratch);
  if (share->staging.data) {
    own->driver->free_host(own->device, share->staging.data);
    adze_memory_count(&model->memory, -share->staging.bytes);
  }
  if (share->failure)
    own->driver->free(own->device, share->failure);
  if (share->stream)
    own->driver->destroy_stream(own->device, share->stream);
  free(share->parameters);
  free(share);
}

static adze_status make_share(adze_exec *exec) {
  adze_model_device *own = exec->model->device;
  adze_exec_device *share = exec->device = calloc(1, sizeof *share);
  if (share)
    share->parameters = calloc((size_t)own->max_parameters + 1, sizeof *share->parameters);
  adze_error error = {ADZE_OUT_OF_MEMORY, "no memory to begin a run"};
  if (share && share->parameters && own->driver->make_stream(own->device, &share->stream, &error) == ADZE_OK &&
      own->driver->alloc(own->device, sizeof *share->failure, (void **)&share->failure, &error) == ADZE_OK) {
    if (adze_device_stage(exec, 0))
      return ADZE_OK;
  } else {
    adze_device_failed(exec, &error);
  }
  if (share)
    free_share(exec->model, share);
  exec->device = NULL;
  return exec->error.status;
}

static adze_status begin(adze_exec *exec) {
  adze_model_device *own = exec->model->device;
  if (!adze_device_is_ours(exec->model))
    return adze_exec_fail(exec, ADZE_NO_DEVICE,
                          "a forked process cannot use the device that its parent opened: set the model up in a "
                          "process of its own, not forked from one that uses the device");
  adze_error error;
  if (own->driver->enter(own->device, &error) != ADZE_OK)
    return adze_device_failed(exec, &error);
  if (exec->device || make_share(exec) == ADZE_OK) {
    adze_exec_device *share = exec->device;
    share->kernel = NULL;
    share->unread = false;
    if (own->driver->zero(own->device, share->stream, share->failure, sizeof *share->failure, &error) == ADZE_OK) {
      share->busy = true;
      return ADZE_OK;
    }
    adze_device_failed(exec, &error);
  }
  own->driver->leave(own->device);
  return exec->error.status;
}

adze_status adze_device_wait(adze_exec *exec) {
  adze_model_device *own = exec->model->device;
  adze_exec_device *share = exec->device;
  if (!share->busy)
    return exec->error.status;
  adze_error error;
  adze_status status = own->driver->wait(own->device, share->stream, &error);
  share->busy = false;
  share->staged = ADZE_STAGING_BEGIN;
  if (status == ADZE_OK)
    return exec->error.status;
  if (!share->kernel)
    return adze_device_failed(exec, &error);
  return adze_exec_fail(exec, error.status, "%s (the last kernel that was begun is '%s')", error.message,
                        share->kernel);
}

adze_status adze_device_check(adze_exec *exec) {
  adze_model_device *own = exec->model->device;
  adze_exec_device *share = exec->device;
  if (!share->unread)
    return adze_device_wait(exec);
  adze_error error;
  int64_t *word = share->staging.data;
  *word = 0;
  share->busy = true;
  if (own->driver->copy_out(own->device, share->stream, word, share->failure, sizeof *word, &error) != ADZE_OK) {
    adze_device_failed(exec, &error);
    return adze_device_wait(exec);
  }
  if (adze_device_wait(exec) != ADZE_OK)
    return exec->error.status;
  share->unread = false;
  if (*word)
    adze_exec_fail_at(exec, *word % 256, *word / 256);
  return exec->error.status;
}

static void finish(adze_exec *exec) {
  adze_model_device *own = exec->model->device;
  if (exec->error.status == ADZE_OK)
    adze_device_check(exec);
  else
    adze_device_wait(exec);
  own->driver->leave(own->device);
}

void adze_device_forget(adze_exec *exec) {
  adze_model *model = exec->model;
  adze_model_device *own = model->device;
  if (!exec->device)
    return;
  if (!adze_device_is_ours(model) || own->driver->enter(own->device, NULL) != ADZE_OK) {
    free(exec->device->parameters);
    free(exec->device);
    exec->device = NULL;
    return;
  }
  for (int32_t i = 0; i < model->program->num_plans; ++i)
    if (model->program->plans[i].on_device) {
      adze_device_free(model, &exec->plans[i].arena);
      exec->plans[i].placed = false;
    }
  for (int32_t i = 0; i < exec->num_slots; ++i)
    if (exec->slots[i].on_device)
      adze_device_free(model, &exec->slots[i].block);
  free_share(model, exec->device);
  exec->device = NULL;
  own->driver->leave(own->device);
}

/// An address that no device gives memory at, so that a use of it is found.
static void *no_data(void) { return (void *)(uintptr_t)ADZE_DEVICE_ALIGNMENT; }

const adze_device_services adze_device_run = {.set_up = adze_device_set_up,
                                              .tear_down = adze_device_tear_down,
                                              .begin = begin,
                                              .finish = finish,
                                              .forget = adze_device_forget,
                                              .launch = adze_device_launch,
                                              .reserve = adze_device_reserve,
                                              .no_data = no_data};
