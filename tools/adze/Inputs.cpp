// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/adze/Inputs.h"

#include "runtime/tensor.h"
#include "tools/adze/Names.h"
#include "tools/adze/Terminal.h"

#include <cstring>
#include <fcntl.h>
#include <random>
#include <unistd.h>

using namespace adze;
using namespace adze::tool;

void InputFlags::add(CLI::App &command) {
  command.add_option("MODEL_OR_SO", compile.options.modelPath, "ONNX model, or what `adze compile` wrote")->required();
  command.add_option("--input", inputs, "Value of an input (repeat for each)")->type_name("NAME=FILE.npy");
  command
      .add_option_function<uint64_t>(
          "--random",
          [this](const uint64_t &given) {
            seed = given;
            random = true;
          },
          "Other inputs: floats in [-1, 1), integers 0 and 1; sizes by --dim, else 1")
      ->type_name("SEED");
  command.add_option("--threads", threads, "Threads to run on (0: all CPUs)")
      ->type_name("N")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  command
      .add_option("--device", device,
                  "Device for kernels that are compiled for one: its number, or a part of its name (default: the first "
                  "that the code runs on)")
      ->type_name("D");
  compile.add(command);
  compile.options.cache.use = true;
  command.add_flag_callback(
      "--no-cache", [this] { compile.options.cache.use = false; }, "Compile the model even if it is in the cache");
}

namespace {

bool isArtifact(const std::string &path) {
  Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)); // a FIFO would wait for a writer
  char begin[4];
  return read(file.get(), begin, sizeof begin) == sizeof begin && memcmp(begin, "\177ELF", sizeof begin) == 0;
}

/// The files that the user named, by input. False after a message.
bool inputFiles(const InputFlags &flags, const adze_model_info &info, std::vector<std::string> &files) {
  files.assign(static_cast<size_t>(info.num_inputs), "");
  for (int32_t i = 0; i < info.num_inputs; ++i)
    if (auto known = flags.known.find(info.inputs[i].name); known != flags.known.end())
      files[static_cast<size_t>(i)] = known->second;
  for (const std::string &text : flags.inputs) {
    std::string name, file;
    // Names may hold '=' as well as paths may; the input that fits decides.
    int32_t found = -1;
    for (int32_t i = 0; i < info.num_inputs; ++i)
      if (text.rfind(std::string(info.inputs[i].name) + "=", 0) == 0)
        found = i;
    if (found < 0) {
      std::string known;
      for (int32_t i = 0; i < info.num_inputs; ++i)
        known += std::string(i ? ", '" : "'") + info.inputs[i].name + "'";
      fail("--input '" + text + "': expected NAME=FILE.npy with NAME one of " + known);
      return false;
    }
    files[static_cast<size_t>(found)] = text.substr(strlen(info.inputs[found].name) + 1);
  }
  return true;
}

/// Fills a tensor with `seed`'s values: floats in [-1, 1), integers 0 and 1, so that they are valid indices and masks.
class RandomTensors {
public:
  RandomTensors(const InputFlags &flags) : flags(flags), generator(flags.seed) {}

  bool make(const adze_tensor_info &info, Tensor &tensor, std::string &error) {
    tensor.dtype = info.dtype;
    for (int32_t d = 0; d < info.rank; ++d)
      tensor.shape.push_back(info.dims[d] >= 0 ? info.dims[d] : size(info.dim_names ? info.dim_names[d] : nullptr));
    int64_t element = adze_dtype_bytes(info.dtype), bytes = 0;
    error = std::string("random values of type ") + adze_dtype_name(info.dtype) + " are not supported";
    if (element == 0 || !adze_tensor_bytes(info.rank, tensor.shape.data(), element, &bytes))
      return false;
    tensor.data = allocate(static_cast<size_t>(bytes));
    error = "no memory for " + bytesText(bytes);
    for (int64_t i = 0; tensor.data && i < bytes; i += element)
      write(info.dtype, element, static_cast<char *>(tensor.data.get()) + i);
    return tensor.data != nullptr;
  }

private:
  int64_t size(const char *name) const {
    for (const auto &[known, value] : flags.compile.options.dims)
      if (name && known == name)
        return value;
    return 1;
  }

  void write(adze_dtype dtype, int64_t element, char *to) {
    uint64_t bits = generator();
    double real = static_cast<double>(bits >> 11) * 0x1p-52 - 1;
    float single = static_cast<float>(real);
    uint32_t pattern;
    memcpy(&pattern, &single, sizeof pattern);
    if (dtype == ADZE_F32)
      memcpy(to, &single, sizeof single);
    else if (dtype == ADZE_F64)
      memcpy(to, &real, sizeof real);
    else if (dtype == ADZE_BF16)
      memcpy(to, reinterpret_cast<char *>(&pattern) + 2, 2);
    else if (dtype == ADZE_F16) {
      // The sign, an exponent of 2^-1 to 2^-4, and ten bits.
      uint16_t half = static_cast<uint16_t>((bits & 0x8000) | ((11 + (bits >> 16 & 3)) << 10) | (bits >> 20 & 0x3ff));
      memcpy(to, &half, sizeof half);
    } else {
      memset(to, 0, static_cast<size_t>(element));
      to[0] = static_cast<char>(bits >> 63);
    }
  }

  const InputFlags &flags;
  std::mt19937_64 generator;
};

} // namespace

std::string adze::tool::producerName(const CompileOptions &options) {
  std::string level = isArtifact(options.modelPath) ? "" : ", -O" + std::to_string(options.optLevel);
  return std::string("adze ") + version() + level;
}

bool adze::tool::openModel(const InputFlags &flags, CompileResult &compiled, std::string &path) {
  path = flags.compile.options.modelPath;
  if (isArtifact(path))
    return true;
  compiled = compileShown(flags.compile.options);
  path = "/proc/self/fd/" + std::to_string(compiled.descriptor.get());
  return compiled.ok;
}

bool adze::tool::readInputs(const InputFlags &flags, const adze_model_info &info, std::vector<Tensor> &inputs) {
  std::vector<std::string> files;
  if (!inputFiles(flags, info, files))
    return false;
  RandomTensors random(flags);
  for (int32_t i = 0; i < info.num_inputs; ++i) {
    const adze_tensor_info &wanted = info.inputs[i];
    const std::string &file = files[static_cast<size_t>(i)];
    Tensor tensor;
    std::string error;
    if (!file.empty()) {
      if (!readNpy(file, wanted.dtype, tensor, error)) {
        fail("input '" + std::string(wanted.name) + "': '" + file + "': " + error);
        return false;
      }
    } else if (!flags.random) {
      fail("input '" + describe(wanted) + "' has no value: give --input " + wanted.name + "=FILE.npy or --random SEED");
      return false;
    } else if (!random.make(wanted, tensor, error)) {
      fail("input '" + std::string(wanted.name) + "': " + error);
      return false;
    }
    inputs.push_back(std::move(tensor));
  }
  return true;
}
