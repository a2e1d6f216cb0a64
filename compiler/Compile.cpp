// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Compile.h"
#include "compiler/Diagnostics.h"
#include "compiler/InitAll.h"
#include "compiler/import/Import.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "compiler/Pipeline.h"
#include "codegen/Target.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

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
      PassManager pm(&context);
      stage.build(pm, pipeline);
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
  if (options.emit != Emit::Artifact)
    return fail("this form of output is not built yet");
  return emit(*module, pipeline);
}

Options Compilation::pipelineOptions() {
  Options out;
  out.cpu = options.cpu;
  out.jobs = options.jobs;
  out.optLevel = options.optLevel;
  out.dims.insert(options.dims.begin(), options.dims.end());
  return out;
}

LogicalResult Compilation::emit(ModuleOp module, const Options &pipeline) {
  enter("emit");
  auto tell = [&](const char *stage, unsigned done, unsigned total) {
    CompileProgress p;
    p.stage = stage;
    p.done = done;
    p.total = total;
    if (progress)
      progress(p);
  };
  auto made = emitArtifact(module, pipeline, options.outputPath, tell);
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
