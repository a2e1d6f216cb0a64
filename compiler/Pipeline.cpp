// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Pipeline.h"
#include "codegen/Target.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "passes/core/Passes.h"
#include "passes/core_to_loops/Passes.h"
#include "passes/fusion/Passes.h"
#include "passes/host/Passes.h"
#include "passes/onnx_to_core/Passes.h"
#include "passes/placement/Passes.h"
#include "passes/verify_stage/Passes.h"

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
static void buildCore(OpPassManager &passes, const Options &, const DeviceTarget *) {
  passes.addPass(createOnnxToCore());
  passes.addPass(createDropOpaqueResults());
  addCanonicalForm(passes);
  passes.addPass(createRefineShapes());
  addCanonicalForm(passes);
}

/// What exporters write in parts -> the ops that fusion and lowering know whole.
static void addRecognition(OpPassManager &passes, bool forDevice) {
  passes.addPass(createSimplify());
  passes.addPass(createRecognizeNorms());
  passes.addPass(createRecognizeActivations());
  passes.addPass(createRecognizeAttention({/*widen=*/!forDevice})); // devices have units for short floats
  passes.addPass(createSinkReshapes());
  passes.addPass(createSimplify());
  passes.addPass(createHoistReshapes());
}

/// core -> core. After: constants folded, composite forms recognised, channels last, contractions packed.
static void addOptimisations(OpPassManager &passes, bool forDevice) {
  // Before dequantised weights are folded.
  FoldQuantizationOptions fold;
  fold.general = forDevice; // whose units take integers of any signs
  passes.addPass(createFoldQuantization(fold));
  passes.addPass(createFoldConstants());
  addRecognition(passes, forDevice);
  passes.addPass(createSinkTransposes());
  passes.addPass(createCanonicalizerPass());
  // Transposed weights fold before they are packed, packed ones after.
  passes.addPass(createFoldConstants());
  passes.addPass(createFoldScales());
  passes.addPass(createFoldRequantization());
  if (forDevice) { // which reads matrices as they are
    passes.addPass(createFoldConstants());
    passes.addPass(createFillChannels());
    passes.addPass(createSplitReductions());
  } else {
    passes.addPass(createPackContractions());
  }
  passes.addPass(createFoldConstants());
  passes.addPass(createRefineShapes());
}

/// core -> core. After: optimised, and sizes that an op cannot have end the run before it.
static void buildOptimised(OpPassManager &passes, const Options &options, const DeviceTarget *device) {
  if (options.optLevel > 0)
    addOptimisations(passes, /*forDevice=*/device != nullptr);
  // Last, so that it is the ops which run that are guarded.
  passes.addPass(createGuardShapes());
  addCanonicalForm(passes);
}

/// core -> kernels and launches. After: every core op on tensors is in a kernel, but for constants and reshapes.
static void buildKernels(OpPassManager &passes, const Options &options, const DeviceTarget *device) {
  FormKernelsOptions form;
  form.fuse = options.optLevel > 0;
  form.readInPlace = device != nullptr; // a host packs what products read
  passes.addPass(createFormKernels(form));
  addCanonicalForm(passes);
}

/// After: each kernel is the host's or the device's (`schedule`), and each tensor of @main lies in one memory.
static void buildPlaced(OpPassManager &passes, const Options &options, const DeviceTarget *device) {
  if (device)
    device->addSchedule(passes, /*reference=*/options.optLevel == 0);
  passes.addPass(createPlaceTensors());
  if (options.optLevel > 0)
    passes.addPass(createWriteInPlace());
}

/// Kernel bodies -> loops on buffers.
static void buildLoops(OpPassManager &passes, const Options &options, const DeviceTarget *device) {
  if (device)
    device->addLowering(passes, /*reference=*/options.optLevel == 0);
  LowerKernelsOptions lower;
  lower.reference = options.optLevel == 0;
  passes.addPass(createLowerKernels(lower));
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  if (options.optLevel > 0)
    passes.addPass(createApproximateMath());
}

/// The host program on memory. After: adze_main and the kernels' grids are in the LLVM dialect; kernel bodies stay.
static void buildHost(OpPassManager &passes, const Options &, const DeviceTarget *) {
  passes.addPass(createHostToBuffers());
  passes.addPass(createHostToLlvm());
}

ArrayRef<Stage> adze::stages() {
  static constexpr Stage all[] = {
      {"onnx", [](OpPassManager &, const Options &, const DeviceTarget *) {}}, // what the import makes
      {"core", buildCore},
      {"optimised", buildOptimised},
      {"kernels", buildKernels},
      {"placed", buildPlaced},
      {"loops", buildLoops},
      {"host", buildHost},
  };
  return all;
}

void adze::buildStage(OpPassManager &passes, const Stage &stage, const Options &options, const DeviceTarget *device) {
  stage.build(passes, options, device);
  if (options.target.empty())
    passes.addPass(createVerifyStage({stage.name.str()}));
}

namespace {
struct StageOptions : PassPipelineOptions<StageOptions> {
  PassOptions::Option<unsigned> optLevel{*this, "opt-level", llvm::cl::desc("0: the reference route; 1: everything"),
                                         llvm::cl::init(1)};
  PassOptions::Option<std::string> target{*this, "target", llvm::cl::desc("what runs kernels; empty: the host")};
};
} // namespace

void adze::registerStagePipelines() {
  for (const Stage &stage : stages())
    PassPipelineRegistration<StageOptions>(("adze-stage-" + stage.name).str(),
                                           ("The stage that ends with '" + stage.name + "'").str(),
                                           [&stage](OpPassManager &passes, const StageOptions &chosen) {
                                             Options options;
                                             options.optLevel = chosen.optLevel;
                                             options.target = chosen.target;
                                             std::string error; // of a target that is none: no device
                                             auto targets = createTargets(options.target, options.cpu, error);
                                             buildStage(passes, stage, options, targets ? targets->device() : nullptr);
                                           });
}
