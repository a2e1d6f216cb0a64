// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/Target.h"
#include "codegen/common/KernelPointers.h"
#include "codegen/cpu/Passes.h"
#include "dialects/core/Core.h"

using namespace mlir;

namespace adze {
#define GEN_PASS_DEF_CPUKERNELABI
#include "codegen/cpu/Passes.h.inc"

/// Replaces each memref argument by a pointer and a descriptor made from it.
static void takePointers(func::FuncOp body) {
  OpBuilder b(body.getContext());
  b.setInsertionPointToStart(&body.getBody().front());
  Location loc = body.getLoc();
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  SmallVector<Type> arguments;
  for (BlockArgument argument : body.getArguments()) {
    auto buffer = dyn_cast<MemRefType>(argument.getType());
    arguments.push_back(buffer ? pointer : argument.getType());
    if (!buffer)
      continue;
    argument.setType(pointer);
    Value made = bufferAt(b, loc, buffer, argument);
    argument.replaceUsesWithIf(made, [&](OpOperand &use) { return !isa<LLVM::InsertValueOp>(use.getOwner()); });
    unsigned i = argument.getArgNumber(), bytes = core::elementBytes(buffer.getElementType());
    bool isScratch = i + kFixedBuffers == body.getNumArguments();
    body.setArgAttr(i, LLVM::LLVMDialect::getNoAliasAttrName(), b.getUnitAttr());
    body.setArgAttr(i, LLVM::LLVMDialect::getAlignAttrName(), b.getI64IntegerAttr(isScratch ? 64 : bytes));
  }
  body.setFunctionType(b.getFunctionType(arguments, {}));
}

/// The function that the launch service calls.
static void addEntry(func::FuncOp body) {
  OpBuilder b(body);
  Location loc = body.getLoc();
  Type pointer = LLVM::LLVMPointerType::get(b.getContext()), index = b.getIndexType(), i64 = b.getI64Type();
  auto entry = func::FuncOp::create(b, loc, kernelSymbol(body.getSymName()),
                                    b.getFunctionType({index, index, pointer, pointer, pointer, pointer}, {}));
  Block *block = entry.addEntryBlock();
  b.setInsertionPointToEnd(block);
  auto load = [&](unsigned array, int32_t number, Type type) -> Value {
    Value place = LLVM::GEPOp::create(b, loc, pointer, type, block->getArgument(array), ArrayRef<LLVM::GEPArg>{number});
    return LLVM::LoadOp::create(b, loc, type, place);
  };
  SmallVector<Value> arguments{block->getArgument(0), block->getArgument(1)};
  unsigned numScalars = 0, numBuffers = 0, count = body.getNumArguments();
  for (Type type : body.getArgumentTypes().slice(2, count - 2 - kFixedBuffers)) {
    if (type.isIndex())
      arguments.push_back(arith::IndexCastOp::create(b, loc, index, load(3, numScalars++, i64)));
    else
      arguments.push_back(load(2, numBuffers++, pointer));
  }
  arguments.push_back(block->getArgument(4));
  arguments.push_back(block->getArgument(5));
  func::CallOp::create(b, loc, body, arguments);
  func::ReturnOp::create(b, loc);
}

namespace {
struct CpuKernelAbi : impl::CpuKernelAbiBase<CpuKernelAbi> {
  using CpuKernelAbiBase::CpuKernelAbiBase;
  void runOnOperation() override {
    SmallVector<func::FuncOp> bodies;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(host::kKernelAttr))
        bodies.push_back(function);
    for (func::FuncOp body : bodies) {
      if (failed(verifyKernelBody(body)))
        return signalPassFailure();
      takePointers(body);
      addEntry(body);
      body->removeAttr(host::kKernelAttr);
      body->removeAttr("adze.nodes");
      body->removeAttr("adze.operators");
    }
  }
};
} // namespace
} // namespace adze
