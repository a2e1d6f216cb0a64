// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The exported function that runs a model: checks, stages the inputs, runs the program, delivers the outputs.
#include "runtime/exec.h"

#include "runtime/device.h"
#include "runtime/error.h"
#include "runtime/export.h"
#include "runtime/fp_env.h"
#include "runtime/strided.h"
#include "runtime/tensor.h"

/// Copied together if they are strided or not aligned to their elements.
bool adze_exec_find_input(adze_exec *exec, int32_t index) {
  adze_exec_input *input = &exec->inputs[index];
  const adze_tensor *tensor = input->given;
  int64_t element = adze_dtype_bytes(tensor->dtype), bytes;
  adze_tensor_bytes(tensor->rank, tensor->shape, element, &bytes);
  if (bytes == 0) {
    input->data = adze_no_data();
    return true;
  }
  bool on_device = tensor->place == ADZE_ON_DEVICE, aligned = (uintptr_t)tensor->data % (uintptr_t)element == 0;
  if (!on_device && aligned && adze_is_contiguous(tensor->rank, tensor->shape, tensor->strides)) {
    input->data = tensor->data;
    return true;
  }
  if (!adze_block_reserve(&exec->model->memory, &input->staging, bytes)) {
    adze_exec_fail(exec, ADZE_OUT_OF_MEMORY, "input '%s': no memory for a contiguous copy of %lld bytes",
                   exec->model->program->info.inputs[index].name, (long long)bytes);
    return false;
  }
  if (on_device && !exec->model->program->device->driver->services->fetch(exec, index))
    return false;
  if (!on_device)
    adze_copy_strided(input->staging.data, NULL, tensor->data, tensor->strides, tensor->rank, tensor->shape, element);
  input->data = input->staging.data;
  return true;
}

/// Of a program with a device, inputs are found in the host's memory when they are asked for there.
static adze_status take_input(adze_exec *exec, int32_t index, const adze_tensor *tensor) {
  adze_exec_input *input = &exec->inputs[index];
  input->given = tensor;
  input->shape = tensor->shape;
  input->data = NULL;
  if (!exec->model->program->device)
    adze_exec_find_input(exec, index);
  return exec->error.status;
}

static adze_status check_all_outputs_written(adze_exec *exec) {
  const adze_model_info *info = &exec->model->program->info;
  for (int32_t i = 0; i < info->num_outputs; ++i)
    if (!exec->outputs[i].data && !exec->outputs[i].from)
      return adze_exec_fail(exec, ADZE_INTERNAL, "output '%s': the program did not compute it", info->outputs[i].name);
  return ADZE_OK;
}

static int32_t call_program(adze_exec *exec) {
  uint64_t environment = adze_fp_enter();
  int32_t failed = exec->model->program->main(exec);
  adze_fp_leave(environment);
  return failed;
}

/// Calls the program, with the device's part of the run around it.
static adze_status run_program(adze_exec *exec) {
  const adze_device_program *device = exec->model->program->device;
  int32_t failed = device ? device->driver->services->run(exec, call_program) : call_program(exec);
  if (exec->error.status == ADZE_OK && failed)
    adze_exec_fail(exec, ADZE_INTERNAL, "the program failed without a reason (%d)", (int)failed);
  return exec->error.status;
}

static adze_status run_exec(adze_exec *exec, const adze_tensor *inputs, const adze_tensor *outputs) {
  const adze_program *program = exec->model->program;
  for (int32_t i = 0; i < program->info.num_inputs; ++i)
    if (take_input(exec, i, &inputs[i]) != ADZE_OK)
      return exec->error.status;
  for (int32_t i = 0; i < program->info.num_outputs; ++i)
    exec->outputs[i].given = &outputs[i];
  if (run_program(exec) == ADZE_OK && check_all_outputs_written(exec) == ADZE_OK)
    adze_exec_deliver(exec);
  return exec->error.status;
}

adze_status adze_run(adze_model *model, const adze_tensor *inputs, int32_t num_inputs, const adze_tensor *outputs,
                     int32_t num_outputs, adze_output_alloc alloc, void *alloc_user, adze_error *error) {
  if (error) {
    error->status = ADZE_OK;
    error->message[0] = 0;
  }
  if (!model)
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "the model is null");
  adze_model_enter(model);
  adze_exec *exec = adze_exec_acquire(model);
  if (!exec)
    return adze_fail(error, ADZE_OUT_OF_MEMORY, "no memory to begin a run");
  const adze_model_info *info = &model->program->info;
  adze_status status =
      adze_validate_inputs(info, &model->symbols, inputs, num_inputs, exec->symbol_sizes, &exec->error);
  if (status == ADZE_OK)
    status = adze_validate_outputs(info, outputs, num_outputs, alloc, &exec->error);
  if (status == ADZE_OK && !model->device)
    status = adze_validate_on_host(info, inputs, outputs, &exec->error);
  if (status == ADZE_OK) {
    exec->alloc = alloc;
    exec->alloc_user = alloc_user;
    status = run_exec(exec, inputs, outputs);
  }
  if (status != ADZE_OK && error)
    *error = exec->error;
  adze_exec_release(exec);
  return status;
}
