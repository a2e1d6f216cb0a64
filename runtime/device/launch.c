// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Launches of the device's kernels.
#include "runtime/device/state.h"

#include "runtime/threads/wait.h"

/// Finds scratch memory for all items. False: recorded.
static bool find_scratch(adze_exec *exec, int64_t items, int64_t bytes, void **scratch) {
  adze_block *block = &exec->device->scratch;
  int64_t total;
  *scratch = adze_device_run.no_data();
  if (bytes == 0)
    return true;
  if (bytes < 0 || __builtin_mul_overflow(bytes, items, &total)) {
    adze_exec_fail(exec, bytes < 0 ? ADZE_SHAPE_MISMATCH : ADZE_OUT_OF_MEMORY,
                   "no scratch memory of %lld bytes for each of %lld items", (long long)bytes, (long long)items);
    return false;
  }
  if (!adze_device_reserve(exec, block, total, /*generous=*/false, "scratch memory"))
    return false;
  *scratch = block->data;
  return true;
}

/// Writes where the parameters are, in the order of adze_device_kernel.
static void list_parameters(adze_exec *exec, const adze_device_kernel *kernel, int64_t *items, void *const *buffers,
                            const int64_t *scalars, void **scratch) {
  void **next = exec->device->parameters;
  *next++ = items;
  for (int32_t i = 0; i < kernel->num_scalars; ++i)
    *next++ = (void *)&scalars[i];
  for (int32_t i = 0; i < kernel->num_buffers; ++i)
    *next++ = (void *)&buffers[i];
  *next++ = scratch;
  *next = &exec->device->failure;
}

int32_t adze_device_launch(adze_exec *exec, int32_t index, int64_t items, void *const *buffers, const int64_t *scalars,
                           int64_t scratch_bytes) {
  const adze_model *model = exec->model;
  const adze_model_device *own = model->device;
  const adze_device_kernel *kernel = model->program->kernels[index].device;
  adze_exec_device *share = exec->device;
  if (items > own->facts.max_items)
    return (int32_t)adze_exec_fail(
        exec, ADZE_SHAPE_MISMATCH, "kernel '%s' has %lld items, device %s takes at most %lld",
        model->program->info.kernel_names[index], (long long)items, own->facts.name, (long long)own->facts.max_items);
  void *scratch;
  if (!find_scratch(exec, items, scratch_bytes, &scratch))
    return (int32_t)exec->error.status;
  if (model->profile && adze_device_wait(exec) != ADZE_OK) // so that the kernel's time is its own
    return (int32_t)exec->error.status;
  int64_t begin = model->profile ? adze_now_ns() : 0;
  list_parameters(exec, kernel, &items, buffers, scalars, &scratch);
  share->kernel = model->program->info.kernel_names[index];
  share->busy = share->unread = true;
  ++share->launches;
  adze_error error;
  if (own->driver->launch(own->device, share->stream, own->functions[index], kernel, items, share->parameters,
                          &error) != ADZE_OK)
    return (int32_t)adze_exec_fail(exec, error.status, "kernel '%s': %s", share->kernel, error.message);
  if (model->profile) {
    adze_device_wait(exec);
    model->profile(model->profile_user, index, begin, adze_now_ns());
  }
  return (int32_t)exec->error.status;
}
