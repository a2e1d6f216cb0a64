// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adze run: runs a model or an artifact once, from .npy files to .npy files.
#include "runtime/tensor.h"
#include "tools/adze/Commands.h"
#include "tools/adze/Model.h"
#include "tools/adze/Names.h"
#include "tools/adze/Terminal.h"

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

using namespace adze;
using namespace adze::tool;

namespace {

struct RunFlags {
  CompileFlags compile;
  std::vector<std::string> inputs; ///< "x=x.npy"
  std::string outputFolder;
  int threads = 0;
  uint64_t seed = 0;
  bool random = false;
};

bool isArtifact(const std::string &path) {
  char begin[4] = {};
  std::ifstream(path, std::ios::binary).read(begin, 4);
  return memcmp(begin, "\177ELF", 4) == 0;
}

/// The files that the user named, by input. False after a message.
bool inputFiles(const RunFlags &flags, const adze_model_info &info, std::vector<std::string> &files) {
  files.assign(static_cast<size_t>(info.num_inputs), "");
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
  RandomTensors(const RunFlags &flags) : flags(flags), generator(flags.seed) {}

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

  const RunFlags &flags;
  std::mt19937_64 generator;
};

/// All inputs, from files or random. False after a message.
bool readInputs(const RunFlags &flags, const adze_model_info &info, std::vector<Tensor> &inputs) {
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

int writeOutputs(const std::string &folder, const adze_model_info &info, const std::vector<Tensor> &outputs) {
  std::error_code wrong;
  std::filesystem::create_directories(folder, wrong);
  if (wrong)
    return fail("cannot make the folder '" + folder + "': " + wrong.message());
  std::set<std::string> taken;
  for (size_t i = 0; i < outputs.size(); ++i) {
    std::string path = folder + "/" + fileName(info.outputs[i].name, taken) + ".npy", error, shape;
    if (!writeNpy(path, outputs[i], error))
      return fail("'" + path + "': " + error);
    for (int64_t size : outputs[i].shape)
      shape += (shape.empty() ? "" : ",") + std::to_string(size);
    printf("%s: %s[%s] in %s\n", printable(info.outputs[i].name).c_str(), adze_dtype_name(outputs[i].dtype),
           shape.c_str(), path.c_str());
  }
  return 0;
}

int run(RunFlags &flags) {
  std::string path = flags.compile.options.modelPath, error;
  CompileResult compiled;
  if (!isArtifact(path)) {
    compiled = compileShown(flags.compile.options);
    if (!compiled.ok)
      return 1;
    path = "/proc/self/fd/" + std::to_string(compiled.descriptor.get());
  }
  Model model;
  if (!model.load(path, flags.threads, error))
    return fail(error);
  std::vector<Tensor> inputs, outputs;
  if (!readInputs(flags, model.info(), inputs))
    return 1;
  auto start = std::chrono::steady_clock::now();
  if (!model.run(inputs, outputs, error))
    return fail(error);
  double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  int status = writeOutputs(flags.outputFolder, model.info(), outputs);
  if (status == 0)
    printf("%.3f ms\n", ms);
  return status;
}

} // namespace

void adze::tool::addRun(CLI::App &app, int &status) {
  CLI::App *command = app.add_subcommand("run", "Run a model once, from .npy files to .npy files");
  auto flags = std::make_shared<RunFlags>();
  command->add_option("MODEL_OR_SO", flags->compile.options.modelPath, "ONNX model, or what `adze compile` wrote")
      ->required();
  command->add_option("--input", flags->inputs, "Value of an input (repeat for each)")->type_name("NAME=FILE.npy");
  CLI::Option *random = command->add_option(
      "--random", flags->seed, "Other inputs: floats in [-1, 1), integers 0 and 1; sizes by --dim, else 1");
  random->type_name("SEED");
  command->add_option("--output-dir", flags->outputFolder, "Folder for NAME.npy of each output")->required();
  command->add_option("--threads", flags->threads, "Threads to run on (0: all CPUs)")
      ->type_name("N")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  flags->compile.add(*command);
  command->callback([flags, random, &status] {
    flags->random = random->count() > 0;
    status = flags->compile.finish() ? run(*flags) : 2;
  });
}
