// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The services of abi.h for inputs, outputs, copies and failures.
#include "runtime/exec.h"

#include "runtime/strided.h"
#include "runtime/tensor.h"

#include <string.h>

const void *adze_rt_input(adze_exec *exec, int32_t index) {
  exec->straight = false;
  if (!exec->inputs[index].data && !adze_exec_find_input(exec, index))
    return NULL;
  return exec->inputs[index].data;
}

int64_t adze_rt_input_dim(adze_exec *exec, int32_t index, int32_t dim) { return exec->inputs[index].shape[dim]; }

void adze_rt_copy(void *to, const void *from, int64_t bytes) {
  if (bytes > 0)
    memcpy(to, from, (size_t)bytes);
}

int32_t adze_rt_fail(adze_exec *exec, int32_t status, int32_t site) {
  return (int32_t)adze_exec_fail_at(exec, status, site);
}

int32_t adze_rt_fail_sizes(adze_exec *exec, int32_t status, int32_t site, int64_t a, int64_t b) {
  const adze_program *program = exec->model->program;
  if (status <= ADZE_OK || status > ADZE_INTERNAL || site < 0 || site >= program->num_sites)
    return adze_rt_fail(exec, status, site);
  return adze_exec_fail(exec, (adze_status)status, "%s: %lld and %lld", program->sites[site], (long long)a,
                        (long long)b);
}

int32_t adze_rt_check(adze_exec *exec) { return (int32_t)adze_exec_check(exec); }

/// Whether an output shares memory of the host with what the program reads as an input, or may read yet.
static bool overlaps_an_input(const adze_exec *exec, uintptr_t low, uintptr_t high) {
  const adze_model_info *info = &exec->model->program->info;
  for (int32_t i = 0; i < info->num_inputs; ++i) {
    const adze_exec_input *input = &exec->inputs[i];
    int64_t begin = 0, end, element = adze_dtype_bytes(info->inputs[i].dtype);
    uintptr_t base = (uintptr_t)input->data;
    if (input->data) {
      adze_tensor_bytes(info->inputs[i].rank, input->shape, element, &end);
    } else {
      if (input->given->place != ADZE_ON_HOST)
        continue;
      base = (uintptr_t)input->given->data;
      adze_tensor_extent(input->given, element, &begin, &end);
    }
    if (base + (uintptr_t)begin < high && low < base + (uintptr_t)end)
      return true;
  }
  return false;
}

/// Decides where the program writes: at once to the final place, or aside. False: recorded in the exec.
static bool choose_place(adze_exec *exec, int32_t index, int64_t element, int64_t bytes) {
  const adze_tensor_info *info = &exec->model->program->info.outputs[index];
  adze_exec_output *output = &exec->outputs[index];
  adze_tensor target = {output->final, info->dtype, info->rank, output->shape, output->final_strides, ADZE_ON_HOST};
  int64_t low, high;
  adze_tensor_extent(&target, element, &low, &high);
  uintptr_t base = (uintptr_t)output->final;
  if (output->given->place == ADZE_ON_HOST && base % (uintptr_t)element == 0 &&
      adze_is_contiguous(info->rank, output->shape, output->final_strides) &&
      !overlaps_an_input(exec, base + (uintptr_t)low, base + (uintptr_t)high)) {
    output->data = output->final;
    return true;
  }
  if (!adze_block_reserve(&exec->model->memory, &output->staging, bytes)) {
    adze_exec_fail(exec, ADZE_OUT_OF_MEMORY, "output '%s': no memory for a contiguous copy of %lld bytes", info->name,
                   (long long)bytes);
    return false;
  }
  output->data = output->staging.data;
  return true;
}

bool adze_exec_find_output(adze_exec *exec, int32_t index, int64_t bytes) {
  const adze_tensor_info *info = &exec->model->program->info.outputs[index];
  adze_exec_output *output = &exec->outputs[index];
  output->final_strides = NULL;
  if (output->given->data) {
    adze_error error;
    if (adze_validate_output_shape(info, output->given, output->shape, &error) != ADZE_OK) {
      adze_exec_fail(exec, error.status, "%s", error.message);
      return false;
    }
    output->final = output->given->data;
    output->final_strides = output->given->strides;
    return true;
  }
  output->final = exec->alloc(exec->alloc_user, index, info->dtype, info->rank, output->shape);
  if (!output->final && bytes > 0) {
    adze_exec_fail(exec, ADZE_OUT_OF_MEMORY, "output '%s': the caller gave no memory for %lld bytes", info->name,
                   (long long)bytes);
    return false;
  }
  return true;
}

bool adze_exec_shape_output(adze_exec *exec, int32_t index, const int64_t *shape, int64_t *bytes) {
  const adze_tensor_info *info = &exec->model->program->info.outputs[index];
  adze_exec_output *output = &exec->outputs[index];
  int64_t element = adze_dtype_bytes(info->dtype);
  size_t shape_bytes = (size_t)info->rank * sizeof *shape;
  if (element == 0) {
    adze_exec_fail(exec, ADZE_INTERNAL, "output '%s': type %s is not supported", info->name,
                   adze_dtype_name(info->dtype));
    return false;
  }
  if (!adze_tensor_bytes(info->rank, shape, element, bytes)) {
    adze_exec_fail(exec, ADZE_SHAPE_MISMATCH,
                   "output '%s': the result has a negative size, or more elements than can be addressed", info->name);
    return false;
  }
  bool known = output->data || output->from;
  if (known && shape_bytes && memcmp(output->shape, shape, shape_bytes) != 0) {
    adze_exec_fail(exec, ADZE_INTERNAL, "output '%s': the program asked for it with two shapes", info->name);
    return false;
  }
  if (shape_bytes)
    memcpy(output->shape, shape, shape_bytes);
  return true;
}

void *adze_rt_output(adze_exec *exec, int32_t index, const int64_t *shape) {
  adze_exec_output *output = &exec->outputs[index];
  int64_t bytes;
  exec->straight = false;
  if (!adze_exec_shape_output(exec, index, shape, &bytes))
    return NULL;
  if (output->data)
    return output->data;
  if (!adze_exec_find_output(exec, index, bytes))
    return NULL;
  if (bytes == 0)
    output->final = output->data = adze_no_data();
  else if (!choose_place(exec, index, adze_dtype_bytes(exec->model->program->info.outputs[index].dtype), bytes))
    return NULL;
  return output->data;
}

void adze_exec_deliver(adze_exec *exec) {
  const adze_model_info *info = &exec->model->program->info;
  for (int32_t i = 0; i < info->num_outputs; ++i) {
    const adze_exec_output *output = &exec->outputs[i];
    if (output->data != output->final && output->given->place == ADZE_ON_HOST)
      adze_copy_strided(output->final, output->final_strides, output->data, NULL, info->outputs[i].rank, output->shape,
                        adze_dtype_bytes(info->outputs[i].dtype));
  }
}
