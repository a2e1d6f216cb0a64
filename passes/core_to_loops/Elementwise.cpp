// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Scalar (and lane) code of the elementwise ops.
#include "passes/core_to_loops/Emitter.h"
#include "llvm/ADT/TypeSwitch.h"
#include <limits>

using namespace mlir;
using namespace adze;
using namespace adze::core;

static bool computedInF32(Type element) { return isa<FloatType>(element) && element.getIntOrFloatBitWidth() <= 16; }

/// True where the bits in hand are an integer that encodes a float.
static bool isEncodedFloat(Type element) { return isa<FloatType>(element) && element.getIntOrFloatBitWidth() < 16; }

Value Emitter::widen(Value v, Type element) {
  return computedInF32(element) ? convert(v, element, b.getF32Type(), /*saturate=*/false) : v;
}

Value Emitter::narrow(Value v, Type element) {
  return computedInF32(element) ? convert(v, b.getF32Type(), element, /*saturate=*/false) : v;
}

/// Functions of floats in hand (f32 or f64).
static Value floatUnary(Emitter &e, UnaryKind kind, Value x) {
  Type t = x.getType();
  auto c = [&](double v) { return e.constant(t, v); };
  auto test = [&](arith::CmpFPredicate p, Value a, Value b) { return e.create<arith::CmpFOp>(p, a, b); };
  auto mul = [&](Value a, Value b) { return e.create<arith::MulFOp>(a, b); };
  auto add = [&](Value a, Value b) { return e.create<arith::AddFOp>(a, b); };
  auto sigmoid = [&](Value v) {
    Value ex = e.create<math::ExpOp>(e.create<arith::NegFOp>(v));
    return e.create<arith::DivFOp>(c(1), add(c(1), ex));
  };
  double inf = std::numeric_limits<double>::infinity();
  switch (kind) {
  case UnaryKind::abs:
    return e.create<math::AbsFOp>(x);
  case UnaryKind::neg:
    return e.create<arith::NegFOp>(x);
  case UnaryKind::exp:
    return e.create<math::ExpOp>(x);
  case UnaryKind::log:
    return e.create<math::LogOp>(x);
  case UnaryKind::sqrt:
    return e.create<math::SqrtOp>(x);
  case UnaryKind::rsqrt:
    return e.create<arith::DivFOp>(c(1), e.create<math::SqrtOp>(x));
  case UnaryKind::reciprocal:
    return e.create<arith::DivFOp>(c(1), x);
  case UnaryKind::sin:
    return e.create<math::SinOp>(x);
  case UnaryKind::cos:
    return e.create<math::CosOp>(x);
  case UnaryKind::tan:
    return e.create<math::TanOp>(x);
  case UnaryKind::asin:
    return e.create<math::AsinOp>(x);
  case UnaryKind::acos:
    return e.create<math::AcosOp>(x);
  case UnaryKind::atan:
    return e.create<math::AtanOp>(x);
  case UnaryKind::sinh:
    return e.create<math::SinhOp>(x);
  case UnaryKind::cosh:
    return e.create<math::CoshOp>(x);
  case UnaryKind::tanh:
    return e.create<math::TanhOp>(x);
  case UnaryKind::asinh:
    return e.create<math::AsinhOp>(x);
  case UnaryKind::acosh:
    return e.create<math::AcoshOp>(x);
  case UnaryKind::atanh:
    return e.create<math::AtanhOp>(x);
  case UnaryKind::erf:
    return e.create<math::ErfOp>(x);
  case UnaryKind::floor:
    return e.create<math::FloorOp>(x);
  case UnaryKind::ceil:
    return e.create<math::CeilOp>(x);
  case UnaryKind::round:
    return e.create<math::RoundEvenOp>(x);
  case UnaryKind::trunc:
    return e.create<math::TruncOp>(x);
  case UnaryKind::sign: {
    Value positive = e.create<arith::SelectOp>(test(arith::CmpFPredicate::OGT, x, c(0)), c(1), x);
    return e.create<arith::SelectOp>(test(arith::CmpFPredicate::OLT, x, c(0)), c(-1), positive);
  }
  case UnaryKind::is_nan:
    return test(arith::CmpFPredicate::UNO, x, x);
  case UnaryKind::is_inf:
    return test(arith::CmpFPredicate::OEQ, e.create<math::AbsFOp>(x), c(inf));
  case UnaryKind::is_pos_inf:
    return test(arith::CmpFPredicate::OEQ, x, c(inf));
  case UnaryKind::is_neg_inf:
    return test(arith::CmpFPredicate::OEQ, x, c(-inf));
  case UnaryKind::sigmoid:
    return sigmoid(x);
  case UnaryKind::log1p:
    return e.create<math::Log1pOp>(x);
  case UnaryKind::expm1:
    return e.create<math::ExpM1Op>(x);
  case UnaryKind::gelu: {
    Value erf = e.create<math::ErfOp>(mul(x, c(0.70710678118654752440)));
    return mul(mul(x, c(0.5)), add(c(1), erf));
  }
  case UnaryKind::gelu_tanh: {
    Value cubic = add(x, mul(c(0.044715), mul(x, mul(x, x))));
    Value tanh = e.create<math::TanhOp>(mul(c(0.79788456080286535588), cubic));
    return mul(mul(x, c(0.5)), add(c(1), tanh));
  }
  case UnaryKind::silu:
    return mul(x, sigmoid(x));
  case UnaryKind::hard_swish: {
    Value gate = add(mul(x, c(1.0 / 6)), c(0.5));
    gate = e.create<arith::SelectOp>(test(arith::CmpFPredicate::OLT, gate, c(0)), c(0), gate);
    gate = e.create<arith::SelectOp>(test(arith::CmpFPredicate::OGT, gate, c(1)), c(1), gate);
    return mul(x, gate);
  }
  case UnaryKind::relu: // NaN stays
    return e.create<arith::SelectOp>(test(arith::CmpFPredicate::OLT, x, c(0)), c(0), x);
  case UnaryKind::bit_not:
    return {};
  }
  return {};
}

static Value integerUnary(Emitter &e, UnaryKind kind, Value x, Type element) {
  bool isUnsigned = isUnsignedElement(element);
  Value zero = e.constant(x.getType(), 0);
  switch (kind) {
  case UnaryKind::abs:
    if (isUnsigned)
      return x;
    return e.create<arith::SelectOp>(e.create<arith::CmpIOp>(arith::CmpIPredicate::slt, x, zero),
                                     e.create<arith::SubIOp>(zero, x), x);
  case UnaryKind::neg:
    return e.create<arith::SubIOp>(zero, x);
  case UnaryKind::relu:
    return isUnsigned ? x : e.create<arith::MaxSIOp>(x, zero);
  case UnaryKind::sign: {
    Value one = e.constant(x.getType(), 1), minus = e.constant(x.getType(), -1);
    Value isZero = e.create<arith::CmpIOp>(arith::CmpIPredicate::eq, x, zero);
    Value positive = e.create<arith::SelectOp>(isZero, zero, one);
    if (isUnsigned)
      return positive;
    return e.create<arith::SelectOp>(e.create<arith::CmpIOp>(arith::CmpIPredicate::slt, x, zero), minus, positive);
  }
  case UnaryKind::bit_not:
    return e.create<arith::XOrIOp>(x, e.constant(x.getType(), element.isInteger(1) ? 1 : -1));
  case UnaryKind::floor:
  case UnaryKind::ceil:
  case UnaryKind::round:
  case UnaryKind::trunc:
    return x;
  case UnaryKind::is_nan:
  case UnaryKind::is_inf:
  case UnaryKind::is_pos_inf:
  case UnaryKind::is_neg_inf:
    return e.constant(e.typeLike(x, e.b.getI1Type()), 0);
  default:
    return {};
  }
}

Value Emitter::unary(UnaryKind kind, Value x, Type element) {
  bool test = kind >= UnaryKind::is_nan && kind <= UnaryKind::is_neg_inf;
  if (!isa<FloatType>(element))
    return integerUnary(*this, kind, x, element);
  Value v = floatUnary(*this, kind, widen(x, element));
  return !v || test ? v : narrow(v, element);
}

/// The lesser (or greater) of `x` and `y`; NaN if either is. Of zeros it may be either: arith.maximumf orders them,
/// which takes twice as many instructions.
template <typename NumberOp> static Value floatExtreme(Emitter &e, Value x, Value y) {
  auto numbers = arith::FastMathFlags::nnan | arith::FastMathFlags::nsz;
  Value isNan = e.create<arith::CmpFOp>(arith::CmpFPredicate::UNO, x, y);
  return e.create<arith::SelectOp>(isNan, e.create<arith::AddFOp>(x, y), e.create<NumberOp>(x, y, numbers));
}

static Value floatBinary(Emitter &e, BinaryKind kind, Value x, Value y) {
  switch (kind) {
  case BinaryKind::add:
    return e.create<arith::AddFOp>(x, y);
  case BinaryKind::sub:
    return e.create<arith::SubFOp>(x, y);
  case BinaryKind::mul:
    return e.create<arith::MulFOp>(x, y);
  case BinaryKind::div:
    return e.create<arith::DivFOp>(x, y);
  case BinaryKind::fmod:
    return e.create<arith::RemFOp>(x, y);
  case BinaryKind::mod: {
    Value rest = e.create<arith::RemFOp>(x, y), zero = e.constant(x.getType(), 0);
    auto less = [&](Value v) { return e.create<arith::CmpFOp>(arith::CmpFPredicate::OLT, v, zero); };
    Value differ = e.create<arith::XOrIOp>(less(rest), less(y));
    Value some = e.create<arith::CmpFOp>(arith::CmpFPredicate::ONE, rest, zero);
    return e.create<arith::SelectOp>(e.create<arith::AndIOp>(differ, some), e.create<arith::AddFOp>(rest, y), rest);
  }
  case BinaryKind::pow:
    return e.create<math::PowFOp>(x, y);
  case BinaryKind::min:
    return floatExtreme<arith::MinNumFOp>(e, x, y);
  case BinaryKind::max:
    return floatExtreme<arith::MaxNumFOp>(e, x, y);
  default:
    return {};
  }
}

/// Quotient or remainder of integers without the two cases that trap: a divisor of 0 (gives 0) and the least number by
/// -1.
static Value safeDivision(Emitter &e, BinaryKind kind, Value x, Value y, bool isUnsigned) {
  Type t = x.getType();
  Value zero = e.constant(t, 0), one = e.constant(t, 1), minus = e.constant(t, -1);
  auto is = [&](Value a, Value b) { return e.create<arith::CmpIOp>(arith::CmpIPredicate::eq, a, b); };
  auto pick = [&](Value c, Value a, Value b) { return e.create<arith::SelectOp>(c, a, b); };
  Value byZero = is(y, zero), divisor = pick(byZero, one, y);
  if (isUnsigned) {
    Value v = kind == BinaryKind::div ? e.create<arith::DivUIOp>(x, divisor) : e.create<arith::RemUIOp>(x, divisor);
    return pick(byZero, zero, v);
  }
  Value byMinus = is(y, minus);
  divisor = pick(byMinus, one, divisor);
  if (kind == BinaryKind::div) {
    Value v = e.create<arith::DivSIOp>(x, divisor);
    return pick(byZero, zero, pick(byMinus, e.create<arith::SubIOp>(zero, x), v));
  }
  Value rest = e.create<arith::RemSIOp>(x, divisor);
  if (kind == BinaryKind::mod) {
    auto less = [&](Value v) { return e.create<arith::CmpIOp>(arith::CmpIPredicate::slt, v, zero); };
    Value differ = e.create<arith::XOrIOp>(less(rest), less(divisor));
    Value some = e.create<arith::CmpIOp>(arith::CmpIPredicate::ne, rest, zero);
    rest = pick(e.create<arith::AndIOp>(differ, some), e.create<arith::AddIOp>(rest, divisor), rest);
  }
  return pick(e.create<arith::OrIOp>(byZero, byMinus), zero, rest);
}

/// x to the power of y by repeated squaring; a negative exponent gives what rounds towards zero from 1 / x^-y.
static Value integerPower(Emitter &e, Value x, Value y, Type element) {
  Type t = x.getType();
  OpBuilder &b = e.b;
  Location loc = e.loc;
  Value zero = e.constant(t, 0), one = e.constant(t, 1);
  bool isUnsigned = isUnsignedElement(element);
  auto loop = scf::WhileOp::create(
      b, loc, TypeRange{t, t, t}, ValueRange{one, x, y},
      [&](OpBuilder &nested, Location l, ValueRange v) {
        auto predicate = isUnsigned ? arith::CmpIPredicate::ugt : arith::CmpIPredicate::sgt;
        Value more = arith::CmpIOp::create(nested, l, predicate, v[2], zero);
        scf::ConditionOp::create(nested, l, more, v);
      },
      [&](OpBuilder &nested, Location l, ValueRange v) {
        Value odd = arith::CmpIOp::create(nested, l, arith::CmpIPredicate::ne,
                                          arith::AndIOp::create(nested, l, v[2], one), zero);
        Value times = arith::MulIOp::create(nested, l, v[0], v[1]);
        Value result = arith::SelectOp::create(nested, l, odd, times, v[0]);
        Value square = arith::MulIOp::create(nested, l, v[1], v[1]);
        Value half = arith::ShRUIOp::create(nested, l, v[2], one);
        scf::YieldOp::create(nested, l, ValueRange{result, square, half});
      });
  Value power = loop.getResult(0);
  if (isUnsigned)
    return power;
  auto is = [&](Value a, Value c) { return e.create<arith::CmpIOp>(arith::CmpIPredicate::eq, a, c); };
  auto pick = [&](Value c, Value a, Value d) { return e.create<arith::SelectOp>(c, a, d); };
  Value minus = e.constant(t, -1);
  Value odd = is(e.create<arith::AndIOp>(y, one), one);
  Value inverse = pick(is(x, one), one, pick(is(x, minus), pick(odd, minus, one), zero));
  return pick(e.create<arith::CmpIOp>(arith::CmpIPredicate::slt, y, zero), inverse, power);
}

static Value shift(Emitter &e, BinaryKind kind, Value x, Value y, Type element) {
  unsigned bits = element.getIntOrFloatBitWidth();
  Value tooFar = e.create<arith::CmpIOp>(arith::CmpIPredicate::uge, y, e.constant(y.getType(), bits));
  bool keepsSign = kind == BinaryKind::shr && !isUnsignedElement(element);
  Value last = e.constant(y.getType(), bits - 1), zero = e.constant(x.getType(), 0);
  Value by = e.create<arith::SelectOp>(tooFar, last, y);
  if (keepsSign)
    return e.create<arith::ShRSIOp>(x, by);
  Value v = kind == BinaryKind::shl ? e.create<arith::ShLIOp>(x, by) : e.create<arith::ShRUIOp>(x, by);
  return e.create<arith::SelectOp>(tooFar, zero, v);
}

static Value integerBinary(Emitter &e, BinaryKind kind, Value x, Value y, Type element) {
  bool isUnsigned = isUnsignedElement(element);
  switch (kind) {
  case BinaryKind::add:
    return e.create<arith::AddIOp>(x, y);
  case BinaryKind::sub:
    return e.create<arith::SubIOp>(x, y);
  case BinaryKind::mul:
    return e.create<arith::MulIOp>(x, y);
  case BinaryKind::div:
  case BinaryKind::mod:
  case BinaryKind::fmod:
    return safeDivision(e, kind, x, y, isUnsigned);
  case BinaryKind::pow:
    return e.isVector(x) ? Value() : integerPower(e, x, y, element);
  case BinaryKind::min:
    return isUnsigned ? e.create<arith::MinUIOp>(x, y) : e.create<arith::MinSIOp>(x, y);
  case BinaryKind::max:
    return isUnsigned ? e.create<arith::MaxUIOp>(x, y) : e.create<arith::MaxSIOp>(x, y);
  case BinaryKind::bit_and:
    return e.create<arith::AndIOp>(x, y);
  case BinaryKind::bit_or:
    return e.create<arith::OrIOp>(x, y);
  case BinaryKind::bit_xor:
    return e.create<arith::XOrIOp>(x, y);
  case BinaryKind::shl:
  case BinaryKind::shr:
    return shift(e, kind, x, y, element);
  }
  return {};
}

Value Emitter::binary(BinaryKind kind, Value x, Value y, Type element) {
  Value both[] = {x, y};
  unify(both);
  if (!isa<FloatType>(element))
    return integerBinary(*this, kind, both[0], both[1], element);
  Value v = floatBinary(*this, kind, widen(both[0], element), widen(both[1], element));
  return v ? narrow(v, element) : v;
}

Value Emitter::compare(ComparePredicate predicate, Value x, Value y, Type element) {
  Value both[] = {x, y};
  unify(both);
  if (isa<FloatType>(element)) {
    using P = arith::CmpFPredicate;
    static constexpr P predicates[] = {P::OEQ, P::UNE, P::OLT, P::OLE, P::OGT, P::OGE};
    return create<arith::CmpFOp>(predicates[int(predicate)], widen(both[0], element), widen(both[1], element));
  }
  using P = arith::CmpIPredicate;
  static constexpr P ofSigned[] = {P::eq, P::ne, P::slt, P::sle, P::sgt, P::sge};
  static constexpr P ofUnsigned[] = {P::eq, P::ne, P::ult, P::ule, P::ugt, P::uge};
  auto *predicates = isUnsignedElement(element) ? ofUnsigned : ofSigned;
  return create<arith::CmpIOp>(predicates[int(predicate)], both[0], both[1]);
}

/// The value of a constant tensor whose elements are all equal.
static Value splatConstant(Emitter &e, ConstantOp op) {
  auto dense = dyn_cast<DenseElementsAttr>(op.getValue());
  if (!dense || !dense.isSplat()) {
    emitError(op.getLoc()) << "a constant of several values is an argument of a kernel, not part of it";
    return {};
  }
  Type element = dense.getElementType(), type = valueType(element);
  if (auto f = dyn_cast<FloatType>(type))
    return e.create<arith::ConstantOp>(e.b.getFloatAttr(f, dense.getSplatValue<APFloat>()));
  APInt bits = isa<FloatType>(element) ? dense.getSplatValue<APFloat>().bitcastToAPInt() : dense.getSplatValue<APInt>();
  unsigned width = type.getIntOrFloatBitWidth();
  bits = isUnsignedElement(element) || isEncodedFloat(element) ? bits.zextOrTrunc(width) : bits.sextOrTrunc(width);
  return e.create<arith::ConstantOp>(IntegerAttr::get(type, bits));
}

/// The f32 that `op` converts to an integer of 16 bits at most after rounding it, both in this kernel; or null.
static Value beforeRounding(Emitter &e, CastOp op, ArrayRef<Coord> at) {
  auto rounding = op.getInput().getDefiningOp<UnaryOp>();
  bool is = rounding && rounding.getKind() == UnaryKind::round && getElementTypeOrSelf(rounding.getType()).isF32() &&
            op.getSaturate() && isa<IntegerType>(op.getTo()) && op.getTo().getIntOrFloatBitWidth() <= 16;
  return is ? e.element(rounding.getInput(), e.broadcastCoords(rounding.getInput(), op.getResult(), at)) : Value();
}

Value adze::emitElementwise(Emitter &e, Operation *op, ArrayRef<Coord> at) {
  if (auto constant = dyn_cast<ConstantOp>(op))
    return splatConstant(e, constant);
  SmallVector<Value> x;
  for (Value operand : op->getOperands()) {
    x.push_back(e.element(operand, e.broadcastCoords(operand, op->getResult(0), at)));
    if (!x.back())
      return {};
  }
  Type element = getElementTypeOrSelf(op->getOperand(0));
  Value v = llvm::TypeSwitch<Operation *, Value>(op)
                .Case([&](UnaryOp op) { return e.unary(op.getKind(), x[0], element); })
                .Case([&](BinaryOp op) { return e.binary(op.getKind(), x[0], x[1], element); })
                .Case([&](CompareOp op) { return e.compare(op.getPredicate(), x[0], x[1], element); })
                .Case([&](SelectOp) {
                  e.unify(x);
                  return e.create<arith::SelectOp>(x[0], x[1], x[2]);
                })
                .Case([&](CastOp op) {
                  Value number = beforeRounding(e, op, at);
                  return number ? e.roundToInteger(number, op.getTo())
                                : e.convert(x[0], element, op.getTo(), op.getSaturate());
                })
                .Case([&](BitcastOp op) {
                  Type to = e.typeLike(x[0], valueType(op.getTo()));
                  return x[0].getType() == to ? x[0] : e.create<arith::BitcastOp>(to, x[0]);
                });
  if (!v)
    emitError(op->getLoc()) << "'" << op->getName() << "' is not defined for elements of type " << element;
  return v;
}
