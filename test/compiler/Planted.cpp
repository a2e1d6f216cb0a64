// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Failures of the compiler, planted into a program by LD_PRELOAD: MLIR's functions of these names are replaced. What
// fails is said by the environment's ADZE_PLANTED.
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/IR/Module.h"

#include <cstdlib>
#include <dlfcn.h>

using namespace mlir;

static StringRef planted() {
  const char *what = getenv("ADZE_PLANTED");
  return what ? what : "";
}

template <typename Function> static Function next(const char *name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

namespace {
/// Stands in the place of cse, and fails where kernels were just formed.
struct Planted : PassWrapper<Planted, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(Planted)
  StringRef getArgument() const override { return "cse"; }

  void runOnOperation() override {
    Operation *kernel = nullptr, *launch = nullptr;
    getOperation().walk([&](Operation *op) {
      if (op->getName().getStringRef() == "kernel.func")
        kernel = op;
      if (op->getName().getStringRef() == "kernel.launch")
        launch = op;
    });
    if (!kernel || !launch)
      return;
    if (planted() == "abort")
      abort();
    if (planted() == "invalid")
      kernel->erase();
    if (planted() == "contract")
      launch->removeAttr("adze.result_dims");
    if (planted() == "reported")
      launch->emitError("the model is not to my liking");
    if (planted() == "reported" || planted() == "silent")
      signalPassFailure();
  }
};
} // namespace

std::unique_ptr<Pass> mlir::createCSEPass() {
  if (planted().empty() || planted() == "emission")
    return next<std::unique_ptr<Pass> (*)()>("_ZN4mlir13createCSEPassEv")();
  return std::make_unique<Planted>();
}

std::unique_ptr<llvm::Module> mlir::translateModuleToLLVMIR(Operation *module, llvm::LLVMContext &context,
                                                            llvm::StringRef name, bool disableVerification) {
  if (planted() == "emission")
    abort();
  using Translate = std::unique_ptr<llvm::Module> (*)(Operation *, llvm::LLVMContext &, llvm::StringRef, bool);
  auto *translate =
      next<Translate>("_ZN4mlir23translateModuleToLLVMIREPNS_9OperationERN4llvm11LLVMContextENS2_9StringRefEb");
  return translate(module, context, name, disableVerification);
}
