// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cvt: widths, signs, rounding to integers, saturation, the small formats.
#include "test/sim/ptx/Harness.h"
#include <cmath>

namespace adze::ptx {
namespace {

uint64_t one(const std::string &code, const std::string &result, const std::string &argument, uint64_t a, int sm = 80) {
  return evaluate({code, result, {argument}}, {{a}}, sm)[0];
}
uint64_t fromFloat(const std::string &cvt, float x) {
  return one("cvt." + cvt + " %d, %a;", "b32", "f32", toBits(x)) & 0xffffffff;
}

TEST(PtxConversion, IntegerWidths) {
  EXPECT_EQ(one("cvt.s64.s32 %d, %a;", "b64", "b32", 0xfffffffe), ~1ull);
  EXPECT_EQ(one("cvt.u64.u32 %d, %a;", "b64", "b32", 0xfffffffe), 0xfffffffeull);
  EXPECT_EQ(one("cvt.s64.u32 %d, %a;", "b64", "b32", 0xfffffffe), 0xfffffffeull);
  EXPECT_EQ(one("cvt.u32.u64 %d, %a;", "b32", "b64", 0x123456789abcdefull), 0x89abcdefull);
  EXPECT_EQ(one("cvt.s32.s8 %d, %a;", "b32", "b32", 0x12345680), 0xffffff80ull);
  EXPECT_EQ(one("cvt.u32.u8 %d, %a;", "b32", "b32", 0x12345680), 0x80ull);
  EXPECT_EQ(one("cvt.s16.s8 %d, %a;", "b16", "b16", 0x80), 0xff80ull);
  EXPECT_EQ(one("cvt.u16.u32 %d, %a;", "b16", "b32", 0x12345678), 0x5678ull);
  EXPECT_EQ(one("cvt.s8.s32 %d, %a;", "b32", "b32", 0x1ff),
            0xffffffffull); // a narrow result is extended to its register
}

TEST(PtxConversion, IntegerSaturation) {
  EXPECT_EQ(one("cvt.sat.s8.s32 %d, %a;", "b32", "b32", 1000), 127ull);
  EXPECT_EQ(one("cvt.sat.s8.s32 %d, %a;", "b32", "b32", uint32_t(-1000)), 0xffffff80ull);
  EXPECT_EQ(one("cvt.sat.u8.s32 %d, %a;", "b32", "b32", uint32_t(-1)), 0ull);
  EXPECT_EQ(one("cvt.sat.u16.s32 %d, %a;", "b16", "b32", 70000), 0xffffull);
  EXPECT_EQ(one("cvt.sat.s32.u32 %d, %a;", "b32", "b32", 0xffffffff), 0x7fffffffull);
  EXPECT_EQ(one("cvt.sat.s32.s64 %d, %a;", "b32", "b64", uint64_t(-1) << 40), 0x80000000ull);
}

TEST(PtxConversion, FloatToInteger) {
  EXPECT_EQ(fromFloat("rni.s32.f32", 2.5f), 2u);
  EXPECT_EQ(fromFloat("rni.s32.f32", 3.5f), 4u);
  EXPECT_EQ(fromFloat("rzi.s32.f32", -2.9f), uint32_t(-2));
  EXPECT_EQ(fromFloat("rmi.s32.f32", -2.1f), uint32_t(-3));
  EXPECT_EQ(fromFloat("rpi.s32.f32", -2.9f), uint32_t(-2));
  EXPECT_EQ(fromFloat("rzi.s32.f32", 3e9f), 0x7fffffffu);
  EXPECT_EQ(fromFloat("rzi.s32.f32", -INFINITY), 0x80000000u);
  EXPECT_EQ(fromFloat("rzi.u32.f32", -1.0f), 0u);
  EXPECT_EQ(fromFloat("rzi.u32.f32", 5e9f), 0xffffffffu);
  EXPECT_EQ(fromFloat("rzi.s32.f32", NAN), 0u);
  EXPECT_EQ(fromFloat("rni.s8.f32", 200.0f), 127u);
  EXPECT_EQ(one("cvt.rzi.s64.f32 %d, %a;", "b64", "f32", toBits(-1e18f)), uint64_t(int64_t(-1e18f)));
  EXPECT_EQ(one("cvt.rzi.u64.f64 %d, %a;", "b64", "f64", toBits(1.5e19)), uint64_t(1.5e19));
  EXPECT_EQ(one("cvt.rzi.s32.f64 %d, %a;", "b32", "f64", toBits(-7.99)) & 0xffffffff, uint32_t(-7));
}

TEST(PtxConversion, IntegerToFloat) {
  auto single = [](const std::string &cvt, const char *type, uint64_t a) {
    return fromBits<float>(one("cvt." + cvt + " %d, %a;", "f32", type, a));
  };
  EXPECT_EQ(single("rn.f32.s32", "b32", uint32_t(-16777217)), float(-16777217));
  EXPECT_EQ(single("rn.f32.u32", "b32", 0xffffffff), float(0xffffffffu));
  EXPECT_EQ(single("rz.f32.u32", "b32", 0xffffffff), 0x1.fffffep31f);
  EXPECT_EQ(single("rn.f32.u64", "b64", 0x8000008000000001ull), float(0x8000008000000001ull)); // no rounding twice
  EXPECT_EQ(single("rn.f32.s64", "b64", uint64_t(-3)), -3.0f);
  EXPECT_EQ(single("rn.f32.u16", "b16", 0xffff), 65535.0f);
  EXPECT_EQ(fromBits<double>(one("cvt.rn.f64.s64 %d, %a;", "f64", "b64", uint64_t(-5))), -5.0);
  EXPECT_EQ(fromBits<double>(one("cvt.rp.f64.u64 %d, %a;", "f64", "b64", (1ull << 53) + 1)), 0x1.0000000000001p53);
  EXPECT_EQ(one("cvt.rn.f16.s32 %d, %a;", "b16", "b32", 2049) & 0xffff, 0x6800u); // 2048: ties to even
}

TEST(PtxConversion, FloatToFloat) {
  auto narrowed = [](const char *mode, double x) {
    return fromBits<float>(one("cvt." + std::string(mode) + ".f32.f64 %d, %a;", "f32", "f64", toBits(x)));
  };
  EXPECT_EQ(narrowed("rn", 0.1), 0.1f);
  EXPECT_EQ(narrowed("rz", 0.1), std::nextafter(0.1f, 0.0f));
  EXPECT_EQ(narrowed("rp", -0.1), -std::nextafter(0.1f, 0.0f));
  EXPECT_EQ(narrowed("rm", 1e300), std::numeric_limits<float>::max());
  EXPECT_EQ(narrowed("rn", 1e300), INFINITY);
  EXPECT_EQ(narrowed("rn", 1e-40), 1e-40f);
  EXPECT_EQ(fromFloat("rni.f32.f32", 2.5f), toBits(2.0f));
  EXPECT_EQ(fromFloat("rmi.f32.f32", -0.5f), toBits(-1.0f));
  EXPECT_EQ(fromFloat("rzi.f32.f32", -0.5f), toBits(-0.0f));
  EXPECT_EQ(fromFloat("ftz.f32.f32", 1e-40f), 0u);
  EXPECT_EQ(one("cvt.rz.f16.f32 %d, %a;", "b16", "f32", toBits(2049.9f)) & 0xffff, 0x6800u);
  EXPECT_EQ(one("cvt.rz.f16.f32 %d, %a;", "b16", "f32", toBits(1e6f)) & 0xffff, 0x7bffu);
  EXPECT_EQ(one("cvt.rn.relu.f16.f32 %d, %a;", "b16", "f32", toBits(-3.0f)) & 0xffff, 0u);
  EXPECT_EQ(one("cvt.rn.f16.f64 %d, %a;", "b16", "f64", toBits(1.00048828125 + 1e-12)) & 0xffff,
            0x3c01u); // above the tie
  EXPECT_EQ(one("cvt.rna.tf32.f32 %d, %a;", "b32", "f32", 0x3f801000) & 0xffffffff, 0x3f802000u);
}

TEST(PtxConversion, Pairs) {
  auto two = [](const char *code, const char *result, float a, float b, int sm) {
    return evaluate({code, result, {"f32", "f32"}}, {{toBits(a)}, {toBits(b)}}, sm)[0];
  };
  EXPECT_EQ(two("cvt.rn.f16x2.f32 %d, %a, %b;", "b32", 1.0f, 2.0f, 80) & 0xffffffff, 0x3c004000u);
  EXPECT_EQ(two("cvt.rn.bf16x2.f32 %d, %a, %b;", "b32", 1.0f, -2.0f, 80) & 0xffffffff, 0x3f80c000u);
  EXPECT_EQ(two("cvt.rn.relu.bf16x2.f32 %d, %a, %b;", "b32", 1.0f, -2.0f, 80) & 0xffffffff, 0x3f800000u);
  EXPECT_EQ(two("cvt.rz.f16x2.f32 %d, %a, %b;", "b32", 2049.9f, -2049.9f, 80) & 0xffffffff, 0x6800e800u);
  EXPECT_EQ(one("cvt.pack.sat.s8.s32.b32 %d, %a, -300, 7;", "b32", "b32", 100) & 0xffffffff, 0x00076480u);
  EXPECT_EQ(one("cvt.pack.sat.u16.s32 %d, %a, -1;", "b32", "b32", 70000) & 0xffffffff, 0xffff0000u);
}

TEST(PtxConversion, EightBitFormats) {
  auto two = [](const char *code, float a, float b) {
    return evaluate({code, "b16", {"f32", "f32"}}, {{toBits(a)}, {toBits(b)}}, 90)[0] & 0xffff;
  };
  const char *e4m3 = "cvt.rn.satfinite.e4m3x2.f32 %d, %a, %b;", *e5m2 = "cvt.rn.satfinite.e5m2x2.f32 %d, %a, %b;";
  EXPECT_EQ(two(e4m3, 1.0f, -2.0f), 0x38c0u);
  EXPECT_EQ(two(e4m3, 448.0f, 1e6f), 0x7e7eu);
  EXPECT_EQ(two(e4m3, NAN, 0x1p-9f), 0x7f01u);
  EXPECT_EQ(two(e5m2, 1.0f, 57344.0f), 0x3c7bu);
  EXPECT_EQ(two(e5m2, -1e9f, 0x1p-16f), 0xfb01u);
  EXPECT_EQ(evaluate({"cvt.rn.f16x2.e4m3x2 %d, %a;", "b32", {"b16"}}, {{0x38c0}}, 90)[0] & 0xffffffff, 0x3c00c000u);
}

} // namespace
} // namespace adze::ptx
