// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The CPU: facts for passes, and from modules to objects.
#include "codegen/Target.h"
#include "codegen/common/Emission.h"
#include "codegen/cpu/Description.h"
#include "codegen/cpu/Machine.h"
#include "codegen/cpu/Passes.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/IR/Verifier.h"

using namespace mlir;

namespace adze {

namespace {

/// How LLVM compiles a module.
struct Effort {
  StringRef pipeline;
  llvm::CodeGenOptLevel level;
};
/// For bodies that hold vectors already: what remains is to clean up after the conversion.
constexpr Effort kVectors = {
    "function(sroa,early-cse,instcombine<no-verify-fixpoint>,loop-mssa(loop-rotate,licm),loop-reduce)",
    llvm::CodeGenOptLevel::Default};
/// For scalar loops: LLVM's own, with its vectorisers.
constexpr Effort kScalars = {"default<O2>", llvm::CodeGenOptLevel::Default};
/// On the reference route, for deep nests: the inner loops of contractions become vectors, so that whole models end.
constexpr Effort kReferenceNests = {
    "function(sroa,early-cse,loop-mssa(loop-rotate,licm),simplifycfg,instcombine<no-verify-fixpoint>,"
    "loop-vectorize<interleave-forced-only>,simplifycfg,early-cse)",
    llvm::CodeGenOptLevel::Less};
/// For all else there: quick to compile.
constexpr Effort kReference = {"function(sroa,early-cse,loop-mssa(licm))", llvm::CodeGenOptLevel::None};
/// The host program runs once where kernels run over all elements.
constexpr Effort kHost = {"function(sroa,early-cse)", llvm::CodeGenOptLevel::Less};
constexpr Effort kReferenceHost = {"function(sroa,early-cse)", llvm::CodeGenOptLevel::None};

class CpuTarget final : public HostTarget {
public:
  explicit CpuTarget(CpuMachine machine) : cpu(std::move(machine)) {}

  StringRef name() const override { return "cpu"; }
  std::string machine() const override { return cpu.triple + " " + cpu.tune + " " + cpu.features; }

  DictionaryAttr facts(MLIRContext &context) const override {
    Builder b(&context);
    return b.getDictionaryAttr(
        {b.getNamedAttr("vector_bits", b.getI64IntegerAttr(cpu.vectorBits)),
         b.getNamedAttr("vector_registers", b.getI64IntegerAttr(cpu.vectorRegisters)),
         b.getNamedAttr("fma", b.getBoolAttr(cpu.fma)), b.getNamedAttr("f16_convert", b.getBoolAttr(cpu.f16Convert)),
         b.getNamedAttr("dot_i8", b.getBoolAttr(cpu.dotI8)), b.getNamedAttr("dot_bf16", b.getBoolAttr(cpu.dotBf16))});
  }

  void loadDialects(MLIRContext &context) const override;
  FailureOr<Emitted> compileKernel(ModuleOp kernel, const EmitOptions &options) const override;
  FailureOr<Emitted> compileHost(ModuleOp module, const host::Program &program, const DeviceCode &device,
                                 StringRef metadata, const EmitOptions &options) const override;

private:
  /// The passes from a kernel's body to the LLVM dialect.
  void addLowering(PassManager &passes) const;
  /// Sets what every function of an artifact has: which CPU it is for, and that no exception passes it.
  void finish(llvm::Module &module) const;

  CpuMachine cpu;
};

bool holdsVectors(ModuleOp module) {
  return module
      .walk([](Operation *op) {
        auto isVector = [](Type type) { return isa<VectorType>(type); };
        return llvm::any_of(op->getResultTypes(), isVector) ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

/// True if a loop lies in a loop in a loop, as those of contractions do.
bool holdsNest(ModuleOp module) {
  return module
      .walk([](LoopLikeOpInterface loop) {
        auto outer = loop->getParentOfType<LoopLikeOpInterface>();
        return outer && outer->getParentOfType<LoopLikeOpInterface>() ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

Effort effortFor(ModuleOp kernel, const EmitOptions &options) {
  if (options.reference)
    return holdsNest(kernel) ? kReferenceNests : kReference;
  return holdsVectors(kernel) ? kVectors : kScalars;
}

void CpuTarget::finish(llvm::Module &module) const {
  std::string width = std::to_string(cpu.vectorBits);
  for (llvm::Function &function : module) {
    function.setDoesNotThrow();
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", cpu.base);
    function.addFnAttr("tune-cpu", cpu.tune);
    function.addFnAttr("target-features", cpu.features);
    function.addFnAttr("prefer-vector-width", width);
    function.addFnAttr("min-legal-vector-width", width);
  }
}

/// A kernel's body is its entry's alone; the entry is found by the linker and nobody else.
void setKernelLinkage(llvm::Module &module) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    if (function.getName().starts_with(kernelSymbol(""))) {
      function.setVisibility(llvm::GlobalValue::HiddenVisibility);
    } else {
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
      function.addFnAttr(llvm::Attribute::NoInline);
    }
  }
}

void CpuTarget::addLowering(PassManager &passes) const {
  passes.addPass(createCpuKernelAbi());
  CpuKernelToLlvmOptions lowering;
  lowering.dot = cpu.dotInstruction().str();
  passes.addPass(createCpuKernelToLlvm(lowering));
}

void CpuTarget::loadDialects(MLIRContext &context) const {
  PassManager passes(&context, ModuleOp::getOperationName());
  addLowering(passes);
  DialectRegistry registry;
  passes.getDependentDialects(registry);
  for (StringRef name : registry.getDialectNames())
    context.getOrLoadDialect(name);
}

FailureOr<Emitted> CpuTarget::compileKernel(ModuleOp kernel, const EmitOptions &options) const {
  Effort effort = effortFor(kernel, options);
  PassManager passes(kernel.getContext(), ModuleOp::getOperationName());
  passes.enableVerifier(false);
  addLowering(passes);
  if (failed(passes.run(kernel)))
    return failure();
  auto machine = cpu.borrow(effort.level);
  llvm::LLVMContext context;
  auto module = exportToLlvm(kernel, context, *machine);
  if (!module)
    return failure();
  setKernelLinkage(*module);
  finish(*module);
  if (failed(optimise(*module, *machine, effort.pipeline, kernel.getLoc())))
    return failure();
  return emit(*module, *machine, options, kernel.getLoc());
}

FailureOr<Emitted> CpuTarget::compileHost(ModuleOp hostModule, const host::Program &program, const DeviceCode &device,
                                          StringRef metadata, const EmitOptions &options) const {
  Effort effort = options.reference ? kReferenceHost : kHost;
  auto machine = cpu.borrow(effort.level);
  llvm::LLVMContext context;
  auto module = exportToLlvm(hostModule, context, *machine);
  if (!module)
    return failure();
  for (llvm::Function &function : *module)
    if (!function.isDeclaration())
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
  if (failed(addDescription(*module, program, device, metadata, cpu.featureBits, hostModule.getLoc())))
    return failure();
  finish(*module);
  if (failed(optimise(*module, *machine, effort.pipeline, hostModule.getLoc())))
    return failure();
  return emit(*module, *machine, options, hostModule.getLoc());
}

} // namespace

std::unique_ptr<HostTarget> createHostTarget(StringRef machine, std::string &error) {
  auto cpu = CpuMachine::find(machine, error);
  return cpu ? std::make_unique<CpuTarget>(std::move(*cpu)) : nullptr;
}

void register_cpu_passes() { registerCpuPasses(); }

void register_cpu_emission(DialectRegistry &) {}

std::unique_ptr<Target> create_cpu_target(StringRef machine, std::string &error) {
  return createHostTarget(machine, error);
}

} // namespace adze
