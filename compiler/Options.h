// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the user may choose for a compilation, and what the compiler tells while it works.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>

namespace adze {

class DeviceReport;

struct Options {
  /// The host's machine: "native", a level such as "x86-64-v3", or a CPU's name by LLVM.
  std::string cpu = "native";
  /// What runs the kernels: a word of ADZE_TARGETS; empty: the host. A device's may go on ":machine,machine".
  std::string target;
  /// Kernels compiled at the same time; 0: one for each CPU. Changes no byte of the artifact.
  unsigned jobs = 0;
  /// 0: the reference route; 1: everything.
  unsigned optLevel = 1;
  /// What results may lose: words of adze::allowances(). None: products of f32 are exact in every bit of their
  /// operands.
  std::set<std::string> allow;
  /// Sizes that are fixed, by the model's names of dimensions.
  std::map<std::string, int64_t> dims;
  /// The folder of the archives that are linked into artifacts; empty: found beside the running program.
  std::string libraryFolder;
  /// A file for the artifact's weights; empty: they are in the artifact.
  std::string weightsPath;
  /// Of a device's images: also the code that its vendor's tools make of them.
  bool assemble = false;
  /// What is told of the device's images; may be null.
  DeviceReport *report = nullptr;
  /// A digest of the model, for the artifact's metadata; may be empty.
  std::string sourceDigest;
};

/// How far a compilation is.
struct Step {
  const char *stage;
  unsigned done = 0, total = 0; ///< kernels
  std::string kernel{};         ///< the kernel that begins or ends, with the nodes in it; empty: the stage begins
  bool ends = false;            ///< the kernel ends
};

/// Told of each step. May be called from several threads, one at a time.
using Progress = std::function<void(const Step &step)>;

/// What a compilation made.
struct Summary {
  unsigned kernels = 0;
  int64_t codeBytes = 0, weightBytes = 0;
  int64_t arenaBytes = -1, deviceArenaBytes = -1; ///< of plans by memory; -1: some size is known only at run time
  double seconds = 0;
};

} // namespace adze
