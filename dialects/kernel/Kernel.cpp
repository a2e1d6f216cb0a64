// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/kernel/Kernel.h"
#include "mlir/Interfaces/FunctionImplementation.h"

using namespace mlir;
using namespace adze::kernel;

#include "dialects/kernel/KernelDialect.cpp.inc"
#include "dialects/kernel/KernelEnums.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/kernel/Kernel.cpp.inc"

void KernelDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/kernel/Kernel.cpp.inc"
      >();
}

ParseResult FuncOp::parse(OpAsmParser &parser, OperationState &result) {
  auto buildType = [](Builder &builder, ArrayRef<Type> inputs, ArrayRef<Type> results,
                      function_interface_impl::VariadicFlag,
                      std::string &) { return builder.getFunctionType(inputs, results); };
  return function_interface_impl::parseFunctionOp(parser, result, /*allowVariadic=*/false,
                                                  getFunctionTypeAttrName(result.name), buildType,
                                                  getArgAttrsAttrName(result.name), getResAttrsAttrName(result.name));
}

void FuncOp::print(OpAsmPrinter &printer) {
  function_interface_impl::printFunctionOp(printer, *this, /*isVariadic=*/false, getFunctionTypeAttrName(),
                                           getArgAttrsAttrName(), getResAttrsAttrName());
}

LogicalResult DotOp::verify() {
  int64_t sums = getAcc().getType().getNumElements(), products = getLhs().getType().getNumElements();
  if (products != 4 * sums)
    return emitOpError() << "has " << products << " products, expected 4 for each of " << sums << " sums";
  return success();
}

unsigned FuncOp::getNumScalars() {
  return llvm::count_if(getArgumentTypes(), [](Type t) { return isa<IndexType>(t); });
}

/// Each unknown size of `type` is an index argument by `numbers`.
static LogicalResult verifySizes(FuncOp op, Type type, Attribute numbersAttr, StringRef what) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor)
    return op.emitOpError() << what << " has type " << type << ", expected a ranked tensor";
  if (tensor.hasStaticShape())
    return success();
  auto numbers = dyn_cast_or_null<DenseI64ArrayAttr>(numbersAttr);
  if (!numbers || numbers.size() != tensor.getRank())
    return op.emitOpError() << what << " of type " << type << " needs adze.dims with an entry a dimension";
  for (auto [size, number] : llvm::zip(tensor.getShape(), numbers.asArrayRef()))
    if (ShapedType::isDynamic(size) && (number < 0 || number >= op.getNumScalars()))
      return op.emitOpError() << what << " has an unknown size that is no index argument: " << number;
  return success();
}

LogicalResult FuncOp::verify() {
  unsigned scalars = getNumScalars();
  for (auto [i, type] : llvm::enumerate(getArgumentTypes())) {
    if (i < scalars && !isa<IndexType>(type))
      return emitOpError() << "has index arguments after argument " << i << " of type " << type;
    if (i >= scalars && failed(verifySizes(*this, type, getArgAttr(i, "adze.dims"), "argument " + std::to_string(i))))
      return failure();
  }
  for (auto [i, type] : llvm::enumerate(getResultTypes()))
    if (failed(verifySizes(*this, type, getResultAttr(i, "adze.dims"), "result " + std::to_string(i))))
      return failure();
  return success();
}

LogicalResult LaunchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto callee = symbols.lookupNearestSymbolFrom<FunctionOpInterface>(*this, getKernelAttr());
  if (!callee)
    return emitOpError() << "kernel " << getKernelAttr() << " does not exist";
  if (auto kernel = dyn_cast<FuncOp>(callee.getOperation()))
    if (TypeRange(kernel.getArgumentTypes()) != TypeRange(getInputs()) ||
        TypeRange(kernel.getResultTypes()) != TypeRange(getOutputs()))
      return emitOpError() << "has type "
                           << FunctionType::get(getContext(), TypeRange(getInputs()), TypeRange(getOutputs()))
                           << ", the kernel " << kernel.getFunctionType();
  return success();
}

Value adze::kernel::sizeOperand(LaunchOp launch, unsigned result, unsigned dim) {
  if (!cast<RankedTensorType>(launch.getResult(result).getType()).isDynamicDim(dim))
    return {};
  auto dims = launch->getAttrOfType<ArrayAttr>("adze.result_dims");
  return launch.getOperand(cast<DenseI64ArrayAttr>(dims[result])[dim]);
}

LogicalResult AppendOp::verify() {
  Type expected = getElementTypeOrSelf(getResult());
  for (Value operand : {getData(), getMore()})
    if (Type found = getElementTypeOrSelf(operand); found != expected)
      return emitOpError() << "appends elements of type " << found << ", expected " << expected;
  return success();
}

OpFoldResult CopyOp::fold(FoldAdaptor) {
  // Its source's source lies in the other memory than its source.
  if (auto first = getSource().getDefiningOp<CopyOp>(); first && first.getMemory() != getMemory())
    return first.getSource();
  return {};
}
