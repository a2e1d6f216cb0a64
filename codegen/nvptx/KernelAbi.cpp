// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/KernelPointers.h"
#include "codegen/nvptx/Passes.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "passes/host/Program.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace adze {
#define GEN_PASS_DEF_NVPTXKERNELABI
#include "codegen/nvptx/Passes.h.inc"

/// Bytes that the runtime aligns a device's buffers to.
static constexpr int64_t kBufferAlignment = 256;

std::string ptxName(StringRef kernel) {
  std::string name = "adze_";
  for (char c : kernel)
    name += llvm::isAlnum(c) || c == '_' ? std::string(1, c) : "$" + llvm::utohexstr(uint8_t(c));
  return name;
}

/// True if something may be written through `buffer`.
static bool isWritten(Value buffer) {
  SmallVector<Value> open{buffer};
  while (!open.empty())
    for (OpOperand &use : open.pop_back_val().getUses()) {
      Operation *user = use.getOwner();
      auto copy = dyn_cast<kernel::AsyncCopyOp>(user);
      if (isa<memref::LoadOp, vector::LoadOp, memref::ExtractAlignedPointerAsIndexOp>(user) ||
          (copy && copy.getSource() == use.get()))
        continue;
      if (!isa<memref::ViewOp, memref::SubViewOp, memref::ReinterpretCastOp, memref::CastOp>(user))
        return true;
      open.push_back(user->getResult(0));
    }
  return false;
}

static void setAttributes(func::FuncOp body, unsigned argument, bool readonly) {
  Builder b(body.getContext());
  body.setArgAttr(argument, LLVM::LLVMDialect::getNoAliasAttrName(), b.getUnitAttr());
  body.setArgAttr(argument, LLVM::LLVMDialect::getAlignAttrName(), b.getI64IntegerAttr(kBufferAlignment));
  if (readonly)
    body.setArgAttr(argument, LLVM::LLVMDialect::getReadonlyAttrName(), b.getUnitAttr());
}

/// Scalars come as i64, buffers as pointers to global memory.
static void takeParameters(func::FuncOp body) {
  OpBuilder b(body.getContext());
  Block &entry = body.getBody().front();
  b.setInsertionPointToStart(&entry);
  Location loc = body.getLoc();
  Type global = LLVM::LLVMPointerType::get(b.getContext(), unsigned(NVVM::NVVMMemorySpace::Global));
  Type generic = LLVM::LLVMPointerType::get(b.getContext());
  entry.getArgument(0).replaceAllUsesWith(arith::ConstantIndexOp::create(b, loc, 0));
  entry.eraseArgument(0);
  body.setFunctionType(b.getFunctionType(entry.getArgumentTypes(), {}));
  SmallVector<Type> types;
  for (BlockArgument argument : entry.getArguments()) {
    Type type = argument.getType();
    bool isBuffer = isa<MemRefType>(type);
    if (isBuffer)
      setAttributes(body, argument.getArgNumber(), !isWritten(argument));
    types.push_back(isBuffer ? global : Type(b.getI64Type()));
    argument.setType(types.back());
    Operation *first = isBuffer ? LLVM::AddrSpaceCastOp::create(b, loc, generic, argument).getOperation()
                                : arith::IndexCastOp::create(b, loc, type, argument).getOperation();
    Value made = isBuffer ? bufferAt(b, loc, type, first->getResult(0)) : first->getResult(0);
    argument.replaceAllUsesExcept(made, first);
  }
  body.setFunctionType(b.getFunctionType(types, {}));
}

namespace {
struct NvptxKernelAbi : impl::NvptxKernelAbiBase<NvptxKernelAbi> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> bodies;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(host::kKernelAttr))
        bodies.push_back(function);
    for (func::FuncOp body : bodies) {
      auto device = body->getAttrOfType<DictionaryAttr>(kernel::kDeviceAttr);
      auto threads = device ? device.getAs<IntegerAttr>("threads") : IntegerAttr();
      if (!threads) {
        body.emitOpError() << "is a kernel of the device without " << kernel::kDeviceAttr << " that says its threads";
        return signalPassFailure();
      }
      if (failed(verifyKernelBody(body)))
        return signalPassFailure();
      takeParameters(body);
      for (StringRef name : {StringRef(host::kKernelAttr), StringRef("adze.nodes"), StringRef("adze.operators"),
                             StringRef("adze.sites")})
        body->removeAttr(name);
      body.setName(ptxName(body.getName()));
      body.setPublic();
    }
  }
};
} // namespace
} // namespace adze
