// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adze run: runs a model or an artifact once, from .npy files to .npy files.
#include "tools/adze/Dump.h"
#include "tools/adze/Inputs.h"
#include "tools/adze/Terminal.h"

#include <chrono>
#include <filesystem>

using namespace adze;
using namespace adze::tool;

namespace {

struct RunFlags {
  InputFlags input;
  std::string outputs, dump; ///< folders
};

/// The outputs of the model itself, without those that are there to be looked at.
std::vector<bool> ownOutputs(const adze_model_info &info) {
  std::vector<bool> own(static_cast<size_t>(info.num_outputs), true);
  for (const NamedValue &value : namedValues(info))
    if (value.output >= 0 && value.exposed)
      own[static_cast<size_t>(value.output)] = false;
  return own;
}

int writeOutputs(const std::string &folder, const adze_model_info &info, const std::vector<Tensor> &outputs) {
  std::error_code wrong;
  std::filesystem::create_directories(folder, wrong);
  if (wrong)
    return fail("cannot make the folder '" + folder + "': " + wrong.message());
  FileNames names;
  std::vector<bool> own = ownOutputs(info);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (!own[i])
      continue;
    std::string path = folder + "/" + names.make(info.outputs[i].name) + ".npy", error;
    if (!writeNpy(path, outputs[i], error))
      return fail("'" + path + "': " + error);
    printf("%s: %s in %s\n", printable(info.outputs[i].name).c_str(),
           typeText(outputs[i].dtype, outputs[i].shape).c_str(), path.c_str());
  }
  return 0;
}

int dump(const RunFlags &flags, const adze_model_info &info, const std::vector<Tensor> &inputs,
         const std::vector<Tensor> &outputs) {
  std::vector<NamedValue> values = namedValues(info);
  if (values.empty())
    return fail("'" + flags.input.compile.options.modelPath +
                "' has no named values to dump: give the model, or an artifact of `adze compile --expose-values`");
  std::string error;
  if (!writeDump(flags.dump, producerName(flags.input.compile.options), info, inputs, outputs, error))
    return fail(error);
  size_t missing = 0;
  for (const NamedValue &value : values)
    missing += value.output < 0;
  printf("%zu values in %s", values.size() - missing, flags.dump.c_str());
  printf(missing ? ", %zu more are none that can be written; index.json says why\n" : "\n", missing);
  return 0;
}

int run(RunFlags &flags) {
  CompileResult compiled;
  std::string path, error;
  flags.input.compile.options.exposeValues = !flags.dump.empty();
  if (!openModel(flags.input, compiled, path))
    return 1;
  Model model;
  if (!model.load(path, compiled.weights.get(), flags.input.threads, flags.input.device, error))
    return fail(error);
  std::vector<Tensor> inputs, outputs;
  if (!readInputs(flags.input, model.info(), inputs))
    return 1;
  auto start = std::chrono::steady_clock::now();
  if (!model.run(inputs, outputs, error))
    return fail(error);
  double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  int status = flags.outputs.empty() ? 0 : writeOutputs(flags.outputs, model.info(), outputs);
  if (status == 0 && !flags.dump.empty())
    status = dump(flags, model.info(), inputs, outputs);
  if (status == 0)
    printf("%.3f ms\n", ms);
  return status;
}

} // namespace

void adze::tool::addRun(CLI::App &app, int &status) {
  CLI::App *command = app.add_subcommand("run", "Run a model once, from .npy files to .npy files");
  auto flags = std::make_shared<RunFlags>();
  flags->input.add(*command);
  CLI::Option_group *results = command->add_option_group("Results", "At least one of these");
  results->require_option(1, 0);
  results->add_option("--output-dir", flags->outputs, "Folder for NAME.npy of each output")->type_name("DIR");
  results
      ->add_option("--dump", flags->dump, "Folder for the .npy files of all named values of the graph, and index.json")
      ->type_name("DIR");
  command->callback([flags, &status] { status = flags->input.finish() ? run(*flags) : 2; });
}
