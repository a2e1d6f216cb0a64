// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The services of runtime/abi.h (part 2) for a program whose tensors are of i64: they do what the contract says, and
// record whatever a program does against it.
#pragma once
#include "passes/host/Program.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace adze::test {

/// A kernel's work: sizes in order, then buffers of i64.
using KernelWork = std::function<void(llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<int64_t *> buffers)>;
/// The work of a kernel by its name, and bytes of each of its buffers by the sizes.
struct FakeKernel {
  KernelWork work;
  std::function<std::vector<int64_t>(llvm::ArrayRef<int64_t> sizes)> bytes;
};

/// One run of a program. The device's memory is at addresses that the host cannot touch; memory that is not live is no
/// memory; new memory holds what no tensor holds.
class FakeRuntime {
public:
  /// `weights` are the bytes of all constants.
  FakeRuntime(const host::Program &program, std::vector<char> weights,
              std::function<FakeKernel(llvm::StringRef)> kernels);

  using Main = int32_t (*)(void *exec);
  /// Outputs in order. `faults` tells what went wrong.
  std::vector<std::vector<int64_t>> run(Main main, std::vector<std::vector<int64_t>> inputs);
  std::vector<std::string> faults;
  int32_t status = 0;
  int transfers[2] = {0, 0}; ///< to the host, to the device

  /// Names and addresses of the services.
  static std::vector<std::pair<std::string, void *>> services();
  /// What adze_weights_pointer holds.
  const void *weightsOnHost() const { return reinterpret_cast<const void *>(weightsAddress[0]); }

private:
  friend struct Entries;

  uint64_t allocate(int64_t bytes, bool onDevice);
  void release(uint64_t address);
  /// Where these bytes are; null, with a fault, if they are not all in memory of that kind.
  char *find(const void *address, int64_t bytes, bool onDevice, const std::string &what);
  int32_t plan(int32_t number, const int64_t *sizes, void **buffers);
  int32_t launch(int32_t number, void *const *buffers, const int64_t *scalars);
  void *slot(int32_t number, bool onDevice, int64_t bytes);
  void *room(int32_t number, int32_t spare, bool onDevice, int64_t bytes);
  void swap(int32_t a, int32_t b);

  struct Piece {
    std::unique_ptr<char[]> bytes;
    int64_t size = 0;
    bool onDevice = false;
  };
  const host::Program &program;
  std::function<FakeKernel(llvm::StringRef)> kernels;
  std::map<uint64_t, Piece> pieces;
  std::map<int32_t, uint64_t> arenas, slots;
  std::vector<std::vector<int64_t>> inputs;
  std::vector<uint64_t> inputAddresses;
  std::vector<std::function<void()>> deliveries;           ///< to be done when the program is
  std::map<int32_t, std::pair<uint64_t, int64_t>> outputs; ///< address and elements
  uint64_t weightsAddress[2] = {0, 0};                     ///< the host's, the device's
};

} // namespace adze::test
