// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An open device; shared by the files of this folder.
#ifndef ADZE_RUNTIME_CUDA_DEVICE_H
#define ADZE_RUNTIME_CUDA_DEVICE_H

#include "runtime/cuda/api.h"
#include "runtime/device.h"

#ifdef __cplusplus
extern "C" {
#endif

struct adze_device {
  adze_cuda_api api;
  CUdevice number;
  int ordinal;       ///< as programs count devices
  CUcontext context; ///< the device's primary one, which other users of it in the process share
  CUmodule module;
};

/// The functions of adze_device_driver by its names.
adze_status adze_cuda_open(const adze_device_request *request, adze_device **device, adze_device_facts *facts,
                           adze_error *error);
void adze_cuda_close(adze_device *device);
adze_status adze_cuda_enter(adze_device *device, adze_error *error);
void adze_cuda_leave(adze_device *device);
adze_status adze_cuda_load(adze_device *device, const adze_device_image *image, const adze_device_request *request,
                           adze_error *error);
adze_status adze_cuda_find(adze_device *device, const adze_device_kernel *kernel, adze_device_function **function,
                           adze_error *error);

/// The driver.
extern const adze_device_driver adze_cuda_driver __attribute__((visibility("hidden")));

#ifdef __cplusplus
}
#endif
#endif // ADZE_RUNTIME_CUDA_DEVICE_H
