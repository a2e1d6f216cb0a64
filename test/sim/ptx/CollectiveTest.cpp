// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the lanes of a warp do together.
#include "test/sim/ptx/Harness.h"

namespace adze::ptx {
namespace {

std::vector<uint64_t> lanes(const std::string &code, const std::string &result = "b32", int sm = 80) {
  std::vector<uint64_t> numbers(32);
  for (uint32_t i = 0; i < 32; ++i)
    numbers[i] = i;
  auto got = evaluate({code, result, {"b32"}}, {numbers}, sm);
  for (uint64_t &value : got)
    value &= 0xffffffff;
  return got;
}

/// The ISA's pseudo code, literally.
std::pair<uint32_t, bool> shuffled(const std::string &mode, int lane, int b, int c) {
  int bval = b & 31, cval = c & 31, mask = c >> 8 & 31, maxLane = (lane & mask) | (cval & ~mask), minLane = lane & mask,
      j;
  bool p;
  if (mode == "up")
    j = lane - bval, p = j >= maxLane;
  else if (mode == "down")
    j = lane + bval, p = j <= maxLane;
  else if (mode == "bfly")
    j = lane ^ bval, p = j <= maxLane;
  else
    j = minLane | (bval & ~mask), p = j <= maxLane;
  return {uint32_t(p ? j : lane), p};
}

TEST(PtxCollective, Shuffles) {
  for (std::string mode : {"up", "down", "bfly", "idx"})
    for (int b : {0, 1, 5, 16, 31})
      for (int c : {0, 31, 0x1c03, 0x181f, 0x1000 | 15}) {
        auto got = lanes("shfl.sync." + mode + ".b32 %d|p, %a, " + std::to_string(b) + ", " + std::to_string(c) +
                         ", -1; @p add.u32 %d, %d, 100;");
        for (int i = 0; i < 32; ++i) {
          auto [from, inside] = shuffled(mode, i, b, c);
          ASSERT_EQ(got[i], from + (inside ? 100 : 0)) << mode << " " << b << " " << c << " lane " << i;
        }
      }
}

TEST(PtxCollective, ShuffleOfHalves) {
  auto got = lanes(
      "setp.lt.u32 p, %a, 16; .reg .b32 m; selp.b32 m, 0xffff, 0xffff0000, p; shfl.sync.bfly.b32 %d, %a, 3, 31, m;");
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(got[i], i ^ 3);
}

TEST(PtxCollective, Votes) {
  auto all = [](const std::string &condition, const std::string &mode) {
    return lanes("setp." + condition + " p, %a, 20; vote.sync." + mode + ".pred q, p, -1; selp.b32 %d, 1, 0, q;")[5];
  };
  EXPECT_EQ(all("lt.u32", "all"), 0u);
  EXPECT_EQ(all("lt.u32", "any"), 1u);
  EXPECT_EQ(all("lt.u32", "uni"), 0u);
  EXPECT_EQ(all("ne.u32", "any"), 1u);
  EXPECT_EQ(lanes("setp.lt.u32 p, %a, 100; vote.sync.all.pred q, p, -1; selp.b32 %d, 1, 0, q;")[0], 1u);
  EXPECT_EQ(lanes("setp.lt.u32 p, %a, 20; vote.sync.ballot.b32 %d, p, -1;")[9], 0xfffffu);
  EXPECT_EQ(lanes("setp.lt.u32 p, %a, 20; vote.sync.ballot.b32 %d, !p, -1;")[9], 0xfff00000u);
}

TEST(PtxCollective, Matches) {
  auto got = lanes(".reg .b32 m; rem.u32 m, %a, 3; match.any.sync.b32 %d, m, -1;");
  for (uint32_t i = 0; i < 32; ++i) {
    uint32_t want = 0;
    for (uint32_t j = 0; j < 32; ++j)
      want |= uint32_t(i % 3 == j % 3) << j;
    EXPECT_EQ(got[i], want);
  }
  EXPECT_EQ(lanes("match.all.sync.b32 %d|p, %a, -1; @p add.u32 %d, %d, 1;")[3], 0u);
  EXPECT_EQ(lanes(".reg .b32 m; mov.u32 m, 4; match.all.sync.b32 %d|p, m, -1; @p xor.b32 %d, %d, 1;")[3], 0xfffffffeu);
}

TEST(PtxCollective, Reductions) {
  EXPECT_EQ(lanes("redux.sync.add.u32 %d, %a, -1;")[7], 496u);
  EXPECT_EQ(lanes("redux.sync.max.u32 %d, %a, -1;")[7], 31u);
  EXPECT_EQ(lanes(".reg .b32 m; sub.u32 m, %a, 5; redux.sync.min.s32 %d, m, -1;")[7], uint32_t(-5));
  EXPECT_EQ(lanes(".reg .b32 m; sub.u32 m, %a, 5; redux.sync.max.u32 %d, m, -1;")[7], ~0u);
  EXPECT_EQ(lanes("redux.sync.or.b32 %d, %a, -1;")[7], 31u);
  EXPECT_EQ(lanes("redux.sync.xor.b32 %d, %a, -1;")[7], 0u);
}

TEST(PtxCollective, Election) {
  auto got = lanes("elect.sync %d|p, -1; @p add.u32 %d, %d, 7;", "b32", 90);
  EXPECT_EQ(got[0], 7u);
  EXPECT_EQ(got[9], 0u);
}

TEST(PtxCollective, WarpBarrierBetweenBranches) {
  auto got = lanes(R"(
    .shared .align 4 .b32 s[32]; .reg .b32 x; mov.u32 x, s; mad.lo.u32 x, %a, 4, x;
    setp.lt.u32 p, %a, 16;
    @p bra LOW;
    st.shared.u32 [x], %a;
    bar.warp.sync -1;
    mov.u32 %d, 0;
    bra END;
  LOW:
    bar.warp.sync -1;
    ld.shared.u32 %d, [x+64];
  END:)");
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(got[i], i < 16 ? i + 16 : 0);
}

} // namespace
} // namespace adze::ptx
