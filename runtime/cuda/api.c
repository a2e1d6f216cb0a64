// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Finding the driver's library and its functions; its errors.
#define _GNU_SOURCE
#include "runtime/cuda/api.h"

#include "runtime/error.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

static adze_status find_functions(adze_cuda_api *api, const char *path, adze_error *error) {
  const struct {
    const char *symbol;
    void *target;
  } functions[] = {
#define ADZE_CUDA_ENTRY(name, parameters, symbol) {symbol, &api->name},
      ADZE_CUDA_FUNCTIONS(ADZE_CUDA_ENTRY)
#undef ADZE_CUDA_ENTRY
  };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; ++i) {
    void *address = dlsym(api->library, functions[i].symbol);
    if (!address)
      return adze_fail(error, ADZE_NO_DEVICE, "the driver '%s' has no function %s: it is too old", path,
                       functions[i].symbol);
    memcpy(functions[i].target, &address, sizeof address);
  }
  return ADZE_OK;
}

adze_status adze_cuda_open_api(adze_cuda_api *api, adze_error *error) {
  const char *path = getenv("ADZE_CUDA_DRIVER");
  if (!path || !*path)
    path = "libcuda.so.1";
  api->library = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE); // a driver's threads outlive its users
  if (!api->library) {
    const char *text = dlerror();
    return adze_fail(error, ADZE_NO_DEVICE, "no driver: %s", text ? text : path);
  }
  adze_status status = find_functions(api, path, error);
  if (status == ADZE_OK) {
    CUresult result = api->init(0);
    if (result == CUDA_SUCCESS)
      return ADZE_OK;
    status = adze_cuda_fail(api, result, "cuInit", error);
    if (error && result == CUDA_ERROR_NOT_INITIALIZED)
      status = adze_fail(error, ADZE_NO_DEVICE,
                         "cuInit: CUDA_ERROR_NOT_INITIALIZED: the driver cannot be used in a process that was forked "
                         "from one that uses it");
    if (error && status != ADZE_OUT_OF_MEMORY)
      status = error->status = ADZE_NO_DEVICE;
  }
  adze_cuda_close_api(api);
  return status;
}

void adze_cuda_close_api(adze_cuda_api *api) {
  dlclose(api->library);
  api->library = NULL;
}

adze_status adze_cuda_fail(const adze_cuda_api *api, CUresult result, const char *call, adze_error *error) {
  const char *name = NULL, *text = NULL;
  adze_status status = ADZE_DEVICE_ERROR;
  if (result == CUDA_ERROR_OUT_OF_MEMORY)
    status = ADZE_OUT_OF_MEMORY;
  else if (result == CUDA_ERROR_NO_DEVICE)
    status = ADZE_NO_DEVICE;
  if (api->error_name(result, &name) != CUDA_SUCCESS || !name)
    return adze_fail(error, status, "%s: error %d", call, result);
  if (api->error_string(result, &text) != CUDA_SUCCESS || !text)
    return adze_fail(error, status, "%s: %s", call, name);
  return adze_fail(error, status, "%s: %s (%s)", call, text, name);
}
