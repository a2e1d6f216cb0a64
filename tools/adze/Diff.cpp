// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adze diff: compares every named value of a model with a reference and names the first that differs.
#include "tools/adze/DiffReport.h"
#include "tools/adze/Files.h"
#include "tools/adze/Reference.h"
#include "tools/adze/Terminal.h"

#include <unordered_map>

using namespace adze;
using namespace adze::tool;

namespace {

constexpr char kOnnxRuntime[] = "onnxruntime", kReferenceRoute[] = "O0";
/// Exit statuses, as diff(1) and cmp(1) have them.
enum { kEqual = 0, kDiffers = 1, kTrouble = 2 };

struct DiffFlags {
  InputFlags input;
  ToleranceFlags tolerance;
  std::string against, keep, jsonPath;
  int top = 10;
  bool isDump() const { return against != kOnnxRuntime && against != kReferenceRoute; }
};

/// One comparison, from its flags to its report.
class Comparison {
public:
  explicit Comparison(const DiffFlags &flags) : flags(flags) {}

  /// False after a message.
  bool run() {
    std::string error;
    if (prepare(error) && makeReference(error) && computeOurs(error))
      return true;
    if (!error.empty())
      fail(error);
    return false;
  }

  DiffReport report;

private:
  /// Compiles the model and reads its inputs; false with a reason, or after a message.
  bool prepare(std::string &error) {
    InputFlags &input = flags.input;
    input.compile.options.exposeValues = true;
    input.random = true;
    report.model = input.compile.options.modelPath;
    report.ours = producerName(input.compile.options);
    if (flags.isDump()) {
      if (!readDump(flags.against, reference, error)) {
        error += "; --against takes 'onnxruntime', 'O0' or the folder of a dump (`adze run --dump`)";
        return false;
      }
      for (const DumpedValue &value : reference.inputs)
        if (!value.file.empty())
          input.known.emplace(value.what.name, value.file);
    }
    std::string path;
    return openModel(input, compiled, path) &&
           model.load(path, compiled.weights.get(), input.threads, input.device, error) &&
           readInputs(input, model.info(), inputs);
  }

  bool makeReference(std::string &error) {
    if (flags.isDump())
      return true;
    std::string folder = flags.keep;
    if (folder.empty()) {
      if (!temporary.make(error))
        return false;
      folder = temporary.path();
    }
    bool made = flags.against == kReferenceRoute ? dumpReferenceRoute(flags.input, inputs, folder, error)
                                                 : dumpOnnxRuntime(report.model, model.info(), inputs, folder, error);
    return made && readDump(folder, reference, error);
  }

  bool computeOurs(std::string &error) {
    report.theirs = reference.producer;
    std::vector<Tensor> outputs;
    if (!model.run(inputs, outputs, error))
      return false;
    std::unordered_map<std::string, const DumpedValue *> known;
    for (const DumpedValue &value : reference.values)
      known.emplace(value.what.name, &value);
    for (NamedValue &value : namedValues(model.info())) {
      auto found = known.find(value.name);
      if (value.output >= 0 && found != known.end() && !found->second->file.empty()) {
        if (!compareOne(value, outputs[static_cast<size_t>(value.output)], *found->second, error))
          return false;
        continue;
      }
      if (value.output >= 0)
        value.reason = found == known.end() ? "the reference does not have it" : found->second->what.reason;
      report.others.push_back(value);
    }
    if (report.compared.empty())
      error = "'" + report.model + "' and its reference have no named value in common";
    return !report.compared.empty();
  }

  bool compareOne(const NamedValue &value, Tensor &ours, const DumpedValue &theirs, std::string &error) {
    Tensor tensor;
    if (!readNpy(theirs.file, theirs.dtype, tensor, error)) {
      error = "'" + theirs.file + "': " + error;
      return false;
    }
    Tolerance tolerance = flags.tolerance.of(ours.dtype);
    report.compared.push_back({value, ours.dtype, ours.shape, tolerance, compare(ours, tensor, tolerance)});
    return true;
  }

  DiffFlags flags;
  CompileResult compiled;
  Model model;
  Dump reference;
  std::vector<Tensor> inputs;
  TemporaryFolder temporary;
};

int diff(const DiffFlags &flags) {
  Comparison comparison(flags);
  if (!comparison.run())
    return kTrouble;
  const DiffReport &report = comparison.report;
  if (flags.jsonPath == "-")
    fputs(report.json().c_str(), stdout);
  else
    report.print(flags.top);
  std::string error;
  if (!flags.jsonPath.empty() && flags.jsonPath != "-" && !writeFile(flags.jsonPath, {report.json()}, error)) {
    fail("'" + flags.jsonPath + "': " + error);
    return kTrouble;
  }
  return report.first() ? kDiffers : kEqual;
}

} // namespace

void adze::tool::addDiff(CLI::App &app, int &status) {
  CLI::App *command =
      app.add_subcommand("diff", "Compare a model's named values with a reference, and name the first that differs");
  auto flags = std::make_shared<DiffFlags>();
  flags->input.add(*command);
  command
      ->add_option("--against", flags->against,
                   "The reference: 'onnxruntime', 'O0' (Adze's own reference route) or the folder of a dump")
      ->type_name("WHAT")
      ->required();
  command
      ->add_option("--rtol", flags->tolerance.relative,
                   "Difference that is allowed, as a part of each element (default: by its type)")
      ->type_name("R")
      ->check(CLI::NonNegativeNumber);
  command
      ->add_option("--atol", flags->tolerance.absolute,
                   "Difference that is allowed on top (default: a part of the greatest element)")
      ->type_name("A")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--top", flags->top, "How many of the values that differ most to list (0: all)")
      ->type_name("N")
      ->check(CLI::Range(0, 1000000))
      ->capture_default_str();
  command->add_option("--keep", flags->keep, "Leave the reference's dump in this folder")->type_name("DIR");
  command
      ->add_option("--json", flags->jsonPath, "Write all numbers to a file; '-': to standard output, in place of text")
      ->type_name("FILE");
  command->callback([flags, &status] { status = flags->input.finish() ? diff(*flags) : static_cast<int>(kTrouble); });
}
