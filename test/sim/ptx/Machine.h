// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A machine that executes PTX text, for tests: it computes what a card would, and reports what a card would let pass.
// Semantics are those of NVIDIA's "Parallel Thread Execution ISA"; it knows nothing of who wrote the text.
//
// A warp is executed at once over its 32 lanes. Lanes that diverge run group by group, always the group with the lowest
// program counter, and meet again where their counters are equal; an instruction with .sync waits for the lanes it
// names. Memory holds, for each byte, whether it has been written, and by whom since the last barrier.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace adze::ptx {

/// What a program did wrong.
enum class Fault {
  out_of_bounds, ///< an access outside of an allocation, or of the window of its state space
  misaligned,    ///< an address that is no multiple of the access's size
  uninitialized, ///< bytes that nobody has written are used: read into a register that decides or stores something
  race,          ///< two threads access the same bytes, one of them writing, with no barrier (or atomic) between
  missing_wait,  ///< bytes that an asynchronous copy has yet to bring are read, or written
  deadlock,      ///< threads wait for others that will never come
  divergence,    ///< an instruction with .sync or .aligned is executed by other lanes than it names
  trap,          ///< the program ended itself
  limit          ///< more instructions than a launch may take
};

/// One fault, told once for each kernel, line and kind, with how often it was seen.
struct Report {
  Fault fault;
  std::string kernel;
  int line = 0;        ///< of the module's text, from 1
  std::string message; ///< "k3, line 120: ld.shared.f32: race with the store of line 88 (thread (1,0,0) ...)"
  uint64_t count = 1;
};

/// What a launch did, by kernel; for judging the quality of code.
struct Counts {
  uint64_t launches = 0;
  uint64_t warp_instructions = 0;
  uint64_t global_load_bytes = 0, global_store_bytes = 0;
  /// By line: executions by warps of accesses to shared memory, and how many more passes over the 32 banks they took
  /// than needed.
  struct Banks {
    uint64_t accesses = 0, conflicts = 0;
  };
  std::map<int, Banks> shared;
  /// By line: accesses to global memory: bytes a lane, and 32-byte sectors touched by the warps against the least
  /// possible.
  struct Sectors {
    int bytes_per_lane = 0;
    uint64_t accesses = 0, sectors = 0, least = 0;
  };
  std::map<int, Sectors> global;
};

using Dim3 = std::array<uint32_t, 3>;

class Module;

/// One .entry of a module.
struct Kernel {
  std::string name;
  struct Parameter {
    std::string name;
    uint32_t offset, bytes, alignment;
  };
  std::vector<Parameter> parameters;
  uint32_t static_shared_bytes = 0;
  uint32_t local_bytes = 0; ///< of a thread
  uint32_t registers = 0;   ///< 32-bit ones declared, an upper bound of what a thread needs
  uint32_t max_threads = 1024;
  const Module *module = nullptr;
};

/// Facts of the machine that is played; by default those that all of sm_75 to sm_120 have.
struct Facts {
  int sm = 80;                           ///< 10 * major + minor; text for a later one is refused, as a driver does
  uint32_t max_threads = 1024;           ///< of a block
  uint32_t max_shared_bytes = 99 * 1024; ///< of a block, static and dynamic together
  uint64_t memory_bytes = 16ull << 30;   ///< allocate answers 0 beyond
  uint64_t max_warp_instructions = 1ull << 34; ///< of a launch; then Fault::limit
  uint64_t seed = 1;                           ///< of the order of blocks
};

class Machine {
public:
  explicit Machine(Facts facts = {});
  ~Machine();

  // ---- global memory ----
  /// Address of `bytes` new bytes, nothing written yet, 256-byte aligned, far from all others; 0: no room.
  uint64_t allocate(uint64_t bytes);
  /// False: no such allocation.
  bool release(uint64_t address);
  /// Copies and fills; false if the range is not within one allocation. `copy` keeps what has not been written
  /// unwritten.
  bool write(uint64_t to, const void *from, uint64_t bytes);
  bool read(void *to, uint64_t from, uint64_t bytes);
  bool copy(uint64_t to, uint64_t from, uint64_t bytes);
  bool fill(uint64_t to, uint8_t value, uint64_t bytes);
  /// How many of these bytes nobody has written; 0 if the range is not within one allocation.
  uint64_t unwritten(uint64_t from, uint64_t bytes) const;
  /// Bytes allocated now, and allocations; for finding leaks.
  uint64_t allocated() const;
  size_t allocations() const;

  // ---- modules ----
  /// Parses and checks a module. Null with "line N: what is wrong" in `log` if it is not PTX that this machine can run:
  /// an instruction it does not know is an error, never passed over.
  const Module *load(std::string_view text, std::string &log);
  void unload(const Module *module);
  /// Null if there is none.
  const Kernel *find(const Module *module, std::string_view kernel) const;
  /// Place of a .global or .const variable of the module; false if there is none.
  bool variable(const Module *module, std::string_view name, uint64_t &address, uint64_t &bytes) const;

  // ---- launches ----
  /// Runs a whole grid, blocks in an order that Facts::seed shuffles. parameters[i] points to the value of parameter i.
  /// False, with the reason in `error`, if the launch cannot begin (too many threads, too much shared memory), or was
  /// ended by a fault that leaves no way on (out_of_bounds, deadlock, trap, limit), as a card does.
  bool launch(const Kernel &kernel, Dim3 grid, Dim3 block, uint32_t dynamic_shared_bytes, const void *const *parameters,
              std::string &error);

  /// All faults so far, in the order of their first time.
  const std::vector<Report> &reports() const;
  void clearReports();
  /// By kernel's name.
  const std::map<std::string, Counts> &counts() const;
  void clearCounts();

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace adze::ptx
