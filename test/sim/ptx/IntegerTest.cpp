// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Integer and bit instructions against the host's arithmetic and the tables of the ISA's text.
#include "test/sim/ptx/Harness.h"
#include <climits>
#include <functional>
#include <random>

namespace adze::ptx {
namespace {

/// Values around the edges of a type, and random ones.
template <class T> std::vector<uint64_t> samples(unsigned seed, size_t count = 256) {
  std::mt19937_64 random(seed);
  std::vector<uint64_t> list;
  const T edges[] = {0,
                     1,
                     2,
                     static_cast<T>(-1),
                     static_cast<T>(-2),
                     std::numeric_limits<T>::min(),
                     std::numeric_limits<T>::max(),
                     static_cast<T>(std::numeric_limits<T>::max() - 1),
                     31,
                     32,
                     33,
                     63,
                     64,
                     255};
  for (size_t i = 0; i < count; ++i) {
    uint64_t x = random(), shift = random() % 64;
    T value = i % 3 == 0 ? edges[x % (sizeof(edges) / sizeof(T))] : static_cast<T>(x >> (i % 3 == 1 ? shift : 0));
    list.push_back(toBits(value));
  }
  return list;
}

template <class R, class T>
void compare(const std::string &code, const std::string &type, const std::string &result,
             std::function<R(T, T, T)> expected, int sm = 80) {
  auto a = samples<T>(1), b = samples<T>(2), c = samples<T>(3);
  auto got = evaluate({code, result, {type, type, type}}, {a, b, c}, sm);
  for (size_t i = 0; i < a.size(); ++i) {
    T x = fromBits<T>(a[i]), y = fromBits<T>(b[i]), z = fromBits<T>(c[i]);
    ASSERT_EQ(fromBits<R>(got[i]), expected(x, y, z)) << code << " of " << +x << ", " << +y << ", " << +z;
  }
}

TEST(PtxInteger, Arithmetic32) {
  using I = int32_t;
  using U = uint32_t;
  compare<I, I>("add.s32 %d, %a, %b;", "b32", "b32", [](I a, I b, I) { return I(U(a) + U(b)); });
  compare<I, I>("sub.s32 %d, %a, %b;", "b32", "b32", [](I a, I b, I) { return I(U(a) - U(b)); });
  compare<I, I>("mul.lo.s32 %d, %a, %b;", "b32", "b32", [](I a, I b, I) { return I(U(a) * U(b)); });
  compare<I, I>("mul.hi.s32 %d, %a, %b;", "b32", "b32", [](I a, I b, I) { return I(int64_t(a) * b >> 32); });
  compare<U, U>("mul.hi.u32 %d, %a, %b;", "b32", "b32", [](U a, U b, U) { return U(uint64_t(a) * b >> 32); });
  compare<int64_t, I>("mul.wide.s32 %d, %a, %b;", "b32", "b64", [](I a, I b, I) { return int64_t(a) * b; });
  compare<uint64_t, U>("mul.wide.u32 %d, %a, %b;", "b32", "b64", [](U a, U b, U) { return uint64_t(a) * b; });
  compare<I, I>("mad.lo.s32 %d, %a, %b, %c;", "b32", "b32", [](I a, I b, I c) { return I(U(a) * U(b) + U(c)); });
  compare<I, I>("mad.hi.s32 %d, %a, %b, %c;", "b32", "b32",
                [](I a, I b, I c) { return I(U(int64_t(a) * b >> 32) + U(c)); });
  compare<I, I>("add.sat.s32 %d, %a, %b;", "b32", "b32",
                [](I a, I b, I) { return I(std::min<int64_t>(INT_MAX, std::max<int64_t>(INT_MIN, int64_t(a) + b))); });
  compare<I, I>("sub.sat.s32 %d, %a, %b;", "b32", "b32",
                [](I a, I b, I) { return I(std::min<int64_t>(INT_MAX, std::max<int64_t>(INT_MIN, int64_t(a) - b))); });
  compare<I, I>("min.s32 %d, %a, %b;", "b32", "b32", [](I a, I b, I) { return std::min(a, b); });
  compare<U, U>("max.u32 %d, %a, %b;", "b32", "b32", [](U a, U b, U) { return std::max(a, b); });
  compare<I, I>("abs.s32 %d, %a;", "b32", "b32", [](I a, I, I) { return a < 0 ? I(0u - U(a)) : a; });
  compare<I, I>("neg.s32 %d, %a;", "b32", "b32", [](I a, I, I) { return I(0u - U(a)); });
  compare<U, U>("sad.u32 %d, %a, %b, %c;", "b32", "b32", [](U a, U b, U c) { return c + (a > b ? a - b : b - a); });
  compare<I, I>("sad.s32 %d, %a, %b, %c;", "b32", "b32",
                [](I a, I b, I c) { return I(U(c) + (a > b ? U(a) - U(b) : U(b) - U(a))); });
}

TEST(PtxInteger, Division) {
  using I = int32_t;
  // By zero: all ones, as cards give; the remainder is the dividend.
  compare<I, I>("div.s32 %d, %a, %b;", "b32", "b32", [](I a, I b, I) {
    return b == 0 ? -1 : b == -1 ? I(0u - uint32_t(a)) : a / b;
  });
  compare<uint32_t, uint32_t>("div.u32 %d, %a, %b;", "b32", "b32",
                              [](uint32_t a, uint32_t b, uint32_t) { return b ? a / b : ~0u; });
  compare<I, I>("rem.s32 %d, %a, %b;", "b32", "b32", [](I a, I b, I) { return b == 0 ? a : b == -1 ? 0 : a % b; });
  using L = int64_t;
  compare<L, L>("div.s64 %d, %a, %b;", "b64", "b64", [](L a, L b, L) {
    return b == 0 ? -1 : b == -1 ? L(0u - uint64_t(a)) : a / b;
  });
  compare<uint64_t, uint64_t>("rem.u64 %d, %a, %b;", "b64", "b64",
                              [](uint64_t a, uint64_t b, uint64_t) { return b ? a % b : a; });
  using S = int16_t;
  compare<S, S>("div.s16 %d, %a, %b;", "b16", "b16", [](S a, S b, S) { return S(b == 0 ? -1 : a / b); });
}

TEST(PtxInteger, Arithmetic16And64) {
  using S = int16_t;
  using L = int64_t;
  using U = uint64_t;
  compare<S, S>("add.s16 %d, %a, %b;", "b16", "b16", [](S a, S b, S) { return S(a + b); });
  compare<S, S>("mul.hi.s16 %d, %a, %b;", "b16", "b16", [](S a, S b, S) { return S(a * b >> 16); });
  compare<int32_t, S>("mul.wide.s16 %d, %a, %b;", "b16", "b32", [](S a, S b, S) { return a * b; });
  compare<L, L>("mad.lo.s64 %d, %a, %b, %c;", "b64", "b64", [](L a, L b, L c) { return L(U(a) * U(b) + U(c)); });
  compare<L, L>("mul.hi.s64 %d, %a, %b;", "b64", "b64", [](L a, L b, L) { return L(__int128(a) * b >> 64); });
  compare<U, U>("mul.hi.u64 %d, %a, %b;", "b64", "b64", [](U a, U b, U) { return U((unsigned __int128)a * b >> 64); });
  compare<L, L>("max.s64 %d, %a, %b;", "b64", "b64", [](L a, L b, L) { return std::max(a, b); });
}

TEST(PtxInteger, Carry) {
  using U = uint32_t;
  std::string code = ".reg .b32 l; add.cc.u32 l, %a, %b; addc.u32 %d, %c, %c;";
  compare<U, U>(code, "b32", "b32", [](U a, U b, U c) { return c + c + ((uint64_t(a) + b) >> 32 ? 1 : 0); });
  code = ".reg .b32 l; sub.cc.u32 l, %a, %b; subc.u32 %d, %c, %a;";
  compare<U, U>(code, "b32", "b32", [](U a, U b, U c) { return c - a - (a < b); });
  code = ".reg .b32 l; mad.lo.cc.u32 l, %a, %b, %c; madc.hi.u32 %d, %a, %b, %c;";
  compare<U, U>(code, "b32", "b32", [](U a, U b, U c) {
    uint64_t low = uint64_t(U(a * b)) + c;
    return U(uint64_t(a) * b >> 32) + c + U(low >> 32);
  });
}

TEST(PtxInteger, ShiftsClampToTheWidth) {
  using U = uint32_t;
  using I = int32_t;
  compare<U, U>("shl.b32 %d, %a, %b;", "b32", "b32", [](U a, U b, U) { return b > 31 ? 0 : a << b; });
  compare<U, U>("shr.u32 %d, %a, %b;", "b32", "b32", [](U a, U b, U) { return b > 31 ? 0 : a >> b; });
  compare<I, I>("shr.s32 %d, %a, %b;", "b32", "b32", [](I a, I b, I) { return a >> std::min<U>(U(b), 31); });
  auto a = samples<uint64_t>(5), by = samples<U>(6);
  auto left = evaluate({"shl.b64 %d, %a, %b;", "b64", {"b64", "b32"}}, {a, by});
  auto right = evaluate({"shr.s64 %d, %a, %b;", "b64", {"b64", "b32"}}, {a, by});
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(left[i], by[i] > 63 ? 0 : a[i] << by[i]);
    EXPECT_EQ(int64_t(right[i]), int64_t(a[i]) >> std::min<uint64_t>(by[i], 63));
  }
  compare<U, U>("shf.l.wrap.b32 %d, %a, %b, %c;", "b32", "b32",
                [](U a, U b, U c) { return c & 31 ? b << (c & 31) | a >> (32 - (c & 31)) : b; });
  compare<U, U>("shf.r.clamp.b32 %d, %a, %b, %c;", "b32", "b32",
                [](U a, U b, U c) { return U((uint64_t(b) << 32 | a) >> std::min(c, 32u)); });
  compare<U, U>("shf.l.clamp.b32 %d, %a, %b, %c;", "b32", "b32", [](U a, U b, U c) {
    return c >= 32 ? a : c ? b << c | a >> (32 - c) : b;
  });
}

TEST(PtxInteger, Logic) {
  using U = uint32_t;
  compare<U, U>("and.b32 %d, %a, %b;", "b32", "b32", [](U a, U b, U) { return a & b; });
  compare<U, U>("not.b32 %d, %a;", "b32", "b32", [](U a, U, U) { return ~a; });
  compare<U, U>("cnot.b32 %d, %a;", "b32", "b32", [](U a, U, U) { return U(a == 0); });
  for (unsigned table : {0x80u, 0xfeu, 0x96u, 0xe8u, 0xcau, 0x1u})
    compare<U, U>("lop3.b32 %d, %a, %b, %c, " + std::to_string(table) + ";", "b32", "b32", [=](U a, U b, U c) {
      U result = 0;
      for (int bit = 0; bit < 32; ++bit)
        result |= (table >> ((a >> bit & 1) * 4 + (b >> bit & 1) * 2 + (c >> bit & 1)) & 1) << bit;
      return result;
    });
}

/// bfe and bfi as the ISA's text writes them, bit by bit.
template <class T> T extractedBits(T a, uint32_t b, uint32_t c) {
  using U = std::make_unsigned_t<T>;
  uint32_t most = sizeof(T) * 8 - 1, from = b & 255, length = c & 255;
  U sign = std::is_unsigned_v<T> || length == 0 ? 0 : U(a) >> std::min(from + length - 1, most) & 1, d = 0;
  for (uint32_t i = 0; i <= most; ++i)
    d |= (i < length && from + i <= most ? U(a) >> (from + i) & 1 : sign) << i;
  return T(d);
}

TEST(PtxInteger, Fields) {
  using U = uint32_t;
  auto a = samples<uint64_t>(7), at = samples<U>(8), length = samples<U>(9);
  auto u32 = evaluate({"bfe.u32 %d, %a, %b, %c;", "b32", {"b32", "b32", "b32"}}, {a, at, length});
  auto s32 = evaluate({"bfe.s32 %d, %a, %b, %c;", "b32", {"b32", "b32", "b32"}}, {a, at, length});
  auto s64 = evaluate({"bfe.s64 %d, %a, %b, %c;", "b64", {"b64", "b32", "b32"}}, {a, at, length});
  auto bfi = evaluate({"bfi.b32 %d, %a, %b, %c, %b;", "b32", {"b32", "b32", "b32"}}, {a, length, at});
  for (size_t i = 0; i < a.size(); ++i) {
    U b = U(at[i]), c = U(length[i]);
    EXPECT_EQ(u32[i], extractedBits<U>(U(a[i]), b, c));
    EXPECT_EQ(int32_t(s32[i]), extractedBits<int32_t>(int32_t(a[i]), b, c)) << int32_t(a[i]) << " " << b << " " << c;
    EXPECT_EQ(int64_t(s64[i]), extractedBits<int64_t>(int64_t(a[i]), b, c));
    U inserted = c;
    for (U k = 0; k < (c & 255) && (b & 255) + k < 32; ++k)
      inserted = (inserted & ~(1u << ((b & 255) + k))) | (U(a[i]) >> k & 1) << ((b & 255) + k);
    EXPECT_EQ(bfi[i], inserted);
  }
}

TEST(PtxInteger, Counts) {
  using U = uint32_t;
  using L = uint64_t;
  compare<U, U>("popc.b32 %d, %a;", "b32", "b32", [](U a, U, U) { return U(__builtin_popcount(a)); });
  compare<U, U>("clz.b32 %d, %a;", "b32", "b32", [](U a, U, U) { return a ? U(__builtin_clz(a)) : 32; });
  compare<U, L>("clz.b64 %d, %a;", "b64", "b32", [](L a, L, L) { return a ? U(__builtin_clzll(a)) : 64; });
  compare<U, U>("brev.b32 %d, %a;", "b32", "b32", [](U a, U, U) {
    U d = 0;
    for (int i = 0; i < 32; ++i)
      d |= (a >> i & 1) << (31 - i);
    return d;
  });
  compare<U, U>("bfind.u32 %d, %a;", "b32", "b32", [](U a, U, U) { return a ? 31 - U(__builtin_clz(a)) : ~0u; });
  compare<U, int32_t>("bfind.s32 %d, %a;", "b32", "b32", [](int32_t a, int32_t, int32_t) {
    U x = U(a < 0 ? ~a : a);
    return x ? 31 - U(__builtin_clz(x)) : ~0u;
  });
  compare<U, U>("bfind.shiftamt.u32 %d, %a;", "b32", "b32", [](U a, U, U) { return a ? U(__builtin_clz(a)) : ~0u; });
}

TEST(PtxInteger, Permute) {
  using U = uint32_t;
  compare<U, U>("prmt.b32 %d, %a, %b, %c;", "b32", "b32", [](U a, U b, U c) {
    uint64_t both = uint64_t(b) << 32 | a;
    U d = 0;
    for (int i = 0; i < 4; ++i) {
      U select = c >> 4 * i & 15, byte = both >> 8 * (select & 7) & 255;
      d |= (select & 8 ? (byte & 128 ? 255u : 0u) : byte) << 8 * i;
    }
    return d;
  });
  auto one = [](const char *mode, U c) {
    return evaluate({"prmt.b32." + std::string(mode) + " %d, %a, %b, %c;", "b32", {"b32", "b32", "b32"}},
                    {{0x33221100}, {0x77665544}, {c}})[0];
  };
  EXPECT_EQ(one("f4e", 1), 0x44332211u);
  EXPECT_EQ(one("b4e", 1), 0x66770011u);
  EXPECT_EQ(one("rc8", 2), 0x22222222u);
  EXPECT_EQ(one("ecl", 1), 0x33221111u);
  EXPECT_EQ(one("ecr", 1), 0x11111100u);
  EXPECT_EQ(one("rc16", 1), 0x33223322u);
}

TEST(PtxInteger, DotProducts) {
  using U = uint32_t;
  compare<U, U>("dp4a.s32.u32 %d, %a, %b, %c;", "b32", "b32", [](U a, U b, U c) {
    for (int i = 0; i < 4; ++i)
      c += U(int8_t(a >> 8 * i) * int(uint8_t(b >> 8 * i)));
    return c;
  });
  compare<U, U>("dp2a.hi.u32.s32 %d, %a, %b, %c;", "b32", "b32", [](U a, U b, U c) {
    for (int i = 0; i < 2; ++i)
      c += U(int(uint16_t(a >> 16 * i)) * int8_t(b >> (16 + 8 * i)));
    return c;
  });
  compare<int32_t, int32_t>("mul24.lo.s32 %d, %a, %b;", "b32", "b32", [](int32_t a, int32_t b, int32_t) {
    return int32_t(int64_t(int32_t(U(a) << 8) >> 8) * (int32_t(U(b) << 8) >> 8));
  });
}

TEST(PtxInteger, ComparisonsAndSelections) {
  using I = int32_t;
  using U = uint32_t;
  auto set = [](const std::string &test) { return "setp." + test + " p, %a, %b; selp.b32 %d, 1, 0, p;"; };
  compare<U, I>(set("lt.s32"), "b32", "b32", [](I a, I b, I) { return U(a < b); });
  compare<U, U>(set("lt.u32"), "b32", "b32", [](U a, U b, U) { return U(a < b); });
  compare<U, U>(set("hs.u32"), "b32", "b32", [](U a, U b, U) { return U(a >= b); });
  compare<U, U>(set("ls.u32"), "b32", "b32", [](U a, U b, U) { return U(a <= b); });
  compare<U, int64_t>(set("ge.s64"), "b64", "b32", [](int64_t a, int64_t b, int64_t) { return U(a >= b); });
  compare<U, int16_t>(set("gt.s16"), "b16", "b32", [](int16_t a, int16_t b, int16_t) { return U(a > b); });
  compare<U, I>("setp.eq.s32 q, %c, 0; setp.lt.and.s32 p|q, %a, %b, !q; selp.b32 %d, 1, 0, p; @q add.u32 %d, %d, 2;",
                "b32", "b32", [](I a, I b, I c) { return U((a < b && c != 0) + 2 * (a >= b && c != 0)); });
  compare<U, I>("set.le.u32.s32 %d, %a, %b;", "b32", "b32", [](I a, I b, I) { return a <= b ? ~0u : 0u; });
  compare<float, I>("set.gt.f32.s32 %d, %a, %b;", "b32", "b32", [](I a, I b, I) { return a > b ? 1.0f : 0.0f; });
  compare<I, I>("slct.s32.s32 %d, %a, %b, %c;", "b32", "b32", [](I a, I b, I c) { return c >= 0 ? a : b; });
}

TEST(PtxInteger, Packing) {
  auto a = samples<uint64_t>(11);
  auto swapped = evaluate({".reg .b32 l, h; mov.b64 {l, h}, %a; mov.b64 %d, {h, l};", "b64", {"b64"}}, {a});
  auto quarters =
      evaluate({".reg .b16 w, x, y, z; mov.b64 {w, x, y, z}, %a; mov.b64 %d, {z, w, y, x};", "b64", {"b64"}}, {a});
  auto upper = evaluate({".reg .b16 l, h; mov.b32 {_, h}, %a; mov.b32 %d, {h, h};", "b32", {"b32"}}, {a});
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(swapped[i], a[i] << 32 | a[i] >> 32);
    uint64_t w = a[i] & 0xffff, x = a[i] >> 16 & 0xffff, y = a[i] >> 32 & 0xffff, z = a[i] >> 48;
    EXPECT_EQ(quarters[i], z | w << 16 | y << 32 | x << 48);
    EXPECT_EQ(upper[i], (a[i] >> 16 & 0xffff) * 0x10001);
  }
}

} // namespace
} // namespace adze::ptx
