// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The command line of Adze.
#include "tools/adze/Commands.h"

#include <unistd.h>

int main(int argc, char **argv) {
  // Not a command of the user's: what adze::compile starts, with a socket as standard input.
  if (argc == 2 && std::string(argv[1]) == "worker")
    return adze::runWorker(STDIN_FILENO);
  CLI::App app("Compiles ONNX models to native code, and runs them.", "adze");
  int status = 0;
  app.set_version_flag("--version", std::string("adze ") + adze::version());
  app.require_subcommand(1);
  adze::tool::addCompile(app, status);
  adze::tool::addRun(app, status);
  adze::tool::addBench(app, status);
  adze::tool::addDiff(app, status);
  adze::tool::addCheck(app, status);
  adze::tool::addInspect(app, status);
  adze::tool::addCache(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return status;
}
