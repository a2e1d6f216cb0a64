// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "compiler/Compile.h"
#include "codegen/Target.h"
#include "compiler/Diagnostics.h"
#include "compiler/Emit.h"
#include "compiler/HostKernels.h"
#include "compiler/InitAll.h"
#include "compiler/Pipeline.h"
#include "compiler/Reproducer.h"
#include "compiler/Text.h"
#include "compiler/artifact/Libraries.h"
#include "compiler/import/Import.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

#include <chrono>
#include <climits>
#include <cstdlib>
#include <link.h>

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
    if (report && result.ok)
      result.report = report->write();
    summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    result.summary = summary;
    result.externalFiles = std::move(externalFiles);
    return result;
  }

  /// Runs the stages before `stage` (a stage, or what comes after them), writes what goes into it, and answers what to
  /// tell the user; nothing if that is not possible.
  std::string reproduce(StringRef stage);

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
  LogicalResult checkDeviceOptions();
  OwningOpRef<ModuleOp> read();
  OwningOpRef<ModuleOp> readText();
  LogicalResult prepare();
  LogicalResult beginReport();
  LogicalResult runStage(const Stage &stage);
  bool isOurFault(StringRef pass, unsigned errorsBefore);
  LogicalResult writeText();
  LogicalResult emit();
  Options pipelineOptions();
  std::string sourceDigest() const;
  void enter(StringRef stage);
  void countKernels();

  const CompileOptions &options;
  std::function<void(const CompileProgress &)> progress;
  MLIRContext context;
  DiagnosticCollector diagnostics;
  OwningOpRef<ModuleOp> module;
  Options pipeline;
  std::optional<Targets> targets;       ///< what code is made for
  std::unique_ptr<DeviceReport> report; ///< null: none is asked for
  CompileSummary summary;
  std::vector<std::string> externalFiles;
};

/// What comes after the stages; `--start-at` takes it too.
constexpr StringLiteral kEmission = "emit";
/// The stage after which it is known who runs which kernel.
constexpr StringLiteral kPlaced = "placed";

} // namespace

void Compilation::enter(StringRef stage) {
  diagnostics.setStage(stage);
  CompileProgress p;
  p.stage = stage.str();
  if (progress)
    progress(p);
}

void Compilation::countKernels() {
  auto kernels = module->getOps<kernel::FuncOp>();
  summary.kernels = std::distance(kernels.begin(), kernels.end());
  summary.hostKernels = hostKernels(*module);
}

LogicalResult Compilation::checkOptions() {
  std::vector<std::string> names = compilerStages(), starts = names;
  starts.push_back(kEmission.str());
  auto place = [&](const std::string &name) { return llvm::find(starts, name) - starts.begin(); };
  auto known = [&](const std::string &name, ArrayRef<std::string> all) {
    return name.empty() || llvm::is_contained(all, name);
  };
  for (auto [name, all] : {std::pair(&options.stopAfter, &names), std::pair(&options.startAt, &starts)})
    if (!known(*name, *all))
      return fail("there is no stage '" + *name + "'; stages: " + llvm::join(*all, ", "));
  if (!options.stopAfter.empty() && !options.startAt.empty() && place(options.stopAfter) < place(options.startAt))
    return fail("stage '" + options.stopAfter + "' comes before stage '" + options.startAt + "'");
  StringRef target = StringRef(options.target).split(':').first;
  if (!target.empty() && !llvm::is_contained(targetNames(), target))
    return fail("there is no target '" + target + "'; targets: " + llvm::join(targetNames(), ", "));
  for (const std::string &word : options.allow)
    if (!llvm::is_contained(allowances(), word))
      return fail("'" + word + "' is nothing that can be allowed; known: " + llvm::join(allowances(), ", "));
  if (failed(checkDeviceOptions()))
    return failure();
  if (options.optLevel != 0 && options.optLevel != 2)
    return fail("optimisation level " + Twine(options.optLevel) + " is none of 0, 2");
  return success();
}

/// What only a target with a device can give.
LogicalResult Compilation::checkDeviceOptions() {
  if (!options.assemble && options.emit != Emit::Images)
    return success();
  std::string error;
  auto targets = createTargets(options.target, options.cpu, error);
  if (!targets)
    return fail(error);
  const DeviceTarget *device = targets->device();
  if (options.emit == Emit::Images && (!device || !llvm::is_contained(device->imageForms(), options.imageForm)))
    return fail("target '" + options.target + "' has no form '" + options.imageForm +
                "'; forms: object, llvm, asm, mlir" + (device ? ", " + llvm::join(device->imageForms(), ", ") : ""));
  if (options.emit == Emit::Images && options.outputPath.empty())
    return fail("form '" + options.imageForm + "' is files in a folder, and none is given");
  if (options.assemble && !device)
    return fail("there is nothing to assemble without a target that is a device");
  return success();
}

OwningOpRef<ModuleOp> Compilation::readText() {
  StringRef text(options.modelBytes.data(), options.modelBytes.size());
  std::unique_ptr<llvm::MemoryBuffer> file;
  std::string folder = options.baseDirectory;
  if (!options.modelPath.empty()) {
    auto opened = llvm::MemoryBuffer::getFile(options.modelPath);
    if (!opened) {
      (void)fail("cannot read '" + options.modelPath + "': " + opened.getError().message());
      return nullptr;
    }
    file = std::move(*opened);
    text = file->getBuffer();
    folder = llvm::sys::path::parent_path(options.modelPath).str();
  }
  auto parsed = parseSourceString<ModuleOp>(text, &context, options.modelPath);
  if (!parsed || (options.modelPath.empty() && folder.empty()))
    return parsed;
  if (llvm::Error error = openWeights(*parsed, folder)) {
    (void)fail(llvm::toString(std::move(error)));
    return nullptr;
  }
  return parsed;
}

OwningOpRef<ModuleOp> Compilation::read() {
  if (!options.startAt.empty())
    return readText();
  ModelSource source{options.modelPath, StringRef(options.modelBytes.data(), options.modelBytes.size()),
                     options.baseDirectory};
  ImportOptions import;
  import.dims.insert(options.dims.begin(), options.dims.end());
  import.exposeValues = options.exposeValues;
  import.onNode = [&](StringRef node, const std::string &op, int64_t opset) { diagnostics.learnNode(node, op, opset); };
  return importModel(source, import, context, &externalFiles);
}

LogicalResult Compilation::writeText() {
  llvm::Error error = writeModuleText(*module, options.outputPath, options.writeWeights);
  return error ? fail(llvm::toString(std::move(error))) : success();
}

/// The device's facts, and what the user allows.
static DictionaryAttr withAllowed(DictionaryAttr facts, const std::set<std::string> &allow) {
  if (allow.empty())
    return facts;
  Builder b(facts.getContext());
  SmallVector<StringRef> words(allow.begin(), allow.end());
  SmallVector<NamedAttribute> entries(facts.begin(), facts.end());
  entries.push_back(b.getNamedAttr("allow", b.getStrArrayAttr(words)));
  return b.getDictionaryAttr(entries);
}

/// The module at the first stage, with the target's facts.
LogicalResult Compilation::prepare() {
  enter("import");
  if (options.jobs == 1)
    context.disableMultithreading();
  module = read();
  if (!module)
    return failure();
  diagnostics.learnNodes(*module);
  pipeline = pipelineOptions();
  std::string error;
  targets = createTargets(pipeline.target, pipeline.cpu, error);
  if (!targets)
    return fail(error);
  (*module)->setAttr(kTargetAttr, targets->kernels().facts(context));
  if (const DeviceTarget *device = targets->device())
    (*module)->setAttr(kDeviceFactsAttr, withAllowed(device->deviceFacts(context), pipeline.allow));
  return beginReport();
}

LogicalResult Compilation::beginReport() {
  if (!options.report)
    return success();
  if (!targets->device())
    return fail("a report is about the kernels of a device, and the target is none");
  std::string error;
  report = targets->device()->report(options.reportFor, error);
  if (!report)
    return fail(error);
  pipeline.report = report.get();
  return success();
}

/// True if a stage that failed did so for no reason of the model's: without an error, by breaking the stage's contract
/// or by IR that is not valid. (What the nodes' lowering leaves after an error need not be.)
bool Compilation::isOurFault(StringRef pass, unsigned errorsBefore) {
  if (diagnostics.numErrors() == errorsBefore || pass == "adze-verify-stage")
    return true;
  if (pass == "adze-onnx-to-core")
    return false;
  ScopedDiagnosticHandler silence(&context, [](mlir::Diagnostic &) { return success(); });
  return failed(verify(*module));
}

LogicalResult Compilation::runStage(const Stage &stage) {
  enter(stage.name);
  unsigned errors = diagnostics.numErrors();
  std::string pass;
  PassManager passes(&context, ModuleOp::getOperationName());
  passes.addInstrumentation(std::make_unique<FailedPass>(pass));
  buildStage(passes, stage, pipeline, targets->device());
  if (succeeded(passes.run(*module)))
    return success();
  if (isOurFault(pass, errors))
    (void)fail("pass '" + pass + "' failed, which is a defect of the compiler and not of the model" +
               adze::reproduce(options, stage.name.str()));
  return failure();
}

LogicalResult Compilation::compile() {
  if (failed(checkOptions()) || failed(prepare()))
    return failure();
  bool running = options.startAt.empty();
  for (const Stage &stage : stages()) {
    running |= stage.name == options.startAt;
    if (running && failed(runStage(stage)))
      return failure();
    if (stage.name == kPlaced)
      countKernels();
    if (report)
      report->learn(*module);
    if (stage.name == options.stopAfter)
      return options.emit == Emit::Nothing ? success() : writeText();
  }
  if (options.emit == Emit::Nothing)
    return success();
  return options.emit == Emit::MLIR ? writeText() : emit();
}

std::string Compilation::reproduce(StringRef name) {
  if (failed(checkOptions()) || failed(prepare()))
    return "";
  bool running = options.startAt.empty();
  std::string next;
  for (const Stage &stage : stages()) {
    PassManager passes(&context, ModuleOp::getOperationName());
    buildStage(passes, stage, pipeline, targets->device());
    if (stage.name == name) {
      llvm::raw_string_ostream os(next);
      passes.printAsTextualPipeline(os);
      break;
    }
    running |= stage.name == options.startAt;
    if (running && failed(passes.run(*module)))
      return "";
  }
  auto path = writeReproducer(*module, name, next);
  if (!path)
    return "; no reproducer: " + llvm::toString(path.takeError());
  std::string run =
      next.empty() ? "adze compile " + *path + " --start-at emit -o a.so" : "adze-opt --run-reproducer " + *path;
  return "; it is reproduced by: " + run;
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

std::vector<std::string> allowances() { return {"tf32", "bf16x3"}; }

Options Compilation::pipelineOptions() {
  Options out;
  out.cpu = options.cpu;
  out.target = options.target;
  out.jobs = options.jobs;
  out.optLevel = options.optLevel;
  out.allow.insert(options.allow.begin(), options.allow.end());
  out.dims.insert(options.dims.begin(), options.dims.end());
  out.weightsPath = options.weightsPath;
  out.assemble = options.assemble;
  if (options.emit == Emit::Artifact)
    out.sourceDigest = sourceDigest();
  return out;
}

LogicalResult Compilation::emit() {
  enter(kEmission);
  auto tell = [&](const Step &step) {
    if (progress)
      progress({step.stage, step.kernel, step.ends, step.done, step.total});
  };
  FailureOr<Summary> made = failure();
  if (options.emit == Emit::Artifact)
    made = emitArtifact(*module, pipeline, options.outputPath, tell);
  else if (options.emit == Emit::Images)
    made = emitImages(*module, pipeline, options.imageForm, options.outputPath, tell);
  else
    made = emitCode(*module, pipeline, codeForm(options.emit), options.outputPath, tell);
  if (failed(made))
    return failure();
  summary.kernels = made->kernels;
  summary.codeBytes = made->codeBytes;
  summary.weightBytes = made->weightBytes;
  summary.peakArenaBytes = made->arenaBytes;
  summary.peakDeviceArenaBytes = made->deviceArenaBytes;
  return success();
}

CompileResult compileInProcess(const CompileOptions &options,
                               const std::function<void(const CompileProgress &)> &progress) {
  return Compilation(options, progress).run();
}

std::string reproduce(const CompileOptions &options, const std::string &stage) {
  // A model that cannot be read is its own reproducer.
  return stage.empty() || stage == "import" ? "" : Compilation(options, {}).reproduce(stage);
}

std::vector<std::string> compilerFiles() {
  std::vector<std::string> paths = {"/proc/self/exe"};
  char real[PATH_MAX];
  if (realpath(paths[0].c_str(), real))
    paths[0] = real;
  if (auto archives = findArchives(""))
    paths.insert(paths.end(), archives->begin(), archives->end());
  else
    llvm::consumeError(archives.takeError());
  auto note = [](dl_phdr_info *library, size_t, void *to) {
    if (library->dlpi_name && library->dlpi_name[0] == '/')
      static_cast<std::vector<std::string> *>(to)->push_back(library->dlpi_name);
    return 0;
  };
  dl_iterate_phdr(note, &paths);
  return paths;
}

std::vector<std::string> targetTools(const CompileOptions &options) {
  std::string error;
  auto targets = createTargets(options.target, options.cpu, error);
  return targets && targets->device() ? targets->device()->tools() : std::vector<std::string>();
}

std::vector<std::string> compilerStages() {
  std::vector<std::string> names;
  for (const Stage &stage : stages())
    names.push_back(stage.name.str());
  return names;
}

} // namespace adze
