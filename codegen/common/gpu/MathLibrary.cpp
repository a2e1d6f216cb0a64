// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/MathLibrary.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/AttributeMask.h"
#include "llvm/Linker/Linker.h"
#include "llvm/Support/MemoryBuffer.h"

using namespace mlir;

static constexpr unsigned char kBitcode[] = {
#include "codegen/common/gpu/math/MathLibrary.inc"
};

/// Removes what names the machine that the library was compiled for.
static void makeNeutral(llvm::Module &library, const llvm::Module &user) {
  library.setTargetTriple(user.getTargetTriple());
  library.setDataLayout(user.getDataLayout());
  if (llvm::NamedMDNode *flags = library.getModuleFlagsMetadata())
    library.eraseNamedMetadata(flags);
  llvm::AttributeMask machine;
  for (StringRef name : {"target-cpu", "target-features", "tune-cpu"})
    machine.addAttribute(name);
  for (llvm::Function &function : library)
    function.removeFnAttrs(machine);
}

/// Functions of f32 are short, and several at once hide each other's latency; those of f64 are called where LLVM finds
/// them long.
static void makeInternal(llvm::Function &function) {
  function.setLinkage(llvm::GlobalValue::InternalLinkage);
  if (function.getName().ends_with("_f32") && !function.hasFnAttribute(llvm::Attribute::NoInline))
    function.addFnAttr(llvm::Attribute::AlwaysInline);
}

LogicalResult adze::gpu::linkMathLibrary(llvm::Module &module, Location loc) {
  auto isWanted = [](const llvm::Function &f) { return f.isDeclaration() && f.getName().starts_with(kMathPrefix); };
  if (llvm::none_of(module, isWanted))
    return success();
  llvm::StringRef bytes(reinterpret_cast<const char *>(kBitcode), sizeof kBitcode);
  auto library = llvm::parseBitcodeFile(llvm::MemoryBufferRef(bytes, "adze_math"), module.getContext());
  if (!library)
    return emitError(loc) << "the math library cannot be read: " << llvm::toString(library.takeError());
  makeNeutral(**library, module);
  if (llvm::Linker::linkModules(module, std::move(*library), llvm::Linker::LinkOnlyNeeded))
    return emitError(loc) << "the math library cannot be linked";
  for (llvm::Function &function : module)
    if (!function.isDeclaration() && function.getName().starts_with(kMathPrefix))
      makeInternal(function);
  return success();
}
