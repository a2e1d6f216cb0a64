// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registration of the dialect; the ops' own code stands in the family files.
#include "dialects/core/Core.h"
#include "dialects/core/Elements.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace adze::core;

#include "dialects/core/CoreDialect.cpp.inc"
#include "dialects/core/CoreEnums.cpp.inc"
#include "dialects/core/CoreInterfaces.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/core/CoreAttrs.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/core/CoreTypes.cpp.inc"

void CoreDialect::initialize() {
  blobStore = std::make_shared<BlobStore>();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/core/CoreAttrs.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/core/CoreTypes.cpp.inc"
      >();
  addOps();
}

Operation *CoreDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  if (isa<RankedTensorType>(type) && isa<ElementsAttr, BlobAttr>(value))
    return ConstantOp::create(builder, loc, type, value);
  if (isa<IntegerType, IndexType, FloatType>(type))
    return arith::ConstantOp::materialize(builder, value, type, loc);
  return nullptr;
}

unsigned adze::core::elementBytes(Type elementType) {
  if (isa<IndexType>(elementType))
    return 8;
  if (!elementType.isIntOrFloat())
    return 0;
  return (elementType.getIntOrFloatBitWidth() + 7) / 8;
}

bool adze::core::isWideFloat(Type elementType) {
  return isa<FloatType>(elementType) && elementType.getIntOrFloatBitWidth() >= 16;
}

LogicalResult adze::core::checkNumbers(std::optional<Location> loc, Type elementType) {
  if (isa<IntegerType>(elementType) || isWideFloat(elementType))
    return success();
  return emitOptionalError(loc, "element type is ", elementType, ", expected integers or floats of 16 bits or more");
}

bool adze::core::isUnsignedElement(Type elementType) {
  return elementType.isUnsignedInteger() || elementType.isInteger(1);
}
