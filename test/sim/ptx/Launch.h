// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One launch: what its blocks share, and where its faults go.
#pragma once
#include "test/sim/ptx/GlobalMemory.h"
#include <set>

namespace adze::ptx {

/// Thrown where a launch ends before its blocks do.
struct LaunchEnded {};

/// The machine's list of faults.
class Reports {
public:
  std::vector<Report> list;
  /// True for the first of its kind, whose message is then to be given to `list.back()`.
  bool add(Fault fault, const std::string &kernel, int line);
  void clear();

private:
  std::map<std::pair<std::string, std::pair<int, Fault>>, size_t> places;
};

/// What the accesses of one instruction of the text did.
struct SiteCounts {
  uint64_t accesses = 0, bytes = 0;
  uint64_t sectors = 0, least = 0; ///< global
  uint64_t shared = 0, conflicts = 0;
  Allocation *recent = nullptr; ///< the last that was accessed
};

struct Launch {
  Launch(const Program &program, const Facts &facts, GlobalMemory &memory, Reports &reports)
      : program(program), facts(facts), memory(memory), reports(reports) {}
  const Program &program;
  const Facts &facts;
  GlobalMemory &memory;
  Reports &reports;
  Dim3 grid{}, block{};
  uint32_t dynamicShared = 0;
  std::vector<uint8_t> parameters, parametersWritten;
  Segments segments;
  std::map<uint64_t, View> released; ///< by address of atomics: what they order
  std::vector<SiteCounts> sites;
  uint64_t instructions = 0;
  std::string error;

  /// Adds a fault of the warp's running instruction; `what` gives its message, if it is the first.
  template <class F> void fault(Fault fault, const Warp &warp, int lane, F what) {
    if (reports.add(fault, program.name, program.code[warp.pc].line))
      reports.list.back().message = describe(warp, lane, what());
  }
  /// The same, and ends the launch.
  template <class F> [[noreturn]] void end(Fault fault, const Warp &warp, int lane, F what) {
    this->fault(fault, warp, lane, what);
    error = describe(warp, lane, what());
    throw LaunchEnded();
  }
  /// "k3, line 120: ld.shared.f32: what (thread (1,0,0) of block (0,0,0))"; lane -1: no thread.
  std::string describe(const Warp &warp, int lane, const std::string &what) const;
  /// "the store of line 88 (warp 3 of block (0,0,0))".
  std::string describe(const Conflict &conflict) const;
  Dim3 blockOf(uint32_t number) const;

  /// All blocks of the grid. Throws LaunchEnded.
  void run();
};

std::string text(Dim3 at);

} // namespace adze::ptx
