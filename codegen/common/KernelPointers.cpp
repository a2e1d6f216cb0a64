// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/KernelPointers.h"
#include "dialects/core/Core.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"

using namespace mlir;
using namespace adze;

FailureOr<unsigned> adze::verifyKernelBody(func::FuncOp body) {
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
  return scalars;
}

Value adze::bufferAt(OpBuilder &b, Location loc, Type buffer, Value pointer) {
  LLVMTypeConverter types(b.getContext());
  auto descriptor = MemRefDescriptor::poison(b, loc, types.convertType(buffer));
  descriptor.setAllocatedPtr(b, loc, pointer);
  descriptor.setAlignedPtr(b, loc, pointer);
  descriptor.setConstantOffset(b, loc, 0);
  descriptor.setConstantSize(b, loc, 0, INT64_MAX);
  descriptor.setConstantStride(b, loc, 0, 1);
  return UnrealizedConversionCastOp::create(b, loc, buffer, Value(descriptor)).getResult(0);
}
