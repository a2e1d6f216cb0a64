// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adze compile: a model to a shared library, or to what there is on the way.
#include "tools/adze/Commands.h"
#include "tools/adze/DeviceReport.h"
#include "tools/adze/Terminal.h"

#include <cerrno>
#include <cstring>
#include <unistd.h>

using namespace adze;
using namespace adze::tool;

namespace {

/// One line: what came out.
std::string summaryLine(const std::string &output, const CompileSummary &s) {
  std::string text = output + ":";
  auto add = [&](const std::string &part) { text += (text.back() == ':' ? " " : ", ") + part; };
  if (s.kernels >= 0)
    add(std::to_string(s.kernels) + " kernels");
  if (!s.hostKernels.empty())
    text += " (" + std::to_string(s.hostKernels.size()) + " on the host)";
  if (s.codeBytes >= 0)
    add(bytesText(s.codeBytes) + " code");
  if (s.weightBytes >= 0)
    add(bytesText(s.weightBytes) + " weights");
  bool known = s.peakArenaBytes >= 0 && s.peakDeviceArenaBytes >= 0;
  add(known ? bytesText(s.peakArenaBytes) + " peak arena" : "peak arena depends on sizes");
  if (known && s.peakDeviceArenaBytes > 0)
    add(bytesText(s.peakDeviceArenaBytes) + " on the device");
  char seconds[32];
  snprintf(seconds, sizeof seconds, "%.2f s", s.seconds);
  add(seconds);
  return text;
}

/// Copies an open file to standard output.
int copyToStdout(int from) {
  char bytes[1 << 16];
  for (;;) {
    ssize_t got = read(from, bytes, sizeof bytes);
    if (got < 0 && errno == EINTR)
      continue;
    if (got == 0)
      return fflush(stdout) == 0 ? 0 : fail(std::string("cannot write: ") + strerror(errno));
    if (got < 0 || fwrite(bytes, 1, static_cast<size_t>(got), stdout) != static_cast<size_t>(got))
      return fail(std::string("cannot write: ") + strerror(errno));
  }
}

/// What --emit asks for; false after a message.
bool chooseForm(CompileOptions &options, const std::string &form) {
  static const std::map<std::string, Emit> forms{
      {"object", Emit::Object}, {"llvm", Emit::LLVM}, {"asm", Emit::Asm}, {"mlir", Emit::MLIR}};
  if (form.empty())
    return true;
  auto known = forms.find(form);
  if (known != forms.end()) {
    options.emit = known->second;
    return true;
  }
  options.emit = Emit::Images;
  options.imageForm = form;
  if (options.target.empty())
    fail("--emit '" + form + "': expected object, llvm, asm or mlir, or a form of a device that --target names");
  else if (options.outputPath == "-")
    fail("--emit '" + form + "': it is files in a folder, which standard output is not");
  else
    return true;
  return false;
}

int run(const CompileOptions &options, bool verbose, const std::string &reportPath) {
  bool toStdout = options.outputPath == "-";
  CompileOptions mine = options;
  if (toStdout)
    mine.outputPath.clear();
  CompileResult result = compileShown(mine);
  if (!result.ok)
    return 1;
  if (toStdout)
    return copyToStdout(result.descriptor.get());
  if (options.emit == Emit::Artifact)
    printf("%s\n", summaryLine(options.outputPath, result.summary).c_str());
  if (verbose)
    printHostKernels(result.summary);
  if (options.report && !showReport(result.report, reportPath))
    return 1;
  return 0;
}

} // namespace

void adze::tool::addCompile(CLI::App &app, int &status) {
  CLI::App *command = app.add_subcommand("compile", "Compile a model to a shared library");
  auto flags = std::make_shared<CompileFlags>();
  CompileOptions &o = flags->options;
  command->add_option("MODEL", o.modelPath, "ONNX model (MLIR text with --start-at)")->required();
  command->add_option("-o,--output", o.outputPath, "File to write; '-': standard output")
      ->type_name("FILE")
      ->required();
  flags->add(*command);
  auto form = std::make_shared<std::string>();
  command
      ->add_option("--emit", *form,
                   "Write another form than the library: object, llvm, asm, mlir, or a form of the device's own "
                   "code, a file for each of its machines in the folder that -o names")
      ->type_name("FORM");
  command->add_flag("--assemble", o.assemble,
                    "For a device: also carry code of its machines, which tools of its vendor make");
  command->add_option("--stop-after", o.stopAfter, "Stop after a stage and write MLIR, and the weights to FILE.weights")
      ->type_name("STAGE");
  command->add_option("--start-at", o.startAt, "Begin with a stage; MODEL is what --stop-after of the one before wrote")
      ->type_name("STAGE");
  command->add_flag("--expose-values", o.exposeValues,
                    "Make every named value of the graph an output (`adze run --dump` writes them)");
  auto verbose = std::make_shared<bool>(false);
  command->add_flag("-v,--verbose", *verbose, "Say which kernels the host runs though the target is a device, and why");
  auto reportPath = std::make_shared<std::string>();
  addReportFlags(*command, o, *reportPath);
  command->callback([flags, form, verbose, reportPath, &status] {
    CompileOptions &options = flags->options;
    if (!options.stopAfter.empty())
      options.emit = Emit::MLIR;
    options.report |= !reportPath->empty();
    status = chooseForm(options, *form) && flags->finish() ? run(options, *verbose, *reportPath) : 2;
  });
}
