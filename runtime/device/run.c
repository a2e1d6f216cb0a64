// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A run with a device, from its begin to its end; and the table of all services.
#include "runtime/device/state.h"

#include "runtime/tensor.h"

/// Checks what the caller says to lie on the device.
static adze_status check_places(adze_exec *exec) {
  const adze_model_device *own = exec->model->device;
  const adze_model_info *info = &exec->model->program->info;
  for (int32_t i = 0; i < info->num_inputs + info->num_outputs; ++i) {
    bool is_input = i < info->num_inputs;
    const adze_tensor *tensor = is_input ? exec->inputs[i].given : exec->outputs[i - info->num_inputs].given;
    const adze_tensor_info *expected = is_input ? &info->inputs[i] : &info->outputs[i - info->num_inputs];
    adze_error error;
    int64_t bytes;
    if (tensor->place != ADZE_ON_DEVICE || !tensor->data ||
        (adze_tensor_bytes(tensor->rank, tensor->shape, adze_dtype_bytes(tensor->dtype), &bytes) && bytes == 0))
      continue;
    if (own->driver->check(own->device, tensor->data, &error) != ADZE_OK)
      return adze_exec_fail(exec, error.status, "%s '%s': %s", is_input ? "input" : "output", expected->name,
                            error.message);
  }
  return exec->error.status;
}

/// The device is entered on success.
static adze_status begin(adze_exec *exec) {
  adze_model_device *own = exec->model->device;
  if (!adze_device_is_ours(exec->model))
    return adze_exec_fail(exec, ADZE_NO_DEVICE,
                          "a forked process cannot use the device that its parent opened: set the model up in a "
                          "process of its own, not forked from one that uses the device");
  adze_error error;
  if (own->driver->enter(own->device, &error) != ADZE_OK)
    return adze_device_failed(exec, &error);
  if (check_places(exec) == ADZE_OK && adze_device_share(exec) == ADZE_OK)
    return ADZE_OK;
  own->driver->leave(own->device);
  return exec->error.status;
}

/// Makes the exec as it is at the begin of a run.
static void start(adze_exec *exec) {
  const adze_model_info *info = &exec->model->program->info;
  adze_exec_device *share = exec->device;
  exec->error.status = ADZE_OK;
  exec->straight = true;
  share->kernel = NULL;
  share->launches = 0;
  share->unread = share->waited = share->graph.has_word = false;
  for (int32_t i = 0; i < info->num_inputs; ++i)
    exec->inputs[i].in_pinned = false;
  for (int32_t i = 0; i < info->num_outputs; ++i)
    exec->outputs[i].data = NULL;
  for (int32_t i = 0; i < info->num_outputs; ++i)
    exec->outputs[i].from = NULL;
}

static int32_t run_plainly(adze_exec *exec, int32_t (*program)(adze_exec *exec)) {
  adze_model_device *own = exec->model->device;
  adze_exec_device *share = exec->device;
  adze_error error;
  start(exec);
  share->busy = true;
  if (own->driver->zero(own->device, share->stream, share->failure, sizeof *share->failure, &error) != ADZE_OK)
    return (int32_t)adze_device_failed(exec, &error);
  return program(exec);
}

/// All that was given to the device is done when this returns.
static void finish(adze_exec *exec) {
  adze_exec_device *share = exec->device;
  share->graph.straight =
      exec->straight && !share->waited && share->launches <= ADZE_RECORDED_MOST && exec->error.status == ADZE_OK;
  if (exec->error.status == ADZE_OK)
    adze_device_begin_deliveries(exec);
  if (exec->error.status == ADZE_OK)
    adze_device_check(exec);
  else
    adze_device_wait(exec);
  if (exec->error.status == ADZE_OK)
    adze_device_end_deliveries(exec);
}

int32_t adze_device_run_program(adze_exec *exec, int32_t (*program)(adze_exec *exec)) {
  adze_model_device *own = exec->model->device;
  int32_t failed = 0;
  if (begin(exec) != ADZE_OK)
    return 0;
  if (adze_graph_fits(exec)) {
    adze_graph_replay(exec);
  } else if (adze_graph_is_due(exec)) {
    start(exec);
    if (!adze_graph_record(exec, program))
      failed = run_plainly(exec, program);
  } else {
    failed = run_plainly(exec, program);
  }
  finish(exec);
  own->driver->leave(own->device);
  return failed;
}

/// An address that no device gives memory at, so that a use of it is found.
static void *no_data(void) { return (void *)(uintptr_t)ADZE_DEVICE_ALIGNMENT; }

const adze_device_services adze_device_run = {.set_up = adze_device_set_up,
                                              .tear_down = adze_device_tear_down,
                                              .run = adze_device_run_program,
                                              .fetch = adze_device_fetch,
                                              .forget = adze_device_forget,
                                              .launch = adze_device_launch,
                                              .reserve = adze_device_reserve,
                                              .no_data = no_data,
                                              .info = adze_device_tell,
                                              .alloc = adze_device_lend,
                                              .free = adze_device_take_back,
                                              .copy = adze_device_copy_for_caller,
                                              .wait = adze_device_wait_for_caller};
