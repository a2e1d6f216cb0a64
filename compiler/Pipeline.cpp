// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Pipeline.h"
#include "codegen/common/Link.h"
#include "compiler/Kernels.h"
#include "compiler/artifact/Metadata.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "passes/core/Passes.h"
#include "passes/core_to_loops/Passes.h"
#include "passes/fusion/Passes.h"
#include "passes/host/Passes.h"
#include "passes/onnx_to_core/Passes.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>

using namespace mlir;
using namespace adze;

// The order of the passes stands here and nowhere else. -O0 is the numeric reference: one op a kernel, plain loops.

/// The canonicaliser's constants are arith's; tensors among them become core's again.
static void addCanonicalForm(OpPassManager &passes) {
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  FoldConstantsOptions fold;
  fold.evaluate = false;
  passes.addPass(createFoldConstants(fold));
}

/// onnx.node -> core. After: every value is typed; shape arithmetic is scalars.
static void buildCore(OpPassManager &passes, const Options &) {
  passes.addPass(createOnnxToCore());
  addCanonicalForm(passes);
  passes.addPass(createRefineShapes());
  addCanonicalForm(passes);
}

/// What exporters write in parts -> the ops that fusion and lowering know whole.
static void addRecognition(OpPassManager &passes) {
  passes.addPass(createSimplify());
  passes.addPass(createRecognizeNorms());
  passes.addPass(createRecognizeActivations());
  passes.addPass(createRecognizeAttention());
  passes.addPass(createSinkReshapes());
  passes.addPass(createSimplify());
  passes.addPass(createHoistReshapes());
}

/// core -> core. After: constants folded, composite forms recognised, channels last, contractions packed.
static void addOptimisations(OpPassManager &passes) {
  // Before dequantised weights are folded.
  passes.addPass(createFoldQuantization());
  passes.addPass(createFoldConstants());
  addRecognition(passes);
  passes.addPass(createSinkTransposes());
  passes.addPass(createCanonicalizerPass());
  // Transposed weights fold before they are packed, packed ones after.
  passes.addPass(createFoldConstants());
  passes.addPass(createFoldScales());
  passes.addPass(createPackContractions());
  passes.addPass(createFoldConstants());
  passes.addPass(createRefineShapes());
}

/// core -> core. After: optimised, and sizes that an op cannot have end the run before it.
static void buildOptimised(OpPassManager &passes, const Options &options) {
  if (options.optLevel > 0)
    addOptimisations(passes);
  // Last, so that it is the ops which run that are guarded.
  passes.addPass(createGuardShapes());
  addCanonicalForm(passes);
}

/// core -> kernels and launches. After: every core op on tensors is in a kernel, but for constants and reshapes.
static void buildKernels(OpPassManager &passes, const Options &options) {
  FormKernelsOptions form;
  form.fuse = options.optLevel > 0;
  passes.addPass(createFormKernels(form));
  addCanonicalForm(passes);
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

namespace {
/// What goes into an artifact.
struct Code {
  host::Program program;
  std::vector<OwningOpRef<core::ConstantOp>> constants;
  std::vector<Emitted> objects; ///< of the kernels, then of the host program
  std::string metadata;
};
} // namespace

/// From stage loops to code in the form asked for.
static FailureOr<Code> generate(ModuleOp module, const Options &options, EmitOptions::Form form,
                                const Progress &progress) {
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
  Code code;
  code.program = std::move(*program);
  code.constants = takeConstants(module);
  EmitOptions emitOptions;
  emitOptions.reference = options.optLevel == 0;
  emitOptions.form = form;
  auto objects = compileKernels(module, code.program, *target, emitOptions, options.jobs, progress);
  if (failed(objects))
    return failure();
  code.objects = std::move(*objects);
  code.metadata = makeMetadata(module, code.program, target->machine(), options);
  auto hostObject = target->compileHost(module, code.program, code.metadata, emitOptions);
  if (failed(hostObject))
    return failure();
  code.objects.push_back(std::move(*hostObject));
  return code;
}

static Summary summarise(const Code &code, int64_t codeBytes) {
  Summary summary;
  summary.kernels = code.program.kernels.size();
  summary.weightBytes = code.program.weightBytes;
  summary.codeBytes = codeBytes;
  return summary;
}

FailureOr<Summary> adze::emitArtifact(ModuleOp module, const Options &options, StringRef path, const Progress &progress,
                                      const ConstantBytes &bytesOf) {
  auto start = std::chrono::steady_clock::now();
  auto code = generate(module, options, EmitOptions::Form::Object, progress);
  if (failed(code))
    return failure();
  if (progress)
    progress({"link"});
  std::vector<core::ConstantOp> constants;
  for (auto &op : code->constants)
    constants.push_back(*op);
  Artifact artifact{code->objects,  constants, code->program.weightBytes,
                    code->metadata, bytesOf,   options.libraryFolder};
  int64_t codeBytes = 0;
  if (failed(writeArtifact(artifact, path, module.getLoc(), codeBytes)))
    return failure();
  Summary summary = summarise(*code, codeBytes);
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return summary;
}

FailureOr<Summary> adze::emitCode(ModuleOp module, const Options &options, EmitOptions::Form form, StringRef path,
                                  const Progress &progress) {
  auto code = generate(module, options, form, progress);
  if (failed(code))
    return failure();
  int64_t bytes = 0;
  for (const Emitted &object : code->objects)
    bytes += object.size();
  llvm::Error error = form == EmitOptions::Form::Object ? linkRelocatable(code->objects, path)
                                                        : llvm::writeToOutput(path, [&](llvm::raw_ostream &os) {
                                                            for (const Emitted &text : code->objects)
                                                              os << StringRef(text.data(), text.size()) << "\n";
                                                            return llvm::Error::success();
                                                          });
  if (error)
    return module.emitError() << "cannot write '" << path << "': " << llvm::toString(std::move(error));
  return summarise(*code, bytes);
}
