// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic of f16, bf16 and their pairs. Sums and products are exact enough in f32, or f64 rounded to odd, that one
// rounding decides the result.
#include "test/sim/ptx/FloatOps.h"
#include "test/sim/ptx/Lanes.h"
#include "test/sim/ptx/Numbers.h"

namespace adze::ptx {

namespace {
enum HalfKind : uint8_t { halfAdd, halfSub, halfMul, halfFma, halfMin, halfMax, halfNeg, halfAbs };
enum HalfFlags : uint8_t { flushes = 1, saturates = 2, keepsNan = 4, relu = 8, xorsign = 16 };

template <class Format> uint16_t minMax(uint16_t a, uint16_t b, bool less, unsigned flags) {
  float x = Format::from(a), y = Format::from(b);
  uint16_t sign = (a ^ b) & 0x8000;
  if (flags & xorsign)
    a &= 0x7fff, b &= 0x7fff, x = std::fabs(x), y = std::fabs(y);
  bool first = less ? x < y || (x == y && (a & 0x8000)) : x > y || (x == y && !(a & 0x8000));
  uint16_t result = first ? a : b;
  if (x != x || y != y)
    result = (flags & keepsNan) || (x != x && y != y) ? 0x7fff : x != x ? b : a;
  return flags & xorsign ? (result & 0x7fff) | sign : result;
}

template <class Format, HalfKind kind> uint16_t compute(uint16_t a, uint16_t b, uint16_t c, unsigned flags) {
  if (kind == halfNeg || kind == halfAbs) {
    uint16_t result = kind == halfNeg ? a ^ 0x8000 : a & 0x7fff;
    return flags & flushes ? flushFormat<Format>(result) : result;
  }
  if (flags & flushes) {
    a = flushFormat<Format>(a);
    b = flushFormat<Format>(b);
    c = flushFormat<Format>(c);
  }
  if (kind == halfMin || kind == halfMax)
    return minMax<Format>(a, b, kind == halfMin, flags);
  float x = Format::from(a), y = Format::from(b), result;
  if (kind == halfFma)
    result = toOdd(addToOdd(static_cast<double>(x) * y, static_cast<double>(Format::from(c))));
  else
    result = kind == halfAdd ? x + y : kind == halfSub ? x - y : x * y;
  if (flags & saturates)
    result = saturate(result);
  uint16_t bits = Format::to(result);
  if (flags & relu)
    bits = result != result ? 0x7fff : (bits & 0x8000) ? 0 : bits;
  return flags & flushes ? flushFormat<Format>(bits) : bits;
}

template <class Format, HalfKind kind> void single(Warp &w, const Op &o, Lanes lanes) {
  const uint16_t *a = w.lanes<uint16_t>(o.a), *b = w.lanes<uint16_t>(o.b), *c = w.lanes<uint16_t>(o.c);
  unsigned flags = o.flags;
  setLanes(w.lanes<uint16_t>(o.d), lanes, [=](int i) { return compute<Format, kind>(a[i], b[i], c[i], flags); });
}

template <class Format, HalfKind kind> void pair(Warp &w, const Op &o, Lanes lanes) {
  const uint32_t *a = w.lanes<uint32_t>(o.a), *b = w.lanes<uint32_t>(o.b), *c = w.lanes<uint32_t>(o.c);
  unsigned flags = o.flags;
  setLanes(w.lanes<uint32_t>(o.d), lanes, [=](int i) {
    uint32_t low = compute<Format, kind>(static_cast<uint16_t>(a[i]), static_cast<uint16_t>(b[i]),
                                         static_cast<uint16_t>(c[i]), flags);
    uint32_t high = compute<Format, kind>(a[i] >> 16, b[i] >> 16, c[i] >> 16, flags);
    return low | high << 16;
  });
}

template <HalfKind kind> Handler byType(Type type) {
  switch (type) {
  case Type::f16:
    return single<Half, kind>;
  case Type::bf16:
    return single<Bf16, kind>;
  case Type::f16x2:
    return pair<Half, kind>;
  default:
    return pair<Bf16, kind>;
  }
}
} // namespace

void halfOp(Assembler &a, Type type) {
  struct Row {
    const char *opcode;
    unsigned sources;
    Handler (*handler)(Type);
  };
  static const Row rows[] = {{"add", 2, byType<halfAdd>}, {"sub", 2, byType<halfSub>}, {"mul", 2, byType<halfMul>},
                             {"fma", 3, byType<halfFma>}, {"min", 2, byType<halfMin>}, {"max", 2, byType<halfMax>},
                             {"neg", 1, byType<halfNeg>}, {"abs", 1, byType<halfAbs>}};
  a.take("rn");
  uint8_t flags = 0;
  flags |= a.take("ftz") ? flushes : 0;
  flags |= a.take("sat") ? saturates : 0;
  flags |= a.take("NaN") ? keepsNan : 0;
  flags |= a.take("relu") ? relu : 0;
  if (a.take("xorsign"))
    flags |= a.take("abs") ? xorsign : 0;
  for (const Row &row : rows) {
    if (a.in.opcode != row.opcode)
      continue;
    a.check(1 + row.sources);
    Slot slots[3] = {};
    for (unsigned i = 0; i < row.sources; ++i)
      slots[i] = a.source(i + 1, type);
    a.emit(row.handler(type), Op::plain, a.target(0, type), slots[0], slots[1], slots[2]).flags = flags;
    return;
  }
  a.fail(std::string("cannot be of type .") + nameOf(type));
}

} // namespace adze::ptx
