// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/Target.h"
#include "codegen/cpu/Passes.h"
#include "dialects/core/Core.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"

using namespace mlir;

namespace adze {
#define GEN_PASS_DEF_CPUKERNELABI
#include "codegen/cpu/Passes.h.inc"

/// begin, end and site come before the sizes; scratch and error after the buffers.
enum { kFixedScalars = 3, kFixedBuffers = 2 };

static LogicalResult verifyBody(func::FuncOp body) {
  if (body.isExternal() || body.getNumResults() != 0)
    return body.emitOpError() << "is a kernel, but has no body or has results";
  unsigned scalars = llvm::count_if(body.getArgumentTypes(), [](Type type) { return type.isIndex(); });
  if (scalars < kFixedScalars || body.getNumArguments() < scalars + kFixedBuffers)
    return body.emitOpError() << "has type " << body.getFunctionType()
                              << ", expected begin, end, site and sizes, then buffers, scratch and error";
  for (Type type : body.getArgumentTypes().drop_front(scalars)) {
    auto buffer = dyn_cast<MemRefType>(type);
    if (!buffer || buffer.getRank() != 1 || !buffer.getLayout().isIdentity() ||
        core::elementBytes(buffer.getElementType()) == 0)
      return body.emitOpError() << "takes a buffer of type " << type << ", expected memref<?xT>";
  }
  return success();
}

/// Replaces each memref argument by a pointer and a descriptor made from it.
static void takePointers(func::FuncOp body) {
  OpBuilder b(body.getContext());
  b.setInsertionPointToStart(&body.getBody().front());
  LLVMTypeConverter types(body.getContext());
  Location loc = body.getLoc();
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  SmallVector<Type> arguments;
  for (BlockArgument argument : body.getArguments()) {
    auto buffer = dyn_cast<MemRefType>(argument.getType());
    arguments.push_back(buffer ? pointer : argument.getType());
    if (!buffer)
      continue;
    argument.setType(pointer);
    auto descriptor = MemRefDescriptor::poison(b, loc, types.convertType(buffer));
    descriptor.setAllocatedPtr(b, loc, argument);
    descriptor.setAlignedPtr(b, loc, argument);
    descriptor.setConstantOffset(b, loc, 0);
    descriptor.setConstantSize(b, loc, 0, INT64_MAX);
    descriptor.setConstantStride(b, loc, 0, 1);
    auto cast = UnrealizedConversionCastOp::create(b, loc, buffer, Value(descriptor));
    argument.replaceUsesWithIf(cast.getResult(0),
                               [&](OpOperand &use) { return !isa<LLVM::InsertValueOp>(use.getOwner()); });
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
      if (failed(verifyBody(body)))
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
