// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The contraction kernel of f32 with unknown rows: one compilation for each right side, run with several row counts,
// as a share of the FMA peak that is measured right before and after. One thread.
#include "compiler/Compile.h"
#include "runtime/abi.h"
#include "runtime/probes/probes.h"
#include <benchmark/benchmark.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <memory>
#include <unistd.h>
#include <vector>

namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// f32 flops a second of one core: the best of several short runs.
double measurePeak() {
  double best = 0;
  for (int i = 0; i < 20; ++i)
    best = std::max(best, adze_probe_fma(5e-4));
  return best;
}

// ---- the kernel ----

/// x [m, k] times panels of [k, n] plus a bias, then relu; m unknown.
std::string program(int64_t n, int64_t k) {
  char text[2000];
  snprintf(text, sizeof text, R"(
func.func @main(%%x: tensor<?x%ldxf32> {adze.name = "x", adze.dims = ["m", ""]},
                %%p: tensor<%ldx%ldx16xf32> {adze.name = "p", adze.dims = ["", "", ""]},
                %%b: tensor<%ldxf32> {adze.name = "b", adze.dims = [""]})
    -> (tensor<?x%ldxf32> {adze.name = "y", adze.dims = ["m", ""]}) {
  %%n = arith.constant %ld : index
  %%0 = core.packed_matmul %%x, %%p columns %%n : tensor<?x%ldxf32>, tensor<%ldx%ldx16xf32> -> tensor<?x%ldxf32>
  %%1 = core.binary add %%0, %%b : (tensor<?x%ldxf32>, tensor<%ldxf32>) -> tensor<?x%ldxf32>
  %%2 = core.unary relu %%1 : (tensor<?x%ldxf32>) -> tensor<?x%ldxf32>
  return %%2 : tensor<?x%ldxf32>
})",
           k, n / 16, k, n, n, n, k, n / 16, k, n, n, n, n, n, n, n);
  return text;
}

[[noreturn]] void fail(const std::string &message) {
  fprintf(stderr, "contraction bench: %s\n", message.c_str());
  exit(1);
}

/// The compiled kernel for one right side, and its data.
struct Contraction {
  int64_t n, k;
  adze_model *model = nullptr;
  adze_run_fn run = nullptr;
  std::vector<float> x, panels, bias, y;

  Contraction(int64_t n, int64_t k) : n(n), k(k), panels(n * k), bias(n) {
    std::string text = program(n, k), path = "/tmp/adze-bench-" + std::to_string(getpid()) + "-" + std::to_string(n) +
                                             "-" + std::to_string(k) + ".so";
    adze::CompileOptions options;
    options.modelBytes = text;
    options.startAt = "kernels";
    options.outputPath = path;
    adze::CompileResult result = adze::compileInProcess(options, {});
    if (!result.ok)
      fail(result.diagnostics.empty() ? "the compilation failed" : toString(result.diagnostics[0]));
    void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    unlink(path.c_str());
    if (!library)
      fail(dlerror());
    adze_options set = {};
    set.struct_bytes = sizeof set;
    set.abi_version = ADZE_ABI_VERSION;
    set.threads = 1;
    adze_error error;
    if (reinterpret_cast<adze_create_fn>(dlsym(library, "adze_create"))(&set, &model, &error) != ADZE_OK)
      fail(error.message);
    run = reinterpret_cast<adze_run_fn>(dlsym(library, "adze_run"));
    for (size_t i = 0; i < panels.size(); ++i)
      panels[i] = float(i % 17) / 16 - 0.5f;
  }

  /// Sets up `rows` rows and checks one element of the result.
  void prepare(int64_t rows) {
    x.resize(rows * k);
    y.resize(rows * n);
    for (size_t i = 0; i < x.size(); ++i)
      x[i] = float(i % 13) / 12 - 0.5f;
    once(rows);
    double expected = 0;
    int64_t r = rows - 1, c = n - 1;
    for (int64_t i = 0; i < k; ++i)
      expected += double(x[r * k + i]) * panels[(c / 16 * k + i) * 16 + c % 16];
    expected = std::max(expected, 0.0);
    if (std::abs(y[r * n + c] - expected) > 1e-3 * (1 + std::abs(expected)))
      fail("wrong result");
  }

  void once(int64_t rows) {
    int64_t xs[] = {rows, k}, ps[] = {n / 16, k, 16}, bs[] = {n}, ys[] = {rows, n};
    adze_tensor in[] = {{x.data(), ADZE_F32, 2, xs, nullptr, ADZE_ON_HOST},
                        {panels.data(), ADZE_F32, 3, ps, nullptr, ADZE_ON_HOST},
                        {bias.data(), ADZE_F32, 1, bs, nullptr, ADZE_ON_HOST}};
    adze_tensor out = {y.data(), ADZE_F32, 2, ys, nullptr, ADZE_ON_HOST};
    adze_error error;
    if (run(model, in, 3, &out, 1, nullptr, nullptr, &error) != ADZE_OK)
      fail(error.message);
  }
};

void contract(benchmark::State &state, Contraction &kernel, int64_t rows) {
  kernel.prepare(rows);
  double flops = 2.0 * rows * kernel.n * kernel.k, peak = measurePeak(), best = 0;
  for (auto _ : state) {
    double start = now();
    kernel.once(rows);
    double seconds = now() - start;
    state.SetIterationTime(seconds);
    best = std::max(best, flops / seconds);
  }
  peak = std::max(peak, measurePeak());
  state.counters["GFLOP/s"] = best / 1e9;
  state.counters["peak"] = peak / 1e9;
  state.counters["share"] = best / peak;
}
} // namespace

int main(int argc, char **argv) {
  benchmark::Initialize(&argc, argv);
  std::vector<std::unique_ptr<Contraction>> kernels;
  for (auto [n, k] : {std::pair<int64_t, int64_t>{768, 768}, {3072, 768}, {768, 3072}, {512, 512}}) {
    kernels.push_back(std::make_unique<Contraction>(n, k));
    for (int64_t rows : {1, 4, 16, 127, 128, 197, 512}) {
      std::string name = "rows:" + std::to_string(rows) + "/n:" + std::to_string(n) + "/k:" + std::to_string(k);
      Contraction *kernel = kernels.back().get();
      benchmark::RegisterBenchmark(name.c_str(), [kernel, rows](benchmark::State &s) { contract(s, *kernel, rows); })
          ->UseManualTime()
          ->MinTime(0.2);
    }
  }
  benchmark::RunSpecifiedBenchmarks();
}
