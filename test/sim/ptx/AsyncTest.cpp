// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cp.async and mbarrier. What happens without the waits is in FaultTest.cpp.
#include "test/sim/ptx/Harness.h"

namespace adze::ptx {
namespace {

std::vector<uint32_t> run(const std::string &body, size_t count = 64) {
  Bench bench;
  std::vector<uint32_t> in(4 * count);
  for (uint32_t i = 0; i < in.size(); ++i)
    in[i] = 1000 + i;
  uint64_t a = bench.upload(in), b = bench.upload(std::vector<uint32_t>(count));
  bench.run(bench.load(R"(
.visible .entry k(.param .b64 in, .param .b64 out) {
  .reg .b64 %in, %out, %w, %q<8>; .reg .b32 %t, %s, %r<20>; .reg .pred %p<8>;
  .shared .align 16 .b8 words[2048]; .shared .align 8 .b64 bar;
  ld.param.b64 %in, [in]; ld.param.b64 %out, [out]; mov.u32 %t, %tid.x; mul.wide.u32 %w, %t, 4;
  add.s64 %out, %out, %w; mov.u32 %s, words; mad.lo.u32 %s, %t, 16, %s; mul.wide.u32 %w, %t, 16; add.s64 %in, %in, %w;
)" + body + "\nret;\n}\n",
                       "k"),
            {1, 1, 1}, {static_cast<uint32_t>(count), 1, 1}, {a, b});
  return bench.download<uint32_t>(b, count);
}

TEST(PtxAsync, SizesAndZeros) {
  auto got = run(R"(
    cp.async.ca.shared.global [%s], [%in], 4;
    cp.async.ca.shared.global [%s+4], [%in+4], 4, 0;
    cp.async.ca.shared.global.L2::128B [%s+8], [%in+8], 8;
    cp.async.wait_all;
    ld.shared.v4.u32 {%r1, %r2, %r3, %r4}, [%s];
    add.u32 %r1, %r1, %r2; add.u32 %r1, %r1, %r3; add.u32 %r1, %r1, %r4;
    st.global.u32 [%out], %r1;)");
  for (uint32_t i = 0; i < 64; ++i)
    EXPECT_EQ(got[i], 3000 + 12 * i + 5);
  got = run(R"(
    setp.gt.u32 %p1, %t, 10;
    selp.b32 %r5, 8, 16, %p1;
    cp.async.cg.shared.global [%s], [%in], 16, %r5;
    cp.async.wait_all;
    ld.shared.v4.u32 {%r1, %r2, %r3, %r4}, [%s];
    add.u32 %r1, %r1, %r2; add.u32 %r1, %r1, %r3; add.u32 %r1, %r1, %r4;
    st.global.u32 [%out], %r1;)");
  for (uint32_t i = 0; i < 64; ++i)
    EXPECT_EQ(got[i], i > 10 ? 2000 + 8 * i + 1 : 4000 + 16 * i + 6);
}

TEST(PtxAsync, GroupsLandInOrder) {
  // Two stages in flight; the older one is read while the newer is still on its way.
  auto got = run(R"(
    cp.async.ca.shared.global [%s], [%in], 4;
    cp.async.commit_group;
    cp.async.ca.shared.global [%s+4], [%in+4], 4;
    cp.async.commit_group;
    cp.async.wait_group 1;
    ld.shared.u32 %r1, [%s];
    cp.async.wait_group 0;
    ld.shared.u32 %r2, [%s+4];
    sub.u32 %r2, %r2, %r1;
    st.global.u32 [%out], %r2;)");
  for (uint32_t value : got)
    EXPECT_EQ(value, 1u);
}

TEST(PtxAsync, Mbarrier) {
  // All arrive; the others' words are read when the phase is complete, twice.
  auto got = run(R"(
    setp.eq.u32 %p1, %t, 0;
    mov.u32 %r9, bar;
    @%p1 mbarrier.init.shared.b64 [%r9], 64;
    bar.sync 0;
    mov.u32 %r5, 0; mov.u32 %r8, 0;
  LOOP:
    add.u32 %r6, %t, %r5;
    st.shared.u32 [%s], %r6;
    mbarrier.arrive.shared.b64 %q1, [%r9];
  WAIT:
    mbarrier.test_wait.shared.b64 %p2, [%r9], %q1;
    @!%p2 bra WAIT;
    xor.b32 %r1, %t, 33; mov.u32 %r2, words; mad.lo.u32 %r2, %r1, 16, %r2;
    ld.shared.u32 %r7, [%r2];
    add.u32 %r8, %r8, %r7;
    bar.sync 0;
    add.u32 %r5, %r5, 100; setp.lt.u32 %p3, %r5, 200; @%p3 bra LOOP;
    st.global.u32 [%out], %r8;)");
  for (uint32_t i = 0; i < 64; ++i)
    EXPECT_EQ(got[i], 2 * (i ^ 33) + 100);
}

TEST(PtxAsync, MbarrierWaitsForCopies) {
  auto got = run(R"(
    setp.eq.u32 %p1, %t, 0;
    mov.u32 %r9, bar;
    @%p1 mbarrier.init.shared.b64 [%r9], 64;
    bar.sync 0;
    cp.async.cg.shared.global [%s], [%in], 16;
    cp.async.mbarrier.arrive.noinc.shared.b64 [%r9];
  WAIT:
    mbarrier.test_wait.parity.shared.b64 %p2, [%r9], 0;
    @!%p2 bra WAIT;
    xor.b32 %r1, %t, 33; mov.u32 %r2, words; mad.lo.u32 %r2, %r1, 16, %r2;
    ld.shared.u32 %r7, [%r2+12];
    st.global.u32 [%out], %r7;)");
  for (uint32_t i = 0; i < 64; ++i)
    EXPECT_EQ(got[i], 1003 + 4 * (i ^ 33));
}

} // namespace
} // namespace adze::ptx
