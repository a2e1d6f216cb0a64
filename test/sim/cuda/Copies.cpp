// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/sim/cuda/Copies.h"

#include <cstring>

using namespace adze::sim;

namespace {

using Pieces = std::map<uint64_t, Allocation>;

/// Which piece of memory a range lies in, to be asked again later.
class Range {
public:
  Range(const Pieces &pieces, uint64_t address, uint64_t bytes) {
    auto next = pieces.upper_bound(address);
    if (next == pieces.begin())
      return;
    --next;
    if (address - next->first > next->second.bytes || bytes > next->second.bytes - (address - next->first))
      return;
    base = next->first;
    number = next->second.number;
  }

  /// Whether there was such a piece.
  explicit operator bool() const { return number != 0; }

  bool isAlive(const Pieces &pieces) const {
    auto found = pieces.find(base);
    return found != pieces.end() && found->second.number == number;
  }

private:
  uint64_t base = 0, number = 0;
};

uint64_t addressOf(const void *data) { return reinterpret_cast<uint64_t>(data); }

/// The device's range of a copy; false, and reported: there is none.
bool check(const Range &range, const char *function) {
  if (!range)
    report("misuse", std::string(function) + ": the range is not within memory of the current context");
  return static_cast<bool>(range);
}

/// Whether memory is still there when work that uses it is done.
bool checkAlive(const Range &range, const Pieces &pieces, const char *function, const char *kind) {
  if (range.isAlive(pieces))
    return true;
  report("misuse", std::string(function) + ": " + kind + " memory has been freed before the work was done");
  return false;
}

/// What a copy out leaves in host memory until it is done.
constexpr unsigned char kPattern = 0xDB;

} // namespace

bool adze::sim::isPinned(const Context &context, const void *data, size_t bytes) {
  return static_cast<bool>(Range(context.pinned, addressOf(data), bytes));
}

Recipe adze::sim::makeCopyIn(Context &context, const char *function, uint64_t to, const void *from, size_t bytes) {
  Range device(context.memory, to, bytes), host(context.pinned, addressOf(from), bytes);
  if (!check(device, function))
    return nullptr;
  auto run = [&context, function, to, from, device, host](const std::vector<unsigned char> &given) {
    if (host && !checkAlive(host, context.pinned, function, "pinned"))
      return kSuccess;
    if (!checkAlive(device, context.memory, function, "device"))
      return kSuccess;
    if (host && memcmp(from, given.data(), given.size()) != 0)
      report("misuse", std::string(function) + ": the host has written to memory before the copy from it was done");
    context.device->machine->write(to, host ? from : given.data(), given.size());
    return kSuccess;
  };
  return [&context, host, from, bytes, run]() -> Action {
    if (host && !host.isAlive(context.pinned))
      return [run] { return run({}); };
    auto first = static_cast<const unsigned char *>(from);
    return [run, given = std::vector<unsigned char>(first, first + bytes)] { return run(given); };
  };
}

Recipe adze::sim::makeCopyOut(Context &context, const char *function, void *to, uint64_t from, size_t bytes) {
  Range device(context.memory, from, bytes), host(context.pinned, addressOf(to), bytes);
  if (!check(device, function))
    return nullptr;
  auto run = [&context, function, to, from, bytes, device, host] {
    if (host && !checkAlive(host, context.pinned, function, "pinned"))
      return kSuccess;
    if (!checkAlive(device, context.memory, function, "device"))
      return kSuccess;
    for (size_t i = 0; i < bytes; ++i)
      if (static_cast<unsigned char *>(to)[i] != kPattern) {
        report("misuse", std::string(function) + ": the host has written to memory before the copy to it was done");
        break;
      }
    if (uint64_t unwritten = context.device->machine->unwritten(from, bytes))
      report("uninitialized", std::string(function) + ": " + std::to_string(unwritten) + " of " +
                                  std::to_string(bytes) + " bytes have never been written on the device");
    context.device->machine->read(to, from, bytes);
    return kSuccess;
  };
  return [&context, host, to, bytes, run]() -> Action {
    if (!host || host.isAlive(context.pinned))
      memset(to, kPattern, bytes);
    return run;
  };
}

Recipe adze::sim::makeCopy(Context &context, const char *function, uint64_t to, uint64_t from, size_t bytes) {
  Range target(context.memory, to, bytes), source(context.memory, from, bytes);
  if (!check(target, function) || !check(source, function))
    return nullptr;
  if (to < from + bytes && from < to + bytes)
    report("misuse", std::string(function) + ": the ranges overlap");
  Action run = [&context, function, to, from, bytes, target, source] {
    if (checkAlive(target, context.memory, function, "device") &&
        checkAlive(source, context.memory, function, "device"))
      context.device->machine->copy(to, from, bytes);
    return kSuccess;
  };
  return [run] { return run; };
}

Recipe adze::sim::makeFill(Context &context, const char *function, uint64_t to, uint32_t value, size_t element,
                           size_t count) {
  Range target(context.memory, to, element * count);
  if (!check(target, function))
    return nullptr;
  Action run = [&context, function, to, value, element, count, target] {
    if (!checkAlive(target, context.memory, function, "device"))
      return kSuccess;
    if (element == 1) {
      context.device->machine->fill(to, static_cast<uint8_t>(value), count);
    } else {
      std::vector<uint32_t> values(count, value);
      context.device->machine->write(to, values.data(), element * count);
    }
    return kSuccess;
  };
  return [run] { return run; };
}
