// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// and, or, xor, not, cnot, shl, shr, shf, lop3, prmt, bfe, bfi, bfind, brev, clz, popc, bmsk, szext, fns.
#include "test/sim/ptx/Assembler.h"
#include "test/sim/ptx/Lanes.h"

namespace adze::ptx {

namespace {
struct And {
  template <class T> T operator()(T a, T b) const { return static_cast<T>(a & b); }
};
struct Or {
  template <class T> T operator()(T a, T b) const { return static_cast<T>(a | b); }
};
struct Xor {
  template <class T> T operator()(T a, T b) const { return static_cast<T>(a ^ b); }
};
struct Not {
  template <class T> T operator()(T a) const { return static_cast<T>(~a); }
};
struct Cnot {
  template <class T> T operator()(T a) const { return a == 0; }
};
struct Reverse {
  uint32_t operator()(uint32_t a) const { return __builtin_bitreverse32(a); }
  uint64_t operator()(uint64_t a) const { return __builtin_bitreverse64(a); }
};
struct CountLeading {
  uint32_t operator()(uint32_t a) const { return a ? static_cast<uint32_t>(__builtin_clz(a)) : 32; }
  uint32_t operator()(uint64_t a) const { return a ? static_cast<uint32_t>(__builtin_clzll(a)) : 64; }
};
struct CountOnes {
  uint32_t operator()(uint32_t a) const { return static_cast<uint32_t>(__builtin_popcount(a)); }
  uint32_t operator()(uint64_t a) const { return static_cast<uint32_t>(__builtin_popcountll(a)); }
};

template <class F> void predicates(Warp &w, const Op &o, Lanes lanes) {
  w.predicate(o.d) = (w.predicate(o.d) & ~lanes) | (F()(w.predicate(o.a), w.predicate(o.b)) & lanes);
}
void notPredicate(Warp &w, const Op &o, Lanes lanes) {
  w.predicate(o.d) = (w.predicate(o.d) & ~lanes) | (~w.predicate(o.a) & lanes);
}

Type bitType(Assembler &a) { return a.needType({Type::pred, Type::b16, Type::b32, Type::b64}); }

template <class F> void logic(Assembler &a) {
  Type type = bitType(a);
  a.check(3);
  if (type == Type::pred) {
    bool first, second;
    Slot x = a.predicate(a.operand(1), first), y = a.predicate(a.operand(2), second);
    if (first || second)
      a.fail("a negated predicate is not allowed here");
    a.emit(predicates<F>, Op::plain, a.predicateTarget(a.operand(0).text), x, y);
    return;
  }
  Slot x = a.source(1, type), y = a.source(2, type);
  Handler run = bytesOf(type) == 2   ? binaryLanes<uint16_t, uint16_t, F>
                : bytesOf(type) == 4 ? binaryLanes<uint32_t, uint32_t, F>
                                     : binaryLanes<uint64_t, uint64_t, F>;
  a.emit(run, Op::plain, a.target(0, type), x, y);
}

template <class F> void inverse(Assembler &a) {
  Type type = bitType(a);
  a.check(2);
  if (type == Type::pred) {
    bool negated;
    Slot x = a.predicate(a.operand(1), negated);
    if (negated || a.in.opcode != "not")
      a.fail("not of predicates");
    a.emit(notPredicate, Op::plain, a.predicateTarget(a.operand(0).text), x);
    return;
  }
  Slot x = a.source(1, type);
  Handler run = bytesOf(type) == 2   ? unaryLanes<uint16_t, uint16_t, F>
                : bytesOf(type) == 4 ? unaryLanes<uint32_t, uint32_t, F>
                                     : unaryLanes<uint64_t, uint64_t, F>;
  a.emit(run, Op::plain, a.target(0, type), x);
}

// ---- shifts: amounts are u32, and count no more than the width ----
template <class T> void shiftLeft(Warp &w, const Op &o, Lanes lanes) {
  const T *a = w.lanes<T>(o.a);
  const uint32_t *b = w.lanes<uint32_t>(o.b);
  constexpr uint32_t width = sizeof(T) * 8;
  setLanes(w.lanes<T>(o.d), lanes,
           [=](int i) { return static_cast<T>(b[i] < width ? uint64_t(a[i]) << (b[i] % width) : 0); });
}
template <class T> void shiftRight(Warp &w, const Op &o, Lanes lanes) {
  const T *a = w.lanes<T>(o.a);
  const uint32_t *b = w.lanes<uint32_t>(o.b);
  constexpr uint32_t width = sizeof(T) * 8;
  setLanes(w.lanes<T>(o.d), lanes, [=](int i) {
    uint32_t by = b[i] < width ? b[i] : width - 1;
    T shifted = static_cast<T>(a[i] >> by);
    return std::is_signed_v<T> || b[i] < width ? shifted : T(0);
  });
}

void shift(Assembler &a) {
  bool left = a.in.opcode == "shl";
  Type type = left ? a.needType({Type::b16, Type::b32, Type::b64}) : a.needType();
  if (!isInteger(type) || bytesOf(type) < 2)
    a.fail(std::string("cannot be of type .") + nameOf(type));
  a.check(3);
  unsigned bytes = bytesOf(type);
  Slot x = a.source(1, type), y = a.source(2, Type::u32);
  Handler run = left             ? (bytes == 2   ? shiftLeft<uint16_t>
                                    : bytes == 4 ? shiftLeft<uint32_t>
                                                 : shiftLeft<uint64_t>)
                : isSigned(type) ? (bytes == 2   ? shiftRight<int16_t>
                                    : bytes == 4 ? shiftRight<int32_t>
                                                 : shiftRight<int64_t>)
                                 : (bytes == 2   ? shiftRight<uint16_t>
                                    : bytes == 4 ? shiftRight<uint32_t>
                                                 : shiftRight<uint64_t>);
  a.emit(run, Op::plain, a.target(0, type), x, y);
}

template <bool left, bool wrap> struct Funnel {
  uint32_t operator()(uint32_t a, uint32_t b, uint32_t c) const {
    uint32_t by = wrap ? c & 31 : c > 32 ? 32 : c;
    uint64_t both = uint64_t(b) << 32 | a;
    return static_cast<uint32_t>(left ? both << by >> 32 : both >> by);
  }
};
struct FunnelLeftClamp {
  uint32_t operator()(uint32_t a, uint32_t b, uint32_t c) const { return c >= 32 ? a : Funnel<true, true>()(a, b, c); }
};

void emitThree(Assembler &a, Handler run, Type type, Type third) {
  Slot x = a.source(1, type), y = a.source(2, type), z = a.source(3, third);
  a.emit(run, Op::plain, a.target(0, type), x, y, z);
}

void shf(Assembler &a) {
  bool left = a.takeAny({"l", "r"}) == "l";
  std::string_view mode = a.takeAny({"clamp", "wrap"});
  a.needType({Type::b32});
  a.check(4);
  if (mode.empty())
    a.fail("needs .clamp or .wrap");
  Handler run = left ? (mode == "wrap" ? ternaryLanes<uint32_t, uint32_t, Funnel<true, true>>
                                       : ternaryLanes<uint32_t, uint32_t, FunnelLeftClamp>)
                     : (mode == "wrap" ? ternaryLanes<uint32_t, uint32_t, Funnel<false, true>>
                                       : ternaryLanes<uint32_t, uint32_t, Funnel<false, false>>);
  emitThree(a, run, Type::b32, Type::u32);
}

uint32_t lookUp(uint32_t a, uint32_t b, uint32_t c, unsigned table) {
  uint32_t result = 0;
  for (unsigned k = 0; k < 8; ++k)
    if (table >> k & 1)
      result |= (k & 4 ? a : ~a) & (k & 2 ? b : ~b) & (k & 1 ? c : ~c);
  return result;
}
void lop3Lanes(Warp &w, const Op &o, Lanes lanes) {
  const uint32_t *a = w.lanes<uint32_t>(o.a), *b = w.lanes<uint32_t>(o.b), *c = w.lanes<uint32_t>(o.c);
  unsigned table = o.flags;
  setLanes(w.lanes<uint32_t>(o.d), lanes, [=](int i) { return lookUp(a[i], b[i], c[i], table); });
}
void lop3(Assembler &a) {
  a.needType({Type::b32});
  a.check(5);
  const Operand &table = a.operand(4);
  if (table.kind != Operand::literal || table.value.bits > 255)
    a.fail("needs a constant table of 8 bits");
  emitThree(a, lop3Lanes, Type::b32, Type::b32);
  a.last().flags = static_cast<uint8_t>(table.value.bits);
}

/// flags: the mode, in this order.
constexpr std::string_view permuteModes[] = {"", "f4e", "b4e", "rc8", "ecl", "ecr", "rc16"};
uint32_t permute(uint32_t a, uint32_t b, uint32_t c, unsigned mode) {
  static const uint16_t tables[7][4] = {{},
                                        {0x3210, 0x4321, 0x5432, 0x6543},
                                        {0x5670, 0x6701, 0x7012, 0x0123},
                                        {0x0000, 0x1111, 0x2222, 0x3333},
                                        {0x3210, 0x3211, 0x3222, 0x3333},
                                        {0x0000, 0x1110, 0x2210, 0x3210},
                                        {0x1010, 0x3232, 0x1010, 0x3232}};
  uint32_t selector = mode ? tables[mode][c & 3] : c, result = 0;
  uint64_t both = uint64_t(b) << 32 | a;
  for (unsigned k = 0; k < 4; ++k) {
    uint32_t select = selector >> 4 * k & 15;
    uint32_t byte = both >> 8 * (select & 7) & 255;
    if (select & 8)
      byte = byte & 128 ? 255 : 0;
    result |= byte << 8 * k;
  }
  return result;
}
void prmtLanes(Warp &w, const Op &o, Lanes lanes) {
  const uint32_t *a = w.lanes<uint32_t>(o.a), *b = w.lanes<uint32_t>(o.b), *c = w.lanes<uint32_t>(o.c);
  unsigned mode = o.flags;
  setLanes(w.lanes<uint32_t>(o.d), lanes, [=](int i) { return permute(a[i], b[i], c[i], mode); });
}
void prmt(Assembler &a) {
  a.needType({Type::b32});
  uint8_t mode = 0;
  for (uint8_t i = 1; i < 7; ++i)
    if (a.take(permuteModes[i]))
      mode = i;
  a.check(4);
  emitThree(a, prmtLanes, Type::b32, Type::b32);
  a.last().flags = mode;
}

// ---- fields ----
template <class T> void extract(Warp &w, const Op &o, Lanes lanes) {
  const T *a = w.lanes<T>(o.a);
  const uint32_t *b = w.lanes<uint32_t>(o.b), *c = w.lanes<uint32_t>(o.c);
  using U = std::make_unsigned_t<T>;
  constexpr uint32_t width = sizeof(T) * 8;
  setLanes(w.lanes<T>(o.d), lanes, [=](int i) {
    uint32_t from = b[i] & 255, length = c[i] & 255;
    if (length == 0)
      return T(0);
    uint32_t top = std::min(from + length - 1, width - 1);
    U fill = std::is_signed_v<T> && (U(a[i]) >> top & 1) ? ~U(0) : U(0);
    U value = from < width ? U(a[i]) >> from : fill;
    U kept = from < width ? top - from + 1 : 0; // bits of the field that a has
    U mask = kept >= width ? ~U(0) : (U(1) << kept) - 1;
    return static_cast<T>((value & mask) | (fill & ~mask));
  });
}
void bfe(Assembler &a) {
  Type type = a.needType({Type::u32, Type::u64, Type::s32, Type::s64});
  a.check(4);
  Handler run = type == Type::u32   ? extract<uint32_t>
                : type == Type::u64 ? extract<uint64_t>
                : type == Type::s32 ? extract<int32_t>
                                    : extract<int64_t>;
  Slot x = a.source(1, type), y = a.source(2, Type::u32), z = a.source(3, Type::u32);
  a.emit(run, Op::plain, a.target(0, type), x, y, z);
}

template <class T> void insert(Warp &w, const Op &o, Lanes lanes) {
  const T *a = w.lanes<T>(o.a), *b = w.lanes<T>(o.b);
  const uint32_t *c = w.lanes<uint32_t>(o.c), *length = w.lanes<uint32_t>(static_cast<Slot>(o.immediate));
  constexpr uint32_t width = sizeof(T) * 8;
  Lanes from = w.undefined[o.a] | w.undefined[o.b] | w.undefined[o.c] | w.undefined[o.immediate];
  setLanes(w.lanes<T>(o.d), lanes, [=](int i) {
    uint32_t at = c[i] & 255, bits = length[i] & 255;
    if (at >= width)
      return b[i];
    T mask = static_cast<T>((bits >= width ? ~T(0) : (T(1) << bits) - 1) << at);
    return static_cast<T>((b[i] & ~mask) | (a[i] << at & mask));
  });
  w.define(o.d, lanes, from);
}
void bfi(Assembler &a) {
  Type type = a.needType({Type::b32, Type::b64});
  a.check(5);
  Slot x = a.source(1, type), y = a.source(2, type), z = a.source(3, Type::u32), n = a.source(4, Type::u32);
  a.emit(type == Type::b32 ? insert<uint32_t> : insert<uint64_t>, Op::own, a.target(0, type), x, y, z).immediate = n;
}

template <class T, bool amount> struct Find {
  uint32_t operator()(T a) const {
    using U = std::make_unsigned_t<T>;
    U value = std::is_signed_v<T> && a < 0 ? static_cast<U>(~a) : static_cast<U>(a);
    if (value == 0)
      return ~0u;
    uint32_t at = sizeof(T) * 8 - 1 - CountLeading()(value);
    return amount ? sizeof(T) * 8 - 1 - at : at;
  }
};
template <class T> Handler finder(bool amount) {
  return amount ? unaryLanes<uint32_t, T, Find<T, true>> : unaryLanes<uint32_t, T, Find<T, false>>;
}
void bfind(Assembler &a) {
  bool amount = a.take("shiftamt");
  Type type = a.needType({Type::u32, Type::u64, Type::s32, Type::s64});
  a.check(2);
  Slot x = a.source(1, type);
  Handler run = type == Type::u32   ? finder<uint32_t>(amount)
                : type == Type::u64 ? finder<uint64_t>(amount)
                : type == Type::s32 ? finder<int32_t>(amount)
                                    : finder<int64_t>(amount);
  a.emit(run, Op::plain, a.target(0, Type::u32), x);
}

template <class F, bool countsBits> void unaryBits(Assembler &a) {
  Type type = a.needType({Type::b32, Type::b64});
  a.check(2);
  Slot x = a.source(1, type), d = a.target(0, countsBits ? Type::u32 : type);
  Handler run = type == Type::b32 ? unaryLanes<uint32_t, uint32_t, F>
                : countsBits      ? unaryLanes<uint32_t, uint64_t, F>
                                  : unaryLanes<uint64_t, uint64_t, F>;
  a.emit(run, Op::plain, d, x);
}

template <bool wrap> struct Mask {
  uint32_t operator()(uint32_t a, uint32_t b) const {
    if (wrap)
      a &= 31, b &= 31;
    if (a >= 32 || b == 0)
      return 0;
    return (b >= 32 ? ~0u : (1u << b) - 1) << a;
  }
};
void bmsk(Assembler &a) {
  std::string_view mode = a.takeAny({"clamp", "wrap"});
  a.needType({Type::b32});
  a.check(3);
  Slot x = a.source(1, Type::b32), y = a.source(2, Type::b32);
  a.emit(mode == "wrap" ? binaryLanes<uint32_t, uint32_t, Mask<true>> : binaryLanes<uint32_t, uint32_t, Mask<false>>,
         Op::plain, a.target(0, Type::b32), x, y);
}

/// Keeps the lowest b bits, extended by their sign or by zeros.
template <class T, bool wrap> struct Extend {
  T operator()(T a, T b) const {
    uint32_t bits = wrap ? static_cast<uint32_t>(b) & 31 : static_cast<uint32_t>(b);
    if (bits >= 32)
      return a;
    if (bits == 0)
      return 0;
    uint32_t top = static_cast<uint32_t>(a) << (32 - bits);
    return std::is_signed_v<T> ? static_cast<T>(static_cast<int32_t>(top) >> (32 - bits))
                               : static_cast<T>(top >> (32 - bits));
  }
};
void szext(Assembler &a) {
  bool wrap = a.takeAny({"clamp", "wrap"}) == "wrap";
  Type type = a.needType({Type::u32, Type::s32});
  a.check(3);
  Slot x = a.source(1, type), y = a.source(2, Type::u32);
  Handler run = type == Type::u32 ? (wrap ? binaryLanes<uint32_t, uint32_t, Extend<uint32_t, true>>
                                          : binaryLanes<uint32_t, uint32_t, Extend<uint32_t, false>>)
                                  : (wrap ? binaryLanes<int32_t, int32_t, Extend<int32_t, true>>
                                          : binaryLanes<int32_t, int32_t, Extend<int32_t, false>>);
  a.emit(run, Op::plain, a.target(0, type), x, y);
}

/// The n-th set bit of a mask from a base, upwards or downwards.
struct FindNth {
  uint32_t operator()(uint32_t mask, uint32_t base, uint32_t offset) const {
    int32_t n = static_cast<int32_t>(offset), step = n < 0 ? -1 : 1, left = n < 0 ? -n : n;
    if (base > 31 || left > 32)
      return ~0u;
    if (n == 0)
      return mask >> base & 1 ? base : ~0u;
    for (int32_t at = static_cast<int32_t>(base); at >= 0 && at < 32; at += step)
      if (mask >> at & 1 && --left == 0)
        return static_cast<uint32_t>(at);
    return ~0u;
  }
};
} // namespace

void addBitOps(Families &families) {
  families["and"] = logic<And>;
  families["or"] = logic<Or>;
  families["xor"] = logic<Xor>;
  families["not"] = inverse<Not>;
  families["cnot"] = inverse<Cnot>;
  families["shl"] = families["shr"] = shift;
  families["shf"] = shf;
  families["lop3"] = lop3;
  families["prmt"] = prmt;
  families["bfe"] = bfe;
  families["bfi"] = bfi;
  families["bfind"] = bfind;
  families["brev"] = unaryBits<Reverse, false>;
  families["clz"] = unaryBits<CountLeading, true>;
  families["popc"] = unaryBits<CountOnes, true>;
  families["bmsk"] = bmsk;
  families["szext"] = szext;
  families["fns"] = [](Assembler &a) {
    a.needType({Type::b32});
    a.check(4);
    emitThree(a, ternaryLanes<uint32_t, uint32_t, FindNth>, Type::b32, Type::u32);
  };
}

} // namespace adze::ptx
