// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Records when kernels run.
#pragma once
#include "runtime/abi.h"

#include <mutex>
#include <pybind11/numpy.h>
#include <vector>

namespace adze::python {

/// What the profile hook of the C ABI says, kept for Python. Any number of threads may record.
class Profile {
public:
  /// Makes a model that is set up with `options` record here.
  void attach(adze_options &options);

  /// One row a launch since the last call: kernel, begin and end in ns of CLOCK_MONOTONIC, thread id.
  pybind11::array_t<int64_t> take();

private:
  struct Event {
    int64_t kernel, begin, end, thread;
  };
  static void record(void *self, int32_t kernel, int64_t begin, int64_t end);

  std::mutex mutex;
  std::vector<Event> events;
};

} // namespace adze::python
