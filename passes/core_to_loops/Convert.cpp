// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Conversions between element types, 8-, 6- and 4-bit floats by their bit layouts (ONNX "Float stored in 8 bits"; OCP
// MX 1.0).
#include "passes/core_to_loops/Emitter.h"
#include <cmath>

using namespace mlir;
using namespace adze;
using namespace adze::core;

namespace {
/// A small float's layout: sign bit, mantissa bits, bias; the greatest finite code, and the codes of infinity (-1:
/// none) and NaN.
struct SmallFloat {
  unsigned signBit, mantissa;
  int bias;
  int64_t maxCode, infinity, nan;
  bool negativeZero;
};
} // namespace

static std::optional<SmallFloat> smallFloat(Type t) {
  if (isa<Float8E4M3FNType>(t))
    return SmallFloat{7, 3, 7, 0x7E, -1, 0x7F, true};
  if (isa<Float8E4M3FNUZType>(t))
    return SmallFloat{7, 3, 8, 0x7F, -1, 0x80, false};
  if (isa<Float8E5M2Type>(t))
    return SmallFloat{7, 2, 15, 0x7B, 0x7C, 0x7F, true};
  if (isa<Float8E5M2FNUZType>(t))
    return SmallFloat{7, 2, 16, 0x7F, -1, 0x80, false};
  if (isa<Float4E2M1FNType>(t))
    return SmallFloat{3, 1, 1, 0x7, -1, -1, true};
  if (isa<Float6E2M3FNType>(t))
    return SmallFloat{5, 3, 1, 0x1F, -1, -1, true};
  if (isa<Float6E3M2FNType>(t))
    return SmallFloat{5, 2, 3, 0x1F, -1, -1, true};
  return std::nullopt;
}

/// f32 of the i8 code in hand: exponent and mantissa placed in an f32 and scaled, which is exact for subnormals too.
static Value decode(Emitter &e, Value code, const SmallFloat &f) {
  Type i32 = e.typeLike(code, e.b.getI32Type()), f32 = e.typeLike(code, e.b.getF32Type());
  auto c = [&](int64_t v) { return e.constant(i32, v); };
  Value bits = e.create<arith::ExtUIOp>(i32, code);
  Value magnitude = e.create<arith::AndIOp>(bits, c((1 << f.signBit) - 1));
  Value shifted = e.create<arith::ShLIOp>(magnitude, c(23 - f.mantissa));
  Value value =
      e.create<arith::MulFOp>(e.create<arith::BitcastOp>(f32, shifted), e.constant(f32, std::ldexp(1.0, 127 - f.bias)));
  auto is = [&](Value v, int64_t what) { return e.create<arith::CmpIOp>(arith::CmpIPredicate::eq, v, c(what)); };
  if (f.infinity >= 0) {
    value = e.create<arith::SelectOp>(is(magnitude, f.infinity), e.constant(f32, INFINITY), value);
    Value isNan = e.create<arith::CmpIOp>(arith::CmpIPredicate::ugt, magnitude, c(f.infinity));
    value = e.create<arith::SelectOp>(isNan, e.constant(f32, NAN), value);
  }
  Value negative =
      e.create<arith::CmpIOp>(arith::CmpIPredicate::ne, e.create<arith::AndIOp>(bits, c(1 << f.signBit)), c(0));
  value = e.create<arith::SelectOp>(negative, e.create<arith::NegFOp>(value), value);
  if (f.infinity < 0 && f.nan >= 0)
    value = e.create<arith::SelectOp>(is(f.nan == 0x80 ? bits : magnitude, f.nan), e.constant(f32, NAN), value);
  return value;
}

/// The i8 code nearest to the f32 in hand, ties to even. Computed in f64, where the scaled value keeps every bit that
/// rounding needs.
static Value encode(Emitter &e, Value x, const SmallFloat &f, bool saturate) {
  Type f64 = e.typeLike(x, e.b.getF64Type()), i64 = e.typeLike(x, e.b.getI64Type());
  auto c = [&](int64_t v) { return e.constant(i64, v); };
  auto pick = [&](Value cond, Value a, Value b) { return e.create<arith::SelectOp>(cond, a, b); };
  Value wide = e.create<arith::ExtFOp>(f64, x);
  Value scaled = e.create<arith::MulFOp>(e.create<math::AbsFOp>(wide), e.constant(f64, std::ldexp(1.0, f.bias - 1023)));
  Value bits = e.create<arith::BitcastOp>(i64, scaled);
  int64_t shift = 52 - f.mantissa;
  Value odd = e.create<arith::AndIOp>(e.create<arith::ShRUIOp>(bits, c(shift)), c(1));
  Value rounded = e.create<arith::AddIOp>(e.create<arith::AddIOp>(bits, c((int64_t(1) << (shift - 1)) - 1)), odd);
  Value code = e.create<arith::ShRUIOp>(rounded, c(shift));
  Value tooLarge = e.create<arith::CmpIOp>(arith::CmpIPredicate::ugt, code, c(f.maxCode));
  int64_t overflow = saturate || f.nan < 0 ? f.maxCode : f.infinity >= 0 ? f.infinity : f.nan;
  code = pick(tooLarge, c(overflow), code);
  Value isNan = e.create<arith::CmpFOp>(arith::CmpFPredicate::UNO, wide, wide);
  code = pick(isNan, c(f.nan >= 0 ? f.nan : 0), code);
  Value sign = e.create<arith::ShRUIOp>(e.create<arith::BitcastOp>(i64, wide), c(63));
  Value signed_ = e.create<arith::OrIOp>(code, e.create<arith::ShLIOp>(sign, c(f.signBit)));
  if (!f.negativeZero) // zero and NaN have one code each
    signed_ = pick(e.create<arith::CmpIOp>(arith::CmpIPredicate::eq, e.create<arith::AndIOp>(code, c(0x7F)), c(0)),
                   code, signed_);
  return e.create<arith::TruncIOp>(e.typeLike(x, e.b.getI8Type()), signed_);
}

/// OCP's scale type: an exponent alone.
static Value decodeScale(Emitter &e, Value code) {
  Type i32 = e.typeLike(code, e.b.getI32Type()), f32 = e.typeLike(code, e.b.getF32Type());
  auto c = [&](int64_t v) { return e.constant(i32, v); };
  Value bits = e.create<arith::ExtUIOp>(i32, code);
  auto is = [&](int64_t v) { return e.create<arith::CmpIOp>(arith::CmpIPredicate::eq, bits, c(v)); };
  Value normal = e.create<arith::ShLIOp>(bits, c(23));
  Value all =
      e.create<arith::SelectOp>(is(0), c(0x00400000), e.create<arith::SelectOp>(is(255), c(0x7FC00000), normal));
  return e.create<arith::BitcastOp>(f32, all);
}

/// Nearest power of two, upwards from the middle; NaN for NaN; saturating at both ends.
static Value encodeScale(Emitter &e, Value x) {
  Type i32 = e.typeLike(x, e.b.getI32Type());
  auto c = [&](int64_t v) { return e.constant(i32, v); };
  Value bits = e.create<arith::AndIOp>(e.create<arith::BitcastOp>(i32, x), c(0x7FFFFFFF));
  Value code = e.create<arith::ShRUIOp>(e.create<arith::AddIOp>(bits, c(0x00400000)), c(23));
  code = e.create<arith::MinUIOp>(code, c(254));
  Value isNan = e.create<arith::CmpIOp>(arith::CmpIPredicate::ugt, bits, c(0x7F800000));
  code = e.create<arith::SelectOp>(isNan, c(255), code);
  return e.create<arith::TruncIOp>(e.typeLike(x, e.b.getI8Type()), code);
}

static Value floatToFloat(Emitter &e, Value v, Type from, Type to, bool saturate) {
  Type f32 = e.b.getF32Type();
  if (auto small = smallFloat(from))
    return e.convert(decode(e, v, *small), f32, to, saturate);
  if (isa<Float8E8M0FNUType>(from))
    return e.convert(decodeScale(e, v), f32, to, saturate);
  if (auto small = smallFloat(to))
    return encode(e, e.convert(v, from, f32, false), *small, saturate);
  if (isa<Float8E8M0FNUType>(to))
    return encodeScale(e, e.convert(v, from, f32, false));
  unsigned a = from.getIntOrFloatBitWidth(), b = to.getIntOrFloatBitWidth();
  if (a == b) // f16 and bf16
    return e.convert(e.convert(v, from, f32, false), f32, to, saturate);
  if (from.isF64() && to.isBF16())
    return e.convert(e.convert(v, from, f32, false), f32, to, saturate);
  Type type = e.typeLike(v, to);
  return a < b ? e.create<arith::ExtFOp>(type, v) : e.create<arith::TruncFOp>(type, v);
}

/// `v` between two bounds; NaN gives the lower one. Each comparison with its choice is one machine instruction.
static Value clampNumber(Emitter &e, Value v, double low, double high) {
  Value lo = e.constant(v.getType(), low), hi = e.constant(v.getType(), high);
  v = e.create<arith::SelectOp>(e.create<arith::CmpFOp>(arith::CmpFPredicate::OGT, v, lo), v, lo);
  return e.create<arith::SelectOp>(e.create<arith::CmpFOp>(arith::CmpFPredicate::OLT, v, hi), v, hi);
}

/// Towards zero; what does not fit takes the nearest bound and NaN the lower one, so that no value is undefined. Types
/// below 32 bits take the low bits of an i32, as C and numpy do, unless `saturate`.
static Value floatToInteger(Emitter &e, Value v, Type from, Type to, bool saturate) {
  if (from.getIntOrFloatBitWidth() < 32) {
    v = e.convert(v, from, e.b.getF32Type(), false);
    from = e.b.getF32Type();
  }
  bool isUnsigned = isUnsignedElement(to);
  unsigned bits = to.getIntOrFloatBitWidth(), width = saturate || bits > 32 ? bits : 32;
  bool unsignedRange = isUnsigned && (saturate || bits > 32);
  if (isUnsigned && bits == 32 && !saturate) { // negative numbers wrap, as in C through i64
    width = 64;
    unsignedRange = false;
  }
  double low = unsignedRange ? 0 : -std::ldexp(1.0, width - 1);
  double high = std::ldexp(1.0, unsignedRange ? width : width - 1);
  // The greatest float below `high`.
  double top = from.isF64() ? std::nextafter(high, 0) : double(std::nextafterf(float(high), 0));
  if (width < 24 || (width < 53 && from.isF64()))
    top = high - 1;
  v = clampNumber(e, v, low, top);
  Type wide = e.typeLike(v, e.b.getIntegerType(std::max(width, 32u)));
  Value number = unsignedRange ? e.create<arith::FPToUIOp>(wide, v) : e.create<arith::FPToSIOp>(wide, v);
  unsigned have = std::max(width, 32u);
  Type from_ = e.b.getIntegerType(have);
  return e.convert(number, from_, to, false);
}

/// The sum with 3 * 2^22 has no place for a fraction, and the integer in its lowest bits (Kahan's way; the sum is
/// rounded as the number would be).
Value Emitter::roundToInteger(Value v, Type to) {
  unsigned bits = to.getIntOrFloatBitWidth();
  bool isUnsigned = isUnsignedElement(to);
  double low = isUnsigned ? 0 : -std::ldexp(1.0, bits - 1);
  v = clampNumber(*this, v, low, low + std::ldexp(1.0, bits) - 1);
  Value sum = create<arith::AddFOp>(v, constant(v.getType(), 3 * std::ldexp(1.0, 22)));
  Value number = create<arith::BitcastOp>(typeLike(v, b.getI32Type()), sum);
  return convert(number, b.getI32Type(), to, false);
}

static Value integerToInteger(Emitter &e, Value v, Type from, Type to) {
  unsigned bits = to.getIntOrFloatBitWidth();
  Type type = e.typeLike(v, valueType(to));
  if (to.isInteger(1))
    return e.create<arith::CmpIOp>(arith::CmpIPredicate::ne, v, e.constant(v.getType(), 0));
  unsigned have = getElementTypeOrSelf(v.getType()).getIntOrFloatBitWidth();
  unsigned want = valueType(to).getIntOrFloatBitWidth();
  if (have > want)
    v = e.create<arith::TruncIOp>(type, v);
  else if (have < want)
    v = isUnsignedElement(from) ? e.create<arith::ExtUIOp>(type, v) : e.create<arith::ExtSIOp>(type, v);
  if (bits >= 8)
    return v;
  // Sub-byte types wrap, and are held in an i8 with their sign.
  Value up = e.create<arith::ShLIOp>(v, e.constant(type, 8 - bits));
  Value by = e.constant(type, 8 - bits);
  return isUnsignedElement(to) ? e.create<arith::ShRUIOp>(up, by) : e.create<arith::ShRSIOp>(up, by);
}

Value Emitter::convert(Value v, Type from, Type to, bool saturate) {
  if (from == to)
    return v;
  bool fromFloat = isa<FloatType>(from), toFloat = isa<FloatType>(to);
  if (fromFloat && toFloat)
    return floatToFloat(*this, v, from, to, saturate);
  if (fromFloat && to.isInteger(1)) {
    v = from.getIntOrFloatBitWidth() < 32 ? convert(v, from, b.getF32Type(), false) : v;
    return create<arith::CmpFOp>(arith::CmpFPredicate::UNE, v, constant(v.getType(), 0));
  }
  if (fromFloat)
    return floatToInteger(*this, v, from, to, saturate);
  if (!toFloat)
    return integerToInteger(*this, v, from, to);
  // Through f64 where f32 would round before the last rounding; small floats are rounded once more from f32.
  Type via = to.isF64() ? to : Type(b.getF32Type());
  if ((to.isF16() || to.isBF16()) && from.getIntOrFloatBitWidth() > 24)
    via = b.getF64Type();
  Type type = typeLike(v, via);
  Value number = isUnsignedElement(from) ? create<arith::UIToFPOp>(type, v) : create<arith::SIToFPOp>(type, v);
  return convert(number, via, to, saturate);
}
