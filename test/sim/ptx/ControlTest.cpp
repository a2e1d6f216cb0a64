// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Divergence, loops, tables of labels, calls, barriers, special registers.
#include "test/sim/ptx/Harness.h"

namespace adze::ptx {
namespace {

/// A kernel of one buffer: %out is the address of the thread's word, %t its number in the block.
std::string kernel(const std::string &body, const std::string &before = "") {
  return before +
         "\n.visible .entry k(.param .b64 out) {\n.reg .b64 %out, %w; .reg .b32 %t, %r<20>; .reg .pred %p<8>; "
         ".reg .f32 %f<8>; .reg .b64 %q<8>;\nld.param.b64 %out, [out]; mov.u32 %t, %tid.x; mul.wide.u32 %w, %t, 4; "
         "add.s64 %out, %out, %w;\n" +
         body + "\nret;\n}\n";
}

std::vector<uint32_t> results(const std::string &text, uint32_t threads, Dim3 grid = {1, 1, 1}) {
  Bench bench;
  uint64_t out = bench.upload(std::vector<uint32_t>(threads, 0xabababab));
  bench.run(bench.load(text, "k"), grid, {threads, 1, 1}, {out});
  return bench.download<uint32_t>(out, threads);
}

TEST(PtxControl, LoopsThatDiverge) {
  // Steps of Collatz's sequence.
  auto got = results(kernel(R"(
    add.u32 %r1, %t, 1; mov.u32 %r2, 0;
  NEXT:
    setp.eq.u32 %p1, %r1, 1;
    @%p1 bra DONE;
    and.b32 %r3, %r1, 1;
    setp.eq.u32 %p2, %r3, 0;
    @%p2 bra EVEN;
    mad.lo.u32 %r1, %r1, 3, 1;
    bra.uni COUNT;
  EVEN:
    shr.u32 %r1, %r1, 1;
  COUNT:
    add.u32 %r2, %r2, 1;
    bra NEXT;
  DONE:
    st.global.u32 [%out], %r2;)"),
                     100);
  for (uint32_t i = 0; i < got.size(); ++i) {
    uint32_t steps = 0;
    for (uint64_t x = i + 1; x != 1; ++steps)
      x = x % 2 ? 3 * x + 1 : x / 2;
    EXPECT_EQ(got[i], steps);
  }
}

TEST(PtxControl, LanesMeetAgainBehindABranch) {
  auto got = results(kernel(R"(
    and.b32 %r1, %t, 3;
    setp.eq.u32 %p1, %r1, 0;
    @%p1 bra A;
    setp.eq.u32 %p1, %r1, 1;
    @%p1 bra B;
    mov.u32 %r2, 7;
    bra END;
  A: mov.u32 %r2, 5; bra END;
  B: mov.u32 %r2, 6;
  END:
    activemask.b32 %r3;
    popc.b32 %r3, %r3;
    add.u32 %r2, %r2, %r3;
    st.global.u32 [%out], %r2;)"),
                     64);
  for (uint32_t i = 0; i < 64; ++i)
    EXPECT_EQ(got[i], 32 + (i % 4 == 0 ? 5u : i % 4 == 1 ? 6u : 7u));
}

TEST(PtxControl, Guards) {
  auto got = results(kernel(R"(
    mov.u32 %r1, 1;
    setp.lt.u32 %p1, %t, 10;
    @%p1 mov.u32 %r1, 2;
    @!%p1 add.u32 %r1, %r1, %t;
    setp.gt.u32 %p2, %t, 20;
    @%p2 exit;
    st.global.u32 [%out], %r1;)"),
                     32);
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(got[i], i < 10 ? 2 : i <= 20 ? 1 + i : 0xabababab);
}

TEST(PtxControl, TablesOfLabels) {
  auto got = results(kernel(R"(
    rem.u32 %r1, %t, 3;
  TABLE: .branchtargets L0, L1, L2;
    brx.idx %r1, TABLE;
  L0: mov.u32 %r2, 10; bra END;
  L1: mov.u32 %r2, 11; bra END;
  L2: mov.u32 %r2, 12;
  END: st.global.u32 [%out], %r2;)"),
                     32);
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(got[i], 10 + i % 3);
}

TEST(PtxControl, Calls) {
  std::string functions = R"(
.func (.param .b32 result) twice(.param .b32 x) {
  .reg .b32 %r<4>; .reg .pred %p;
  ld.param.b32 %r1, [x];
  setp.gt.u32 %p, %r1, 20;
  @%p bra BIG;
  add.u32 %r2, %r1, %r1;
  st.param.b32 [result], %r2;
  ret;
BIG:
  mov.u32 %r3, 99;
  st.param.b32 [result], %r3;
  ret;
}
.func (.param .align 8 .b8 both[8]) pair(.param .align 8 .b8 in[8]) {
  .reg .b32 %r<4>;
  ld.param.v2.b32 {%r1, %r2}, [in];
  { .param .b32 a; .param .b32 r;
    st.param.b32 [a], %r2;
    call.uni (r), twice, (a);
    ld.param.b32 %r3, [r]; }
  st.param.b32 [both], %r3;
  st.param.b32 [both+4], %r1;
  ret;
})";
  auto got = results(kernel(R"(
    { .param .align 8 .b8 p0[8]; .param .align 8 .b8 r0[8];
      st.param.b32 [p0], 1000; st.param.b32 [p0+4], %t;
      call.uni (r0), pair, (p0);
      ld.param.v2.b32 {%r1, %r2}, [r0]; }
    { .param .b32 p0; .param .b32 r0;
      st.param.b32 [p0], %r1;
      setp.lt.u32 %p1, %t, 5;
      mov.u32 %r3, 0;
      @%p1 bra CALL;
      bra BEHIND;
    CALL:
      call (r0), twice, (p0);
      ld.param.b32 %r3, [r0];
    BEHIND: }
    add.u32 %r1, %r1, %r2; add.u32 %r1, %r1, %r3;
    st.global.u32 [%out], %r1;)",
                            functions),
                     40);
  auto twice = [](uint32_t x) { return x > 20 ? 99 : 2 * x; };
  for (uint32_t i = 0; i < 40; ++i)
    EXPECT_EQ(got[i], twice(i) + 1000 + (i < 5 ? twice(twice(i)) : 0)) << i;
}

TEST(PtxControl, BarrierAndSharedMemory) {
  auto got = results(kernel(R"(
    .shared .align 4 .b32 buffer[128];
    mov.u32 %r1, buffer;
    shl.b32 %r2, %t, 2;
    add.u32 %r3, %r1, %r2;
    mul.lo.u32 %r4, %t, 3;
    st.shared.u32 [%r3], %r4;
    bar.sync 0;
    sub.u32 %r5, 508, %r2;
    add.u32 %r5, %r5, %r1;
    ld.shared.u32 %r6, [%r5];
    st.global.u32 [%out], %r6;)"),
                     128);
  for (uint32_t i = 0; i < 128; ++i)
    EXPECT_EQ(got[i], 3 * (127 - i));
}

TEST(PtxControl, NamedBarriersAndReductions) {
  // Warp 0 produces, warp 1 consumes; then all vote.
  auto got = results(kernel(R"(
    .shared .align 4 .b32 buffer[32];
    mov.u32 %r1, buffer;
    and.b32 %r2, %t, 31;
    mad.lo.u32 %r1, %r2, 4, %r1;
    mov.u32 %r6, 0;
    setp.ge.u32 %p1, %t, 32;
    @%p1 bra CONSUME;
    st.shared.u32 [%r1], %t;
    bar.arrive 1, 64;
    bra END;
  CONSUME:
    bar.sync 1, 64;
    ld.shared.u32 %r6, [%r1];
  END:
    setp.gt.u32 %p2, %r6, 20;
    bar.red.popc.u32 %r7, 0, %p2;
    bar.red.and.pred %p3, 0, %p2;
    bar.red.or.pred %p4, 0, !%p2;
    @%p3 add.u32 %r7, %r7, 1000;
    @%p4 add.u32 %r7, %r7, 2000;
    add.u32 %r6, %r6, %r7;
    st.global.u32 [%out], %r6;)"),
                     64);
  for (uint32_t i = 0; i < 64; ++i)
    EXPECT_EQ(got[i], (i < 32 ? 0 : i - 32) + 11 + 2000) << i;
}

TEST(PtxControl, ThreadsThatHaveExitedDoNotHoldABarrier) {
  auto got = results(kernel(R"(
    setp.ge.u32 %p1, %t, 70;
    @%p1 exit;
    bar.sync 0;
    st.global.u32 [%out], %t;)"),
                     96);
  for (uint32_t i = 0; i < 96; ++i)
    EXPECT_EQ(got[i], i < 70 ? i : 0xabababab);
}

TEST(PtxControl, SpinsWaitForOthers) {
  // Lanes of one warp take a lock in turn: the one that has it must get on while the others spin.
  std::string text = kernel(R"(
    mov.u64 %q1, lock;
    mov.u64 %q2, counter;
  SPIN:
    atom.global.cas.b32 %r1, [%q1], 0, 1;
    setp.ne.u32 %p1, %r1, 0;
    @%p1 bra SPIN;
    ld.volatile.global.u32 %r2, [%q2];
    add.u32 %r2, %r2, 1;
    st.volatile.global.u32 [%q2], %r2;
    membar.gl;
    atom.global.exch.b32 %r3, [%q1], 0;
    st.global.u32 [%out], %r2;)",
                            ".global .align 4 .u32 lock = 0;\n.global .align 4 .u32 counter = 0;\n");
  auto got = results(text, 96);
  std::vector<bool> seen(97);
  for (uint32_t value : got) {
    ASSERT_TRUE(value >= 1 && value <= 96 && !seen[value]) << value;
    seen[value] = true;
  }
}

TEST(PtxControl, BlocksThatWaitForEachOther) {
  Bench bench;
  const Kernel *k = bench.load(R"(
.visible .entry k(.param .b64 count, .param .b32 blocks) {
  .reg .b64 %q; .reg .b32 %r<4>; .reg .pred %p;
  ld.param.b64 %q, [count]; ld.param.b32 %r1, [blocks];
  atom.global.add.u32 %r2, [%q], 1;
WAIT:
  ld.acquire.gpu.global.u32 %r3, [%q];
  setp.lt.u32 %p, %r3, %r1;
  @%p bra WAIT;
  ret;
})",
                               "k");
  uint64_t count = bench.upload(std::vector<uint32_t>{0});
  EXPECT_TRUE(bench.run(k, {20, 1, 1}, {1, 1, 1}, {count, 20}));
}

TEST(PtxControl, SpecialRegisters) {
  Bench bench;
  const Kernel *k = bench.load(R"(
.visible .entry k(.param .b64 out) {
  .reg .b64 %q<3>; .reg .b32 %r<20>;
  ld.param.b64 %q1, [out];
  mov.u32 %r1, %tid.x; mov.u32 %r2, %tid.y; mov.u32 %r3, %tid.z;
  mov.u32 %r4, %ntid.x; mov.u32 %r5, %ntid.y; mov.u32 %r6, %ctaid.x; mov.u32 %r7, %nctaid.x; mov.u32 %r8, %ctaid.y;
  mad.lo.u32 %r9, %r3, %r5, %r2; mad.lo.u32 %r9, %r9, %r4, %r1;          // the thread in its block
  mad.lo.u32 %r10, %r8, %r7, %r6; mad.lo.u32 %r11, %r10, 60, %r9;        // in the grid
  mul.wide.u32 %q2, %r11, 4; add.s64 %q1, %q1, %q2;
  mov.u32 %r12, %laneid; mov.u32 %r13, %warpid; mad.lo.u32 %r14, %r13, 32, %r12;
  sub.u32 %r14, %r14, %r9;                                               // 0
  mov.u32 %r15, %lanemask_lt; popc.b32 %r15, %r15; sub.u32 %r15, %r15, %r12; add.u32 %r14, %r14, %r15;
  add.u32 %r14, %r14, WARP_SZ;
  st.global.u32 [%q1], %r14;
  ret;
})",
                               "k");
  uint64_t out = bench.upload(std::vector<uint32_t>(60 * 6));
  bench.run(k, {3, 2, 1}, {3, 4, 5}, {out});
  for (uint32_t value : bench.download<uint32_t>(out, 60 * 6))
    EXPECT_EQ(value, 32u);
}

} // namespace
} // namespace adze::ptx
