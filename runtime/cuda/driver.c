// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Memory, streams, copies and launches, each one call of the driver; and the table of all.
#include "runtime/cuda/device.h"
#include "runtime/error.h"

static adze_status check(const adze_device *device, CUresult result, const char *call, adze_error *error) {
  return result == CUDA_SUCCESS ? ADZE_OK : adze_cuda_fail(&device->api, result, call, error);
}

static CUdeviceptr address(const void *data) { return (CUdeviceptr)(uintptr_t)data; }

static adze_status alloc(adze_device *device, int64_t bytes, void **data, adze_error *error) {
  CUdeviceptr found = 0;
  adze_error why = {ADZE_OK, ""};
  size_t free_bytes, total;
  adze_status status = check(device, device->api.mem_alloc(&found, (size_t)bytes), "cuMemAlloc", &why);
  *data = (void *)(uintptr_t)found;
  if (status == ADZE_OK)
    return ADZE_OK;
  if (status != ADZE_OUT_OF_MEMORY || device->api.mem_info(&free_bytes, &total) != CUDA_SUCCESS)
    return adze_fail(error, status, "%s", why.message);
  return adze_fail(error, status, "%s; %lld of the device's %lld bytes are free", why.message, (long long)free_bytes,
                   (long long)total);
}

static void free_memory(adze_device *device, void *data) { device->api.mem_free(address(data)); }

static adze_status alloc_host(adze_device *device, int64_t bytes, void **data, adze_error *error) {
  return check(device, device->api.host_alloc(data, (size_t)bytes, 0), "cuMemHostAlloc", error);
}

static void free_host(adze_device *device, void *data) { device->api.host_free(data); }

static adze_status make_stream(adze_device *device, adze_stream **stream, adze_error *error) {
  CUstream made = NULL;
  CUresult result = device->api.stream_create(&made, CU_STREAM_NON_BLOCKING);
  *stream = (adze_stream *)made;
  return check(device, result, "cuStreamCreate", error);
}

static void destroy_stream(adze_device *device, adze_stream *stream) { device->api.stream_destroy((CUstream)stream); }

static adze_status copy_in(adze_device *device, adze_stream *stream, void *to, const void *from, int64_t bytes,
                           adze_error *error) {
  CUresult result = device->api.copy_in(address(to), from, (size_t)bytes, (CUstream)stream);
  return check(device, result, "cuMemcpyHtoDAsync", error);
}

static adze_status copy_out(adze_device *device, adze_stream *stream, void *to, const void *from, int64_t bytes,
                            adze_error *error) {
  CUresult result = device->api.copy_out(to, address(from), (size_t)bytes, (CUstream)stream);
  return check(device, result, "cuMemcpyDtoHAsync", error);
}

static adze_status copy(adze_device *device, adze_stream *stream, void *to, const void *from, int64_t bytes,
                        adze_error *error) {
  CUresult result = device->api.copy(address(to), address(from), (size_t)bytes, (CUstream)stream);
  return check(device, result, "cuMemcpyDtoDAsync", error);
}

static adze_status zero(adze_device *device, adze_stream *stream, void *data, int64_t bytes, adze_error *error) {
  CUresult result = device->api.fill(address(data), 0, (size_t)bytes, (CUstream)stream);
  return check(device, result, "cuMemsetD8Async", error);
}

static adze_status launch(adze_device *device, adze_stream *stream, adze_device_function *function,
                          const adze_device_kernel *kernel, int64_t items, void **parameters, adze_error *error) {
  CUresult result = device->api.launch((CUfunction)function, (unsigned)items, 1, 1, (unsigned)kernel->threads, 1, 1,
                                       (unsigned)kernel->shared_bytes, (CUstream)stream, parameters, NULL);
  return check(device, result, "cuLaunchKernel", error);
}

static adze_status wait(adze_device *device, adze_stream *stream, adze_error *error) {
  return check(device, device->api.stream_wait((CUstream)stream), "cuStreamSynchronize", error);
}

static adze_status check_pointer(adze_device *device, const void *data, adze_error *error) {
  unsigned type = 0;
  int number = -1;
  CUcontext context = NULL;
  const adze_cuda_api *api = &device->api;
  CUresult result = api->pointer_attribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, address(data));
  if (result != CUDA_SUCCESS && result != CUDA_ERROR_INVALID_VALUE)
    return adze_cuda_fail(api, result, "cuPointerGetAttribute", error);
  if (result != CUDA_SUCCESS || type != CU_MEMORYTYPE_DEVICE)
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "the address is not in the memory of a device");
  result = api->pointer_attribute(&number, CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, address(data));
  if (result != CUDA_SUCCESS)
    return adze_cuda_fail(api, result, "cuPointerGetAttribute", error);
  if (number != device->ordinal)
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "the address is in the memory of device %d, expected device %d",
                     number, device->ordinal);
  // Memory of pools that streams allocate from is of no context.
  if (api->pointer_attribute(&context, CU_POINTER_ATTRIBUTE_CONTEXT, address(data)) == CUDA_SUCCESS && context &&
      context != device->context)
    return adze_fail(error, ADZE_INVALID_ARGUMENT,
                     "the address is in the memory of another context of the device than its primary one");
  return ADZE_OK;
}

static adze_status begin_capture(adze_device *device, adze_stream *stream, adze_error *error) {
  CUresult result = device->api.begin_capture((CUstream)stream, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
  return check(device, result, "cuStreamBeginCapture", error);
}

static adze_status end_capture(adze_device *device, adze_stream *stream, adze_graph **graph, adze_error *error) {
  CUgraph recorded = NULL;
  CUgraphExec ready = NULL;
  adze_status status = check(device, device->api.end_capture((CUstream)stream, &recorded), "cuStreamEndCapture", error);
  if (status == ADZE_OK && graph) {
    status = check(device, device->api.instantiate(&ready, recorded, 0), "cuGraphInstantiate", error);
    *graph = status == ADZE_OK ? (adze_graph *)ready : NULL;
  }
  if (recorded)
    device->api.destroy_graph(recorded);
  return status;
}

static adze_status launch_graph(adze_device *device, adze_stream *stream, adze_graph *graph, adze_error *error) {
  CUresult result = device->api.launch_graph((CUgraphExec)graph, (CUstream)stream);
  return check(device, result, "cuGraphLaunch", error);
}

static void destroy_graph(adze_device *device, adze_graph *graph) { device->api.destroy_ready((CUgraphExec)graph); }

const adze_device_driver adze_cuda_driver = {.services = &adze_device_run,
                                             .open = adze_cuda_open,
                                             .close = adze_cuda_close,
                                             .enter = adze_cuda_enter,
                                             .leave = adze_cuda_leave,
                                             .find = adze_cuda_find,
                                             .alloc = alloc,
                                             .free = free_memory,
                                             .alloc_host = alloc_host,
                                             .free_host = free_host,
                                             .make_stream = make_stream,
                                             .destroy_stream = destroy_stream,
                                             .copy_in = copy_in,
                                             .copy_out = copy_out,
                                             .copy = copy,
                                             .zero = zero,
                                             .launch = launch,
                                             .wait = wait,
                                             .check = check_pointer,
                                             .begin_capture = begin_capture,
                                             .end_capture = end_capture,
                                             .launch_graph = launch_graph,
                                             .destroy_graph = destroy_graph};
