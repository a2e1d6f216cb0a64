// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/adze/Model.h"

#include "runtime/tensor.h"

using namespace adze::tool;

Model::~Model() {
  if (model)
    artifact->destroy(model);
  adze_unload(artifact);
}

bool Model::load(const std::string &path, int weights, int threads, const std::string &wanted, std::string &error) {
  device = wanted;
  pool = adze_shared_pool(threads);
  if (!pool) {
    error = "cannot start " + std::to_string(threads) + " threads";
    return false;
  }
  adze_error why{};
  if (adze_load_apart(path.c_str(), weights, &artifact, &why) == ADZE_OK)
    return setUp(nullptr, nullptr, error);
  error = why.message;
  return false;
}

bool Model::setUp(void (*profile)(void *user, int32_t kernel, int64_t begin, int64_t end), void *user,
                  std::string &error) {
  adze_options options{};
  options.struct_bytes = sizeof options;
  options.abi_version = ADZE_ABI_VERSION;
  options.pool = pool;
  options.profile = profile;
  options.profile_user = user;
  options.device = device.empty() ? nullptr : device.c_str();
  artifact->destroy(model);
  model = nullptr;
  adze_error why{};
  if (artifact->create(&options, &model, &why) == ADZE_OK)
    return true;
  error = why.message;
  return false;
}

/// Memory for an output of a run, kept in the vector that `user` is.
static void *allocateOutput(void *user, int32_t index, adze_dtype dtype, int32_t rank, const int64_t *shape) {
  Tensor &output = (*static_cast<std::vector<Tensor> *>(user))[static_cast<size_t>(index)];
  int64_t bytes;
  if (!adze_tensor_bytes(rank, shape, adze_dtype_bytes(dtype), &bytes))
    return nullptr;
  output.dtype = dtype;
  output.shape.assign(shape, shape + rank);
  output.data = allocate(static_cast<size_t>(bytes));
  return output.data.get();
}

bool Model::run(const std::vector<Tensor> &inputs, std::vector<Tensor> &outputs, std::string &error) {
  std::vector<adze_tensor> in, out(static_cast<size_t>(info().num_outputs));
  for (const Tensor &input : inputs)
    in.push_back({input.data.get(), input.dtype, static_cast<int32_t>(input.shape.size()), input.shape.data(),
                  input.strides.empty() ? nullptr : input.strides.data(), ADZE_ON_HOST});
  outputs.clear();
  outputs.resize(out.size());
  adze_error why{};
  if (artifact->run(model, in.data(), static_cast<int32_t>(in.size()), out.data(), static_cast<int32_t>(out.size()),
                    allocateOutput, &outputs, &why) == ADZE_OK)
    return true;
  error = why.message;
  return false;
}
