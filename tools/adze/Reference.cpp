// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/adze/Reference.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace adze;
using namespace adze::tool;

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!folder.empty())
    std::filesystem::remove_all(folder, ignored);
}

bool TemporaryFolder::make(std::string &error) {
  std::error_code wrong;
  std::string path = (std::filesystem::temp_directory_path(wrong) / "adze-diff-XXXXXX").string();
  if (!wrong && mkdtemp(path.data())) {
    folder = path;
    return true;
  }
  error = "cannot make a temporary folder: " + (wrong ? wrong.message() : std::string(strerrordesc_np(errno)));
  return false;
}

bool adze::tool::dumpReferenceRoute(const InputFlags &flags, const std::vector<Tensor> &inputs,
                                    const std::string &folder, std::string &error) {
  InputFlags reference = flags;
  reference.compile.options.optLevel = 0;
  CompileResult compiled;
  std::string path;
  Model model;
  std::vector<Tensor> outputs;
  error.clear();
  return openModel(reference, compiled, path) &&
         model.load(path, compiled.weights.get(), flags.threads, flags.device, error) &&
         model.run(inputs, outputs, error) &&
         writeDump(folder, producerName(reference.compile.options), model.info(), inputs, outputs, error);
}

/// Runs a program, found by PATH, and waits for it; its exit status, or -1 with the reason in `error`.
static int runProgram(const std::vector<std::string> &arguments, std::string &error) {
  std::vector<char *> pointers;
  for (const std::string &argument : arguments)
    pointers.push_back(const_cast<char *>(argument.c_str()));
  pointers.push_back(nullptr);
  pid_t child;
  if (int wrong = posix_spawnp(&child, pointers[0], nullptr, nullptr, pointers.data(), environ)) {
    error = strerrordesc_np(wrong);
    return -1;
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      break;
  error = WIFEXITED(status) ? "exit status " + std::to_string(WEXITSTATUS(status))
                            : "signal " + std::to_string(WTERMSIG(status));
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool adze::tool::dumpOnnxRuntime(const std::string &model, const adze_model_info &info,
                                 const std::vector<Tensor> &inputs, const std::string &folder, std::string &error) {
  DumpWriter writer(folder, "nobody yet");
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!writer.addInput(info.inputs[i].name, inputs[i], error))
      return false;
  if (!writer.finish(error))
    return false;
  const char *chosen = getenv("ADZE_PYTHON");
  std::string python = chosen && *chosen ? chosen : "python3", why;
  // -P: nothing is imported from the current folder.
  if (runProgram({python, "-P", "-m", "adze.reference", "--", model, folder}, why) == 0)
    return true;
  error = "ONNX Runtime's values could not be had: `" + python + " -m adze.reference` ended with " + why +
          "; it takes a Python with the packages adze, onnx and onnxruntime, which ADZE_PYTHON can name";
  return false;
}
