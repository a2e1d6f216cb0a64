// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The core dialect: ops, types, attributes.
#pragma once
#include "dialects/core/Blob.h"
#include "dialects/core/Shapes.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/core/CoreDialect.h.inc"
#include "dialects/core/CoreEnums.h.inc"
#include "dialects/core/CoreInterfaces.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/core/CoreAttrs.h.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/core/CoreTypes.h.inc"
#define GET_OP_CLASSES
#include "dialects/core/CoreOps.h.inc"

namespace adze::core {

/// Bytes of one element in memory: whole bytes, one element a byte for i1 and sub-byte types. 0 for types without a
/// fixed size.
unsigned elementBytes(mlir::Type elementType);

/// A constant tensor's bytes (little-endian, row-major, elementBytes each): those of its blob, or a copy of its
/// elements. Fails where the blob's source is unknown.
llvm::FailureOr<std::vector<char>> constantBytes(ConstantOp op);

/// True for ui8 .. ui64 and for i1.
bool isUnsignedElement(mlir::Type elementType);

} // namespace adze::core
