// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What callers may ask of a model's device: memory for inputs and outputs, copies, waits. Beside any run, on any
// thread.
#include "runtime/device/state.h"

#include "runtime/error.h"

const adze_device_info *adze_device_tell(const adze_model *model) { return &model->device->info; }

static adze_status enter(adze_model *model, adze_error *error) {
  adze_model_device *own = model->device;
  if (!adze_device_is_ours(model))
    return adze_fail(error, ADZE_NO_DEVICE, "a forked process cannot use the device that its parent opened");
  return own->driver->enter(own->device, error);
}

adze_status adze_device_lend(adze_model *model, size_t bytes, void **data, adze_error *error) {
  adze_model_device *own = model->device;
  adze_error why = {ADZE_OK, ""};
  *data = NULL;
  if (bytes > (size_t)INT64_MAX)
    return adze_fail(error, ADZE_OUT_OF_MEMORY, "more than can be addressed");
  adze_status status = enter(model, &why);
  if (status == ADZE_OK) {
    status = own->driver->alloc(own->device, bytes ? (int64_t)bytes : 1, data, &why);
    own->driver->leave(own->device);
  }
  return status == ADZE_OK ? ADZE_OK : adze_fail(error, status, "%s", why.message);
}

void adze_device_take_back(adze_model *model, void *data) {
  adze_model_device *own = model->device;
  if (enter(model, NULL) != ADZE_OK)
    return;
  own->driver->free(own->device, data);
  own->driver->leave(own->device);
}

/// The device is entered.
static adze_status copy(adze_model *model, void *to, adze_place to_place, const void *from, adze_place from_place,
                        int64_t bytes, adze_error *error) {
  adze_model_device *own = model->device;
  const adze_device_driver *driver = own->driver;
  adze_stream *stream;
  adze_status status = ADZE_OK;
  if (to_place == ADZE_ON_DEVICE)
    status = driver->check(own->device, to, error);
  if (status == ADZE_OK && from_place == ADZE_ON_DEVICE)
    status = driver->check(own->device, from, error);
  if (status == ADZE_OK)
    status = driver->make_stream(own->device, &stream, error);
  if (status != ADZE_OK)
    return status;
  adze_device_copy way = to_place == ADZE_ON_HOST ? driver->copy_out : driver->copy_in;
  if (to_place == ADZE_ON_DEVICE && from_place == ADZE_ON_DEVICE)
    way = driver->copy;
  status = way(own->device, stream, to, from, bytes, error);
  if (status == ADZE_OK)
    status = driver->wait(own->device, stream, error);
  driver->destroy_stream(own->device, stream);
  return status;
}

adze_status adze_device_copy_for_caller(adze_model *model, void *to, adze_place to_place, const void *from,
                                        adze_place from_place, size_t bytes, adze_error *error) {
  adze_error why = {ADZE_OK, ""};
  if (to_place == ADZE_ON_HOST && from_place == ADZE_ON_HOST)
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "both memories are the host's");
  if (bytes == 0)
    return ADZE_OK;
  adze_status status = enter(model, &why);
  if (status == ADZE_OK) {
    status = copy(model, to, to_place, from, from_place, (int64_t)bytes, &why);
    model->device->driver->leave(model->device->device);
  }
  return status == ADZE_OK ? ADZE_OK : adze_fail(error, status, "%s", why.message);
}

adze_status adze_device_wait_for_caller(adze_model *model, void *stream, adze_error *error) {
  adze_model_device *own = model->device;
  adze_error why = {ADZE_OK, ""};
  adze_status status = enter(model, &why);
  if (status == ADZE_OK) {
    status = own->driver->wait(own->device, (adze_stream *)stream, &why);
    own->driver->leave(own->device);
  }
  return status == ADZE_OK ? ADZE_OK : adze_fail(error, status, "%s", why.message);
}
