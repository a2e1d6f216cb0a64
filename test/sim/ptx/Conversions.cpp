// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cvt and cvt.pack. The common pairs of types have loops of their own; all others go through 64 bits.
#include "test/sim/ptx/Assembler.h"
#include "test/sim/ptx/Lanes.h"
#include "test/sim/ptx/Rounding.h"

namespace adze::ptx {

namespace {
/// Op::extra.
struct Conversion {
  Type to = Type::none, from = Type::none;
  unsigned toBytes = 0, fromBytes = 0; ///< of the registers
  Round mode = Round::nearest;
  bool toIntegral = false; ///< a floating-point result that is an integer
  bool ftz = false, sat = false, relu = false, finite = false;
};

const Format *formatOf(Type type) {
  switch (type) {
  case Type::f16:
  case Type::f16x2:
    return &halfFormat;
  case Type::bf16:
  case Type::bf16x2:
    return &bf16Format;
  case Type::tf32:
    return &tf32Format;
  case Type::f32:
    return &singleFormat;
  case Type::e4m3x2:
    return &e4m3Format;
  case Type::e5m2x2:
    return &e5m2Format;
  default:
    return nullptr;
  }
}

uint64_t readLane(Warp &w, Slot slot, unsigned bytes, int lane) {
  return bytes == 2   ? w.lanes<uint16_t>(slot)[lane]
         : bytes == 4 ? w.lanes<uint32_t>(slot)[lane]
                      : w.lanes<uint64_t>(slot)[lane];
}
void writeLane(Warp &w, Slot slot, unsigned bytes, int lane, uint64_t value) {
  if (bytes == 2)
    w.lanes<uint16_t>(slot)[lane] = static_cast<uint16_t>(value);
  else if (bytes == 4)
    w.lanes<uint32_t>(slot)[lane] = static_cast<uint32_t>(value);
  else
    w.lanes<uint64_t>(slot)[lane] = value;
}

uint64_t truncated(uint64_t bits, Type type) {
  unsigned unused = 64 - bytesOf(type) * 8;
  return isSigned(type) ? static_cast<uint64_t>(static_cast<int64_t>(bits << unused) >> unused)
                        : bits << unused >> unused;
}

double readFloat(uint64_t bits, const Conversion &how) {
  if (how.from == Type::f64)
    return bitsAs<double>(bits);
  if (how.from == Type::f32) {
    float x = bitsAs<float>(static_cast<uint32_t>(bits));
    return how.ftz ? flush(x) : x;
  }
  return how.from == Type::f16 ? fromHalf(static_cast<uint16_t>(bits)) : fromBf16(static_cast<uint16_t>(bits));
}

/// The bits of a floating-point result.
uint64_t writeFloat(double x, const Conversion &how, Type to) {
  if (how.relu)
    x = x != x ? x : x > 0 ? x : 0.0;
  if (how.sat)
    x = saturate(x);
  if (to == Type::f64)
    return bitsAs<uint64_t>(x);
  const Format &format = *formatOf(to);
  x = quantise(x, format, how.mode, how.finite);
  if (to == Type::f32 || to == Type::tf32) {
    float single = canonical(static_cast<float>(x));
    return bitsAs<uint32_t>(how.ftz ? flush(single) : single);
  }
  return encode(x, format);
}

void integerRange(Type type, double &low, double &end) {
  int bits = static_cast<int>(bytesOf(type)) * 8;
  low = isSigned(type) ? -std::ldexp(1, bits - 1) : 0;
  end = std::ldexp(1, isSigned(type) ? bits - 1 : bits);
}

uint64_t integerOf(double x, const Conversion &how) {
  if (x != x)
    return 0;
  x = toInteger(x, how.mode);
  double low, end;
  integerRange(how.to, low, end);
  if (x <= low)
    return truncated(static_cast<uint64_t>(static_cast<int64_t>(low)), how.to);
  if (x >= end)
    return isSigned(how.to) ? (1ull << (bytesOf(how.to) * 8 - 1)) - 1 : truncated(~0ull, how.to);
  return x < 0 ? static_cast<uint64_t>(static_cast<int64_t>(x)) : static_cast<uint64_t>(x);
}

uint64_t clamped(uint64_t bits, bool isNegative, Type to) {
  unsigned width = bytesOf(to) * 8;
  uint64_t most = isSigned(to) ? (1ull << (width - 1)) - 1 : width == 64 ? ~0ull : (1ull << width) - 1;
  if (!isNegative)
    return std::min(bits, most);
  if (!isSigned(to))
    return 0;
  int64_t least = width == 64 ? INT64_MIN : -(1ll << (width - 1));
  return static_cast<uint64_t>(std::max(static_cast<int64_t>(bits), least));
}

/// An integer as f64 in any rounding mode.
double realOf(uint64_t magnitude, bool negative, Round mode) {
  double x = static_cast<double>(magnitude);
  auto exact = static_cast<unsigned __int128>(x);
  bool up = mode == Round::up ? !negative : mode == Round::down ? negative : false;
  if (mode != Round::nearest && exact > magnitude && !up)
    x = std::nextafter(x, 0.0);
  if (mode != Round::nearest && exact < magnitude && up)
    x = std::nextafter(x, HUGE_VAL);
  return negative ? -x : x;
}

uint64_t convert(uint64_t bits, const Conversion &how) {
  if (isFloat(how.from)) {
    double x = readFloat(bits, how);
    if (!isFloat(how.to))
      return integerOf(x, how);
    if (how.toIntegral) {
      Conversion exact = how;
      double integral = std::copysign(toInteger(x, how.mode), x);
      exact.mode = Round::nearest;
      return writeFloat(integral, exact, how.to);
    }
    return writeFloat(x, how, how.to);
  }
  bits = truncated(bits, how.from);
  bool negative = isSigned(how.from) && static_cast<int64_t>(bits) < 0;
  if (!isFloat(how.to))
    return truncated(how.sat ? clamped(bits, negative, how.to) : bits, how.to);
  uint64_t magnitude = negative ? 0 - bits : bits;
  if (how.to == Type::f64)
    return writeFloat(realOf(magnitude, negative, how.mode), how, how.to);
  return writeFloat(oddFromInteger(magnitude, negative), how, how.to);
}

void convertLanes(Warp &w, const Op &o, Lanes lanes) {
  const Conversion &how = *static_cast<const Conversion *>(o.extra);
  eachOf(lanes, [&](int i) { writeLane(w, o.d, how.toBytes, i, convert(readLane(w, o.a, how.fromBytes, i), how)); });
}

// ---- the common ones ----
struct Cast {
  template <class T> T operator()(T a) const { return a; }
};
template <class R, class S, class T> void resize(Warp &w, const Op &o, Lanes lanes) {
  const T *a = w.lanes<T>(o.a);
  setLanes(w.lanes<R>(o.d), lanes, [=](int i) { return static_cast<R>(static_cast<S>(a[i])); });
}
void halfToSingle(Warp &w, const Op &o, Lanes lanes) {
  const uint16_t *a = w.lanes<uint16_t>(o.a);
  setLanes(w.lanes<float>(o.d), lanes, [=](int i) { return fromHalf(a[i]); });
}
void singleToHalf(Warp &w, const Op &o, Lanes lanes) {
  const float *a = w.lanes<float>(o.a);
  setLanes(w.lanes<uint16_t>(o.d), lanes, [=](int i) { return toHalf(a[i]); });
}
void truncateToInt(Warp &w, const Op &o, Lanes lanes) {
  const float *a = w.lanes<float>(o.a);
  setLanes(w.lanes<int32_t>(o.d), lanes, [=](int i) {
    float x = a[i];
    float inside = x >= -0x1p31f && x < 0x1p31f ? x : 0.0f;
    int32_t result = static_cast<int32_t>(inside);
    return x >= 0x1p31f ? INT32_MAX : x < -0x1p31f ? INT32_MIN : result;
  });
}

Handler fastOf(const Conversion &how) {
  struct Row {
    Type to, from;
    unsigned toBytes, fromBytes;
    Round mode;
    Handler run;
  };
  static const Row rows[] = {
      {Type::s64, Type::s32, 8, 4, Round::nearest, resize<uint64_t, int32_t, uint32_t>},
      {Type::u64, Type::u32, 8, 4, Round::nearest, resize<uint64_t, uint32_t, uint32_t>},
      {Type::s64, Type::u32, 8, 4, Round::nearest, resize<uint64_t, uint32_t, uint32_t>},
      {Type::u64, Type::s32, 8, 4, Round::nearest, resize<uint64_t, int32_t, uint32_t>},
      {Type::u32, Type::u64, 4, 8, Round::nearest, resize<uint32_t, uint32_t, uint64_t>},
      {Type::u32, Type::s64, 4, 8, Round::nearest, resize<uint32_t, uint32_t, uint64_t>},
      {Type::s32, Type::s64, 4, 8, Round::nearest, resize<uint32_t, uint32_t, uint64_t>},
      {Type::s32, Type::u64, 4, 8, Round::nearest, resize<uint32_t, uint32_t, uint64_t>},
      {Type::u32, Type::u16, 4, 2, Round::nearest, resize<uint32_t, uint16_t, uint16_t>},
      {Type::s32, Type::s16, 4, 2, Round::nearest, resize<uint32_t, int16_t, uint16_t>},
      {Type::u16, Type::u32, 2, 4, Round::nearest, resize<uint16_t, uint16_t, uint32_t>},
      {Type::u32, Type::u8, 4, 2, Round::nearest, resize<uint32_t, uint8_t, uint16_t>},
      {Type::s32, Type::s8, 4, 2, Round::nearest, resize<uint32_t, int8_t, uint16_t>},
      {Type::u32, Type::u8, 4, 4, Round::nearest, resize<uint32_t, uint8_t, uint32_t>},
      {Type::s32, Type::s8, 4, 4, Round::nearest, resize<uint32_t, int8_t, uint32_t>},
      {Type::f32, Type::s32, 4, 4, Round::nearest, resize<float, int32_t, int32_t>},
      {Type::f32, Type::u32, 4, 4, Round::nearest, resize<float, uint32_t, uint32_t>},
      {Type::f64, Type::s32, 8, 4, Round::nearest, resize<double, int32_t, int32_t>},
      {Type::f64, Type::u32, 8, 4, Round::nearest, resize<double, uint32_t, uint32_t>},
      {Type::f64, Type::f32, 8, 4, Round::nearest, resize<double, float, float>},
      {Type::f32, Type::f16, 4, 2, Round::nearest, halfToSingle},
      {Type::f16, Type::f32, 2, 4, Round::nearest, singleToHalf},
      {Type::s32, Type::f32, 4, 4, Round::zero, truncateToInt},
  };
  if (how.ftz || how.sat || how.relu || how.finite || how.toIntegral)
    return nullptr;
  for (const Row &row : rows)
    if (row.to == how.to && row.from == how.from && row.toBytes == how.toBytes && row.fromBytes == how.fromBytes &&
        row.mode == how.mode)
      return row.run;
  return nullptr;
}

// ---- two values to one register ----
void packPair(Warp &w, const Op &o, Lanes lanes) {
  const Conversion &how = *static_cast<const Conversion *>(o.extra);
  unsigned width = bytesOf(how.to) * 4;
  eachOf(lanes, [&](int i) {
    uint64_t high = convert(readLane(w, o.a, 4, i), how), low = convert(readLane(w, o.b, 4, i), how);
    writeLane(w, o.d, how.toBytes, i, low | high << width);
  });
}
/// f16x2 and e4m3x2 or e5m2x2, either way.
void recodePair(Warp &w, const Op &o, Lanes lanes) {
  const Conversion &how = *static_cast<const Conversion *>(o.extra);
  unsigned fromWidth = bytesOf(how.from) * 4, toWidth = bytesOf(how.to) * 4;
  eachOf(lanes, [&](int i) {
    uint64_t bits = readLane(w, o.a, how.fromBytes, i), result = 0;
    for (unsigned k = 0; k < 2; ++k) {
      uint32_t one = static_cast<uint32_t>(bits >> fromWidth * k) & ((1u << fromWidth) - 1);
      result |= writeFloat(decode(one, *formatOf(how.from)), how, how.to) << toWidth * k;
    }
    writeLane(w, o.d, how.toBytes, i, result);
  });
}

bool isPair(Type type) {
  return type == Type::f16x2 || type == Type::bf16x2 || type == Type::e4m3x2 || type == Type::e5m2x2;
}

void takeRounding(Assembler &a, Conversion &how, bool &given) {
  static const std::pair<const char *, Round> modes[] = {
      {"rn", Round::nearest},  {"rz", Round::zero},  {"rm", Round::down},  {"rp", Round::up}, {"rna", Round::away},
      {"rni", Round::nearest}, {"rzi", Round::zero}, {"rmi", Round::down}, {"rpi", Round::up}};
  given = false;
  for (auto [name, mode] : modes)
    if (!given && a.take(name)) {
      how.mode = mode;
      how.toIntegral = name[2] == 'i';
      given = true;
    }
}

void pairs(Assembler &a, Conversion &how) {
  bool fromPair = isPair(how.from);
  if (!isPair(how.to) || !(fromPair || how.from == Type::f32))
    a.fail("a conversion that is not known");
  a.check(fromPair ? 2 : 3);
  Slot x = a.source(1, how.from), y = fromPair ? 0 : a.source(2, how.from);
  how.toBytes = bytesOf(how.to);
  how.fromBytes = bytesOf(how.from);
  how.finite = how.finite || how.to == Type::e4m3x2;
  a.extra<Conversion>(a.emit(fromPair ? recodePair : packPair, Op::plain, a.target(0, how.to), x, y)) = how;
}

void packSaturated(Warp &w, const Op &o, Lanes lanes) {
  const Conversion &how = *static_cast<const Conversion *>(o.extra);
  const int32_t *a = w.lanes<int32_t>(o.a), *b = w.lanes<int32_t>(o.b);
  const uint32_t *c = w.lanes<uint32_t>(o.c);
  uint32_t *d = w.lanes<uint32_t>(o.d);
  unsigned width = bytesOf(how.to) * 8;
  eachOf(lanes, [&](int i) {
    auto one = [&](int32_t x) {
      bool negative = isSigned(how.from) && x < 0;
      uint64_t bits = isSigned(how.from) ? static_cast<uint64_t>(int64_t(x)) : static_cast<uint32_t>(x);
      return static_cast<uint32_t>(clamped(bits, negative, how.to)) & ((1u << width) - 1);
    };
    uint32_t both = one(a[i]) << width | one(b[i]);
    d[i] = width == 16 ? both : c[i] << 16 | both;
  });
}

void pack(Assembler &a) {
  Conversion how;
  if (!a.take("sat"))
    a.fail("needs .sat");
  how.to = a.needType({Type::u16, Type::s16, Type::u8, Type::s8});
  how.from = a.needType({Type::s32, Type::u32});
  bool third = a.takeType() == Type::b32;
  a.check(third ? 4 : 3);
  Slot x = a.source(1, how.from), y = a.source(2, how.from), z = third ? a.source(3, Type::b32) : 0;
  a.extra<Conversion>(a.emit(packSaturated, Op::plain, a.target(0, Type::b32), x, y, z)) = how;
}

void cvt(Assembler &a) {
  if (a.take("pack"))
    return pack(a);
  Conversion how;
  bool rounds;
  takeRounding(a, how, rounds);
  how.ftz = a.take("ftz");
  how.sat = a.take("sat");
  how.finite = a.take("satfinite");
  how.relu = a.take("relu");
  how.to = a.needType();
  how.from = a.needType();
  if (isPair(how.to) || isPair(how.from))
    return pairs(a, how);
  bool known = (isFloat(how.to) || isInteger(how.to)) && (isFloat(how.from) || isInteger(how.from)) &&
               how.to != Type::pred && how.from != Type::tf32;
  bool needsRounding = (isFloat(how.to) != isFloat(how.from)) ||
                       (isFloat(how.to) && bytesOf(how.to) < bytesOf(how.from)) || how.to == Type::tf32;
  if (!known || (needsRounding && !rounds))
    a.fail(known ? "needs a rounding mode" : "a conversion that is not known");
  how.toIntegral = how.toIntegral && isFloat(how.to);
  a.check(2);
  Slot x = a.wideSource(a.operand(1), how.from, how.fromBytes);
  Slot d = a.wideTarget(a.operand(0), how.to, how.toBytes);
  Handler fast = fastOf(how);
  a.extra<Conversion>(a.emit(fast ? fast : convertLanes, Op::plain, d, x)) = how;
}
} // namespace

void addConversions(Families &families) { families["cvt"] = cvt; }

} // namespace adze::ptx
