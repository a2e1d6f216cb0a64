// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/Core.h"

using namespace mlir;
using namespace adze::core;

using Results = SmallVectorImpl<ShapeOf>;

/// The shape that `operands` broadcast to, with this element type.
static LogicalResult broadcastResult(Shapes &shapes, std::optional<Location> loc, ValueRange operands, Type elementType,
                                     Results &results) {
  auto dims = broadcastShapes(shapes, loc, operands);
  if (failed(dims))
    return failure();
  results.push_back({elementType, *dims});
  return success();
}

static LogicalResult sameElements(std::optional<Location> loc, Value a, Value b) {
  Type x = getElementTypeOrSelf(a), y = getElementTypeOrSelf(b);
  if (x != y)
    return emitOptionalError(loc, "operands have different element types: ", x, " and ", y, ", expected the same");
  return success();
}

static bool isTest(UnaryKind kind) { return kind >= UnaryKind::is_nan && kind <= UnaryKind::is_neg_inf; }

static bool isDefinedForIntegers(UnaryKind kind) {
  switch (kind) {
  case UnaryKind::abs:
  case UnaryKind::neg:
  case UnaryKind::sign:
  case UnaryKind::relu:
  case UnaryKind::bit_not:
  case UnaryKind::floor:
  case UnaryKind::ceil:
  case UnaryKind::round:
  case UnaryKind::trunc:
    return true;
  default:
    return isTest(kind);
  }
}

/// Reports a function of numbers that its operand's elements have not.
static LogicalResult checkElements(std::optional<Location> loc, StringRef name, Type element, bool ofIntegers,
                                   bool ofFloats) {
  if ((isa<IntegerType>(element) && ofIntegers) || (isa<FloatType>(element) && ofFloats))
    return success();
  return emitOptionalError(loc, "'", name, "' is not defined for elements of type ", element);
}

LogicalResult UnaryOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  ShapeOf out = shapes.shape(op.getInput());
  UnaryKind kind = op.getKind();
  if (failed(checkElements(loc, stringifyUnaryKind(kind), out.elementType, isDefinedForIntegers(kind),
                           kind != UnaryKind::bit_not)))
    return failure();
  bool test = isTest(kind);
  if (test)
    out.elementType = IntegerType::get(out.elementType.getContext(), 1);
  results.push_back(out);
  return success();
}

LogicalResult BinaryOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  if (failed(sameElements(loc, op.getLhs(), op.getRhs())))
    return failure();
  Type element = getElementTypeOrSelf(op.getLhs());
  BinaryKind kind = op.getKind();
  if (failed(checkElements(loc, stringifyBinaryKind(kind), element, true, kind < BinaryKind::bit_and)))
    return failure();
  return broadcastResult(shapes, loc, {op.getLhs(), op.getRhs()}, element, results);
}

LogicalResult CompareOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  if (failed(sameElements(loc, op.getLhs(), op.getRhs())))
    return failure();
  Type i1 = IntegerType::get(op.getLhs().getContext(), 1);
  return broadcastResult(shapes, loc, {op.getLhs(), op.getRhs()}, i1, results);
}

LogicalResult SelectOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  if (failed(sameElements(loc, op.getLhs(), op.getRhs())))
    return failure();
  if (!getElementTypeOrSelf(op.getCondition()).isInteger(1))
    return emitOptionalError(loc, "condition has element type ", getElementTypeOrSelf(op.getCondition()),
                             ", expected i1");
  return broadcastResult(shapes, loc, {op.getCondition(), op.getLhs(), op.getRhs()}, getElementTypeOrSelf(op.getLhs()),
                         results);
}

LogicalResult CastOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  results.push_back({op.getTo(), shapes.shape(op.getInput()).dims});
  return success();
}

LogicalResult BitcastOp::inferShapes(Adaptor op, Shapes &shapes, std::optional<Location> loc, Results &results) {
  Type from = getElementTypeOrSelf(op.getInput());
  if (elementBytes(from) != elementBytes(op.getTo()))
    return emitOptionalError(loc, "cannot take the bits of ", from, " as ", op.getTo(), ": the widths differ");
  results.push_back({op.getTo(), shapes.shape(op.getInput()).dims});
  return success();
}
