// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/adze/Commands.h"
#include "tools/adze/Terminal.h"

#include <charconv>

using namespace adze;
using namespace adze::tool;

void CompileFlags::add(CLI::App &command) {
  command.add_option("--dim", dims, "Pin a dimension: NAME=N (may be repeated)")->type_name("NAME=N");
  command.add_option("--cpu", options.cpu, "CPU to compile for: native, x86-64-v2, x86-64-v3, or a CPU's name")
      ->type_name("CPU")
      ->capture_default_str();
  command
      .add_option("--target", options.target,
                  "What runs the kernels: " ADZE_TARGETS " (default: the host's); a "
                  "device's name may go on: NAME:MACHINE,MACHINE")
      ->type_name("NAME");
  command.add_option("-O", options.optLevel, "0: the numeric reference, slow; 2: fast")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({0, 2}))
      ->capture_default_str();
  command
      .add_option("--allow", options.allow,
                  "What results may lose: tf32 (products of f32 by units for mantissas of 10 bits), "
                  "bf16x3 (the same as three products of bf16: 16 bits)")
      ->type_name("WORD,...")
      ->delimiter(',');
  command.add_option("--jobs", options.jobs, "Threads of the compiler (0: all CPUs)")
      ->type_name("N")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
}

bool CompileFlags::finish() { return parseDims(dims, options.dims); }

bool adze::tool::splitAssignment(const std::string &text, std::string &name, std::string &value) {
  size_t at = text.rfind('=');
  if (at == std::string::npos || at == 0)
    return false;
  name = text.substr(0, at);
  value = text.substr(at + 1);
  return true;
}

bool adze::tool::parseDims(const std::vector<std::string> &texts, std::vector<std::pair<std::string, int64_t>> &dims) {
  for (const std::string &text : texts) {
    std::string name, value;
    int64_t size = -1;
    bool split = splitAssignment(text, name, value);
    auto [end, wrong] = std::from_chars(value.data(), value.data() + value.size(), size);
    if (!split || wrong != std::errc() || end != value.data() + value.size() || size < 0) {
      fail("--dim '" + text + "': expected NAME=N with a size N of at least 0");
      return false;
    }
    dims.emplace_back(name, size);
  }
  return true;
}

void adze::tool::printHostKernels(const CompileSummary &summary) {
  if (summary.hostKernels.empty())
    return;
  printf("%zu of %lld kernels run on the host:\n", summary.hostKernels.size(), static_cast<long long>(summary.kernels));
  for (const HostKernel &kernel : summary.hostKernels)
    printf("  %s\n", printable(toString(kernel)).c_str());
}

CompileResult adze::tool::compileShown(const CompileOptions &options) {
  ProgressBar bar;
  Callbacks callbacks;
  callbacks.progress = [&](const CompileProgress &progress) { bar.show(progress); };
  CompileResult result = compile(options, callbacks);
  bar.clear();
  for (const Diagnostic &diagnostic : result.diagnostics)
    print(diagnostic);
  return result;
}
