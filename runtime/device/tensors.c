// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Inputs and outputs of a run that are on the device, or go there.
#include "runtime/device/state.h"

#include "runtime/strided.h"
#include "runtime/tensor.h"

/// Tensors on the device that fall into more pieces are gathered by the host.
enum { kMostPieces = 1024 };

/// How many dimensions from the last one on lie together; those before them are walked.
static int32_t outer_dims(int32_t rank, const int64_t *shape, const int64_t *strides, int64_t *elements) {
  int64_t together = 1;
  int32_t d = strides ? rank : 0;
  for (; d > 0 && (strides[d - 1] == together || shape[d - 1] == 1); --d)
    together *= shape[d - 1];
  for (int32_t i = 0; !strides && i < rank; ++i)
    together *= shape[i];
  *elements = together;
  return d;
}

int64_t adze_device_count_pieces(int32_t rank, const int64_t *shape, const int64_t *strides) {
  int64_t elements, pieces = 1;
  int32_t outer = outer_dims(rank, shape, strides, &elements);
  for (int32_t d = 0; d < outer; ++d)
    pieces *= shape[d];
  return pieces;
}

bool adze_device_copy_pieces(adze_exec *exec, adze_device_copy copy, void *to, const int64_t *to_strides,
                             const void *from, const int64_t *from_strides, const adze_tensor *tensor) {
  const adze_model_device *own = exec->model->device;
  const int64_t *shape = tensor->shape, element = adze_dtype_bytes(tensor->dtype);
  int64_t at[ADZE_MAX_RANK] = {0}, elements, done = 0;
  int32_t outer = outer_dims(tensor->rank, shape, to_strides ? to_strides : from_strides, &elements);
  int64_t pieces = adze_device_count_pieces(tensor->rank, shape, to_strides ? to_strides : from_strides);
  for (int64_t i = 0; i < pieces; ++i, done += elements) {
    int64_t strided = 0;
    for (int32_t d = 0; d < outer; ++d)
      strided += at[d] * (to_strides ? to_strides : from_strides)[d];
    char *target = (char *)to + (to_strides ? strided : done) * element;
    const char *source = (const char *)from + (!to_strides && from_strides ? strided : done) * element;
    exec->device->busy = true;
    adze_error error;
    if (copy(own->device, exec->device->stream, target, source, elements * element, &error) != ADZE_OK) {
      adze_device_failed(exec, &error);
      return false;
    }
    for (int32_t d = outer - 1; d >= 0 && ++at[d] == shape[d]; --d)
      at[d] = 0;
  }
  return true;
}

bool adze_device_fetch(adze_exec *exec, int32_t index) {
  const adze_model_device *own = exec->model->device;
  const adze_exec_input *input = &exec->inputs[index];
  const adze_tensor *tensor = input->given;
  int64_t low, high, element = adze_dtype_bytes(tensor->dtype);
  adze_tensor_extent(tensor, element, &low, &high);
  bool contiguous = adze_is_contiguous(tensor->rank, tensor->shape, tensor->strides);
  adze_block extent = {NULL, 0};
  char *target = input->staging.data;
  if (!contiguous) {
    if (!adze_block_reserve(&exec->model->memory, &extent, high - low)) {
      adze_exec_fail(exec, ADZE_OUT_OF_MEMORY, "input '%s': no memory for the %lld bytes that it spans",
                     exec->model->program->info.inputs[index].name, (long long)(high - low));
      return false;
    }
    target = extent.data;
  }
  adze_error error;
  exec->device->busy = true;
  if (own->driver->copy_out(own->device, exec->device->stream, target, (char *)tensor->data + low, high - low,
                            &error) != ADZE_OK)
    adze_device_failed(exec, &error);
  adze_device_wait(exec);
  if (!contiguous && exec->error.status == ADZE_OK)
    adze_copy_strided(input->staging.data, NULL, target - low, tensor->strides, tensor->rank, tensor->shape, element);
  adze_block_free(&exec->model->memory, &extent);
  return exec->error.status == ADZE_OK;
}

/// An input that the caller has on the device.
static const void *take_on_device(adze_exec *exec, int32_t index, void *room, int64_t bytes) {
  const adze_model_device *own = exec->model->device;
  const adze_tensor *tensor = exec->inputs[index].given;
  const int64_t *strides = adze_is_contiguous(tensor->rank, tensor->shape, tensor->strides) ? NULL : tensor->strides;
  if (!strides && (uintptr_t)tensor->data % ADZE_DEVICE_ALIGNMENT == 0)
    return tensor->data;
  if (adze_device_count_pieces(tensor->rank, tensor->shape, strides) <= kMostPieces)
    return adze_device_copy_pieces(exec, own->driver->copy, room, NULL, tensor->data, strides, tensor) ? room : NULL;
  const void *data = adze_rt_input(exec, index);
  return data && adze_rt_transfer(exec, 1, room, data, bytes) == ADZE_OK ? room : NULL;
}

const void *adze_rt_input_on_device(adze_exec *exec, int32_t index, void *room) {
  const adze_model_device *own = exec->model->device;
  adze_exec_input *input = &exec->inputs[index];
  const adze_tensor *tensor = input->given;
  int64_t bytes, element = adze_dtype_bytes(tensor->dtype);
  adze_tensor_bytes(tensor->rank, tensor->shape, element, &bytes);
  if (bytes == 0)
    return room;
  if (tensor->place == ADZE_ON_DEVICE)
    return take_on_device(exec, index, room, bytes);
  if (bytes > ADZE_PINNED_MOST) {
    const void *data = adze_rt_input(exec, index);
    return data && adze_rt_transfer(exec, 1, room, data, bytes) == ADZE_OK ? room : NULL;
  }
  if (!input->in_pinned) {
    if (!adze_device_pin(exec, &input->pinned, bytes))
      return NULL;
    adze_copy_strided(input->pinned.data, NULL, tensor->data, tensor->strides, tensor->rank, tensor->shape, element);
    input->in_pinned = true;
  }
  adze_error error;
  exec->device->busy = true;
  if (own->driver->copy_in(own->device, exec->device->stream, room, input->pinned.data, bytes, &error) == ADZE_OK)
    return room;
  adze_device_failed(exec, &error);
  return NULL;
}

/// Whether an output goes through the exec's pinned memory.
static bool is_pinned(const adze_exec_output *output, int64_t bytes) {
  return output->given->place == ADZE_ON_HOST && bytes <= ADZE_PINNED_MOST;
}

int32_t adze_rt_deliver(adze_exec *exec, int32_t index, const int64_t *shape, const void *from) {
  const adze_model_device *own = exec->model->device;
  adze_exec_output *output = &exec->outputs[index];
  int64_t bytes;
  if (!adze_exec_shape_output(exec, index, shape, &bytes))
    return (int32_t)exec->error.status;
  output->from = from;
  if (bytes == 0 || !is_pinned(output, bytes))
    return (int32_t)exec->error.status;
  if (!adze_device_pin(exec, &output->pinned, bytes))
    return (int32_t)exec->error.status;
  adze_error error;
  exec->device->busy = true;
  if (own->driver->copy_out(own->device, exec->device->stream, output->pinned.data, from, bytes, &error) != ADZE_OK)
    adze_device_failed(exec, &error);
  return (int32_t)exec->error.status;
}

/// Output `index` as its final memory is.
static adze_tensor final_tensor(const adze_exec *exec, int32_t index, int64_t *bytes) {
  const adze_tensor_info *info = &exec->model->program->info.outputs[index];
  const adze_exec_output *output = &exec->outputs[index];
  adze_tensor_bytes(info->rank, output->shape, adze_dtype_bytes(info->dtype), bytes);
  return (adze_tensor){output->final, info->dtype,           info->rank,
                       output->shape, output->final_strides, output->given->place};
}

/// Whether the final memory of an output on the device is, in part, that from which it is copied.
static bool overlaps(const adze_tensor *target, const void *from, int64_t bytes) {
  int64_t low, high;
  adze_tensor_extent(target, adze_dtype_bytes(target->dtype), &low, &high);
  uintptr_t base = (uintptr_t)target->data, begin = (uintptr_t)from;
  return base + (uintptr_t)low < begin + (uintptr_t)bytes && begin < base + (uintptr_t)high;
}

/// Has the host's memory between for an output; where the result is to be copied from later is its `data`.
static bool begin_aside(adze_exec *exec, int32_t index, int64_t bytes) {
  const adze_model_device *own = exec->model->device;
  adze_exec_output *output = &exec->outputs[index];
  adze_error error;
  if (!adze_block_reserve(&exec->model->memory, &output->staging, bytes)) {
    adze_exec_fail(exec, ADZE_OUT_OF_MEMORY, "output '%s': no memory for a contiguous copy of %lld bytes",
                   exec->model->program->info.outputs[index].name, (long long)bytes);
    return false;
  }
  output->data = output->staging.data;
  exec->device->busy = true;
  if (own->driver->copy_out(own->device, exec->device->stream, output->data, output->from, bytes, &error) != ADZE_OK)
    adze_device_failed(exec, &error);
  return exec->error.status == ADZE_OK;
}

/// The copy of an output that is delivered from the device's memory.
static void begin_delivery(adze_exec *exec, int32_t index) {
  const adze_model_device *own = exec->model->device;
  adze_exec_output *output = &exec->outputs[index];
  int64_t bytes;
  final_tensor(exec, index, &bytes);
  if (!adze_exec_find_output(exec, index, bytes))
    return;
  adze_tensor target = final_tensor(exec, index, &bytes);
  output->data = output->final;
  if (bytes == 0)
    return;
  if (target.place == ADZE_ON_HOST) {
    output->data = output->pinned.data;
    if (!is_pinned(output, bytes))
      begin_aside(exec, index, bytes);
    return;
  }
  const int64_t *strides = adze_is_contiguous(target.rank, target.shape, target.strides) ? NULL : target.strides;
  if (overlaps(&target, output->from, bytes))
    begin_aside(exec, index, bytes);
  else
    adze_device_copy_pieces(exec, own->driver->copy, target.data, strides, output->from, NULL, &target);
}

void adze_device_begin_deliveries(adze_exec *exec) {
  const adze_model_info *info = &exec->model->program->info;
  for (int32_t i = 0; i < info->num_outputs && exec->error.status == ADZE_OK; ++i)
    if (exec->outputs[i].from)
      begin_delivery(exec, i);
}

void adze_device_end_deliveries(adze_exec *exec) {
  const adze_model_info *info = &exec->model->program->info;
  const adze_model_device *own = exec->model->device;
  for (int32_t i = 0; i < info->num_outputs && exec->error.status == ADZE_OK; ++i) {
    const adze_exec_output *output = &exec->outputs[i];
    if (output->given->place == ADZE_ON_HOST || !output->data || output->data == output->final)
      continue;
    int64_t bytes;
    adze_tensor target = final_tensor(exec, i, &bytes);
    const int64_t *strides = adze_is_contiguous(target.rank, target.shape, target.strides) ? NULL : target.strides;
    adze_device_copy_pieces(exec, own->driver->copy_in, target.data, strides, output->data, NULL, &target);
  }
  adze_device_wait(exec);
}
