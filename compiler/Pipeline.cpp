// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Pipeline.h"
#include "compiler/Kernels.h"
#include "compiler/artifact/Metadata.h"
#include "mlir/Pass/PassManager.h"
#include "passes/host/Passes.h"
#include <chrono>

using namespace mlir;
using namespace adze;

/// Takes the constants out of the module: nothing but the artifact's writer knows them.
static std::vector<OwningOpRef<core::ConstantOp>> takeConstants(ModuleOp module) {
  std::vector<OwningOpRef<core::ConstantOp>> constants;
  for (auto op : llvm::make_early_inc_range(module.getOps<core::ConstantOp>())) {
    op->remove();
    constants.emplace_back(op);
  }
  return constants;
}

FailureOr<Summary> adze::emitArtifact(ModuleOp module, const Options &options, StringRef path, const Progress &progress,
                                      const ConstantBytes &bytesOf) {
  auto start = std::chrono::steady_clock::now();
  std::string error;
  auto target = createHostTarget(options.cpu, error);
  if (!target)
    return module.emitError() << error;

  PassManager passes(module.getContext(), ModuleOp::getOperationName());
  passes.addPass(createHostToBuffers());
  passes.addPass(createHostToLlvm());
  if (failed(passes.run(module)))
    return failure();
  auto program = host::Program::read(module);
  if (failed(program))
    return failure();
  auto owned = takeConstants(module);
  std::vector<core::ConstantOp> constants;
  for (auto &op : owned)
    constants.push_back(*op);

  EmitOptions emitOptions;
  emitOptions.reference = options.optLevel == 0;
  auto objects = compileKernels(module, *program, *target, emitOptions, options.jobs, progress);
  if (failed(objects))
    return failure();
  std::string metadata = makeMetadata(*program, target->machine(), options);
  auto hostObject = target->compileHost(module, *program, metadata, emitOptions);
  if (failed(hostObject))
    return failure();
  objects->push_back(std::move(*hostObject));

  if (progress)
    progress("link", 0, 1);
  Summary summary;
  Artifact artifact{*objects, constants, program->weightBytes, metadata, bytesOf, options.libraryFolder};
  if (failed(writeArtifact(artifact, path, module.getLoc(), summary.codeBytes)))
    return failure();
  if (progress)
    progress("link", 1, 1);
  summary.kernels = program->kernels.size();
  summary.weightBytes = program->weightBytes;
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return summary;
}
