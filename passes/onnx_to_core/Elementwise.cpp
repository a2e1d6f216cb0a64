// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators that compute each element from the elements at the same place of their inputs.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/Operands.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// An operator that is one function of one element.
template <UnaryKind kind> static LogicalResult lowerUnary(CoreBuilder &b) { return b.done(b.unary(kind, b.in(0))); }

/// An operator that is one function of two elements.
template <BinaryKind kind> static LogicalResult lowerBinary(CoreBuilder &b) {
  Value x = b.in(0);
  return b.done(b.binary(kind, x, rightInput(b, x)));
}

template <ComparePredicate predicate> static LogicalResult lowerCompare(CoreBuilder &b) {
  Value x = b.in(0);
  return b.done(b.compare(predicate, x, rightInput(b, x)));
}

/// Any number of inputs joined by one function; null without any.
static Value joined(CoreBuilder &b, BinaryKind kind) {
  Value all = b.in(0);
  for (unsigned i = 1; i < b.node.getNumPositions(); ++i)
    all = b.binary(kind, all, b.in(i));
  return all;
}

template <BinaryKind kind> static LogicalResult lowerVariadic(CoreBuilder &b) { return b.done(joined(b, kind)); }

static LogicalResult lowerMean(CoreBuilder &b) {
  Value sum = joined(b, BinaryKind::add);
  return b.done(b.div(sum, b.like(sum, b.node.getNumPositions())));
}

/// The result has the base's type. A float exponent of an integer base needs an f64 between, which holds both.
static LogicalResult lowerPow(CoreBuilder &b) {
  Value base = b.in(0), exponent = rightInput(b, base);
  if (!base || !exponent)
    return failure();
  Type type = b.element(base), other = b.element(exponent);
  if (type == other)
    return b.done(b.binary(BinaryKind::pow, base, exponent));
  bool viaDouble =
      b.isFloat(exponent) && (!b.isFloat(base) || other.getIntOrFloatBitWidth() > type.getIntOrFloatBitWidth());
  Type common = viaDouble ? Type(b.b.getF64Type()) : type;
  if (b.isFloat(base) && !viaDouble)
    common = wideFloat(type);
  return b.done(b.cast(b.binary(BinaryKind::pow, b.cast(base, common), b.cast(exponent, common)), type));
}

/// Of integers, rounded towards zero.
static LogicalResult lowerErf(CoreBuilder &b) {
  Value x = b.in(0);
  if (!x || b.isFloat(x))
    return b.done(b.unary(UnaryKind::erf, x));
  return b.done(b.cast(b.unary(UnaryKind::erf, b.cast(x, b.b.getF64Type())), b.element(x)));
}

static LogicalResult lowerMod(CoreBuilder &b) {
  Value x = b.in(0), y = b.in(1);
  return b.done(b.binary(b.intAttr("fmod", 0) ? BinaryKind::fmod : BinaryKind::mod, x, y));
}

static LogicalResult lowerBitShift(CoreBuilder &b) {
  Value x = b.in(0), y = b.in(1);
  std::string direction = b.stringAttr("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    return b.error() << "direction is '" << direction << "', expected LEFT or RIGHT";
  return b.done(b.binary(direction == "LEFT" ? BinaryKind::shl : BinaryKind::shr, x, y));
}

static LogicalResult lowerIsInf(CoreBuilder &b) {
  Value x = b.in(0);
  bool negative = b.intAttr("detect_negative", 1), positive = b.intAttr("detect_positive", 1);
  if (negative && positive)
    return b.done(b.unary(UnaryKind::is_inf, x));
  if (negative || positive)
    return b.done(b.unary(positive ? UnaryKind::is_pos_inf : UnaryKind::is_neg_inf, x));
  Value test = b.unary(UnaryKind::is_inf, x);
  return b.done(b.binary(BinaryKind::bit_and, test, b.like(test, 0)));
}

static LogicalResult lowerWhere(CoreBuilder &b) { return b.done(b.select(b.in(0), b.in(1), b.in(2))); }

/// 1 above the threshold, else 0. Integers are compared as f64: the threshold may have a fraction.
static LogicalResult lowerBinarizer(CoreBuilder &b) {
  Value x = b.in(0);
  if (!x)
    return failure();
  Value number = b.isFloat(x) ? x : b.cast(x, b.b.getF64Type());
  Value above = b.compare(ComparePredicate::gt, number, b.like(number, b.floatAttr("threshold", 0)));
  return b.done(b.cast(above, b.element(x)));
}

static LogicalResult lowerIdentity(CoreBuilder &b) {
  if (Value x = b.node.getInput(0))
    return b.done(x);
  return b.error() << "input 0 is missing";
}

static void addUnaryOps(OpTable &table) {
  table.onOp("Abs", 1, lowerUnary<UnaryKind::abs>);
  table.onOp("Acos", 7, lowerUnary<UnaryKind::acos>);
  table.onOp("Acosh", 9, lowerUnary<UnaryKind::acosh>);
  table.onOp("Asin", 7, lowerUnary<UnaryKind::asin>);
  table.onOp("Asinh", 9, lowerUnary<UnaryKind::asinh>);
  table.onOp("Atan", 7, lowerUnary<UnaryKind::atan>);
  table.onOp("Atanh", 9, lowerUnary<UnaryKind::atanh>);
  table.onOp("Ceil", 1, lowerUnary<UnaryKind::ceil>);
  table.onOp("Cos", 7, lowerUnary<UnaryKind::cos>);
  table.onOp("Cosh", 9, lowerUnary<UnaryKind::cosh>);
  table.onOp("Erf", 9, lowerErf);
  table.onOp("Exp", 1, lowerUnary<UnaryKind::exp>);
  table.onOp("Floor", 1, lowerUnary<UnaryKind::floor>);
  table.onOp("IsInf", 10, lowerIsInf);
  table.onOp("IsNaN", 9, lowerUnary<UnaryKind::is_nan>);
  table.onOp("Log", 1, lowerUnary<UnaryKind::log>);
  table.onOp("Neg", 1, lowerUnary<UnaryKind::neg>);
  table.onOp("Not", 1, lowerUnary<UnaryKind::bit_not>);
  table.onOp("Reciprocal", 1, lowerUnary<UnaryKind::reciprocal>);
  table.onOp("Round", 11, lowerUnary<UnaryKind::round>);
  table.onOp("Sign", 9, lowerUnary<UnaryKind::sign>);
  table.onOp("Sin", 7, lowerUnary<UnaryKind::sin>);
  table.onOp("Sinh", 9, lowerUnary<UnaryKind::sinh>);
  table.onOp("Sqrt", 1, lowerUnary<UnaryKind::sqrt>);
  table.onOp("Tan", 7, lowerUnary<UnaryKind::tan>);
  table.onOp("Tanh", 1, lowerUnary<UnaryKind::tanh>);
  table.onOp("BitwiseNot", 18, lowerUnary<UnaryKind::bit_not>);
}

void adze::addElementwiseOps(OpTable &table) {
  addUnaryOps(table);
  table.onOp("Add", 1, lowerBinary<BinaryKind::add>);
  table.onOp("Sub", 1, lowerBinary<BinaryKind::sub>);
  table.onOp("Mul", 1, lowerBinary<BinaryKind::mul>);
  table.onOp("Div", 1, lowerBinary<BinaryKind::div>);
  table.onOp("Pow", 1, lowerPow);
  table.onOp("Mod", 10, lowerMod);
  table.onOp("And", 1, lowerBinary<BinaryKind::bit_and>);
  table.onOp("Or", 1, lowerBinary<BinaryKind::bit_or>);
  table.onOp("Xor", 1, lowerBinary<BinaryKind::bit_xor>);
  table.onOp("BitwiseAnd", 18, lowerBinary<BinaryKind::bit_and>);
  table.onOp("BitwiseOr", 18, lowerBinary<BinaryKind::bit_or>);
  table.onOp("BitwiseXor", 18, lowerBinary<BinaryKind::bit_xor>);
  table.onOp("BitShift", 11, lowerBitShift);
  table.onOp("Equal", 1, lowerCompare<ComparePredicate::eq>);
  table.onOp("Greater", 1, lowerCompare<ComparePredicate::gt>);
  table.onOp("GreaterOrEqual", 12, lowerCompare<ComparePredicate::ge>);
  table.onOp("Less", 1, lowerCompare<ComparePredicate::lt>);
  table.onOp("LessOrEqual", 12, lowerCompare<ComparePredicate::le>);
  table.onOp("Max", 1, lowerVariadic<BinaryKind::max>);
  table.onOp("Min", 1, lowerVariadic<BinaryKind::min>);
  table.onOp("Sum", 1, lowerVariadic<BinaryKind::add>);
  table.onOp("Mean", 1, lowerMean);
  table.onOp("Where", 9, lowerWhere);
  table.onOp("Identity", 1, lowerIdentity);
  table.onOp("ai.onnx.ml", "Binarizer", 1, lowerBinarizer);
}
