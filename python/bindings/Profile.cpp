// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "python/bindings/Profile.h"

#include <cstring>
#include <unistd.h>

namespace py = pybind11;
using namespace adze::python;

/// Launches after this many are not recorded: a session that profiles for days must not fill the memory.
static constexpr size_t kMostEvents = 1 << 20;

void Profile::attach(adze_options &options) {
  options.profile = record;
  options.profile_user = this;
}

void Profile::record(void *self, int32_t kernel, int64_t begin, int64_t end) {
  Profile &profile = *static_cast<Profile *>(self);
  std::lock_guard<std::mutex> lock(profile.mutex);
  if (profile.events.size() < kMostEvents)
    profile.events.push_back({kernel, begin, end, gettid()});
}

py::array_t<int64_t> Profile::take() {
  std::vector<Event> taken;
  {
    py::gil_scoped_release release;
    std::lock_guard<std::mutex> lock(mutex);
    taken.swap(events);
  }
  constexpr py::ssize_t kFields = sizeof(Event) / sizeof(int64_t);
  py::array_t<int64_t> result(std::vector<py::ssize_t>{static_cast<py::ssize_t>(taken.size()), kFields});
  if (!taken.empty())
    memcpy(result.mutable_data(), taken.data(), taken.size() * sizeof(Event));
  return result;
}
