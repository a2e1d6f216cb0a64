// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Emit.h"
#include "codegen/common/Link.h"
#include "compiler/Kernels.h"
#include "compiler/artifact/Metadata.h"
#include "compiler/artifact/OutputFile.h"
#include "runtime/planner.h"
#include "llvm/Support/raw_ostream.h"
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

namespace {
/// What goes into an artifact.
struct Code {
  host::Program program;
  std::vector<OwningOpRef<core::ConstantOp>> constants;
  std::vector<Emitted> objects; ///< of the host's kernels, then of the host program
  DeviceCode device;
  std::string metadata;
};
} // namespace

/// From stage host to code in the form asked for.
static FailureOr<Code> generate(ModuleOp module, const Options &options, EmitOptions::Form form,
                                const Progress &progress) {
  std::string error;
  auto targets = createTargets(options.target, options.cpu, error);
  if (!targets)
    return module.emitError() << error;
  auto program = host::Program::read(module);
  if (failed(program))
    return failure();
  Code code;
  code.program = std::move(*program);
  code.constants = takeConstants(module);
  EmitOptions emitOptions;
  emitOptions.reference = options.optLevel == 0;
  emitOptions.form = form;
  auto kernels = compileKernels(module, code.program, *targets, emitOptions, options.jobs, progress);
  if (failed(kernels))
    return failure();
  code.objects = std::move(kernels->objects);
  code.device.images = std::move(kernels->images);
  if (const DeviceTarget *device = targets->device()) {
    code.device.driverSymbol = device->driverSymbol();
    for (host::Kernel &kernel : code.program.kernels)
      if (kernel.device)
        kernel.device->name = device->kernelName(kernel.symbol);
  }
  code.metadata = makeMetadata(module, code.program, targets->host->machine(), options);
  auto hostObject = targets->host->compileHost(module, code.program, code.device, code.metadata, emitOptions);
  if (failed(hostObject))
    return failure();
  code.objects.push_back(std::move(*hostObject));
  return code;
}

/// What the runtime's planner will take for the program's plans; -1 where a size is known only at run time.
static int64_t arenaBytes(const host::Program &program) {
  int64_t sum = 0;
  for (const host::Plan &plan : program.plans) {
    adze_plan_entry entry = {static_cast<int32_t>(plan.sizes.size()), plan.onDevice, plan.first.data(),
                             plan.last.data()};
    std::vector<int64_t> offsets(plan.sizes.size());
    int64_t total;
    int32_t culprit;
    if (adze_planner_place(&entry, plan.sizes.data(), offsets.data(), &total, &culprit) != ADZE_OK ||
        llvm::AddOverflow(sum, total, sum))
      return -1;
  }
  return sum;
}

static Summary summarise(const Code &code, int64_t codeBytes) {
  Summary summary;
  summary.kernels = code.program.kernels.size();
  summary.weightBytes = code.program.weightBytes;
  summary.codeBytes = codeBytes;
  summary.arenaBytes = arenaBytes(code.program);
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
  Artifact artifact{code->objects,         constants,          code->program.weightBytes, code->metadata, bytesOf,
                    options.libraryFolder, options.weightsPath};
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
  if (form == EmitOptions::Form::Object) {
    auto object = linkRelocatable(code->objects);
    if (!object)
      return module.emitError() << llvm::toString(object.takeError());
    code->objects.clear();
    code->objects.push_back(std::move(*object));
  }
  int64_t bytes = 0;
  llvm::Error error = writeOutput(path, [&](llvm::raw_ostream &os) {
    auto write = [&](const Emitted &part) {
      os << StringRef(part.data(), part.size());
      bytes += part.size();
      if (form != EmitOptions::Form::Object)
        os << "\n";
    };
    llvm::for_each(code->objects, write);
    if (form != EmitOptions::Form::Object)
      llvm::for_each(code->device.images, [&](const DeviceImage &image) { write(image.code); });
    return llvm::Error::success();
  });
  if (error)
    return module.emitError() << llvm::toString(std::move(error));
  return summarise(*code, bytes);
}
