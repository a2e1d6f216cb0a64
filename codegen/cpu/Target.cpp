// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The CPU: facts for passes, and from modules to objects.
#include "codegen/Target.h"
#include "codegen/common/Emission.h"
#include "codegen/cpu/Description.h"
#include "codegen/cpu/Machine.h"
#include "codegen/cpu/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/IR/Verifier.h"

using namespace mlir;

namespace adze {

namespace {

/// For bodies that hold vectors already: what remains is to clean up after the conversion.
constexpr StringLiteral kVectorPipeline =
    "function(sroa,early-cse,instcombine<no-verify-fixpoint>,loop-mssa(licm),loop-reduce)";
/// For scalar loops: LLVM's own, with its vectorisers.
constexpr StringLiteral kScalarPipeline = "default<O2>";
constexpr StringLiteral kHostPipeline = "function(sroa,early-cse)";

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

  FailureOr<Emitted> compileKernel(ModuleOp kernel, const EmitOptions &options) const override;
  FailureOr<Emitted> compileHost(ModuleOp module, const host::Program &program, StringRef metadata,
                                 const EmitOptions &options) const override;

private:
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

FailureOr<Emitted> CpuTarget::compileKernel(ModuleOp kernel, const EmitOptions &options) const {
  bool vectors = holdsVectors(kernel);
  PassManager passes(kernel.getContext(), ModuleOp::getOperationName());
  passes.enableVerifier(false);
  passes.addPass(createCpuKernelAbi());
  CpuKernelToLlvmOptions lowering;
  lowering.dot = cpu.dotInstruction().str();
  passes.addPass(createCpuKernelToLlvm(lowering));
  if (failed(passes.run(kernel)))
    return failure();
  auto machine = cpu.create(/*quick=*/false);
  llvm::LLVMContext context;
  auto module = exportToLlvm(kernel, context, *machine);
  if (!module)
    return failure();
  setKernelLinkage(*module);
  finish(*module);
  StringRef pipeline = vectors && !options.reference ? kVectorPipeline : kScalarPipeline;
  if (failed(optimise(*module, *machine, pipeline, kernel.getLoc())))
    return failure();
  return emit(*module, *machine, options, kernel.getLoc());
}

FailureOr<Emitted> CpuTarget::compileHost(ModuleOp hostModule, const host::Program &program, StringRef metadata,
                                          const EmitOptions &options) const {
  auto machine = cpu.create(/*quick=*/true);
  llvm::LLVMContext context;
  auto module = exportToLlvm(hostModule, context, *machine);
  if (!module)
    return failure();
  for (llvm::Function &function : *module)
    if (!function.isDeclaration())
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
  if (failed(addDescription(*module, program, metadata, cpu.featureBits, hostModule.getLoc())))
    return failure();
  finish(*module);
  if (failed(optimise(*module, *machine, kHostPipeline, hostModule.getLoc())))
    return failure();
  return emit(*module, *machine, options, hostModule.getLoc());
}

} // namespace

std::unique_ptr<HostTarget> createHostTarget(StringRef machine, std::string &error) {
  auto cpu = CpuMachine::find(machine, error);
  return cpu ? std::make_unique<CpuTarget>(std::move(*cpu)) : nullptr;
}

void register_cpu_passes() { registerCpuPasses(); }

std::unique_ptr<Target> create_cpu_target(StringRef machine, std::string &error) {
  return createHostTarget(machine, error);
}

} // namespace adze
