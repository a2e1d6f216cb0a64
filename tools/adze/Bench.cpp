// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adze bench: how long a model's runs take, and which kernels take how much of it.
#include "runtime/tensor.h"
#include "tools/adze/Files.h"
#include "tools/adze/Inputs.h"
#include "tools/adze/Measure.h"
#include "tools/adze/Names.h"
#include "tools/adze/Page.h"
#include "tools/adze/Terminal.h"

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>

using namespace adze;
using namespace adze::tool;
using json = nlohmann::ordered_json;

namespace {

struct BenchFlags {
  InputFlags input;
  int runs = 0, top = 20;
  std::string jsonPath, htmlPath;
};

/// "x: float32[1,3]" for each input.
std::string inputsText(const adze_model_info &info, const std::vector<Tensor> &inputs) {
  std::string text;
  for (size_t i = 0; i < inputs.size(); ++i)
    text += (i ? ", " : "") + std::string(info.inputs[i].name) + ": " + typeText(inputs[i].dtype, inputs[i].shape);
  return text;
}

/// The names in a text that separates them by ';'.
std::vector<std::string> split(const std::string &text) {
  std::vector<std::string> names;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = std::min(text.find(';', begin), text.size());
    if (end > begin)
      names.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return names;
}

/// The ONNX nodes of a kernel, as listed in the artifact.
std::vector<std::string> nodesOf(const adze_model_info &info, int32_t kernel) {
  return split(info.kernel_nodes && info.kernel_nodes[kernel] ? info.kernel_nodes[kernel] : "");
}

/// The ONNX operators of each kernel, by its index; empty where the artifact does not say.
std::vector<std::vector<std::string>> operatorsOf(const adze_model_info &info) {
  std::vector<std::vector<std::string>> operators(static_cast<size_t>(info.num_kernels));
  json metadata = json::parse(info.metadata ? info.metadata : "", nullptr, /*allow_exceptions=*/false);
  if (!metadata.is_object() || !metadata.contains("kernels") || !metadata["kernels"].is_array())
    return operators;
  const json &kernels = metadata["kernels"];
  for (size_t k = 0; k < std::min(operators.size(), kernels.size()); ++k)
    if (kernels[k].is_object() && kernels[k].contains("operators") && kernels[k]["operators"].is_string())
      operators[k] = split(kernels[k]["operators"].get<std::string>());
  return operators;
}

json toJson(const BenchFlags &flags, const Model &model, const std::vector<Tensor> &inputs, double load,
            const Times &times) {
  json result{{"model", flags.input.compile.options.modelPath}, {"threads", model.threads()}};
  for (size_t i = 0; i < inputs.size(); ++i)
    result["inputs"].push_back({{"name", model.info().inputs[i].name},
                                {"dtype", adze_dtype_name(inputs[i].dtype)},
                                {"shape", inputs[i].shape}});
  result["runs"] = times.runs.size();
  result["load_ms"] = load;
  result["first_ms"] = times.first;
  result["median_ms"] = times.quantile(0.5);
  result["p10_ms"] = times.quantile(0.1);
  result["p90_ms"] = times.quantile(0.9);
  result["kernels"] = json::array();
  auto operators = operatorsOf(model.info());
  for (const KernelTime &k : times.kernels)
    result["kernels"].push_back({{"name", model.info().kernel_names[k.kernel]},
                                 {"nodes", nodesOf(model.info(), k.kernel)},
                                 {"operators", operators[static_cast<size_t>(k.kernel)]},
                                 {"launches", k.launches},
                                 {"ms", k.ms},
                                 {"share", k.share}});
  result["other_ms"] = times.other;
  result["other_share"] = times.otherShare;
  return result;
}

/// The launches of one run: [index into "kernels", begin, end] each.
json timeline(const Times &times) {
  std::map<int32_t, size_t> rows;
  for (size_t i = 0; i < times.kernels.size(); ++i)
    rows[times.kernels[i].kernel] = i;
  json launches = json::array();
  for (const Launch &l : times.launches)
    if (auto row = rows.find(l.kernel); row != rows.end())
      launches.push_back({row->second, l.begin, l.end});
  return {{"ms", times.launchesRun}, {"complete", times.launches.size() < kMostLaunches}, {"launches", launches}};
}

void printTable(const BenchFlags &flags, const Model &model, const std::vector<Tensor> &inputs, double load,
                const Times &times) {
  printf("%s: %d threads, %s\n", flags.input.compile.options.modelPath.c_str(), model.threads(),
         printable(inputsText(model.info(), inputs)).c_str());
  printf("median %.3f ms, p10 %.3f ms, p90 %.3f ms (%zu runs); first %.3f ms, load %.3f ms\n\n", times.quantile(0.5),
         times.quantile(0.1), times.quantile(0.9), times.runs.size(), times.first, load);
  printf("%7s %10s %8s  %s\n", "share", "ms", "launches", "kernel: nodes");
  double restMs = 0, restShare = 0;
  size_t shown = flags.top > 0 ? std::min(times.kernels.size(), static_cast<size_t>(flags.top)) : times.kernels.size();
  for (size_t i = 0; i < times.kernels.size(); ++i) {
    const KernelTime &k = times.kernels[i];
    if (i >= shown) {
      restMs += k.ms;
      restShare += k.share;
      continue;
    }
    std::string text = model.info().kernel_names[k.kernel];
    const char *separator = ": ";
    for (const std::string &node : nodesOf(model.info(), k.kernel)) {
      text += separator + node;
      separator = ", ";
    }
    printf("%6.1f%% %10.4f %8g  %s\n", k.share * 100, k.ms, k.launches, fitted(printable(text), 29).c_str());
  }
  if (shown < times.kernels.size())
    printf("%6.1f%% %10.4f %8s  %zu more (--top 0 shows all)\n", restShare * 100, restMs, "",
           times.kernels.size() - shown);
  printf("%6.1f%% %10.4f %8s  outside the kernels\n", times.otherShare * 100, times.other, "");
}

int bench(const BenchFlags &flags) {
  CompileResult compiled;
  std::string path, error;
  if (!openModel(flags.input, compiled, path))
    return 1;
  Model model;
  auto start = std::chrono::steady_clock::now();
  if (!model.load(path, compiled.weights.get(), flags.input.threads, flags.input.device, error))
    return fail(error);
  double load = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  std::vector<Tensor> inputs;
  if (!readInputs(flags.input, model.info(), inputs))
    return 1;
  Times times;
  if (!measure(model, inputs, flags.runs, times, error))
    return fail(error);
  json numbers = toJson(flags, model, inputs, load, times);
  std::string text = numbers.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
  if (!flags.htmlPath.empty()) {
    numbers["timeline"] = timeline(times);
    std::string page = benchPage(numbers.dump(-1, ' ', false, json::error_handler_t::replace));
    if (!writeFile(flags.htmlPath, {page}, error))
      return fail("'" + flags.htmlPath + "': " + error);
  }
  if (flags.jsonPath == "-")
    return fputs(text.c_str(), stdout) < 0;
  printTable(flags, model, inputs, load, times);
  if (!flags.jsonPath.empty() && !writeFile(flags.jsonPath, {text}, error))
    return fail("'" + flags.jsonPath + "': " + error);
  return 0;
}

} // namespace

void adze::tool::addBench(CLI::App &app, int &status) {
  CLI::App *command = app.add_subcommand("bench", "Time a model's runs and each kernel's share");
  auto flags = std::make_shared<BenchFlags>();
  flags->input.add(*command);
  command->add_option("--runs", flags->runs, "How many runs to time (0: as many as fit into two seconds)")
      ->type_name("N")
      ->check(CLI::Range(0, 1000000))
      ->capture_default_str();
  command->add_option("--top", flags->top, "How many kernels to list (0: all)")
      ->type_name("N")
      ->check(CLI::Range(0, 1000000))
      ->capture_default_str();
  command
      ->add_option("--json", flags->jsonPath,
                   "Write all numbers to a file; '-': to standard output, in place of the table")
      ->type_name("FILE");
  command->add_option("--html", flags->htmlPath, "Write a page with a timeline and the time by ONNX operator to a file")
      ->type_name("FILE");
  command->callback([flags, &status] {
    flags->input.random = true;
    status = flags->input.finish() ? bench(*flags) : 2;
  });
}
