// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Opening a device: which of them, with which code.
#include "runtime/cuda/choose.h"
#include "runtime/cuda/device.h"
#include "runtime/error.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { kDlpackCuda = 2 };

/// What is asked of a device before it is opened.
typedef struct candidate {
  CUdevice device;
  int32_t number;
  char name[96];
  int major, minor;
} candidate;

/// Text that grows to the end of its room.
typedef struct list {
  char text[ADZE_MESSAGE_BYTES];
  size_t used;
} list;

static void add(list *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(list *l, const char *format, ...) {
  va_list args;
  va_start(args, format);
  adze_format(l->text + l->used, sizeof l->text - l->used, format, args);
  va_end(args);
  l->used += strlen(l->text + l->used);
}

static adze_status examine(const adze_cuda_api *api, int32_t number, candidate *c, adze_error *error) {
  c->number = number;
  c->name[0] = 0;
  CUresult result = api->device_get(&c->device, number);
  if (result != CUDA_SUCCESS)
    return adze_cuda_fail(api, result, "cuDeviceGet", error);
  result = api->device_name(c->name, sizeof c->name, c->device);
  if (result != CUDA_SUCCESS)
    return adze_cuda_fail(api, result, "cuDeviceGetName", error);
  c->name[sizeof c->name - 1] = 0;
  result = api->device_attribute(&c->major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, c->device);
  if (result == CUDA_SUCCESS)
    result = api->device_attribute(&c->minor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, c->device);
  return result == CUDA_SUCCESS ? ADZE_OK : adze_cuda_fail(api, result, "cuDeviceGetAttribute", error);
}

static bool is_meant(const candidate *c, const char *wanted) {
  int32_t number;
  if (!wanted)
    return true;
  return adze_cuda_is_number(wanted, &number) ? number == c->number : adze_cuda_contains(c->name, wanted);
}

/// The failure that no device has been found: `all` lists those that there are.
static adze_status none_found(const adze_device_request *request, bool any_meant, const list *all, adze_error *error) {
  list images = {"", 0};
  if (request->wanted && !any_meant)
    return adze_fail(error, ADZE_NO_DEVICE, "no device '%s'; there are: %s", request->wanted, all->text);
  for (int32_t i = 0; i < request->num_images; ++i)
    add(&images, "%s%s (%s)", i ? ", " : "", request->images[i].machine, request->images[i].form);
  return adze_fail(error, ADZE_NO_DEVICE, "the artifact has code for %s, which does not run on %s%s%s; there are: %s",
                   images.text, request->wanted ? "device '" : "any device", request->wanted ? request->wanted : "",
                   request->wanted ? "'" : "", all->text);
}

/// Finds the first device that is meant and that an image suits.
static adze_status choose(const adze_cuda_api *api, const adze_device_request *request, candidate *c,
                          const adze_device_image **image, adze_error *error) {
  list all = {"", 0};
  bool any_meant = false;
  int count = 0;
  CUresult result = api->device_count(&count);
  if (result != CUDA_SUCCESS)
    return adze_cuda_fail(api, result, "cuDeviceGetCount", error);
  if (count <= 0)
    return adze_fail(error, ADZE_NO_DEVICE, "the driver has no device");
  for (int32_t i = 0; i < count; ++i) {
    adze_status status = examine(api, i, c, error);
    if (status != ADZE_OK)
      return status;
    add(&all, "%s%d '%s' (sm_%d%d)", i ? ", " : "", i, c->name, c->major, c->minor);
    if (!is_meant(c, request->wanted))
      continue;
    any_meant = true;
    *image = adze_cuda_choose_image(request->images, request->num_images, c->major, c->minor);
    if (*image)
      return ADZE_OK;
  }
  return none_found(request, any_meant, &all, error);
}

static void describe(adze_device_facts *facts, const candidate *c, const adze_device_image *image, int max_items) {
  list name = {"", 0};
  add(&name, "%d '%s'", c->number, c->name);
  name.text[sizeof facts->name - 1] = 0;
  memcpy(facts->name, name.text, sizeof facts->name);
  facts->machine = image->machine;
  facts->max_items = max_items;
  facts->type = kDlpackCuda;
  facts->number = c->number;
}

/// Opens the device, whose library is open.
static adze_status open_device(adze_device *device, const adze_device_request *request, adze_device_facts *facts,
                               adze_error *error) {
  const adze_cuda_api *api = &device->api;
  const adze_device_image *image;
  candidate c;
  adze_status status = choose(api, request, &c, &image, error);
  if (status != ADZE_OK)
    return status;
  int max_items;
  CUresult result = api->device_attribute(&max_items, CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X, c.device);
  if (result != CUDA_SUCCESS)
    return adze_cuda_fail(api, result, "cuDeviceGetAttribute", error);
  describe(facts, &c, image, max_items);
  device->number = c.device;
  device->ordinal = c.number;
  result = api->retain(&device->context, c.device);
  if (result != CUDA_SUCCESS) {
    device->context = NULL;
    return adze_cuda_fail(api, result, "cuDevicePrimaryCtxRetain", error);
  }
  status = adze_cuda_enter(device, error);
  if (status != ADZE_OK)
    return status;
  status = adze_cuda_load(device, image, request, error);
  adze_cuda_leave(device);
  return status;
}

adze_status adze_cuda_open(const adze_device_request *request, adze_device **result, adze_device_facts *facts,
                           adze_error *error) {
  *result = NULL;
  adze_device *device = calloc(1, sizeof *device);
  if (!device)
    return adze_fail(error, ADZE_OUT_OF_MEMORY, "no memory to open a device");
  adze_status status = adze_cuda_open_api(&device->api, error);
  if (status != ADZE_OK) {
    free(device);
    return status;
  }
  status = open_device(device, request, facts, error);
  if (status != ADZE_OK) {
    adze_cuda_close(device);
    return status;
  }
  *result = device;
  return ADZE_OK;
}

void adze_cuda_close(adze_device *device) {
  if (device->module && adze_cuda_enter(device, NULL) == ADZE_OK) {
    device->api.unload(device->module);
    adze_cuda_leave(device);
  }
  if (device->context)
    device->api.release(device->number);
  adze_cuda_close_api(&device->api);
  free(device);
}

adze_status adze_cuda_enter(adze_device *device, adze_error *error) {
  CUresult result = device->api.push(device->context);
  return result == CUDA_SUCCESS ? ADZE_OK : adze_cuda_fail(&device->api, result, "cuCtxPushCurrent", error);
}

void adze_cuda_leave(adze_device *device) {
  CUcontext popped;
  device->api.pop(&popped);
}
