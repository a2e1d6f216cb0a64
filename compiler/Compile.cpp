// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Compile.h"
#include "codegen/Target.h"
#include "compiler/Diagnostics.h"
#include "compiler/Emit.h"
#include "compiler/InitAll.h"
#include "compiler/Pipeline.h"
#include "compiler/import/Import.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

#include <chrono>

using namespace mlir;

namespace adze {

namespace {

/// One compilation, from its options to its result.
class Compilation {
public:
  Compilation(const CompileOptions &options, const std::function<void(const CompileProgress &)> &progress)
      : options(options), progress(progress), context(makeRegistry()), diagnostics(&context) {}

  CompileResult run() {
    auto start = std::chrono::steady_clock::now();
    CompileResult result;
    result.ok = succeeded(compile()) && !diagnostics.hasErrors();
    if (!result.ok && !diagnostics.hasErrors())
      diagnostics.addError("the compilation failed without a reason");
    result.diagnostics = diagnostics.take();
    summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    result.summary = summary;
    return result;
  }

private:
  static DialectRegistry makeRegistry() {
    DialectRegistry registry;
    registerDialects(registry);
    registerEmission(registry);
    return registry;
  }

  LogicalResult fail(const Twine &message) {
    diagnostics.addError(message);
    return failure();
  }

  LogicalResult compile();
  LogicalResult checkOptions();
  OwningOpRef<ModuleOp> read();
  LogicalResult writeText(ModuleOp module);
  LogicalResult emit(ModuleOp module, const Options &pipeline);
  Options pipelineOptions();
  std::string sourceDigest() const;
  void enter(StringRef stage);

  const CompileOptions &options;
  const std::function<void(const CompileProgress &)> &progress;
  MLIRContext context;
  DiagnosticCollector diagnostics;
  CompileSummary summary;
};

} // namespace

void Compilation::enter(StringRef stage) {
  diagnostics.setStage(stage);
  CompileProgress p;
  p.stage = stage.str();
  if (progress)
    progress(p);
}

LogicalResult Compilation::checkOptions() {
  std::vector<std::string> names = compilerStages();
  for (const std::string *name : {&options.stopAfter, &options.startAt})
    if (!name->empty() && !llvm::is_contained(names, *name))
      return fail("there is no stage '" + *name + "'; stages: " + llvm::join(names, ", "));
  auto place = [&](const std::string &name) { return llvm::find(names, name) - names.begin(); };
  if (!options.stopAfter.empty() && !options.startAt.empty() && place(options.stopAfter) < place(options.startAt))
    return fail("stage '" + options.stopAfter + "' comes before stage '" + options.startAt + "'");
  if (!options.target.empty() && !llvm::is_contained(targetNames(), options.target))
    return fail("there is no target '" + options.target + "'; targets: " + llvm::join(targetNames(), ", "));
  if (options.optLevel != 0 && options.optLevel != 2)
    return fail("optimisation level " + Twine(options.optLevel) + " is none of 0, 2");
  return success();
}

OwningOpRef<ModuleOp> Compilation::read() {
  if (options.startAt.empty()) {
    ModelSource source{options.modelPath, StringRef(options.modelBytes.data(), options.modelBytes.size()),
                       options.baseDirectory};
    ImportOptions import;
    import.dims.insert(options.dims.begin(), options.dims.end());
    return importModel(source, import, context);
  }
  if (options.modelPath.empty())
    return parseSourceString<ModuleOp>(StringRef(options.modelBytes.data(), options.modelBytes.size()), &context);
  auto file = llvm::MemoryBuffer::getFile(options.modelPath);
  if (!file) {
    (void)fail("cannot read '" + options.modelPath + "': " + file.getError().message());
    return nullptr;
  }
  return parseSourceString<ModuleOp>((*file)->getBuffer(), &context, options.modelPath);
}

LogicalResult Compilation::writeText(ModuleOp module) {
  llvm::Error error = llvm::writeToOutput(options.outputPath, [&](llvm::raw_ostream &os) {
    module.print(os, OpPrintingFlags().enableDebugInfo());
    return llvm::Error::success();
  });
  return error ? fail("cannot write '" + options.outputPath + "': " + llvm::toString(std::move(error))) : success();
}

LogicalResult Compilation::compile() {
  if (failed(checkOptions()))
    return failure();
  enter("import");
  if (options.jobs == 1)
    context.disableMultithreading();
  OwningOpRef<ModuleOp> module = read();
  if (!module)
    return failure();
  diagnostics.learnNodes(*module);
  bool running = options.startAt.empty();
  Options pipeline = pipelineOptions();
  std::string error;
  auto target = createHostTarget(options.cpu, error);
  if (!target)
    return fail(error);
  (*module)->setAttr(kTargetAttr, target->facts(context));
  for (const Stage &stage : stages()) {
    running |= stage.name == options.startAt;
    if (running) {
      enter(stage.name);
      PassManager pm(&context, ModuleOp::getOperationName());
      buildStage(pm, stage, pipeline);
      if (failed(pm.run(*module)))
        return failure();
    }
    if (stage.name == options.stopAfter)
      return options.emit == Emit::Nothing ? success() : writeText(*module);
  }
  if (options.emit == Emit::Nothing)
    return success();
  if (options.emit == Emit::MLIR)
    return writeText(*module);
  return emit(*module, pipeline);
}

static EmitOptions::Form codeForm(Emit emit) {
  switch (emit) {
  case Emit::LLVM:
    return EmitOptions::Form::Llvm;
  case Emit::Asm:
    return EmitOptions::Form::Assembly;
  default:
    return EmitOptions::Form::Object;
  }
}

/// A digest of the model's file, for the artifact's metadata.
static std::string digest(StringRef model) {
  llvm::XXH128_hash_t hash = llvm::xxh3_128bits(ArrayRef<uint8_t>(model.bytes_begin(), model.size()));
  return llvm::formatv("xxh3-128:{0:x-16}{1:x-16}", hash.high64, hash.low64);
}

std::string Compilation::sourceDigest() const {
  if (options.modelPath.empty())
    return digest(StringRef(options.modelBytes.data(), options.modelBytes.size()));
  auto file = llvm::MemoryBuffer::getFile(options.modelPath, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  return file ? digest((*file)->getBuffer()) : "";
}

Options Compilation::pipelineOptions() {
  Options out;
  out.cpu = options.cpu;
  out.jobs = options.jobs;
  out.optLevel = options.optLevel;
  out.dims.insert(options.dims.begin(), options.dims.end());
  if (options.emit == Emit::Artifact)
    out.sourceDigest = sourceDigest();
  return out;
}

LogicalResult Compilation::emit(ModuleOp module, const Options &pipeline) {
  enter("emit");
  auto tell = [&](const Step &step) {
    if (progress)
      progress({step.stage, step.kernel, step.ends, step.done, step.total});
  };
  FailureOr<Summary> made = failure();
  if (options.emit == Emit::Artifact)
    made = emitArtifact(module, pipeline, options.outputPath, tell);
  else
    made = emitCode(module, pipeline, codeForm(options.emit), options.outputPath, tell);
  if (failed(made))
    return failure();
  summary.kernels = made->kernels;
  summary.codeBytes = made->codeBytes;
  summary.weightBytes = made->weightBytes;
  return success();
}

CompileResult compileInProcess(const CompileOptions &options,
                               const std::function<void(const CompileProgress &)> &progress) {
  return Compilation(options, progress).run();
}

std::vector<std::string> compilerStages() {
  std::vector<std::string> names;
  for (const Stage &stage : stages())
    names.push_back(stage.name.str());
  return names;
}

} // namespace adze
