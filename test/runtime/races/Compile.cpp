// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles a model to an artifact that carries another build of the runtime.
// usage: adze-races-compile LIBRARIES MODEL OUTPUT
// LIBRARIES is the folder of that runtime and of the other archives of an artifact.
#include "codegen/Target.h"
#include "compiler/Emit.h"
#include "compiler/InitAll.h"
#include "compiler/Pipeline.h"
#include "compiler/import/Import.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

/// Errors are diagnostics of the context, which prints them.
static LogicalResult compile(MLIRContext &context, const char *libraries, const char *model, const char *output) {
  adze::Options options;
  options.libraryFolder = libraries;
  adze::ModelSource source;
  source.path = model;
  OwningOpRef<ModuleOp> module = adze::importModel(source, {}, context);
  if (!module)
    return failure();
  std::string error;
  auto target = adze::createHostTarget(options.cpu, error);
  if (!target)
    return module->emitError() << error;
  (*module)->setAttr(adze::kTargetAttr, target->facts(context));
  PassManager passes(&context, ModuleOp::getOperationName());
  for (const adze::Stage &stage : adze::stages())
    adze::buildStage(passes, stage, options, /*device=*/nullptr);
  if (failed(passes.run(*module)))
    return failure();
  return success(succeeded(adze::emitArtifact(*module, options, output)));
}

int main(int argc, char **argv) {
  if (argc != 4) {
    llvm::errs() << "usage: adze-races-compile LIBRARIES MODEL OUTPUT\n";
    return 1;
  }
  DialectRegistry registry;
  adze::registerDialects(registry);
  adze::registerEmission(registry);
  MLIRContext context(registry);
  return failed(compile(context, argv[1], argv[2], argv[3]));
}
