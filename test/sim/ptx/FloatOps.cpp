// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic of f32, pairs of f32 and f64, rounded to nearest: add, sub, mul, fma, mad, div, min, max, abs, neg,
// copysign, testp. div.approx and div.full are exact divisions.
#include "test/sim/ptx/FloatOps.h"
#include "test/sim/ptx/Lanes.h"
#include "test/sim/ptx/Numbers.h"

namespace adze::ptx {

namespace {
struct FAdd {
  template <class T> T operator()(T a, T b) const { return a + b; }
};
struct FSub {
  template <class T> T operator()(T a, T b) const { return a - b; }
};
struct FMul {
  template <class T> T operator()(T a, T b) const { return a * b; }
};
struct FDiv {
  template <class T> T operator()(T a, T b) const { return a / b; }
};
struct Fma {
  template <class T> T operator()(T a, T b, T c) const { return std::fma(a, b, c); }
};
/// A NaN gives way to a number; -0 is less than +0.
template <bool less, bool nan> struct FMinMax {
  template <class T> T operator()(T a, T b) const {
    T chosen = less ? (a < b || (a == b && std::signbit(a)) ? a : b) : (a > b || (a == b && !std::signbit(a)) ? a : b);
    if (nan)
      return a != a ? a : b != b ? b : chosen;
    return a != a ? b : b != b ? a : chosen;
  }
};
/// The magnitudes' minimum or maximum with the sign of both signs' product.
template <class F> struct XorSign {
  template <class T> T operator()(T a, T b) const {
    T magnitude = F()(std::fabs(a), std::fabs(b));
    return std::copysign(magnitude, std::signbit(a) != std::signbit(b) ? T(-1) : T(1));
  }
};
struct FAbs {
  template <class T> T operator()(T a) const { return std::fabs(a); }
};
struct FNeg {
  template <class T> T operator()(T a) const { return -a; }
};

template <class F, bool ftz, bool sat> struct Shaped {
  template <class T> static T out(T x) {
    x = flushIf<ftz>(x);
    return sat ? saturate(x) : canonical(x);
  }
  template <class T> T operator()(T a, T b) const { return out(F()(flushIf<ftz>(a), flushIf<ftz>(b))); }
  template <class T> T operator()(T a, T b, T c) const {
    return out(F()(flushIf<ftz>(a), flushIf<ftz>(b), flushIf<ftz>(c)));
  }
};
template <class F, bool ftz> struct Flushed {
  template <class T> T operator()(T a) const { return flushIf<ftz>(F()(a)); }
};

/// Both f32 of a register of 64 bits.
template <class F> struct Pairwise {
  static float low(uint64_t x) { return bitsAs<float>(static_cast<uint32_t>(x)); }
  static float high(uint64_t x) { return bitsAs<float>(static_cast<uint32_t>(x >> 32)); }
  template <class... T> uint64_t operator()(T... x) const {
    return bitsAs<uint32_t>(F()(low(x)...)) | static_cast<uint64_t>(bitsAs<uint32_t>(F()(high(x)...))) << 32;
  }
};

struct Shape {
  bool ftz, sat;
};
template <class F> Handler binary(Type type, Shape shape) {
  if (type == Type::f32x2)
    return shape.ftz ? binaryLanes<uint64_t, uint64_t, Pairwise<Shaped<F, true, false>>>
                     : binaryLanes<uint64_t, uint64_t, Pairwise<Shaped<F, false, false>>>;
  if (type == Type::f64)
    return binaryLanes<double, double, Shaped<F, false, false>>;
  if (shape.ftz)
    return shape.sat ? binaryLanes<float, float, Shaped<F, true, true>>
                     : binaryLanes<float, float, Shaped<F, true, false>>;
  return shape.sat ? binaryLanes<float, float, Shaped<F, false, true>>
                   : binaryLanes<float, float, Shaped<F, false, false>>;
}
template <class F> Handler ternary(Type type, Shape shape) {
  if (type == Type::f32x2)
    return shape.ftz ? ternaryLanes<uint64_t, uint64_t, Pairwise<Shaped<F, true, false>>>
                     : ternaryLanes<uint64_t, uint64_t, Pairwise<Shaped<F, false, false>>>;
  if (type == Type::f64)
    return ternaryLanes<double, double, Shaped<F, false, false>>;
  if (shape.ftz)
    return shape.sat ? ternaryLanes<float, float, Shaped<F, true, true>>
                     : ternaryLanes<float, float, Shaped<F, true, false>>;
  return shape.sat ? ternaryLanes<float, float, Shaped<F, false, true>>
                   : ternaryLanes<float, float, Shaped<F, false, false>>;
}
template <class F> Handler unary(Type type, Shape shape) {
  if (type == Type::f64)
    return unaryLanes<double, double, Flushed<F, false>>;
  return shape.ftz ? unaryLanes<float, float, Flushed<F, true>> : unaryLanes<float, float, Flushed<F, false>>;
}

Handler minMax(Assembler &a, Type type, Shape shape) {
  bool nan = a.take("NaN"), xorsign = a.take("xorsign"), less = a.in.opcode == "min";
  if (xorsign && !a.take("abs"))
    a.fail("needs .xorsign.abs");
  if (xorsign)
    return less ? (nan ? binary<XorSign<FMinMax<true, true>>>(type, shape)
                       : binary<XorSign<FMinMax<true, false>>>(type, shape))
                : (nan ? binary<XorSign<FMinMax<false, true>>>(type, shape)
                       : binary<XorSign<FMinMax<false, false>>>(type, shape));
  return less ? (nan ? binary<FMinMax<true, true>>(type, shape) : binary<FMinMax<true, false>>(type, shape))
              : (nan ? binary<FMinMax<false, true>>(type, shape) : binary<FMinMax<false, false>>(type, shape));
}

Handler handlerOf(Assembler &a, Type type, Shape shape) {
  std::string_view opcode = a.in.opcode;
  if (opcode == "add")
    return binary<FAdd>(type, shape);
  if (opcode == "sub")
    return binary<FSub>(type, shape);
  if (opcode == "mul")
    return binary<FMul>(type, shape);
  if (opcode == "div")
    return binary<FDiv>(type, shape);
  if (opcode == "fma" || opcode == "mad")
    return ternary<Fma>(type, shape);
  if (opcode == "min" || opcode == "max")
    return minMax(a, type, shape);
  if (opcode == "abs")
    return unary<FAbs>(type, shape);
  if (opcode == "neg")
    return unary<FNeg>(type, shape);
  a.fail("no such instruction for floating-point numbers");
}

/// An error unless these are pairs of f32 as the ISA has them.
void checkPair(Assembler &a) {
  a.needTarget(100);
  for (size_t i = 0; i < a.count(); ++i)
    if (a.registerType(a.operand(i)) != Type::b64)
      a.fail("needs registers of type .b64");
}

template <class Format> struct Widen {
  float operator()(uint16_t a) const { return Format::from(a); }
};

struct CopySign {
  template <class T> T operator()(T a, T b) const { return std::copysign(b, a); }
};

/// testp: flags choose the test.
template <class T> void testProperty(Warp &w, const Op &o, Lanes lanes) {
  const T *a = w.lanes<T>(o.a);
  Lanes result = 0;
  eachOf(lanes, [&](int i) {
    int kind = std::fpclassify(a[i]);
    bool is[] = {kind != FP_NAN && kind != FP_INFINITE,
                 kind == FP_INFINITE,
                 kind != FP_NAN,
                 kind == FP_NAN,
                 kind == FP_NORMAL,
                 kind == FP_SUBNORMAL};
    result |= Lanes(is[o.flags]) << i;
  });
  w.predicate(o.d) = (w.predicate(o.d) & ~lanes) | result;
  w.define(o.d, lanes, w.undefined[o.a]);
}

void testp(Assembler &a) {
  static const std::string_view names[] = {"finite", "infinite", "number", "notanumber", "normal", "subnormal"};
  uint8_t which = 6;
  for (uint8_t i = 0; i < 6; ++i)
    if (a.take(names[i]))
      which = i;
  if (which == 6)
    a.fail("a property is missing");
  Type type = a.needType({Type::f32, Type::f64});
  a.check(2);
  Slot x = a.source(1, type), d = a.predicateTarget(a.operand(0).text);
  a.emit(type == Type::f32 ? testProperty<float> : testProperty<double>, Op::own, d, x).flags = which;
}
} // namespace

Type takeNarrow(Assembler &a, Type type) {
  Type narrow = type == Type::f32 ? a.takeType() : Type::none;
  if (narrow == Type::none)
    return narrow;
  a.needTarget(100);
  bool mixes = a.in.opcode == "add" || a.in.opcode == "sub" || a.in.opcode == "fma";
  if (!mixes || (narrow != Type::f16 && narrow != Type::bf16) || a.take("ftz"))
    a.fail(std::string("cannot be of types .f32.") + nameOf(narrow));
  return narrow;
}

Slot floatSource(Assembler &a, size_t i, size_t sources, Type type, Type narrow) {
  if (narrow == Type::none || i == sources)
    return a.source(i, type);
  Slot from = a.source(i, narrow), wide = a.scratch(4);
  bool isHalf = narrow == Type::f16;
  a.emit(isHalf ? unaryLanes<float, uint16_t, Widen<Half>> : unaryLanes<float, uint16_t, Widen<Bf16>>, Op::plain, wide,
         from);
  return wide;
}

void floatOp(Assembler &a, Type type) {
  if (type == Type::f16 || type == Type::bf16 || type == Type::f16x2 || type == Type::bf16x2)
    return halfOp(a, type);
  if (type == Type::f32x2)
    checkPair(a);
  else if (type != Type::f32 && type != Type::f64)
    a.fail(std::string("cannot be of type .") + nameOf(type));
  Type narrow = takeNarrow(a, type);
  std::string_view rounding = a.takeAny({"rz", "rm", "rp", "rn"});
  if (!rounding.empty() && rounding != "rn")
    return roundedOp(a, type, rounding, narrow);
  std::string_view opcode = a.in.opcode;
  if (opcode == "div")
    a.takeAny({"approx", "full"});
  Shape shape{type != Type::f64 && a.take("ftz"), type == Type::f32 && a.take("sat")};
  Handler run = handlerOf(a, type, shape);
  size_t sources = opcode == "abs" || opcode == "neg" ? 1 : opcode == "fma" || opcode == "mad" ? 3 : 2;
  a.check(1 + sources);
  Slot slots[3] = {};
  for (size_t i = 0; i < sources; ++i)
    slots[i] = floatSource(a, i + 1, sources, type, narrow);
  a.emit(run, type == Type::f32x2 ? Op::halves : Op::plain, a.target(0, type), slots[0], slots[1], slots[2]);
}

void addFloatOps(Families &families) {
  families["fma"] = [](Assembler &a) { floatOp(a, a.needType()); };
  families["copysign"] = [](Assembler &a) {
    Type type = a.needType({Type::f32, Type::f64});
    a.check(3);
    Slot x = a.source(1, type), y = a.source(2, type);
    a.emit(type == Type::f32 ? binaryLanes<float, float, CopySign> : binaryLanes<double, double, CopySign>, Op::plain,
           a.target(0, type), x, y);
  };
  families["testp"] = testp;
}

} // namespace adze::ptx
