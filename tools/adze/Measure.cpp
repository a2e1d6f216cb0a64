// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/adze/Measure.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>

using namespace adze::tool;

namespace {

/// Without a number of runs: half of the time for those without the clock around each kernel, half for those with it.
constexpr double kMilliseconds = 2000;
constexpr int kFewest = 5, kMost = 1000;

bool timedRun(Model &model, const std::vector<Tensor> &inputs, double &ms, std::string &error) {
  std::vector<Tensor> outputs;
  auto start = std::chrono::steady_clock::now();
  bool ok = model.run(inputs, outputs, error);
  ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return ok;
}

int64_t nowNs() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t); // the clock of the profile hook
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/// What the hook says: added up by kernel, and launch by launch of the run under way.
struct Sums {
  std::vector<int64_t> launches, ns;
  std::vector<Launch> run;
  int64_t runBegin = 0;
  explicit Sums(int32_t kernels) : launches(static_cast<size_t>(kernels)), ns(static_cast<size_t>(kernels)) {}
  static void add(void *self, int32_t kernel, int64_t begin, int64_t end) {
    Sums &sums = *static_cast<Sums *>(self);
    ++sums.launches[static_cast<size_t>(kernel)];
    sums.ns[static_cast<size_t>(kernel)] += end - begin;
    if (sums.run.size() < kMostLaunches)
      sums.run.push_back({kernel, sums.since(begin), sums.since(end)});
  }
  void beginRun() {
    run.clear();
    runBegin = nowNs();
  }

private:
  double since(int64_t ns) const { return static_cast<double>(ns - runBegin) * 1e-6; }
};

bool measureKernels(Model &model, const std::vector<Tensor> &inputs, int runs, Times &times, std::string &error) {
  Sums sums(model.info().num_kernels);
  double ms, whole = 0, inside = 0;
  if (!model.setUp(Sums::add, &sums, error) || !timedRun(model, inputs, ms, error))
    return false;
  sums = Sums(model.info().num_kernels);
  for (int i = 0; i < runs; ++i, whole += ms) {
    sums.beginRun();
    if (!timedRun(model, inputs, ms, error))
      return false;
    if (i == 0 || ms < times.launchesRun) {
      times.launches.swap(sums.run);
      times.launchesRun = ms;
    }
  }
  for (size_t k = 0; k < sums.ns.size(); ++k) {
    double spent = static_cast<double>(sums.ns[k]) * 1e-6;
    inside += spent;
    if (sums.launches[k] > 0)
      times.kernels.push_back(
          {static_cast<int32_t>(k), static_cast<double>(sums.launches[k]) / runs, spent / runs, spent / whole});
  }
  std::sort(times.kernels.begin(), times.kernels.end(),
            [](const KernelTime &a, const KernelTime &b) { return a.ms != b.ms ? a.ms > b.ms : a.kernel < b.kernel; });
  times.other = (whole - inside) / runs;
  times.otherShare = (whole - inside) / whole;
  return true;
}

} // namespace

double Times::quantile(double share) const {
  double at = share * static_cast<double>(runs.size() - 1);
  size_t below = static_cast<size_t>(at), above = std::min(below + 1, runs.size() - 1);
  return runs[below] + (runs[above] - runs[below]) * (at - std::floor(at));
}

bool adze::tool::measure(Model &model, const std::vector<Tensor> &inputs, int runs, Times &times, std::string &error) {
  double second;
  if (!timedRun(model, inputs, times.first, error) || !timedRun(model, inputs, second, error))
    return false;
  if (runs == 0)
    runs = static_cast<int>(std::clamp(kMilliseconds / 2 / std::max(second, 1e-6), double(kFewest), double(kMost)));
  times.runs.resize(static_cast<size_t>(runs));
  for (double &ms : times.runs)
    if (!timedRun(model, inputs, ms, error))
      return false;
  std::sort(times.runs.begin(), times.runs.end());
  return measureKernels(model, inputs, runs, times, error);
}
