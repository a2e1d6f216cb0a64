// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "test/passes/host/FakeRuntime.h"
#include "runtime/abi.h"
#include "runtime/planner.h"
#include <cstring>

using namespace adze;
using namespace adze::test;

/// Added to addresses of the device's memory: no address of the host has this bit.
static constexpr uint64_t kDeviceBit = uint64_t(1) << 62;
/// What new memory holds.
static constexpr char kNothing = 0x5a;

/// Neither may be null for memcpy, though there is nothing to copy.
static void copyBytes(void *to, const void *from, size_t bytes) {
  if (bytes > 0)
    std::memcpy(to, from, bytes);
}

/// The runtime whose program runs, for the service that is not told.
static thread_local FakeRuntime *current = nullptr;

FakeRuntime::FakeRuntime(const host::Program &program, std::vector<char> weights,
                         std::function<FakeKernel(llvm::StringRef)> kernels)
    : program(program), kernels(std::move(kernels)) {
  weightsAddress[0] = allocate(weights.size(), false);
  copyBytes(find(weightsOnHost(), weights.size(), false, "weights"), weights.data(), weights.size());
  if (!program.deviceWeightBytes)
    return;
  weightsAddress[1] = allocate(program.deviceWeightBytes, true);
  copyBytes(find(reinterpret_cast<void *>(weightsAddress[1]), program.deviceWeightBytes, true, "weights"),
            weights.data(), program.deviceWeightBytes);
}

uint64_t FakeRuntime::allocate(int64_t bytes, bool onDevice) {
  size_t size = std::max<int64_t>(bytes, 1);
  Piece piece{std::unique_ptr<char[]>(new char[size]), bytes, onDevice};
  std::memset(piece.bytes.get(), kNothing, size);
  uint64_t address = reinterpret_cast<uint64_t>(piece.bytes.get()) | (onDevice ? kDeviceBit : 0);
  pieces[address] = std::move(piece);
  return address;
}

void FakeRuntime::release(uint64_t address) { pieces.erase(address); }

char *FakeRuntime::find(const void *address, int64_t bytes, bool onDevice, const std::string &what) {
  auto at = reinterpret_cast<uint64_t>(address);
  auto after = pieces.upper_bound(at);
  if (after != pieces.begin()) {
    const auto &[begin, piece] = *std::prev(after);
    if (piece.onDevice == onDevice && at - begin <= uint64_t(piece.size) && bytes <= piece.size - int64_t(at - begin) &&
        bytes >= 0)
      return piece.bytes.get() + (at - begin);
  }
  faults.push_back(what + ": no " + std::to_string(bytes) + " bytes of the " + (onDevice ? "device" : "host") +
                   "'s memory");
  return nullptr;
}

int32_t FakeRuntime::plan(int32_t number, const int64_t *sizes, void **buffers) {
  const host::Plan &plan = program.plans[number];
  adze_plan_entry entry = {int32_t(plan.first.size()), plan.onDevice, plan.first.data(), plan.last.data()};
  std::vector<int64_t> offsets(plan.first.size());
  int64_t total = 0;
  int32_t culprit = 0;
  if (adze_status failed = adze_planner_place(&entry, sizes, offsets.data(), &total, &culprit))
    return failed;
  if (auto old = arenas.find(number); old != arenas.end())
    release(old->second);
  uint64_t arena = arenas[number] = allocate(total, plan.onDevice);
  for (size_t i = 0; i < offsets.size(); ++i)
    buffers[i] = reinterpret_cast<void *>(arena + offsets[i]);
  return ADZE_OK;
}

int32_t FakeRuntime::launch(int32_t number, void *const *buffers, const int64_t *scalars) {
  const host::Kernel &kernel = program.kernels[number];
  FakeKernel fake = kernels(kernel.symbol);
  int64_t numSizes = kernel.device ? kernel.device->numScalars - 1 : 4;
  llvm::ArrayRef<int64_t> sizes(scalars + 1, numSizes);
  std::vector<int64_t *> found;
  for (int64_t bytes : fake.bytes(sizes)) {
    std::string what = kernel.symbol + " buffer " + std::to_string(found.size());
    found.push_back(reinterpret_cast<int64_t *>(find(buffers[found.size()], bytes, kernel.device.has_value(), what)));
    if (!found.back())
      return ADZE_INTERNAL;
  }
  if (kernel.device && kernel.device->numBuffers != int32_t(found.size()))
    faults.push_back(kernel.symbol + ": wrong number of buffers");
  fake.work(sizes, found);
  return ADZE_OK;
}

void *FakeRuntime::slot(int32_t number, bool onDevice, int64_t bytes) {
  if (auto old = slots.find(number); old != slots.end()) {
    auto piece = pieces.find(old->second);
    if (piece != pieces.end() && piece->second.onDevice != onDevice)
      faults.push_back("slot " + std::to_string(number) + ": of the other memory before");
    release(old->second);
  }
  slots[number] = allocate(bytes, onDevice);
  return reinterpret_cast<void *>(slots[number]);
}

void *FakeRuntime::room(int32_t number, int32_t spare, bool onDevice, int64_t bytes) {
  auto held = slots.find(number);
  if (held != slots.end() && pieces.at(held->second).size >= bytes && pieces.at(held->second).onDevice == onDevice)
    return reinterpret_cast<void *>(held->second);
  void *memory = slot(spare, onDevice, bytes + bytes / 2);
  swap(number, spare);
  return memory;
}

void FakeRuntime::swap(int32_t a, int32_t b) {
  auto onDevice = [&](int32_t number) { return slots.count(number) && pieces.at(slots.at(number)).onDevice; };
  if (slots.count(a) && slots.count(b) && onDevice(a) != onDevice(b))
    faults.push_back("slots " + std::to_string(a) + " and " + std::to_string(b) + " are of two memories");
  auto take = [&](int32_t number) {
    auto node = slots.extract(number);
    return node.empty() ? uint64_t(0) : node.mapped();
  };
  uint64_t first = take(a), second = take(b);
  if (second)
    slots[a] = second;
  if (first)
    slots[b] = first;
}

std::vector<std::vector<int64_t>> FakeRuntime::run(Main main, std::vector<std::vector<int64_t>> given) {
  inputs = std::move(given);
  for (const std::vector<int64_t> &input : inputs) {
    int64_t bytes = input.size() * sizeof(int64_t);
    inputAddresses.push_back(allocate(bytes, false));
    copyBytes(find(reinterpret_cast<void *>(inputAddresses.back()), bytes, false, "input"), input.data(), bytes);
  }
  current = this;
  status = main(this);
  for (const std::function<void()> &deliver : deliveries)
    deliver();
  current = nullptr;
  std::vector<std::vector<int64_t>> results;
  for (const auto &[number, output] : outputs) {
    const char *bytes = find(reinterpret_cast<void *>(output.first), output.second * 8, false, "output");
    results.emplace_back(output.second);
    copyBytes(results.back().data(), bytes, output.second * 8);
  }
  return results;
}

namespace adze::test {
/// The services' entries.
struct Entries {
  static void *input(FakeRuntime *r, int32_t i) { return reinterpret_cast<void *>(r->inputAddresses[i]); }
  static int64_t inputDim(FakeRuntime *r, int32_t i, int32_t) { return r->inputs[i].size(); }
  static int32_t plan(FakeRuntime *r, int32_t number, const int64_t *sizes, void **buffers) {
    return r->plan(number, sizes, buffers);
  }
  static int32_t launch(FakeRuntime *r, int32_t kernel, int64_t, int64_t, void *const *buffers, const int64_t *scalars,
                        int64_t) {
    return r->launch(kernel, buffers, scalars);
  }
  static void *output(FakeRuntime *r, int32_t index, const int64_t *shape) {
    int64_t elements = r->program.outputs[index].dims.empty() ? 1 : shape[0];
    if (r->outputs.count(index))
      r->faults.push_back("output " + std::to_string(index) + " is asked for twice");
    r->outputs[index] = {r->allocate(elements * 8, false), elements};
    return reinterpret_cast<void *>(r->outputs[index].first);
  }
  /// Every second input lies on the device already.
  static const void *inputOnDevice(FakeRuntime *r, int32_t index, void *room) {
    ++r->transfers[1];
    int64_t bytes = r->inputs[index].size() * 8;
    void *place = index % 2 ? reinterpret_cast<void *>(r->allocate(bytes, true)) : room;
    return move(r, place, reinterpret_cast<void *>(r->inputAddresses[index]), bytes, true, false) ? nullptr : place;
  }
  static int32_t deliver(FakeRuntime *r, int32_t index, const int64_t *shape, const void *from) {
    ++r->transfers[0];
    void *to = output(r, index, shape);
    r->deliveries.push_back([r, to, from, bytes = r->outputs[index].second * 8] {
      move(r, to, from, bytes, false, true); // no sooner, for it may have been overwritten
    });
    return ADZE_OK;
  }
  static int32_t move(FakeRuntime *r, void *to, const void *from, int64_t bytes, bool toDevice, bool fromDevice) {
    char *target = r->find(to, bytes, toDevice, "target of a copy");
    const char *source = r->find(from, bytes, fromDevice, "source of a copy");
    if (!target || !source)
      return ADZE_INTERNAL;
    copyBytes(target, source, bytes);
    return ADZE_OK;
  }
  static void copy(void *to, const void *from, int64_t bytes) { move(current, to, from, bytes, false, false); }
  static int32_t copyOnDevice(FakeRuntime *r, void *to, const void *from, int64_t bytes) {
    return move(r, to, from, bytes, true, true);
  }
  static int32_t transfer(FakeRuntime *r, int32_t toDevice, void *to, const void *from, int64_t bytes) {
    ++r->transfers[toDevice != 0];
    return move(r, to, from, bytes, toDevice != 0, toDevice == 0);
  }
  static const void *deviceWeights(FakeRuntime *r) { return reinterpret_cast<void *>(r->weightsAddress[1]); }
  static void *alloc(FakeRuntime *r, int32_t slot, int32_t onDevice, int64_t bytes) {
    return r->slot(slot, onDevice != 0, bytes);
  }
  static void *room(FakeRuntime *r, int32_t slot, int32_t spare, int32_t onDevice, int64_t bytes) {
    return r->room(slot, spare, onDevice != 0, bytes);
  }
  static void swap(FakeRuntime *r, int32_t a, int32_t b) { r->swap(a, b); }
  static int32_t fail(FakeRuntime *, int32_t status, int32_t) { return status; }
  static int32_t check(FakeRuntime *) { return ADZE_OK; }
};
} // namespace adze::test

std::vector<std::pair<std::string, void *>> FakeRuntime::services() {
  auto address = [](auto *function) { return reinterpret_cast<void *>(function); };
  return {{"adze_rt_input", address(Entries::input)},
          {"adze_rt_input_dim", address(Entries::inputDim)},
          {"adze_rt_plan", address(Entries::plan)},
          {"adze_rt_launch", address(Entries::launch)},
          {"adze_rt_output", address(Entries::output)},
          {"adze_rt_copy", address(Entries::copy)},
          {"adze_rt_copy_on_device", address(Entries::copyOnDevice)},
          {"adze_rt_transfer", address(Entries::transfer)},
          {"adze_rt_input_on_device", address(Entries::inputOnDevice)},
          {"adze_rt_deliver", address(Entries::deliver)},
          {"adze_rt_device_weights", address(Entries::deviceWeights)},
          {"adze_rt_alloc", address(Entries::alloc)},
          {"adze_rt_room", address(Entries::room)},
          {"adze_rt_swap", address(Entries::swap)},
          {"adze_rt_fail", address(Entries::fail)},
          {"adze_rt_check", address(Entries::check)}};
}
