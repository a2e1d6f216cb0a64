// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Integer arithmetic: add, sub, mul, mad, div, rem, abs, neg, min, max, sad, mul24, mad24, dp4a, dp2a.
#include "test/sim/ptx/Assembler.h"
#include "test/sim/ptx/FloatOps.h"
#include "test/sim/ptx/Lanes.h"

namespace adze::ptx {

namespace {
/// Unsigned and at least as wide as int: no overflow is undefined.
template <class T> using Wide = std::conditional_t<(sizeof(T) < 4), uint32_t, std::make_unsigned_t<T>>;
template <class T>
using Double =
    std::conditional_t<sizeof(T) == 8, std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>,
                       std::conditional_t<sizeof(T) == 4, std::conditional_t<std::is_signed_v<T>, int64_t, uint64_t>,
                                          std::conditional_t<std::is_signed_v<T>, int32_t, uint32_t>>>;

struct Add {
  template <class T> T operator()(T a, T b) const { return static_cast<T>(Wide<T>(a) + Wide<T>(b)); }
};
struct Sub {
  template <class T> T operator()(T a, T b) const { return static_cast<T>(Wide<T>(a) - Wide<T>(b)); }
};
struct AddSat {
  int32_t operator()(int32_t a, int32_t b) const {
    int64_t sum = int64_t(a) + b;
    return static_cast<int32_t>(sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum);
  }
};
struct SubSat {
  int32_t operator()(int32_t a, int32_t b) const {
    int64_t sum = int64_t(a) - b;
    return static_cast<int32_t>(sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : sum);
  }
};
struct MulLo {
  template <class T> T operator()(T a, T b) const { return static_cast<T>(Wide<T>(a) * Wide<T>(b)); }
};
struct MulHi {
  template <class T> T operator()(T a, T b) const {
    return static_cast<T>(static_cast<Double<T>>(a) * static_cast<Double<T>>(b) >> (sizeof(T) * 8));
  }
};
struct MulWide {
  template <class T> auto operator()(T a, T b) const { return static_cast<Double<T>>(a) * static_cast<Double<T>>(b); }
};
struct Div {
  template <class T> T operator()(T a, T b) const {
    if (b == 0)
      return static_cast<T>(-1);
    if (std::is_signed_v<T> && b == static_cast<T>(-1))
      return static_cast<T>(0 - Wide<T>(a));
    return static_cast<T>(a / b);
  }
};
struct Rem {
  template <class T> T operator()(T a, T b) const {
    if (b == 0)
      return a;
    return std::is_signed_v<T> && b == static_cast<T>(-1) ? T(0) : static_cast<T>(a % b);
  }
};
struct Min {
  template <class T> T operator()(T a, T b) const { return a < b ? a : b; }
};
struct Max {
  template <class T> T operator()(T a, T b) const { return a > b ? a : b; }
};
template <class F> struct Relu {
  template <class T> T operator()(T a, T b) const { return Max()(F()(a, b), T(0)); }
};
struct Abs {
  template <class T> T operator()(T a) const { return a < 0 ? static_cast<T>(0 - Wide<T>(a)) : a; }
};
struct Neg {
  template <class T> T operator()(T a) const { return static_cast<T>(0 - Wide<T>(a)); }
};
template <class F> struct PlusC {
  template <class T> T operator()(T a, T b, T c) const { return Add()(F()(a, b), c); }
};
struct Sad {
  template <class T> T operator()(T a, T b, T c) const {
    return static_cast<T>(Wide<T>(c) + (a > b ? Wide<T>(a) - Wide<T>(b) : Wide<T>(b) - Wide<T>(a)));
  }
};
struct MadHiSat {
  int32_t operator()(int32_t a, int32_t b, int32_t c) const { return AddSat()(MulHi()(a, b), c); }
};
template <bool high> struct Mul24 {
  template <class T> T operator()(T a, T b) const {
    int64_t x = std::is_signed_v<T> ? int64_t(int32_t(uint32_t(a) << 8)) >> 8 : int64_t(uint32_t(a) & 0xffffff);
    int64_t y = std::is_signed_v<T> ? int64_t(int32_t(uint32_t(b) << 8)) >> 8 : int64_t(uint32_t(b) & 0xffffff);
    return static_cast<T>(x * y >> (high ? 16 : 0));
  }
};
/// Two 16-bit operations in one register.
template <class T, class F> struct Pairs {
  uint32_t operator()(uint32_t a, uint32_t b) const {
    T low = F()(static_cast<T>(a), static_cast<T>(b)), high = F()(static_cast<T>(a >> 16), static_cast<T>(b >> 16));
    return static_cast<uint16_t>(low) | uint32_t(static_cast<uint16_t>(high)) << 16;
  }
};

template <class F> Handler binary(Assembler &a, Type type) {
  switch (type) {
  case Type::u16:
  case Type::b16:
    return binaryLanes<uint16_t, uint16_t, F>;
  case Type::u32:
  case Type::b32:
    return binaryLanes<uint32_t, uint32_t, F>;
  case Type::u64:
  case Type::b64:
    return binaryLanes<uint64_t, uint64_t, F>;
  case Type::s16:
    return binaryLanes<int16_t, int16_t, F>;
  case Type::s32:
    return binaryLanes<int32_t, int32_t, F>;
  case Type::s64:
    return binaryLanes<int64_t, int64_t, F>;
  case Type::u16x2:
    return binaryLanes<uint32_t, uint32_t, Pairs<uint16_t, F>>;
  case Type::s16x2:
    return binaryLanes<uint32_t, uint32_t, Pairs<int16_t, F>>;
  default:
    a.fail(std::string("cannot be of type .") + nameOf(type));
  }
}
template <class F> Handler ternary(Assembler &a, Type type) {
  switch (type) {
  case Type::u16:
    return ternaryLanes<uint16_t, uint16_t, F>;
  case Type::u32:
    return ternaryLanes<uint32_t, uint32_t, F>;
  case Type::u64:
    return ternaryLanes<uint64_t, uint64_t, F>;
  case Type::s16:
    return ternaryLanes<int16_t, int16_t, F>;
  case Type::s32:
    return ternaryLanes<int32_t, int32_t, F>;
  case Type::s64:
    return ternaryLanes<int64_t, int64_t, F>;
  default:
    a.fail(std::string("cannot be of type .") + nameOf(type));
  }
}
template <class F> Handler unary(Assembler &a, Type type) {
  switch (type) {
  case Type::s16:
    return unaryLanes<int16_t, int16_t, F>;
  case Type::s32:
    return unaryLanes<int32_t, int32_t, F>;
  case Type::s64:
    return unaryLanes<int64_t, int64_t, F>;
  default:
    a.fail(std::string("cannot be of type .") + nameOf(type));
  }
}

void emitBinary(Assembler &a, Type type, Handler run) {
  a.check(3);
  Slot x = a.source(1, type), y = a.source(2, type);
  a.emit(run, Op::plain, a.target(0, type), x, y);
}
void emitTernary(Assembler &a, Type result, Type type, Handler run) {
  a.check(4);
  Slot x = a.source(1, type), y = a.source(2, type), z = a.source(3, result);
  a.emit(run, Op::plain, a.target(0, result), x, y, z);
}

template <class F, class Sat> void addOrSub(Assembler &a) {
  if (a.take("cc"))
    return carryOp(a);
  Type type = a.takeType();
  if (isFloat(type) || type == Type::f32x2)
    return floatOp(a, type);
  if (a.take("sat")) {
    if (type != Type::s32)
      a.fail("saturates .s32 only");
    return emitBinary(a, type, binaryLanes<int32_t, int32_t, Sat>);
  }
  emitBinary(a, type, binary<F>(a, type));
}

Type doubled(Assembler &a, Type type) {
  switch (type) {
  case Type::u16:
    return Type::u32;
  case Type::s16:
    return Type::s32;
  case Type::u32:
    return Type::u64;
  case Type::s32:
    return Type::s64;
  default:
    a.fail("a type that .wide cannot have");
  }
}

void mul(Assembler &a) {
  std::string_view part = a.takeAny({"lo", "hi", "wide"});
  Type type = a.needType();
  if ((isFloat(type) || type == Type::f32x2) && part.empty())
    return floatOp(a, type);
  if (part == "lo")
    return emitBinary(a, type, binary<MulLo>(a, type));
  if (part == "hi")
    return emitBinary(a, type, binary<MulHi>(a, type));
  if (part != "wide")
    a.fail("needs .lo, .hi or .wide");
  a.check(3);
  Type wide = doubled(a, type);
  Handler run = type == Type::u16   ? binaryLanes<uint32_t, uint16_t, MulWide>
                : type == Type::s16 ? binaryLanes<int32_t, int16_t, MulWide>
                : type == Type::u32 ? binaryLanes<uint64_t, uint32_t, MulWide>
                                    : binaryLanes<int64_t, int32_t, MulWide>;
  Slot x = a.source(1, type), y = a.source(2, type);
  a.emit(run, Op::plain, a.target(0, wide), x, y);
}

template <class R, class T> void madWide(Warp &w, const Op &o, Lanes lanes) {
  const T *a = w.lanes<T>(o.a), *b = w.lanes<T>(o.b);
  const R *c = w.lanes<R>(o.c);
  setLanes(w.lanes<R>(o.d), lanes, [=](int i) { return Add()(static_cast<R>(MulWide()(a[i], b[i])), c[i]); });
}

void mad(Assembler &a) {
  if (a.take("cc"))
    return carryOp(a);
  std::string_view part = a.takeAny({"lo", "hi", "wide"});
  bool sat = part == "hi" && a.take("sat");
  Type type = a.needType();
  if (isFloat(type) && part.empty())
    return floatOp(a, type);
  if (part == "lo")
    return emitTernary(a, type, type, ternary<PlusC<MulLo>>(a, type));
  if (part == "hi")
    return emitTernary(a, type, type,
                       sat && type == Type::s32 ? ternaryLanes<int32_t, int32_t, MadHiSat>
                                                : ternary<PlusC<MulHi>>(a, type));
  if (part != "wide")
    a.fail("needs .lo, .hi or .wide");
  Type wide = doubled(a, type);
  Handler run = type == Type::u16   ? madWide<uint32_t, uint16_t>
                : type == Type::s16 ? madWide<int32_t, int16_t>
                : type == Type::u32 ? madWide<uint64_t, uint32_t>
                                    : madWide<int64_t, int32_t>;
  emitTernary(a, wide, type, run);
}

template <class F> void integerOnly(Assembler &a) {
  Type type = a.needType();
  emitBinary(a, type, binary<F>(a, type));
}
template <class F> void minOrMax(Assembler &a) {
  Type type = a.needType();
  if (isFloat(type))
    return floatOp(a, type);
  if (a.take("relu"))
    return emitBinary(a, type, binary<Relu<F>>(a, type));
  emitBinary(a, type, binary<F>(a, type));
}
template <class F> void absOrNeg(Assembler &a) {
  Type type = a.needType();
  if (isFloat(type))
    return floatOp(a, type);
  Handler run = unary<F>(a, type);
  a.check(2);
  Slot x = a.source(1, type);
  a.emit(run, Op::plain, a.target(0, type), x);
}
void mul24(Assembler &a) {
  bool high = a.takeAny({"lo", "hi"}) == "hi";
  Type type = a.needType({Type::u32, Type::s32});
  bool sign = type == Type::s32;
  if (a.in.opcode == "mul24")
    return emitBinary(
        a, type,
        high ? (sign ? binaryLanes<int32_t, int32_t, Mul24<true>> : binaryLanes<uint32_t, uint32_t, Mul24<true>>)
             : (sign ? binaryLanes<int32_t, int32_t, Mul24<false>> : binaryLanes<uint32_t, uint32_t, Mul24<false>>));
  emitTernary(a, type, type,
              high ? (sign ? ternaryLanes<int32_t, int32_t, PlusC<Mul24<true>>>
                           : ternaryLanes<uint32_t, uint32_t, PlusC<Mul24<true>>>)
                   : (sign ? ternaryLanes<int32_t, int32_t, PlusC<Mul24<false>>>
                           : ternaryLanes<uint32_t, uint32_t, PlusC<Mul24<false>>>));
}

/// flags: 1: a is signed, 2: b is, 4: dp2a, 8: its .hi.
void dotProduct(Warp &w, const Op &o, Lanes lanes) {
  const uint32_t *a = w.lanes<uint32_t>(o.a), *b = w.lanes<uint32_t>(o.b), *c = w.lanes<uint32_t>(o.c);
  unsigned flags = o.flags, count = flags & 4 ? 2 : 4, width = flags & 4 ? 16 : 8;
  setLanes(w.lanes<uint32_t>(o.d), lanes, [=](int i) {
    uint32_t sum = c[i], y = flags & 8 ? b[i] >> 16 : b[i];
    for (unsigned k = 0; k < count; ++k) {
      uint32_t p = a[i] << (32 - width - width * k), q = y << (24 - 8 * k);
      int64_t left = flags & 1 ? int64_t(int32_t(p)) >> (32 - width) : int64_t(p >> (32 - width));
      int64_t right = flags & 2 ? int64_t(int32_t(q)) >> 24 : int64_t(q >> 24);
      sum += static_cast<uint32_t>(left * right);
    }
    return sum;
  });
}

void dp(Assembler &a) {
  uint8_t flags = 0;
  if (a.in.opcode == "dp2a")
    flags |= a.takeAny({"lo", "hi"}) == "hi" ? 12 : 4;
  flags |= a.needType({Type::u32, Type::s32}) == Type::s32 ? 1 : 0;
  flags |= a.needType({Type::u32, Type::s32}) == Type::s32 ? 2 : 0;
  emitTernary(a, Type::u32, Type::u32, dotProduct);
  a.last().flags = flags;
}
} // namespace

void addIntegerOps(Families &families) {
  families["add"] = addOrSub<Add, AddSat>;
  families["sub"] = addOrSub<Sub, SubSat>;
  families["mul"] = mul;
  families["mad"] = mad;
  families["rem"] = integerOnly<Rem>;
  families["div"] = [](Assembler &a) {
    Type type = a.needType();
    isFloat(type) ? floatOp(a, type) : emitBinary(a, type, binary<Div>(a, type));
  };
  families["min"] = minOrMax<Min>;
  families["max"] = minOrMax<Max>;
  families["abs"] = absOrNeg<Abs>;
  families["neg"] = absOrNeg<Neg>;
  families["sad"] = [](Assembler &a) {
    Type type = a.needType();
    emitTernary(a, type, type, ternary<Sad>(a, type));
  };
  families["mul24"] = families["mad24"] = mul24;
  families["dp4a"] = families["dp2a"] = dp;
}

} // namespace adze::ptx
