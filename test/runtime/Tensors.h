// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tensors that own their memory, for the runtime's tests.
#ifndef ADZE_TEST_RUNTIME_TENSORS_H
#define ADZE_TEST_RUNTIME_TENSORS_H

#include "runtime/abi.h"
#include "runtime/export.h"

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace adze_test {

/// A dense tensor of T, contiguous unless strides are set.
template <typename T> struct Tensor {
  std::vector<int64_t> shape, strides;
  std::vector<T> values;

  adze_tensor view(adze_dtype dtype) {
    return {values.data(),
            dtype,
            static_cast<int32_t>(shape.size()),
            shape.data(),
            strides.empty() ? nullptr : strides.data(),
            ADZE_ON_HOST};
  }
};

/// Keeps what the output callback gave, by output.
struct Outputs {
  std::map<int32_t, std::vector<char>> memory;
  std::map<int32_t, std::vector<int64_t>> shapes;

  static void *alloc(void *user, int32_t index, adze_dtype, int32_t rank, const int64_t *shape) {
    auto *self = static_cast<Outputs *>(user);
    int64_t elements = 1;
    for (int32_t d = 0; d < rank; ++d)
      elements *= shape[d];
    self->shapes[index].assign(shape, shape + rank);
    self->memory[index].resize(static_cast<size_t>(elements) * 8 + 64);
    return self->memory[index].data();
  }
  template <typename T> const T *values(int32_t index) { return reinterpret_cast<const T *>(memory[index].data()); }
};

/// The inputs of the sample: rows x width, values 0, 1, 2 ... and 1000s; all the indices given.
struct SampleInputs {
  Tensor<float> x, y;
  Tensor<int64_t> index;

  SampleInputs(int64_t rows, int64_t width, std::vector<int64_t> indices = {}) {
    x.shape = y.shape = {rows, width};
    for (int64_t i = 0; i < rows * width; ++i) {
      x.values.push_back(static_cast<float>(i));
      y.values.push_back(static_cast<float>(1000 * i));
    }
    index.shape = {static_cast<int64_t>(indices.size())};
    index.values = std::move(indices);
  }
  std::vector<adze_tensor> views() { return {x.view(ADZE_F32), y.view(ADZE_F32), index.view(ADZE_I64)}; }
};

/// A model of the sample (or of another program), destroyed at the end.
struct Model {
  adze_model *model = nullptr;
  adze_error error{};

  explicit Model(int32_t threads = 2) {
    adze_options options{};
    options.struct_bytes = sizeof options;
    options.abi_version = ADZE_ABI_VERSION;
    options.threads = threads;
    adze_create(&options, &model, &error);
  }
  explicit Model(const adze_options &options) { adze_create(&options, &model, &error); }
  Model(const Model &) = delete;
  ~Model() { adze_destroy(model); }

  adze_status run(const std::vector<adze_tensor> &inputs, const std::vector<adze_tensor> &outputs, Outputs *memory) {
    return adze_run(model, inputs.data(), static_cast<int32_t>(inputs.size()), outputs.data(),
                    static_cast<int32_t>(outputs.size()), memory ? Outputs::alloc : nullptr, memory, &error);
  }
};

} // namespace adze_test

#endif // ADZE_TEST_RUNTIME_TENSORS_H
