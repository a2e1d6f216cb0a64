// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The few types, numbers and functions of the CUDA driver's interface that this folder uses, declared here so that no
// header of CUDA is needed. Names and meanings are those of NVIDIA's "CUDA Driver API".
#ifndef ADZE_RUNTIME_CUDA_API_H
#define ADZE_RUNTIME_CUDA_API_H

#include "runtime/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef int CUresult;
typedef int CUdevice;
typedef unsigned long long CUdeviceptr;
typedef struct CUctx_st *CUcontext;
typedef struct CUmod_st *CUmodule;
typedef struct CUfunc_st *CUfunction;
typedef struct CUstream_st *CUstream;
typedef struct CUgraph_st *CUgraph;
typedef struct CUgraphExec_st *CUgraphExec;

enum {
  CUDA_SUCCESS = 0,
  CUDA_ERROR_INVALID_VALUE = 1,
  CUDA_ERROR_OUT_OF_MEMORY = 2,
  CUDA_ERROR_NOT_INITIALIZED = 3,
  CUDA_ERROR_NO_DEVICE = 100
};

/// CUdevice_attribute.
enum {
  CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X = 5,
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR = 75,
  CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR = 76
};

/// CUfunction_attribute.
enum { CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK = 0, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8 };

/// CUjit_option.
enum { CU_JIT_ERROR_LOG_BUFFER = 5, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES = 6 };

/// CUstream_flags.
enum { CU_STREAM_NON_BLOCKING = 1 };

/// CUstreamCaptureMode: only calls of the thread that captures are restricted.
enum { CU_STREAM_CAPTURE_MODE_THREAD_LOCAL = 1 };

/// CUpointer_attribute, CUmemorytype.
enum {
  CU_POINTER_ATTRIBUTE_CONTEXT = 1,
  CU_POINTER_ATTRIBUTE_MEMORY_TYPE = 2,
  CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL = 9
};
enum { CU_MEMORYTYPE_DEVICE = 2 };

/// The functions: F(name in the table, parameters, name in the library).
#define ADZE_CUDA_FUNCTIONS(F)                                                                                         \
  F(init, (unsigned flags), "cuInit")                                                                                  \
  F(error_name, (CUresult result, const char **text), "cuGetErrorName")                                                \
  F(error_string, (CUresult result, const char **text), "cuGetErrorString")                                            \
  F(device_count, (int *count), "cuDeviceGetCount")                                                                    \
  F(device_get, (CUdevice * device, int ordinal), "cuDeviceGet")                                                       \
  F(device_name, (char *name, int length, CUdevice device), "cuDeviceGetName")                                         \
  F(device_attribute, (int *value, int attribute, CUdevice device), "cuDeviceGetAttribute")                            \
  F(retain, (CUcontext * context, CUdevice device), "cuDevicePrimaryCtxRetain")                                        \
  F(release, (CUdevice device), "cuDevicePrimaryCtxRelease_v2")                                                        \
  F(push, (CUcontext context), "cuCtxPushCurrent_v2")                                                                  \
  F(pop, (CUcontext * context), "cuCtxPopCurrent_v2")                                                                  \
  F(load, (CUmodule * module, const void *image, unsigned count, int *options, void **values), "cuModuleLoadDataEx")   \
  F(unload, (CUmodule module), "cuModuleUnload")                                                                       \
  F(get_function, (CUfunction * function, CUmodule module, const char *name), "cuModuleGetFunction")                   \
  F(get_attribute, (int *value, int attribute, CUfunction function), "cuFuncGetAttribute")                             \
  F(set_attribute, (CUfunction function, int attribute, int value), "cuFuncSetAttribute")                              \
  F(mem_info, (size_t *free_bytes, size_t *total), "cuMemGetInfo_v2")                                                  \
  F(mem_alloc, (CUdeviceptr * data, size_t bytes), "cuMemAlloc_v2")                                                    \
  F(mem_free, (CUdeviceptr data), "cuMemFree_v2")                                                                      \
  F(host_alloc, (void **data, size_t bytes, unsigned flags), "cuMemHostAlloc")                                         \
  F(host_free, (void *data), "cuMemFreeHost")                                                                          \
  F(stream_create, (CUstream * stream, unsigned flags), "cuStreamCreate")                                              \
  F(stream_destroy, (CUstream stream), "cuStreamDestroy_v2")                                                           \
  F(stream_wait, (CUstream stream), "cuStreamSynchronize")                                                             \
  F(copy_in, (CUdeviceptr to, const void *from, size_t bytes, CUstream stream), "cuMemcpyHtoDAsync_v2")                \
  F(copy_out, (void *to, CUdeviceptr from, size_t bytes, CUstream stream), "cuMemcpyDtoHAsync_v2")                     \
  F(copy, (CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream), "cuMemcpyDtoDAsync_v2")                   \
  F(fill, (CUdeviceptr to, unsigned char value, size_t bytes, CUstream stream), "cuMemsetD8Async")                     \
  F(pointer_attribute, (void *value, int attribute, CUdeviceptr data), "cuPointerGetAttribute")                        \
  F(begin_capture, (CUstream stream, int mode), "cuStreamBeginCapture_v2")                                             \
  F(end_capture, (CUstream stream, CUgraph * graph), "cuStreamEndCapture")                                             \
  F(instantiate, (CUgraphExec * ready, CUgraph graph, unsigned long long flags), "cuGraphInstantiateWithFlags")        \
  F(destroy_graph, (CUgraph graph), "cuGraphDestroy")                                                                  \
  F(launch_graph, (CUgraphExec ready, CUstream stream), "cuGraphLaunch")                                               \
  F(destroy_ready, (CUgraphExec ready), "cuGraphExecDestroy")                                                          \
  F(launch,                                                                                                            \
    (CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y,       \
     unsigned block_z, unsigned shared_bytes, CUstream stream, void **parameters, void **extra),                       \
    "cuLaunchKernel")

/// The driver's library.
typedef struct adze_cuda_api {
  void *library;
#define ADZE_CUDA_MEMBER(name, parameters, symbol) CUresult(*name) parameters;
  ADZE_CUDA_FUNCTIONS(ADZE_CUDA_MEMBER)
#undef ADZE_CUDA_MEMBER
} adze_cuda_api;

/// Opens the library that the environment's ADZE_CUDA_DRIVER names, or else the system's, and initialises the driver.
/// ADZE_NO_DEVICE if there is none. It stays in the process.
adze_status adze_cuda_open_api(adze_cuda_api *api, adze_error *error);

/// Lets go of the library.
void adze_cuda_close_api(adze_cuda_api *api);

/// What a failed call of the driver (`call`, its name) comes to, with the driver's own words. `error` may be NULL.
adze_status adze_cuda_fail(const adze_cuda_api *api, CUresult result, const char *call, adze_error *error);

#ifdef __cplusplus
}
#endif
#endif // ADZE_RUNTIME_CUDA_API_H
