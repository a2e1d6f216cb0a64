// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loading code, and finding kernels in it.
#include "runtime/cuda/device.h"
#include "runtime/error.h"

#include <stdlib.h>
#include <string.h>

enum { kLogBytes = 16 << 10 };

/// Puts a log of several lines on one.
static void join_lines(char *text) {
  char *to = text;
  for (const char *from = text; *from; ++from) {
    if (*from != '\n')
      *to++ = *from;
    else if (to > text && from[1])
      *to++ = ';';
  }
  *to = 0;
}

adze_status adze_cuda_load(adze_device *device, const adze_device_image *image, const adze_device_request *request,
                           adze_error *error) {
  char *log = calloc(1, kLogBytes);
  if (!log)
    return adze_fail(error, ADZE_OUT_OF_MEMORY, "no memory to load the kernels");
  int options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void *values[] = {log, (void *)(uintptr_t)kLogBytes};
  CUresult result = device->api.load(&device->module, image->data, 2, options, values);
  adze_status status = ADZE_OK;
  if (result != CUDA_SUCCESS) {
    device->module = NULL;
    adze_error why = {ADZE_OK, ""};
    status = adze_cuda_fail(&device->api, result, "cuModuleLoadDataEx", &why);
    log[kLogBytes - 1] = 0;
    if (request->log && *log)
      request->log(request->log_user, 0, log);
    join_lines(log);
    adze_fail(error, status, "the kernels for %s (%s) cannot be loaded: %s%s%s", image->machine, image->form,
              why.message, *log ? ": " : "", log);
  }
  free(log);
  return status;
}

adze_status adze_cuda_find(adze_device *device, const adze_device_kernel *kernel, adze_device_function **function,
                           adze_error *error) {
  const adze_cuda_api *api = &device->api;
  adze_error why = {ADZE_OK, ""};
  CUfunction found = NULL;
  int threads = 0;
  const char *call = "cuModuleGetFunction";
  CUresult result = api->get_function(&found, device->module, kernel->name);
  if (result == CUDA_SUCCESS) {
    call = "cuFuncGetAttribute";
    result = api->get_attribute(&threads, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, found);
  }
  if (result == CUDA_SUCCESS && kernel->shared_bytes > 0) {
    call = "cuFuncSetAttribute";
    result = api->set_attribute(found, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, kernel->shared_bytes);
  }
  if (result != CUDA_SUCCESS) {
    adze_status status = adze_cuda_fail(api, result, call, &why);
    return adze_fail(error, status, "kernel '%s': %s", kernel->name, why.message);
  }
  if (threads < kernel->threads)
    return adze_fail(error, ADZE_DEVICE_ERROR, "kernel '%s' has blocks of %d threads, the device takes at most %d",
                     kernel->name, (int)kernel->threads, threads);
  *function = (adze_device_function *)found;
  return ADZE_OK;
}
