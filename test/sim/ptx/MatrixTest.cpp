// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mma.sync, ldmatrix, stmatrix, movmatrix against products of the matrices themselves. The fragments are written here
// as the ISA's text draws them, type by type.
#include "test/sim/ptx/Card.h"
#include "test/sim/ptx/Harness.h"
#include <cmath>
#include <functional>
#include <random>

namespace adze::ptx {
namespace {

using Matrix = std::vector<std::vector<double>>;

Matrix randomMatrix(int rows, int columns, unsigned seed, int low, int high) {
  std::mt19937 random(seed);
  Matrix matrix(rows, std::vector<double>(columns));
  for (auto &row : matrix)
    for (double &x : row)
      x = static_cast<int>(random() % static_cast<unsigned>(high - low + 1)) + low;
  return matrix;
}

uint16_t halfOf(double x) { // exact for the small integers of these tests
  if (x == 0)
    return 0;
  int exponent = std::ilogb(x);
  uint16_t fraction = static_cast<uint16_t>(std::ldexp(std::fabs(x), 10 - exponent));
  return static_cast<uint16_t>((x < 0 ? 0x8000 : 0) | (exponent + 15) << 10 | (fraction & 0x3ff));
}
double valueOfHalf(uint16_t h) {
  double magnitude = (h & 0x7c00) ? std::ldexp((h & 0x3ff) | 0x400, (h >> 10 & 31) - 25) : std::ldexp(h & 0x3ff, -24);
  return h & 0x8000 ? -magnitude : magnitude;
}
uint32_t bf16Of(double x) { return toBits(static_cast<float>(x)) >> 16; }

struct Fragments {
  std::string name;  ///< mma....
  int m, k, a, b, c; ///< registers of A, B, C
  int each;          ///< elements of a register of A
  std::function<uint64_t(double)> element;
  int bits;
  bool isHalfC = false, isDouble = false, isInteger = false;
  int low = -4, high = 4;
  bool isSignedB = false; ///< though A is not: from -128 on
};

/// Row and column of element i (of all elements of the lane) of A, as the tables of the ISA say.
std::pair<int, int> placeOfA(const Fragments &f, int lane, int i) {
  int group = lane >> 2, thread = lane % 4;
  if (f.isDouble)
    return {group, thread};
  if (f.m == 8)
    return {group, thread * 4 + i};
  if (f.bits == 16) // m16n8k8: a0 a1 | a2 a3; m16n8k16: a0..a7
    return {i < 2 || (i >= 4 && i < 6) ? group : group + 8, thread * 2 + (i & 1) + (i < 4 ? 0 : 8)};
  if (f.bits == 32)
    return {i == 0 || i == 2 ? group : group + 8, i < 2 ? thread : thread + 4};
  if (f.k == 16) // s8, m16n8k16
    return {i < 4 ? group : group + 8, thread * 4 + (i & 3)};
  return {i < 4 || (i >= 8 && i < 12) ? group : group + 8, thread * 4 + (i & 3) + (i < 8 ? 0 : 16)};
}
std::pair<int, int> placeOfB(const Fragments &f, int lane, int i) {
  int group = lane >> 2, thread = lane % 4;
  if (f.isDouble)
    return {thread, group};
  if (f.bits == 16)
    return {thread * 2 + (i & 1) + (i < 2 ? 0 : 8), group};
  if (f.bits == 32)
    return {thread + 4 * i, group};
  return {thread * 4 + (i & 3) + (i < 4 ? 0 : 16), group};
}
std::pair<int, int> placeOfC(const Fragments &f, int lane, int i) {
  return {(lane >> 2) + (i < 2 || f.m == 8 ? 0 : 8), lane % 4 * 2 + (i & 1)};
}

std::string registers(const char *prefix, int count) {
  std::string list = "{";
  for (int i = 0; i < count; ++i)
    list += (i ? ", " : "") + std::string(prefix) + std::to_string(i);
  return list + "}";
}

void check(const Fragments &f, int sm = 80) {
  SCOPED_TRACE(f.name);
  Matrix a = randomMatrix(f.m, f.k, 1, f.low, f.high),
         b = f.isSignedB ? randomMatrix(f.k, 8, 2, -128, 127) : randomMatrix(f.k, 8, 2, f.low, f.high),
         c = randomMatrix(f.m, 8, 3, -9, 9);
  std::string word = f.isDouble ? "b64" : "b32";
  std::ostringstream text;
  int bytes = f.isDouble ? 8 : 4, total = f.a + f.b + f.c;
  text << header(sm) << "\n.visible .entry k(.param .b64 io) {\n.reg .b64 %q<3>; .reg .b32 %t; .reg ." << word
       << " %a<4>, %b<4>, %c<4>, %d<4>;\nld.param.b64 %q0, [io]; mov.u32 %t, %tid.x; mad.wide.u32 %q0, %t, "
       << total * bytes << ", %q0;\n";
  int offset = 0;
  for (auto [prefix, count] : {std::pair<const char *, int>{"%a", f.a}, {"%b", f.b}, {"%c", f.c}})
    for (int i = 0; i < count; ++i, offset += bytes)
      text << "ld.global." << word << " " << prefix << i << ", [%q0+" << offset << "];\n";
  text << f.name << " " << registers("%d", f.c) << ", " << registers("%a", f.a) << ", " << registers("%b", f.b) << ", "
       << registers("%c", f.c) << ";\n";
  for (int i = 0; i < f.c; ++i)
    text << "st.global." << word << " [%q0+" << i * bytes << "], %d" << i << ";\n";
  text << "ret;\n}\n";

  std::vector<uint8_t> io(32 * static_cast<size_t>(total * bytes));
  auto put = [&](int lane, int index, int width, int bit,
                 uint64_t value) { // element `index` of `width` bits behind `bit`
    uint64_t at = static_cast<uint64_t>(lane) * total * bytes * 8 + static_cast<uint64_t>(bit) +
                  static_cast<uint64_t>(index * width);
    for (int i = 0; i < width; ++i)
      io[(at + i) / 8] |= (value >> i & 1) << ((at + i) % 8);
  };
  auto bitsOfC = [&](double x) -> uint64_t {
    return f.isHalfC     ? halfOf(x)
           : f.isDouble  ? toBits(x)
           : f.isInteger ? toBits(static_cast<int32_t>(x))
                         : toBits(static_cast<float>(x));
  };
  int widthC = f.isHalfC ? 16 : bytes * 8, countC = f.c * bytes * 8 / widthC;
  for (int lane = 0; lane < 32; ++lane) {
    for (int i = 0; i < f.a * f.each; ++i) {
      auto [row, column] = placeOfA(f, lane, i);
      put(lane, i, f.bits, 0, f.element(a[row][column]));
    }
    for (int i = 0; i < f.b * f.each; ++i) {
      auto [row, column] = placeOfB(f, lane, i);
      put(lane, i, f.bits, f.a * bytes * 8, f.element(b[row][column]));
    }
    for (int i = 0; i < countC; ++i) {
      auto [row, column] = placeOfC(f, lane, i);
      put(lane, i, widthC, (f.a + f.b) * bytes * 8, bitsOfC(c[row][column]));
    }
  }
  Bench bench(Facts{sm});
  uint64_t buffer = bench.upload(io);
  bench.run(bench.load(text.str(), "k"), {1, 1, 1}, {32, 1, 1}, {buffer});
  auto got = bench.download<uint8_t>(buffer, io.size());
  std::vector<std::vector<uint8_t>> card = {io};
  if (runOnCard(text.str(), "k", 32, sm, card)) {
    EXPECT_EQ(got, card[0]);
  }
  for (int lane = 0; lane < 32; ++lane)
    for (int i = 0; i < countC; ++i) {
      auto [row, column] = placeOfC(f, lane, i);
      double want = c[row][column];
      for (int k = 0; k < f.k; ++k)
        want += a[row][k] * b[k][column];
      uint64_t bits = 0;
      std::memcpy(&bits, got.data() + lane * total * bytes + i * widthC / 8, widthC / 8);
      double have = f.isHalfC     ? valueOfHalf(static_cast<uint16_t>(bits))
                    : f.isDouble  ? fromBits<double>(bits)
                    : f.isInteger ? fromBits<int32_t>(bits)
                                  : fromBits<float>(bits);
      ASSERT_EQ(have, want) << "row " << row << ", column " << column;
    }
}

uint64_t s8(double x) { return static_cast<uint8_t>(static_cast<int>(x)); }

TEST(PtxMatrix, Products) {
  check({"mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32", 16, 16, 4, 2, 4, 2, halfOf, 16});
  check({"mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32", 16, 8, 2, 1, 4, 2, halfOf, 16});
  check({"mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16", 16, 16, 4, 2, 2, 2, halfOf, 16, true});
  check({"mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", 16, 16, 4, 2, 4, 2, bf16Of, 16});
  check({"mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32", 16, 8, 2, 1, 4, 2, bf16Of, 16});
  auto single = [](double x) { return toBits(static_cast<float>(x)); };
  check({"mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32", 16, 8, 4, 2, 4, 1, single, 32});
  check({"mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32", 16, 4, 2, 1, 4, 1, single, 32});
  auto real = [](double x) { return toBits(x); };
  check({"mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64", 8, 4, 1, 1, 2, 1, real, 64, false, true});
  check({"mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32", 16, 32, 4, 2, 4, 4, s8, 8, false, false, true, -128, 127});
  check({"mma.sync.aligned.m16n8k16.row.col.satfinite.s32.s8.s8.s32", 16, 16, 2, 1, 4, 4, s8, 8, false, false, true,
         -128, 127});
  check({"mma.sync.aligned.m16n8k32.row.col.s32.u8.u8.s32", 16, 32, 4, 2, 4, 4, s8, 8, false, false, true, 0, 255});
  check(
      {"mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32", 16, 32, 4, 2, 4, 4, s8, 8, false, false, true, 0, 255, true});
  check({"mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32", 8, 16, 1, 1, 2, 4, s8, 8, false, false, true, -128, 127});
}

/// Matrix q of a block of shared memory whose element (row, column) is 64 q + 8 row + column.
std::vector<uint64_t> loaded(const std::string &instruction, int count) {
  std::string text =
      ".shared .align 16 .b8 m[512]; .reg .b32 x, y, z, r<4>; .reg .b16 h;\nmov.u32 x, m; mov.u32 y, %a;\n"
      "FILL: mad.lo.u32 z, y, 2, x; cvt.u16.u32 h, y; st.shared.b16 [z], h; add.u32 y, y, 32; "
      "setp.lt.u32 p, y, 256; @p bra FILL;\nbar.warp.sync -1;\nmad.lo.u32 x, %a, 16, x;\n" +
      instruction + "\n";
  text += count == 1 ? "cvt.u64.u32 %d, r0;" : "mov.b64 %d, {r0, r" + std::to_string(count - 1) + "};";
  std::vector<uint64_t> numbers(32);
  for (uint32_t i = 0; i < 32; ++i)
    numbers[i] = i;
  return evaluate({text, "b64", {"b32"}}, {numbers});
}

TEST(PtxMatrix, Loads) {
  auto one = loaded("ldmatrix.sync.aligned.m8n8.x1.shared.b16 {r0}, [x];", 1);
  auto four = loaded("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {r0, r1, r2, r3}, [x];", 4);
  auto transposed = loaded("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {r0, r1}, [x];", 2);
  for (uint32_t lane = 0; lane < 32; ++lane) {
    uint64_t row = lane / 4, column = lane % 4 * 2, element = 8 * row + column;
    uint64_t first = element | (element + 1) << 16;
    EXPECT_EQ(one[lane], first);
    uint64_t last = (element + 192) | (element + 193) << 16;
    EXPECT_EQ(four[lane], first | last << 32);
    uint64_t flipped = 8 * column + row;
    EXPECT_EQ(transposed[lane] & 0xffffffff, flipped | (flipped + 8) << 16);
    EXPECT_EQ(transposed[lane] >> 32, (flipped + 64) | (flipped + 72) << 16);
  }
}

TEST(PtxMatrix, StoresAndTransposes) {
  std::vector<uint64_t> numbers(32);
  for (uint32_t i = 0; i < 32; ++i)
    numbers[i] = i;
  auto moved = evaluate(
      {".reg .b32 x; mad.lo.u32 x, %a, 0x20002, 0x10000; movmatrix.sync.aligned.m8n8.trans.b16 %d, x;", "b32", {"b32"}},
      {numbers});
  for (uint32_t lane = 0; lane < 32; ++lane) {
    uint32_t element = 8 * (lane % 4 * 2) + lane / 4;
    EXPECT_EQ(moved[lane] & 0xffffffff, element | (element + 8) << 16);
  }
  auto stored = evaluate({".shared .align 16 .b8 m[512]; .reg .b32 x, y; mov.u32 x, m; mad.lo.u32 y, %a, 16, x;\n"
                          "stmatrix.sync.aligned.m8n8.x1.shared.b16 [y], {%a};\nbar.warp.sync -1;\n"
                          "mad.lo.u32 x, %a, 4, x; ld.shared.b32 %d, [x];",
                          "b32",
                          {"b32"}},
                         {numbers}, 90);
  for (uint32_t lane = 0; lane < 32; ++lane)
    EXPECT_EQ(stored[lane] & 0xffffffff, lane);
}

TEST(PtxMatrix, ConflictsOfLoads) {
  auto conflicts = [](int stride) {
    Bench bench;
    std::string text = "\n.visible .entry k() { .shared .align 16 .b8 m[2048]; .reg .b32 x, t, r<4>; .reg .pred p;\n"
                       "mov.u32 x, m; mov.u32 t, %tid.x; mad.lo.u32 x, t, " +
                       std::to_string(stride) +
                       ", x;\nst.shared.v4.b32 [x], {t, t, t, t};\nbar.warp.sync -1;\n"
                       "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {r0, r1, r2, r3}, [x]; //!here\nret; }";
    bench.run(bench.load(text, "k"), {1, 1, 1}, {8u * 4, 1, 1}, {});
    return bench.machine.counts().at("k").shared.at(Bench::lineOf(text, "here")).conflicts;
  };
  EXPECT_EQ(conflicts(16), 0u);
  EXPECT_EQ(conflicts(32), 4u); // two passes for each of the four matrices
  EXPECT_EQ(conflicts(64), 12u);
  EXPECT_EQ(conflicts(48), 0u);
}

TEST(PtxMatrix, UndefinedElementsSpoilTheirRowsOnly) {
  std::string text = R"(
.visible .entry k(.param .b64 out) {
  .reg .b64 %q; .reg .b32 %t, %a, %b, %z; .reg .f32 %c, %d<4>; .reg .pred %p;
  ld.param.b64 %q, [out]; mov.u32 %t, %tid.x; mov.u32 %z, 0; mov.f32 %c, 0f00000000; mad.wide.u32 %q, %t, 8, %q;
  setp.ne.u32 %p, %t, 5;            // lane 5 has row 1
  @%p mov.u32 %a, 0;
  mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%d0,%d1,%d2,%d3}, {%a,%z}, {%z}, {%c,%c,%c,%c};
  st.global.f32 [%q], %d2;
  setp.lt.u32 %p, %t, 4;
  @%p st.global.f32 [%q+4], %d0;
  setp.eq.u32 %p, %t, 6;
  @%p st.global.f32 [%q], %d1; //!here
  ret;
})";
  Bench bench;
  uint64_t out = bench.machine.allocate(256);
  bench.expectsReports = true;
  bench.run(bench.load(text, "k"), {1, 1, 1}, {32, 1, 1}, {out});
  bench.expectReport(Fault::uninitialized, Bench::lineOf(text, "here"));
}

} // namespace
} // namespace adze::ptx
