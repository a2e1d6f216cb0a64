// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators that compute each element from the elements at the same place of their inputs.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/Operands.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// An operator that is one function of one element.
template <UnaryKind kind, Elements elements> static LogicalResult lowerUnary(CoreBuilder &b) {
  return b.done(b.unary(kind, input(b, 0, elements)));
}

/// An operator that is one function of two elements.
template <BinaryKind kind, Elements elements> static LogicalResult lowerBinary(CoreBuilder &b) {
  Value x = input(b, 0, elements);
  return b.done(b.binary(kind, x, rightInput(b, x, elements)));
}

template <ComparePredicate predicate, Elements elements> static LogicalResult lowerCompare(CoreBuilder &b) {
  Value x = input(b, 0, elements);
  return b.done(b.compare(predicate, x, rightInput(b, x, elements)));
}

/// Any number of inputs joined by one function; null without any.
static Value joined(CoreBuilder &b, BinaryKind kind) {
  Value all = input(b, 0, Elements::numbers);
  for (unsigned i = 1; i < b.node.getNumPositions(); ++i)
    all = b.binary(kind, all, input(b, i, Elements::numbers));
  return all;
}

template <BinaryKind kind> static LogicalResult lowerVariadic(CoreBuilder &b) { return b.done(joined(b, kind)); }

static LogicalResult lowerMean(CoreBuilder &b) {
  Value sum = joined(b, BinaryKind::add);
  return b.done(b.div(sum, b.like(sum, b.node.getNumPositions())));
}

/// The result has the base's type. A float exponent of an integer base needs an f64 between, which holds both.
static LogicalResult lowerPow(CoreBuilder &b) {
  Value base = input(b, 0, Elements::numbers), exponent = rightInput(b, base, Elements::numbers);
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

static LogicalResult lowerMod(CoreBuilder &b) {
  Value x = input(b, 0, Elements::numbers), y = input(b, 1, Elements::numbers);
  return b.done(b.binary(b.intAttr("fmod", 0) ? BinaryKind::fmod : BinaryKind::mod, x, y));
}

static LogicalResult lowerBitShift(CoreBuilder &b) {
  Value x = input(b, 0, Elements::integers), y = input(b, 1, Elements::integers);
  std::string direction = b.stringAttr("direction", "");
  if (direction != "LEFT" && direction != "RIGHT")
    return b.error() << "direction is '" << direction << "', expected LEFT or RIGHT";
  return b.done(b.binary(direction == "LEFT" ? BinaryKind::shl : BinaryKind::shr, x, y));
}

static LogicalResult lowerIsInf(CoreBuilder &b) {
  Value x = input(b, 0, Elements::any);
  bool negative = b.intAttr("detect_negative", 1), positive = b.intAttr("detect_positive", 1);
  if (negative && positive)
    return b.done(b.unary(UnaryKind::is_inf, x));
  if (negative || positive)
    return b.done(b.unary(positive ? UnaryKind::is_pos_inf : UnaryKind::is_neg_inf, x));
  Value test = b.unary(UnaryKind::is_inf, x);
  return b.done(b.binary(BinaryKind::bit_and, test, b.like(test, 0)));
}

static LogicalResult lowerWhere(CoreBuilder &b) {
  return b.done(b.select(input(b, 0, Elements::bools), input(b, 1, Elements::any), input(b, 2, Elements::any)));
}

/// 1 above the threshold, else 0. Integers are compared as f64: the threshold may have a fraction.
static LogicalResult lowerBinarizer(CoreBuilder &b) {
  Value x = input(b, 0, Elements::numbers);
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
  constexpr Elements numbers = Elements::numbers, floats = Elements::floats;
  table.onOp("Abs", 1, lowerUnary<UnaryKind::abs, numbers>);
  table.onOp("Acos", 7, lowerUnary<UnaryKind::acos, floats>);
  table.onOp("Acosh", 9, lowerUnary<UnaryKind::acosh, floats>);
  table.onOp("Asin", 7, lowerUnary<UnaryKind::asin, floats>);
  table.onOp("Asinh", 9, lowerUnary<UnaryKind::asinh, floats>);
  table.onOp("Atan", 7, lowerUnary<UnaryKind::atan, floats>);
  table.onOp("Atanh", 9, lowerUnary<UnaryKind::atanh, floats>);
  table.onOp("Ceil", 1, lowerUnary<UnaryKind::ceil, floats>);
  table.onOp("Cos", 7, lowerUnary<UnaryKind::cos, floats>);
  table.onOp("Cosh", 9, lowerUnary<UnaryKind::cosh, floats>);
  table.onOp("Erf", 9, lowerUnary<UnaryKind::erf, floats>);
  table.onOp("Exp", 1, lowerUnary<UnaryKind::exp, floats>);
  table.onOp("Floor", 1, lowerUnary<UnaryKind::floor, floats>);
  table.onOp("IsInf", 10, lowerIsInf);
  table.onOp("IsNaN", 9, lowerUnary<UnaryKind::is_nan, Elements::any>);
  table.onOp("Log", 1, lowerUnary<UnaryKind::log, floats>);
  table.onOp("Neg", 1, lowerUnary<UnaryKind::neg, numbers>);
  table.onOp("Not", 1, lowerUnary<UnaryKind::bit_not, Elements::bools>);
  table.onOp("Reciprocal", 1, lowerUnary<UnaryKind::reciprocal, floats>);
  table.onOp("Round", 11, lowerUnary<UnaryKind::round, floats>);
  table.onOp("Sign", 9, lowerUnary<UnaryKind::sign, numbers>);
  table.onOp("Sin", 7, lowerUnary<UnaryKind::sin, floats>);
  table.onOp("Sinh", 9, lowerUnary<UnaryKind::sinh, floats>);
  table.onOp("Sqrt", 1, lowerUnary<UnaryKind::sqrt, floats>);
  table.onOp("Tan", 7, lowerUnary<UnaryKind::tan, floats>);
  table.onOp("Tanh", 1, lowerUnary<UnaryKind::tanh, floats>);
  table.onOp("BitwiseNot", 18, lowerUnary<UnaryKind::bit_not, Elements::integers>);
}

void adze::addElementwiseOps(OpTable &table) {
  constexpr Elements numbers = Elements::numbers, bools = Elements::bools, integers = Elements::integers;
  addUnaryOps(table);
  table.onOp("Add", 1, lowerBinary<BinaryKind::add, numbers>);
  table.onOp("Sub", 1, lowerBinary<BinaryKind::sub, numbers>);
  table.onOp("Mul", 1, lowerBinary<BinaryKind::mul, numbers>);
  table.onOp("Div", 1, lowerBinary<BinaryKind::div, numbers>);
  table.onOp("Pow", 1, lowerPow);
  table.onOp("Mod", 10, lowerMod);
  table.onOp("And", 1, lowerBinary<BinaryKind::bit_and, bools>);
  table.onOp("Or", 1, lowerBinary<BinaryKind::bit_or, bools>);
  table.onOp("Xor", 1, lowerBinary<BinaryKind::bit_xor, bools>);
  table.onOp("BitwiseAnd", 18, lowerBinary<BinaryKind::bit_and, integers>);
  table.onOp("BitwiseOr", 18, lowerBinary<BinaryKind::bit_or, integers>);
  table.onOp("BitwiseXor", 18, lowerBinary<BinaryKind::bit_xor, integers>);
  table.onOp("BitShift", 11, lowerBitShift);
  table.onOp("Equal", 1, lowerCompare<ComparePredicate::eq, Elements::any>);
  table.onOp("Greater", 1, lowerCompare<ComparePredicate::gt, numbers>);
  table.onOp("GreaterOrEqual", 12, lowerCompare<ComparePredicate::ge, numbers>);
  table.onOp("Less", 1, lowerCompare<ComparePredicate::lt, numbers>);
  table.onOp("LessOrEqual", 12, lowerCompare<ComparePredicate::le, numbers>);
  table.onOp("Max", 1, lowerVariadic<BinaryKind::max>);
  table.onOp("Min", 1, lowerVariadic<BinaryKind::min>);
  table.onOp("Sum", 1, lowerVariadic<BinaryKind::add>);
  table.onOp("Mean", 1, lowerMean);
  table.onOp("Where", 9, lowerWhere);
  table.onOp("Identity", 1, lowerIdentity);
  table.onOp("ai.onnx.ml", "Binarizer", 1, lowerBinarizer);
}
