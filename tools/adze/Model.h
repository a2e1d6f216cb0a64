// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An artifact, loaded and set up to run.
#pragma once
#include "runtime/loader/loader.h"
#include "tools/adze/Npy.h"

namespace adze::tool {

class Model {
public:
  Model() = default;
  Model(const Model &) = delete;
  Model &operator=(const Model &) = delete;
  ~Model();

  /// Loads the artifact in `path`, whose weights are in the open file `weights` (-1: in it), to run on `threads`
  /// threads (0: all CPUs) and the device that `device` names (see adze_options; empty: none is named). False, with the
  /// reason in `error`.
  bool load(const std::string &path, int weights, int threads, const std::string &device, std::string &error);

  /// Sets the loaded model up anew, for runs that call `profile` (see adze_options) with `user`; null: none. False,
  /// with the reason in `error`; there is no model then.
  bool setUp(void (*profile)(void *user, int32_t kernel, int64_t begin, int64_t end), void *user, std::string &error);

  /// The number of threads it runs on.
  int threads() const { return pool->threads; }

  const adze_model_info &info() const { return *artifact->info(); }

  /// Runs once; `inputs` in the model's order. False, with the reason in `error`.
  bool run(const std::vector<Tensor> &inputs, std::vector<Tensor> &outputs, std::string &error);

private:
  adze_artifact *artifact = nullptr;
  adze_model *model = nullptr;
  const adze_pool *pool = nullptr;
  std::string device;
};

} // namespace adze::tool
