// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adze run: runs a model or an artifact once, from .npy files to .npy files.
#include "runtime/tensor.h"
#include "tools/adze/Inputs.h"
#include "tools/adze/Names.h"
#include "tools/adze/Terminal.h"

#include <chrono>
#include <filesystem>

using namespace adze;
using namespace adze::tool;

namespace {

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

int run(const InputFlags &flags, const std::string &folder) {
  CompileResult compiled;
  std::string path, error;
  if (!openModel(flags, compiled, path))
    return 1;
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
  int status = writeOutputs(folder, model.info(), outputs);
  if (status == 0)
    printf("%.3f ms\n", ms);
  return status;
}

} // namespace

void adze::tool::addRun(CLI::App &app, int &status) {
  CLI::App *command = app.add_subcommand("run", "Run a model once, from .npy files to .npy files");
  struct Flags {
    InputFlags input;
    std::string folder;
  };
  auto flags = std::make_shared<Flags>();
  flags->input.add(*command);
  command->add_option("--output-dir", flags->folder, "Folder for NAME.npy of each output")->required();
  command->callback([flags, &status] { status = flags->input.finish() ? run(flags->input, flags->folder) : 2; });
}
