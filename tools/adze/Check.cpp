// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// adze check: every node of a model that would not compile.
#include "tools/adze/Commands.h"
#include "tools/adze/Terminal.h"

using namespace adze;
using namespace adze::tool;

void adze::tool::addCheck(CLI::App &app, int &status) {
  CLI::App *command = app.add_subcommand("check", "Say what of a model would not compile, node by node");
  auto flags = std::make_shared<CompileFlags>();
  command->add_option("MODEL", flags->options.modelPath, "ONNX model")->required();
  flags->add(*command);
  command->callback([flags, &status] {
    flags->options.emit = Emit::Nothing;
    if (!flags->finish()) {
      status = 2;
      return;
    }
    CompileResult result = compileShown(flags->options);
    status = result.ok ? 0 : 1;
    if (!result.ok)
      return;
    printf("%s: compiles\n", flags->options.modelPath.c_str());
    printHostKernels(result.summary);
  });
}
