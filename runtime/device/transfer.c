// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The services of abi.h that copy to, from and in the device's memory.
#include "runtime/device/state.h"

#include <string.h>

/// A place in the staging memory for a copy; NULL: it is too large for one, or (recorded) there is no memory.
static char *find_place(adze_exec *exec, int64_t bytes) {
  adze_exec_device *share = exec->device;
  int64_t rounded;
  if (bytes > ADZE_STAGING_MOST)
    return NULL;
  adze_round_up(bytes, ADZE_ALIGNMENT, &rounded);
  if (rounded > share->staging.bytes - share->staged &&
      (adze_device_wait(exec) != ADZE_OK || !adze_device_stage(exec, rounded)))
    return NULL;
  char *place = (char *)share->staging.data + share->staged;
  share->staged += rounded;
  return place;
}

static int32_t copy_in(adze_exec *exec, void *to, const void *from, int64_t bytes) {
  const adze_model_device *own = exec->model->device;
  adze_exec_device *share = exec->device;
  char *place = find_place(exec, bytes);
  if (exec->error.status != ADZE_OK)
    return (int32_t)exec->error.status;
  if (place)
    memcpy(place, from, (size_t)bytes);
  share->busy = true;
  adze_error error;
  if (own->driver->copy_in(own->device, share->stream, to, place ? place : from, bytes, &error) != ADZE_OK)
    return (int32_t)adze_device_failed(exec, &error);
  return (int32_t)(place ? exec->error.status : adze_device_wait(exec));
}

static int32_t copy_out(adze_exec *exec, void *to, const void *from, int64_t bytes) {
  const adze_model_device *own = exec->model->device;
  adze_exec_device *share = exec->device;
  exec->straight = false;
  char *place = find_place(exec, bytes);
  if (exec->error.status != ADZE_OK)
    return (int32_t)exec->error.status;
  share->busy = true;
  adze_error error;
  if (own->driver->copy_out(own->device, share->stream, place ? place : to, from, bytes, &error) != ADZE_OK) {
    adze_device_failed(exec, &error);
    return (int32_t)adze_device_wait(exec);
  }
  if (adze_device_check(exec) == ADZE_OK && place)
    memcpy(to, place, (size_t)bytes);
  return (int32_t)exec->error.status;
}

int32_t adze_rt_transfer(adze_exec *exec, int32_t to_device, void *to, const void *from, int64_t bytes) {
  if (bytes <= 0)
    return (int32_t)exec->error.status;
  return to_device ? copy_in(exec, to, from, bytes) : copy_out(exec, to, from, bytes);
}

int32_t adze_rt_copy_on_device(adze_exec *exec, void *to, const void *from, int64_t bytes) {
  if (bytes <= 0)
    return (int32_t)exec->error.status;
  const adze_model_device *own = exec->model->device;
  exec->device->busy = true;
  ++exec->device->launches;
  adze_error error;
  if (own->driver->copy(own->device, exec->device->stream, to, from, bytes, &error) != ADZE_OK)
    adze_device_failed(exec, &error);
  return (int32_t)exec->error.status;
}
