// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Activation functions, Clip and Dropout. Those of several steps are computed in f32 for f16 and bf16 and rounded once.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// An operator that is `fn` of its float input.
template <Value fn(CoreBuilder &, Value)> static LogicalResult lowerActivation(CoreBuilder &b) {
  Value x = b.in(0);
  if (!x)
    return failure();
  return b.done(b.cast(fn(b, b.cast(x, wideFloat(b.element(x)))), b.element(x)));
}

template <UnaryKind kind> static LogicalResult lowerUnary(CoreBuilder &b) { return b.done(b.unary(kind, b.in(0))); }

static Value isBelow(CoreBuilder &b, Value x, double limit) {
  return b.compare(ComparePredicate::lt, x, b.like(x, limit));
}
static Value times(CoreBuilder &b, Value x, double factor) { return b.mul(x, b.like(x, factor)); }

/// log(exp(x) + 1) without overflow: max(x, 0) + log1p(exp(-|x|)).
static Value softplus(CoreBuilder &b, Value x) {
  Value tail = b.unary(UnaryKind::exp, b.unary(UnaryKind::neg, b.unary(UnaryKind::abs, x)));
  return b.add(b.unary(UnaryKind::relu, x), b.unary(UnaryKind::log1p, tail));
}

static Value softsign(CoreBuilder &b, Value x) {
  Value size = b.unary(UnaryKind::abs, x);
  return b.div(x, b.add(size, b.like(size, 1)));
}

static Value mish(CoreBuilder &b, Value x) { return b.mul(x, b.unary(UnaryKind::tanh, softplus(b, x))); }

static Value leakyRelu(CoreBuilder &b, Value x) {
  return b.select(isBelow(b, x, 0), times(b, x, b.floatAttr("alpha", 0.01)), x);
}

static Value elu(CoreBuilder &b, Value x) {
  return b.select(isBelow(b, x, 0), times(b, b.unary(UnaryKind::expm1, x), b.floatAttr("alpha", 1)), x);
}

static Value selu(CoreBuilder &b, Value x) {
  bool first = b.opset() < 6;
  double alpha = b.floatAttr("alpha", first ? 1.6732 : 1.67326319217681884765625);
  double gamma = b.floatAttr("gamma", first ? 1.0507 : 1.05070102214813232421875);
  Value below = times(b, b.unary(UnaryKind::expm1, x), alpha);
  return times(b, b.select(isBelow(b, x, 0), below, x), gamma);
}

static Value celu(CoreBuilder &b, Value x) {
  double alpha = b.floatAttr("alpha", 1);
  Value below = times(b, b.unary(UnaryKind::expm1, b.div(x, b.like(x, alpha))), alpha);
  return b.add(b.unary(UnaryKind::relu, x), b.min(below, b.like(x, 0)));
}

static Value thresholdedRelu(CoreBuilder &b, Value x) {
  Value above = b.compare(ComparePredicate::gt, x, b.like(x, b.floatAttr("alpha", 1)));
  return b.select(above, x, b.like(x, 0));
}

static Value hardSigmoid(CoreBuilder &b, Value x) {
  Value line = b.add(times(b, x, b.floatAttr("alpha", 0.2)), b.like(x, b.floatAttr("beta", 0.5)));
  return b.max(b.min(line, b.like(x, 1)), b.like(x, 0));
}

static Value swish(CoreBuilder &b, Value x) {
  double alpha = b.floatAttr("alpha", 1);
  if (alpha == 1)
    return b.unary(UnaryKind::silu, x);
  return b.mul(x, b.unary(UnaryKind::sigmoid, times(b, x, alpha)));
}

static LogicalResult lowerRelu(CoreBuilder &b) { return b.done(b.unary(UnaryKind::relu, b.in(0))); }

static LogicalResult lowerGelu(CoreBuilder &b) {
  std::string approximate = b.stringAttr("approximate", "none");
  if (approximate != "none" && approximate != "tanh")
    return b.error() << "approximate is '" << approximate << "', expected none or tanh";
  UnaryKind kind = approximate == "tanh" ? UnaryKind::gelu_tanh : UnaryKind::gelu;
  return b.done(b.unary(kind, b.in(0)));
}

static LogicalResult lowerSwiGlu(CoreBuilder &b) {
  Value gate = b.in(0), x = b.in(1);
  if (!gate || !x)
    return failure();
  Type type = b.element(gate), wide = wideFloat(type);
  return b.done(b.cast(b.mul(swish(b, b.cast(gate, wide)), b.cast(x, wide)), type));
}

/// The slope broadcasts to x; before opset 7 it has one entry a channel, or one for all.
static LogicalResult lowerPRelu(CoreBuilder &b) {
  Value x = b.in(0), slope = b.in(1);
  if (!x || !slope)
    return failure();
  if (b.rank(slope) > b.rank(x))
    return b.error() << "the slope has rank " << b.rank(slope) << ", expected " << b.rank(x) << " or less, as x has";
  if (b.opset() < 7 && b.rank(slope) == 1 && b.rank(x) > 2)
    slope = b.unsqueeze(slope, range(1, b.rank(x) - 1));
  return b.done(b.select(isBelow(b, x, 0), b.mul(x, slope), x));
}

/// Integers are computed as f32, as the standard's function body has it.
static LogicalResult lowerShrink(CoreBuilder &b) {
  Value x = b.in(0);
  if (!x)
    return failure();
  Type type = b.element(x);
  Value v = b.cast(x, b.isFloat(x) ? wideFloat(type) : Type(b.b.getF32Type()));
  double limit = b.floatAttr("lambd", 0.5);
  Value bias = b.like(v, b.floatAttr("bias", 0));
  Value above = b.compare(ComparePredicate::gt, v, b.like(v, limit));
  Value inner = b.select(above, b.sub(v, bias), b.like(v, 0));
  return b.done(b.cast(b.select(isBelow(b, v, -limit), b.add(v, bias), inner), type));
}

/// Bounds as attributes.
static LogicalResult lowerClip1(CoreBuilder &b) {
  Value x = b.in(0);
  if (x && b.node.getNodeAttr("min"))
    x = b.max(x, b.like(x, b.floatAttr("min", 0)));
  if (x && b.node.getNodeAttr("max"))
    x = b.min(x, b.like(x, b.floatAttr("max", 0)));
  return b.done(x);
}

/// Bounds as inputs.
static LogicalResult lowerClip11(CoreBuilder &b) {
  Value x = b.in(0);
  if (b.has(1))
    x = b.max(x, asScalar(b, b.in(1)));
  if (b.has(2))
    x = b.min(x, asScalar(b, b.in(2)));
  return b.done(x);
}

/// True for every element of `x`.
static Value allTrue(CoreBuilder &b, Value x) { return x ? b.broadcast(b.scalar(b.i(1), 1), b.dims(x)) : Value(); }

/// Training is an attribute (opset 1: `is_test`), or there is none.
static LogicalResult lowerDropout1(CoreBuilder &b) {
  Value x = b.in(0);
  if (b.node.getNumResults() < 2 || b.node.getResult(1).use_empty())
    return b.done(x);
  Value mask = allTrue(b, x);
  return b.done({x, b.opset() < 10 && x ? b.cast(mask, b.element(x)) : mask});
}

/// Training is an input. A run that trains and drops anything is an error: its result is random.
static LogicalResult lowerDropout12(CoreBuilder &b) {
  Value x = b.in(0);
  if (b.has(2)) {
    Value ratio = b.has(1) ? asScalar(b, b.in(1)) : b.scalar(b.b.getF32Type(), 0.5);
    Value trains = asScalar(b, b.in(2));
    if (!ratio || !trains)
      return failure();
    Value keepsAll = b.compare(ComparePredicate::eq, ratio, b.like(ratio, 0));
    auto held = b.indices(b.binary(BinaryKind::bit_or, b.unary(UnaryKind::bit_not, trains), keepsAll));
    if (!held)
      return failure();
    StringRef message = "training mode is not supported";
    if (b.constant((*held)[0]) == 0)
      return b.error() << message;
    RequireOp::create(b.b, b.loc, (*held)[0], b.b.getStringAttr(message));
  }
  bool wantsMask = b.node.getNumResults() > 1 && !b.node.getResult(1).use_empty();
  return wantsMask ? b.done({x, allTrue(b, x)}) : b.done(x);
}

void adze::addActivationOps(OpTable &table) {
  table.onOp("Relu", 1, lowerRelu);
  table.onOp("Sigmoid", 1, lowerUnary<UnaryKind::sigmoid>);
  table.onOp("Softplus", 1, lowerActivation<softplus>);
  table.onOp("Softsign", 1, lowerActivation<softsign>);
  table.onOp("LeakyRelu", 1, lowerActivation<leakyRelu>);
  table.onOp("PRelu", 1, lowerPRelu);
  table.onOp("Elu", 1, lowerActivation<elu>);
  table.onOp("Selu", 1, lowerActivation<selu>);
  table.onOp("Celu", 12, lowerActivation<celu>);
  table.onOp("ThresholdedRelu", 10, lowerActivation<thresholdedRelu>);
  table.onOp("HardSigmoid", 1, lowerActivation<hardSigmoid>);
  table.onOp("HardSwish", 14, lowerUnary<UnaryKind::hard_swish>);
  table.onOp("Gelu", 20, lowerGelu);
  table.onOp("Mish", 18, lowerActivation<mish>);
  table.onOp("Swish", 24, lowerActivation<swish>);
  table.onOp("SwiGLU", 28, lowerSwiGlu);
  table.onOp("Shrink", 9, lowerShrink);
  table.onOp("Clip", 1, lowerClip1);
  table.onOp("Clip", 11, lowerClip11);
  table.onOp("Dropout", 1, lowerDropout1);
  table.onOp("Dropout", 12, lowerDropout12);
}
