// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The command line of Adze.
#include "tools/adze/Commands.h"
#include "tools/adze/Terminal.h"

#include <unistd.h>

int main(int argc, char **argv) {
  // Not a command of the user's: what adze::compile starts, with a socket as standard input.
  if (argc == 2 && std::string(argv[1]) == "worker")
    return adze::runWorker(STDIN_FILENO);
  CLI::App app("Compiles ONNX models to native code, and runs them.", "adze");
  int status = 0;
  app.set_version_flag("--version", std::string("adze ") + adze::version());
  app.require_subcommand(1);
  app.fallthrough(); // so that it may stand after the command too
  const std::map<std::string, adze::tool::Colour> colours{
      {"auto", adze::tool::Colour::Auto}, {"always", adze::tool::Colour::Always}, {"never", adze::tool::Colour::Never}};
  app.add_option_function<adze::tool::Colour>("--color", adze::tool::setColour,
                                              "Colour of diagnostics: auto (on terminals, unless NO_COLOR is set), "
                                              "always or never")
      ->type_name("WHEN")
      ->transform(CLI::CheckedTransformer(colours).description(""));
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
