// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the tests of artifacts share: from text at stage loops to an opened artifact, and runs of it through the C ABI.
#pragma once
#include "compiler/Options.h"
#include "runtime/abi.h"
#include <string>
#include <vector>

namespace adze::test {

/// Compiles a file of this folder's .mlir texts; "" or the first diagnostic.
std::string emitFile(const std::string &name, const std::string &output, const Options &options,
                     Summary *summary = nullptr);

/// Element `i` of the blob "test" that every context of emitFile knows, from byte 64 on.
float testWeight(int64_t i);

/// A tensor that owns its elements.
struct Tensor {
  adze_dtype dtype;
  std::vector<int64_t> shape;
  std::vector<char> bytes;

  template <typename T> static Tensor of(adze_dtype dtype, std::vector<int64_t> shape, std::vector<T> values) {
    auto *data = reinterpret_cast<const char *>(values.data());
    return {dtype, std::move(shape), std::vector<char>(data, data + values.size() * sizeof(T))};
  }
  template <typename T> std::vector<T> values() const {
    auto *data = reinterpret_cast<const T *>(bytes.data());
    return std::vector<T>(data, data + bytes.size() / sizeof(T));
  }
};
Tensor floats(std::vector<int64_t> shape, std::vector<float> values);
Tensor longs(std::vector<int64_t> shape, std::vector<int64_t> values);

/// An artifact opened by dlopen, and one model of it.
class Opened {
public:
  explicit Opened(const std::string &path, int threads = 2);
  ~Opened();
  /// Runs it; outputs in order. On failure there are none, and `error` says why.
  std::vector<Tensor> run(const std::vector<Tensor> &inputs);
  const adze_model_info *info() const;

  adze_error error = {};
  bool ok = false;
  adze_arena_bytes_fn arenaBytes = nullptr;
  adze_model *model = nullptr;

private:
  void *library = nullptr;
};

/// A folder of this process's own that goes with it.
std::string temporaryFolder();
/// All of a file.
std::string readFile(const std::string &path);

} // namespace adze::test
