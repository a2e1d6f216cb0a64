// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Memory of the device and of the host, copies and fills.
#include "test/sim/cuda/Copies.h"

#include <cstring>
#include <new>

using namespace adze::sim;

ADZE_SIM_ENTRY int cuMemGetInfo_v2(size_t *free, size_t *total) {
  return enterIn("cuMemGetInfo_v2", false, [&](Context &context) {
    *total = context.device->facts.memory_bytes;
    *free = *total - context.device->machine->allocated();
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuMemAlloc_v2(uint64_t *address, size_t bytes) {
  return enterIn("cuMemAlloc_v2", false, [&](Context &context) -> Result {
    if (bytes == 0)
      return kInvalidValue;
    if (Result forbidden = checkNotRecording(context, "cuMemAlloc"))
      return forbidden;
    uint64_t found = context.device->machine->allocate(bytes);
    if (!found)
      return kOutOfMemory;
    context.memory[found] = {bytes, ++state().allocations};
    *address = found;
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuMemFree_v2(uint64_t address) {
  return enterIn("cuMemFree_v2", true, [&](Context &context) -> Result {
    if (address == 0)
      return kSuccess;
    if (Result forbidden = checkNotRecording(context, "cuMemFree"))
      return forbidden;
    if (context.memory.erase(address) == 0) {
      report("misuse", "cuMemFree: not the address of memory of the current context");
      return kInvalidValue;
    }
    context.device->machine->release(address);
    return kSuccess;
  });
}

static int allocateHost(const char *function, void **data, size_t bytes) {
  return enterIn(function, false, [&](Context &context) -> Result {
    if (bytes == 0)
      return kInvalidValue;
    if (Result forbidden = checkNotRecording(context, function))
      return forbidden;
    *data = ::operator new(bytes, std::align_val_t(4096));
    memset(*data, 0xCD, bytes);
    context.pinned[reinterpret_cast<uint64_t>(*data)] = {bytes, ++state().allocations};
    return kSuccess;
  });
}

ADZE_SIM_ENTRY int cuMemAllocHost_v2(void **data, size_t bytes) {
  return allocateHost("cuMemAllocHost_v2", data, bytes);
}

ADZE_SIM_ENTRY int cuMemHostAlloc(void **data, size_t bytes, unsigned) {
  return allocateHost("cuMemHostAlloc", data, bytes);
}

ADZE_SIM_ENTRY int cuMemFreeHost(void *data) {
  return enterIn("cuMemFreeHost", true, [&](Context &context) -> Result {
    if (Result forbidden = checkNotRecording(context, "cuMemFreeHost"))
      return forbidden;
    if (context.pinned.erase(reinterpret_cast<uint64_t>(data)) == 0) {
      report("misuse", "cuMemFreeHost: not memory that cuMemHostAlloc gave in the current context");
      return kInvalidValue;
    }
    ::operator delete(data, std::align_val_t(4096));
    return kSuccess;
  });
}

/// The piece of memory of a device that an address lies in; the context whose it is is `context`.
static const std::pair<const uint64_t, Allocation> *findPiece(uint64_t address, Context *&context) {
  for (auto &device : state().devices) {
    context = device->context.get();
    auto next = context->memory.upper_bound(address);
    if (next != context->memory.begin() && address - std::prev(next)->first < std::prev(next)->second.bytes)
      return &*std::prev(next);
  }
  return nullptr;
}

ADZE_SIM_ENTRY int cuPointerGetAttribute(void *value, int attribute, uint64_t address) {
  return enterIn("cuPointerGetAttribute", false, [&](Context &current) -> Result {
    enum { kContext = 1, kMemoryType = 2, kDeviceOrdinal = 9, kRangeStart = 11, kRangeSize = 12 };
    enum : unsigned { kHost = 1, kDevice = 2 };
    Context *context = nullptr;
    const auto *piece = findPiece(address, context);
    auto pinned = current.pinned.upper_bound(address);
    bool isPinned =
        pinned != current.pinned.begin() && address - std::prev(pinned)->first < std::prev(pinned)->second.bytes;
    if (!piece && !isPinned)
      return kInvalidValue;
    if (attribute == kMemoryType)
      *static_cast<unsigned *>(value) = piece ? kDevice : kHost;
    else if (!piece)
      return kInvalidValue;
    else if (attribute == kContext)
      *static_cast<Context **>(value) = context;
    else if (attribute == kDeviceOrdinal)
      *static_cast<int *>(value) = ordinalOf(*context->device);
    else if (attribute == kRangeStart)
      *static_cast<uint64_t *>(value) = piece->first;
    else if (attribute == kRangeSize)
      *static_cast<size_t *>(value) = piece->second.bytes;
    else
      return kInvalidValue;
    return kSuccess;
  });
}

/// Gives a copy or fill to the stream that `handle` means and, if `wait`, waits for it.
static Result giveTo(Context &context, void *handle, const char *function, Recipe work, bool wait) {
  Stream *stream = findStream(context, handle, function);
  if (!stream)
    return kInvalidHandle;
  if (!work)
    return kInvalidValue;
  if (wait)
    if (Result forbidden = checkNotRecording(context, function))
      return forbidden;
  give(*stream, function, std::move(work));
  return wait ? drain(*stream) : Result(kSuccess);
}

/// A copy from or to memory of the host that is not pinned cannot be recorded.
static bool spoils(Context &context, const char *function, void *handle, const void *host, size_t bytes) {
  Stream *stream = findStream(context, handle, function);
  if (!stream || !stream->recording || isPinned(context, host, bytes))
    return false;
  stream->spoilt = true;
  report("misuse", std::string(function) + ": a stream is being recorded, and the host's memory is not pinned");
  return true;
}

static int copyIn(const char *function, uint64_t to, const void *from, size_t bytes, void *stream, bool wait) {
  return enterIn(function, false, [&](Context &context) -> Result {
    if (spoils(context, function, stream, from, bytes))
      return kStreamCaptureUnsupported;
    return bytes == 0 ? Result(kSuccess)
                      : giveTo(context, stream, function, makeCopyIn(context, function, to, from, bytes), wait);
  });
}

static int copyOut(const char *function, void *to, uint64_t from, size_t bytes, void *stream, bool wait) {
  return enterIn(function, false, [&](Context &context) -> Result {
    if (spoils(context, function, stream, to, bytes))
      return kStreamCaptureUnsupported;
    return bytes == 0 ? Result(kSuccess)
                      : giveTo(context, stream, function, makeCopyOut(context, function, to, from, bytes), wait);
  });
}

static int copyOnDevice(const char *function, uint64_t to, uint64_t from, size_t bytes, void *stream) {
  return enterIn(function, false, [&](Context &context) -> Result {
    return bytes == 0 ? Result(kSuccess)
                      : giveTo(context, stream, function, makeCopy(context, function, to, from, bytes), false);
  });
}

static int fill(const char *function, uint64_t to, uint32_t value, size_t element, size_t count, void *stream) {
  return enterIn(function, false, [&](Context &context) -> Result {
    return count == 0
               ? Result(kSuccess)
               : giveTo(context, stream, function, makeFill(context, function, to, value, element, count), false);
  });
}

ADZE_SIM_ENTRY int cuMemcpyHtoD_v2(uint64_t to, const void *from, size_t bytes) {
  return copyIn("cuMemcpyHtoD_v2", to, from, bytes, nullptr, true);
}
ADZE_SIM_ENTRY int cuMemcpyHtoDAsync_v2(uint64_t to, const void *from, size_t bytes, void *stream) {
  return copyIn("cuMemcpyHtoDAsync_v2", to, from, bytes, stream, false);
}
ADZE_SIM_ENTRY int cuMemcpyDtoH_v2(void *to, uint64_t from, size_t bytes) {
  return copyOut("cuMemcpyDtoH_v2", to, from, bytes, nullptr, true);
}
ADZE_SIM_ENTRY int cuMemcpyDtoHAsync_v2(void *to, uint64_t from, size_t bytes, void *stream) {
  return copyOut("cuMemcpyDtoHAsync_v2", to, from, bytes, stream, false);
}
ADZE_SIM_ENTRY int cuMemcpyDtoD_v2(uint64_t to, uint64_t from, size_t bytes) {
  return copyOnDevice("cuMemcpyDtoD_v2", to, from, bytes, nullptr);
}
ADZE_SIM_ENTRY int cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, void *stream) {
  return copyOnDevice("cuMemcpyDtoDAsync_v2", to, from, bytes, stream);
}
ADZE_SIM_ENTRY int cuMemsetD8_v2(uint64_t to, unsigned char value, size_t count) {
  return fill("cuMemsetD8_v2", to, value, 1, count, nullptr);
}
ADZE_SIM_ENTRY int cuMemsetD8Async(uint64_t to, unsigned char value, size_t count, void *stream) {
  return fill("cuMemsetD8Async", to, value, 1, count, stream);
}
ADZE_SIM_ENTRY int cuMemsetD32_v2(uint64_t to, unsigned value, size_t count) {
  return fill("cuMemsetD32_v2", to, value, 4, count, nullptr);
}
ADZE_SIM_ENTRY int cuMemsetD32Async(uint64_t to, unsigned value, size_t count, void *stream) {
  return fill("cuMemsetD32Async", to, value, 4, count, stream);
}
