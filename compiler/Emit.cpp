// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Emit.h"
#include "codegen/common/Link.h"
#include "compiler/Images.h"
#include "compiler/Kernels.h"
#include "compiler/artifact/Metadata.h"
#include "compiler/artifact/OutputFile.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "runtime/planner.h"
#include "llvm/Support/raw_ostream.h"
#include <chrono>
#include <map>

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
  std::map<std::string, std::string> hostReasons; ///< by kernel
  std::string metadata;
};
} // namespace

/// Why the host runs kernels though there is a device, by kernel.
static std::map<std::string, std::string> hostReasons(ModuleOp module) {
  std::map<std::string, std::string> reasons;
  for (auto body : module.getOps<func::FuncOp>())
    if (auto reason = body->getAttrOfType<StringAttr>(kernel::kHostReasonAttr))
      reasons[body.getName().str()] = reason.getValue().str();
  return reasons;
}

/// Code of the kernels, in the form asked for. `code` gets the program; the module is used up.
static FailureOr<KernelCode> generateKernels(ModuleOp module, const Options &options, const Targets &targets,
                                             EmitOptions emitOptions, Code &code, const Progress &progress) {
  auto program = host::Program::read(module);
  if (failed(program))
    return failure();
  code.program = std::move(*program);
  code.hostReasons = hostReasons(module);
  code.constants = takeConstants(module);
  auto kernels = compileKernels(module, code.program, targets, emitOptions, options.jobs, progress);
  if (succeeded(kernels) && options.report && failed(options.report->learnImages(kernels->images, module.getLoc())))
    return failure();
  return kernels;
}

static EmitOptions emitOptionsOf(const Options &options, EmitOptions::Form form) {
  EmitOptions emitOptions;
  emitOptions.reference = options.optLevel == 0;
  emitOptions.form = form;
  return emitOptions;
}

/// From stage host to code in the form asked for.
static FailureOr<Code> generate(ModuleOp module, const Options &options, EmitOptions::Form form,
                                const Progress &progress) {
  std::string error;
  auto targets = createTargets(options.target, options.cpu, error);
  if (!targets)
    return module.emitError() << error;
  Code code;
  EmitOptions emitOptions = emitOptionsOf(options, form);
  auto kernels = generateKernels(module, options, *targets, emitOptions, code, progress);
  if (failed(kernels))
    return failure();
  code.objects = std::move(kernels->objects);
  if (const DeviceTarget *device = targets->device()) {
    auto images = imagesToCarry(*device, std::move(kernels->images), options.assemble, module.getLoc());
    if (failed(images))
      return failure();
    code.device.images = std::move(*images);
    code.device.driverSymbol = device->driverSymbol();
    for (host::Kernel &kernel : code.program.kernels)
      if (kernel.device)
        kernel.device->name = device->kernelName(kernel.symbol);
  }
  code.metadata =
      makeMetadata(module, code.program, {code.device.images, code.hostReasons}, targets->host->machine(), options);
  auto hostObject = targets->host->compileHost(module, code.program, code.device, code.metadata, emitOptions);
  if (failed(hostObject))
    return failure();
  code.objects.push_back(std::move(*hostObject));
  return code;
}

/// What the runtime's planner will take of one memory for the program's plans; -1 where a size is known only at run
/// time.
static int64_t arenaBytes(const host::Program &program, bool onDevice) {
  int64_t sum = 0;
  for (const host::Plan &plan : program.plans) {
    if (plan.onDevice != onDevice)
      continue;
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
  summary.arenaBytes = arenaBytes(code.program, /*onDevice=*/false);
  summary.deviceArenaBytes = arenaBytes(code.program, /*onDevice=*/true);
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

FailureOr<Summary> adze::emitImages(ModuleOp module, const Options &options, StringRef form, StringRef folder,
                                    const Progress &progress) {
  std::string error;
  auto targets = createTargets(options.target, options.cpu, error);
  if (!targets)
    return module.emitError() << error;
  Location loc = module.getLoc();
  const DeviceTarget *device = targets->device();
  if (!device || !llvm::is_contained(device->imageForms(), form))
    return emitError(loc) << "target '" << options.target << "' has no form '" << form << "'";
  Code code;
  auto kernels =
      generateKernels(module, options, *targets, emitOptionsOf(options, EmitOptions::Form::Object), code, progress);
  if (failed(kernels))
    return failure();
  auto bytes = writeImages(*device, std::move(kernels->images), form, folder, loc);
  if (failed(bytes))
    return failure();
  return summarise(code, *bytes);
}
