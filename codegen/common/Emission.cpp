// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/Emission.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

std::string adze::kernelSymbol(StringRef kernel) { return ("adze.kernel." + kernel).str(); }

std::unique_ptr<llvm::Module> adze::exportToLlvm(ModuleOp module, llvm::LLVMContext &context,
                                                 const llvm::TargetMachine &machine) {
  auto llvmModule = translateModuleToLLVMIR(module, context, "adze", /*disableVerification=*/true);
  if (!llvmModule) {
    module.emitError() << "cannot be exported to LLVM IR";
    return nullptr;
  }
  llvmModule->setTargetTriple(machine.getTargetTriple());
  llvmModule->setDataLayout(machine.createDataLayout());
  return llvmModule;
}

LogicalResult adze::optimise(llvm::Module &module, llvm::TargetMachine &machine, StringRef pipeline, Location loc) {
  llvm::PassBuilder builder(&machine);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  llvm::ModulePassManager passes;
  if (auto error = builder.parsePassPipeline(passes, pipeline))
    return emitError(loc) << "LLVM pipeline '" << pipeline << "': " << llvm::toString(std::move(error));
  passes.run(module, modules);
  return success();
}

FailureOr<adze::Emitted> adze::emit(llvm::Module &module, llvm::TargetMachine &machine, const EmitOptions &options,
                                    Location loc) {
  Emitted out;
  llvm::raw_svector_ostream stream(out);
  if (options.form == EmitOptions::Form::Llvm) {
    module.print(stream, nullptr);
    return out;
  }
  bool isText = options.form == EmitOptions::Form::Assembly;
  llvm::legacy::PassManager passes;
  if (machine.addPassesToEmitFile(passes, stream, nullptr,
                                  isText ? llvm::CodeGenFileType::AssemblyFile : llvm::CodeGenFileType::ObjectFile))
    return emitError(loc) << "LLVM cannot write this form for " << machine.getTargetTriple().str();
  passes.run(module);
  return out;
}
