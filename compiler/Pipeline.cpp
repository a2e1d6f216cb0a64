// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Pipeline.h"
#include "compiler/Kernels.h"
#include "compiler/artifact/Metadata.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "passes/core/Passes.h"
#include "passes/core_to_loops/Passes.h"
#include "passes/fusion/Passes.h"
#include "passes/host/Passes.h"
#include "passes/onnx_to_core/Passes.h"
#include <chrono>

using namespace mlir;
using namespace adze;

// The order of the passes stands here and nowhere else. -O0 is the numeric reference: one op a kernel, plain loops.

/// onnx.node -> core. After: every value is typed; shape arithmetic is scalars.
static void buildCore(OpPassManager &passes, const Options &) {
  passes.addPass(createOnnxToCore());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addPass(createRefineShapes());
  passes.addPass(createCanonicalizerPass());
}

/// core -> core. After: constants folded, channels last, contractions packed.
static void buildOptimised(OpPassManager &passes, const Options &options) {
  if (options.optLevel == 0)
    return;
  passes.addPass(createFoldConstants());
  passes.addPass(createSinkTransposes());
  passes.addPass(createCanonicalizerPass());
  // Transposed weights fold before they are packed, packed ones after.
  passes.addPass(createFoldConstants());
  passes.addPass(createPackContractions());
  passes.addPass(createFoldConstants());
  passes.addPass(createRefineShapes());
  passes.addPass(createCSEPass());
  passes.addPass(createCanonicalizerPass());
}

/// core -> kernels and launches. After: every core op on tensors is in a kernel, but for constants and reshapes.
static void buildKernels(OpPassManager &passes, const Options &options) {
  FormKernelsOptions form;
  form.fuse = options.optLevel > 0;
  passes.addPass(createFormKernels(form));
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
}

/// Kernel bodies -> loops on buffers.
static void buildLoops(OpPassManager &passes, const Options &options) {
  LowerKernelsOptions lower;
  lower.reference = options.optLevel == 0;
  passes.addPass(createLowerKernels(lower));
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  if (options.optLevel > 0)
    passes.addPass(createApproximateMath());
}

ArrayRef<Stage> adze::stages() {
  static constexpr Stage all[] = {
      {"onnx", [](OpPassManager &, const Options &) {}}, // what the import makes
      {"core", buildCore},
      {"optimised", buildOptimised},
      {"kernels", buildKernels},
      {"loops", buildLoops},
  };
  return all;
}

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
