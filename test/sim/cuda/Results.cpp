// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/sim/cuda/Driver.h"

namespace {

struct Entry {
  int result;
  const char *name, *text;
};

const Entry kResults[] = {
    {0, "CUDA_SUCCESS", "no error"},
    {1, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {2, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {3, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {100, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {101, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {200, "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {201, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {209, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"},
    {218, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    {400, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {500, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {600, "CUDA_ERROR_NOT_READY", "device not ready"},
    {700, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
    {702, "CUDA_ERROR_LAUNCH_TIMEOUT", "the launch timed out and was terminated"},
    {709, "CUDA_ERROR_CONTEXT_IS_DESTROYED", "context is destroyed"},
    {716, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
    {719, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "operation not permitted when stream is capturing"},
    {901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "operation failed due to a previous error during capture"},
    {999, "CUDA_ERROR_UNKNOWN", "unknown error"},
};

const Entry *find(int result) {
  for (const Entry &entry : kResults)
    if (entry.result == result)
      return &entry;
  return nullptr;
}

int give(const char *text, const char **out) {
  *out = text;
  return text ? adze::sim::kSuccess : adze::sim::kInvalidValue;
}

} // namespace

const char *adze::sim::resultName(int result) {
  const Entry *entry = find(result);
  return entry ? entry->name : nullptr;
}

const char *adze::sim::resultText(int result) {
  const Entry *entry = find(result);
  return entry ? entry->text : nullptr;
}

ADZE_SIM_ENTRY int cuGetErrorName(int result, const char **name) { return give(adze::sim::resultName(result), name); }

ADZE_SIM_ENTRY int cuGetErrorString(int result, const char **text) { return give(adze::sim::resultText(result), text); }
