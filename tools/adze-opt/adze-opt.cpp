// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mlir-opt with Adze's dialects and passes.
#include "compiler/InitAll.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  adze::registerDialects(registry);
  adze::registerPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Adze's optimiser driver\n", registry));
}
