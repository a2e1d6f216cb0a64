// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How long the runs of a model take, and each kernel's part in them. All times in milliseconds.
#pragma once
#include "tools/adze/Model.h"

namespace adze::tool {

/// One kernel in the runs.
struct KernelTime {
  int32_t kernel = 0;          ///< its index in the model's kernel table
  double launches = 0, ms = 0; ///< a run, on average
  double share = 0;            ///< of the whole run, from 0 to 1
};

/// One launch of a kernel, in milliseconds since its run began.
struct Launch {
  int32_t kernel;
  double begin, end;
};

/// A run of more launches than this is not told in full.
constexpr size_t kMostLaunches = 20000;

struct Times {
  double first = 0;                 ///< the first run after loading
  std::vector<double> runs;         ///< those after it, sorted; without a clock around each kernel
  std::vector<KernelTime> kernels;  ///< of as many runs more, the longest first
  double other = 0, otherShare = 0; ///< a run outside its kernels, on average
  std::vector<Launch> launches;     ///< of the fastest run with a clock around each kernel; not more than kMostLaunches
  double launchesRun = 0;           ///< that run

  /// The value that `share` (0 to 1) of the runs do not exceed, between two runs in proportion.
  double quantile(double share) const;
};

/// Runs the loaded model; `runs`: how often, 0: as often as fits into about two seconds. False, with the reason in
/// `error`.
bool measure(Model &model, const std::vector<Tensor> &inputs, int runs, Times &times, std::string &error);

} // namespace adze::tool
