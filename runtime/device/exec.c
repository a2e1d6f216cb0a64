// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An exec's share of the device, kept for later runs; waiting, and what kernels have recorded.
#include "runtime/device/state.h"

#include <stdlib.h>
#include <string.h>

adze_status adze_device_failed(adze_exec *exec, const adze_error *error) {
  return adze_exec_fail(exec, error->status, "%s", error->message);
}

/// Frees what an exec's share has in memory of the process's own.
static void free_tables(adze_exec_device *share) {
  free(share->graph.key);
  free(share->parameters);
  free(share);
}

/// Frees all of an exec's share but arenas and slots.
static void free_share(adze_exec *exec) {
  adze_model *model = exec->model;
  adze_model_device *own = model->device;
  adze_exec_device *share = exec->device;
  adze_graph_drop(exec);
  adze_device_free(model, &share->scratch);
  adze_device_unpin(model, &share->staging);
  for (int32_t i = 0; i < model->program->info.num_inputs; ++i)
    adze_device_unpin(model, &exec->inputs[i].pinned);
  for (int32_t i = 0; i < model->program->info.num_outputs; ++i)
    adze_device_unpin(model, &exec->outputs[i].pinned);
  if (share->failure)
    own->driver->free(own->device, share->failure);
  if (share->stream)
    own->driver->destroy_stream(own->device, share->stream);
  free_tables(share);
  exec->device = NULL;
}

adze_status adze_device_share(adze_exec *exec) {
  adze_model_device *own = exec->model->device;
  if (exec->device)
    return ADZE_OK;
  adze_exec_device *share = exec->device = calloc(1, sizeof *share);
  if (share)
    share->parameters = calloc((size_t)own->max_parameters + 1, sizeof *share->parameters);
  adze_error error = {ADZE_OUT_OF_MEMORY, "no memory to begin a run"};
  if (share && share->parameters && adze_graph_init(&share->graph, &exec->model->program->info) &&
      own->driver->make_stream(own->device, &share->stream, &error) == ADZE_OK &&
      own->driver->alloc(own->device, sizeof *share->failure, (void **)&share->failure, &error) == ADZE_OK) {
    if (adze_device_stage(exec, 0))
      return ADZE_OK;
  } else {
    adze_device_failed(exec, &error);
  }
  if (share)
    free_share(exec);
  return exec->error.status;
}

adze_status adze_device_wait(adze_exec *exec) {
  adze_model_device *own = exec->model->device;
  adze_exec_device *share = exec->device;
  if (share->graph.recording)
    return adze_exec_fail(exec, ADZE_INTERNAL, "the program waits for the device, which a graph cannot");
  if (!share->busy)
    return exec->error.status;
  adze_error error;
  adze_status status = own->driver->wait(own->device, share->stream, &error);
  share->busy = false;
  share->waited = true;
  share->staged = ADZE_STAGING_BEGIN;
  if (status == ADZE_OK)
    return exec->error.status;
  if (!share->kernel)
    return adze_device_failed(exec, &error);
  return adze_exec_fail(exec, error.status, "%s (the last kernel that was begun is '%s')", error.message,
                        share->kernel);
}

adze_status adze_device_read_word(adze_exec *exec) {
  adze_model_device *own = exec->model->device;
  adze_exec_device *share = exec->device;
  adze_error error;
  int64_t *word = share->staging.data;
  share->busy = true;
  if (own->driver->copy_out(own->device, share->stream, word, share->failure, sizeof *word, &error) != ADZE_OK)
    adze_device_failed(exec, &error);
  return exec->error.status;
}

adze_status adze_device_check(adze_exec *exec) {
  adze_exec_device *share = exec->device;
  int64_t *word = share->staging.data;
  if (!share->unread)
    return adze_device_wait(exec);
  if (!share->graph.has_word)
    adze_device_read_word(exec);
  if (adze_device_wait(exec) != ADZE_OK)
    return exec->error.status;
  share->unread = false;
  if (*word)
    adze_exec_fail_at(exec, *word % 256, *word / 256);
  return exec->error.status;
}

void adze_device_forget(adze_exec *exec) {
  adze_model *model = exec->model;
  adze_model_device *own = model->device;
  if (!exec->device)
    return;
  if (!adze_device_is_ours(model) || own->driver->enter(own->device, NULL) != ADZE_OK) {
    free_tables(exec->device);
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
  free_share(exec);
  own->driver->leave(own->device);
}
