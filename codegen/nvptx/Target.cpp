// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NVIDIA's GPUs: from kernels of the GPU storey to PTX.
#include "codegen/Target.h"
#include "codegen/common/Emission.h"
#include "codegen/common/gpu/MathLibrary.h"
#include "codegen/common/gpu/Passes.h"
#include "codegen/nvptx/Assemble.h"
#include "codegen/nvptx/Chip.h"
#include "codegen/nvptx/Passes.h"
#include "codegen/nvptx/Ptx.h"
#include "codegen/nvptx/Report.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/IR/Module.h"

using namespace mlir;
using namespace adze::nvptx;

namespace adze {

namespace {
class NvptxTarget final : public DeviceTarget {
public:
  explicit NvptxTarget(std::vector<Chip> given) : chips(std::move(given)) {
    for (const Chip &chip : chips)
      names.push_back(chip.name);
  }

  StringRef name() const override { return "nvptx"; }
  std::string machine() const override { return "nvptx64-nvidia-cuda " + llvm::join(names, ","); }
  DictionaryAttr facts(MLIRContext &context) const override { return DictionaryAttr::get(&context); }
  DictionaryAttr deviceFacts(MLIRContext &context) const override { return factsOf(chips, context).write(context); }
  ArrayRef<std::string> machines() const override { return names; }
  std::string kernelName(StringRef kernel) const override { return ptxName(kernel); }
  StringRef driverSymbol() const override { return "adze_cuda_driver"; }

  void addSchedule(OpPassManager &passes, bool) const override { passes.addPass(createGpuSchedule()); }
  void addLowering(OpPassManager &passes, bool) const override {
    passes.addPass(createGpuLowerKernels());
    passes.addPass(createCanonicalizerPass());
    passes.addPass(createCSEPass());
    passes.addNestedPass<func::FuncOp>(createGpuAlignAccesses());
    passes.addNestedPass<func::FuncOp>(createGpuNarrowIndices());
  }

  void loadDialects(MLIRContext &context) const override;
  FailureOr<Emitted> compileKernel(ModuleOp kernel, const EmitOptions &options) const override {
    return compileFor(0, kernel, options);
  }
  FailureOr<Emitted> compileFor(unsigned machine, ModuleOp kernel, const EmitOptions &options) const override;
  FailureOr<DeviceImage> link(unsigned machine, ArrayRef<Emitted> kernels, Location) const override {
    return DeviceImage{names[machine], imageForms()[0].str(), joinTexts(kernels)};
  }
  std::array<llvm::StringLiteral, 2> imageForms() const override { return {"ptx", "cubin"}; }
  FailureOr<DeviceImage> assemble(const DeviceImage &image, Location loc) const override {
    auto assembled = assembleText(StringRef(image.code.data(), image.code.size()), image.machine, loc);
    if (failed(assembled))
      return failure();
    return DeviceImage{image.machine, imageForms()[1].str(), std::move(assembled->code)};
  }
  std::unique_ptr<DeviceReport> report(StringRef name, std::string &error) const override {
    const Card *card = findCard(name, chips, error);
    return card ? std::make_unique<Report>(*card, *chipFor(*card, chips)) : nullptr;
  }
  std::vector<std::string> tools() const override {
    std::string why, assembler = findAssembler(why);
    return assembler.empty() ? std::vector<std::string>() : std::vector<std::string>{assembler};
  }

private:
  void addBodyLowering(PassManager &passes, const Chip &chip) const {
    passes.addPass(createGpuMath());
    passes.addPass(createNvptxKernelAbi());
    passes.addPass(createNvptxKernelToLlvm({chip.capability}));
  }

  std::vector<Chip> chips;
  std::vector<std::string> names;
};

/// Texts of several kernels become one: what a module has beside its entry gets a name of its own.
void makeNamesUnique(llvm::Module &module) {
  std::string entry;
  for (llvm::Function &function : module)
    if (function.getCallingConv() == llvm::CallingConv::PTX_Kernel)
      entry = function.getName();
  for (llvm::GlobalVariable &variable : module.globals())
    variable.setName(entry + "_" + variable.getName());
  for (llvm::Function &function : module)
    if (function.hasLocalLinkage())
      function.setName(entry + "_" + function.getName());
}

/// No library is linked: what is called must be there.
LogicalResult checkDefined(llvm::Module &module, Location loc) {
  for (llvm::Function &function : module)
    if (function.isDeclaration() && !function.isIntrinsic() && !function.use_empty())
      return emitError(loc) << "the kernel calls '" << function.getName() << "', which no device code defines";
  return success();
}

void NvptxTarget::loadDialects(MLIRContext &context) const {
  PassManager passes(&context, ModuleOp::getOperationName());
  addBodyLowering(passes, chips.front());
  DialectRegistry registry;
  passes.getDependentDialects(registry);
  for (StringRef name : registry.getDialectNames())
    context.getOrLoadDialect(name);
}

FailureOr<Emitted> NvptxTarget::compileFor(unsigned index, ModuleOp given, const EmitOptions &options) const {
  Location loc = given.getLoc();
  std::string error;
  auto machine = createMachine(chips[index], llvm::CodeGenOptLevel::Default, error);
  if (!machine)
    return emitError(loc) << error;
  OwningOpRef<ModuleOp> kernel(given.clone());
  PassManager passes(kernel->getContext(), ModuleOp::getOperationName());
  passes.enableVerifier(false);
  addBodyLowering(passes, chips[index]);
  if (failed(passes.run(*kernel)))
    return failure();
  llvm::LLVMContext context;
  auto module = exportToLlvm(*kernel, context, *machine);
  if (!module)
    return failure();
  for (llvm::Function &function : *module)
    function.setDoesNotThrow();
  if (failed(gpu::linkMathLibrary(*module, loc)))
    return failure();
  makeNamesUnique(*module);
  if (failed(optimise(*module, *machine, "default<O2>", loc)) || failed(checkDefined(*module, loc)))
    return failure();
  EmitOptions text = options;
  if (text.form == EmitOptions::Form::Object)
    text.form = EmitOptions::Form::Assembly;
  return emit(*module, *machine, text, loc);
}
} // namespace

std::unique_ptr<Target> create_nvptx_target(StringRef machine, std::string &error) {
  std::vector<Chip> chips = parseChips(machine, error);
  return chips.empty() ? nullptr : std::make_unique<NvptxTarget>(std::move(chips));
}

void register_nvptx_passes() {
  registerGpuPasses();
  registerNvptxPasses();
}

void register_nvptx_emission(DialectRegistry &registry) { registerNVVMDialectTranslation(registry); }

} // namespace adze
