// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// State spaces, vectors, generic addresses, variables of modules, atomics, and the counts of accesses.
#include "test/sim/ptx/Harness.h"
#include <numeric>

namespace adze::ptx {
namespace {

TEST(PtxMemory, HostAccess) {
  Machine machine;
  uint64_t a = machine.allocate(100), b = machine.allocate(100);
  ASSERT_TRUE(a && b && a % 256 == 0 && b > a + 4096);
  EXPECT_EQ(machine.allocated(), 200u);
  uint32_t value = 7;
  EXPECT_TRUE(machine.write(a + 96, &value, 4));
  EXPECT_FALSE(machine.write(a + 97, &value, 4));
  EXPECT_TRUE(machine.copy(b, a + 96, 4));
  value = 0;
  EXPECT_TRUE(machine.read(&value, b, 4));
  EXPECT_EQ(value, 7u);
  EXPECT_TRUE(machine.fill(b, 0x11, 100));
  EXPECT_FALSE(machine.fill(b + 1, 0x11, 100));
  EXPECT_TRUE(machine.release(a));
  EXPECT_FALSE(machine.release(a));
  EXPECT_FALSE(machine.release(b + 4));
  EXPECT_EQ(machine.allocations(), 1u);
  Facts facts;
  facts.memory_bytes = 1000;
  EXPECT_EQ(Machine(facts).allocate(1001), 0u);
}

TEST(PtxMemory, CopiesKeepWhatIsUnwritten) {
  Bench bench;
  const Kernel *k = bench.load(R"(
.visible .entry k(.param .b64 a) { .reg .b64 %q; .reg .b32 %r; ld.param.b64 %q, [a];
  ld.global.b32 %r, [%q+4];
  st.global.b32 [%q], %r; ret; })",
                               "k");
  uint64_t a = bench.machine.allocate(8), b = bench.upload(std::vector<uint32_t>{1, 2});
  EXPECT_TRUE(bench.machine.copy(b, a, 8));
  bench.run(k, {1, 1, 1}, {1, 1, 1}, {b});
  bench.expectReport(Fault::uninitialized, 4);
}

TEST(PtxMemory, WidthsAndExtension) {
  auto one = [](const std::string &store, const std::string &load) {
    return evaluate(
        {".shared .align 16 .b8 s[16]; st.shared." + store + " [s+8], %a; ld.shared." + load + " %d, [s+8];",
         "b64",
         {"b64"}},
        {{0x8182838485868788ull}})[0];
  };
  EXPECT_EQ(one("b8", "u8"), 0x88u);
  EXPECT_EQ(one("b8", "s8"), 0xffffffffffffff88ull);
  EXPECT_EQ(one("b16", "s16"), 0xffffffffffff8788ull);
  EXPECT_EQ(one("b32", "s32"), 0xffffffff85868788ull);
  EXPECT_EQ(one("b32", "u32"), 0x85868788ull);
  EXPECT_EQ(one("b64", "b64"), 0x8182838485868788ull);
}

TEST(PtxMemory, VectorsOfAllSpaces) {
  Bench bench;
  const Kernel *k = bench.load(R"(
.visible .entry k(.param .b64 in, .param .b64 out) {
  .reg .b64 %q<4>; .reg .b32 %r<20>; .reg .f32 %f<5>; .reg .b16 %h<5>;
  .shared .align 16 .b8 s[1024]; .local .align 16 .b8 l[32];
  ld.param.b64 %q1, [in]; ld.param.b64 %q2, [out];
  mov.u32 %r1, %tid.x; mul.wide.u32 %q3, %r1, 16; add.s64 %q1, %q1, %q3; add.s64 %q2, %q2, %q3;
  ld.global.nc.v4.f32 {%f1, %f2, %f3, %f4}, [%q1];
  mov.u32 %r2, s; mad.lo.u32 %r2, %r1, 16, %r2;
  st.shared.v4.f32 [%r2], {%f4, %f3, %f2, %f1};
  ld.shared.v2.b32 {%r3, %r4}, [%r2+8];
  st.local.v2.b32 [l+16], {%r4, %r3};
  ld.local.v4.b16 {%h1, %h2, %h3, %h4}, [l+16];
  mov.b32 %r5, {%h1, %h2}; mov.b32 %r6, {%h3, %h4};
  ld.volatile.shared.b32 %r7, [%r2+4]; ld.shared.b32 %r8, [%r2];
  st.global.v4.b32 [%q2], {%r5, %r6, %r7, %r8};
  ret;
})",
                               "k");
  std::vector<float> in(64 * 4);
  std::iota(in.begin(), in.end(), 1.0f);
  uint64_t a = bench.upload(in), b = bench.machine.allocate(in.size() * 4);
  bench.run(k, {1, 1, 1}, {64, 1, 1}, {a, b});
  EXPECT_EQ(bench.download<float>(b, in.size()), in);
}

TEST(PtxMemory, GenericAddresses) {
  Bench bench;
  const Kernel *k = bench.load(R"(
.visible .entry k(.param .b64 out, .param .align 4 .b8 bytes[8]) {
  .reg .b64 %q<9>; .reg .b32 %r<9>; .reg .pred %p<5>;
  .shared .align 8 .b8 s[64]; .local .align 8 .b8 l[8];
  ld.param.b64 %q1, [out]; cvta.to.global.u64 %q1, %q1;
  mov.u64 %q2, s; cvta.shared.u64 %q3, %q2;
  mov.u64 %q4, l; cvta.local.u64 %q5, %q4;
  mov.u32 %r1, %tid.x;
  mul.wide.u32 %q6, %r1, 4; add.s64 %q3, %q3, %q6; add.s64 %q1, %q1, %q6;
  setp.lt.u32 %p1, %r1, 8;
  selp.b64 %q7, %q3, %q5, %p1;      // shared memory for some lanes, local memory for the others
  add.u32 %r2, %r1, 100;
  st.u32 [%q7], %r2;
  ld.u32 %r3, [%q7];
  isspacep.shared %p2, %q7;
  selp.u32 %r4, 1000, 0, %p2;
  add.u32 %r3, %r3, %r4;
  cvta.to.shared.u64 %q8, %q3;
  @%p1 ld.shared.u32 %r5, [%q8];
  @%p1 sub.u32 %r5, %r5, %r2;       // 0
  @%p1 add.u32 %r3, %r3, %r5;
  ld.param.b32 %r6, [bytes+4];
  add.u32 %r3, %r3, %r6;
  st.u32 [%q1], %r3;
  ret;
})",
                               "k");
  ASSERT_EQ(k->parameters.size(), 2u);
  EXPECT_EQ(k->parameters[1].offset, 8u);
  EXPECT_EQ(k->parameters[1].bytes, 8u);
  uint64_t out = bench.machine.allocate(128);
  bench.run(k, {1, 1, 1}, {32, 1, 1}, {out, 5ull << 32});
  auto got = bench.download<uint32_t>(out, 32);
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(got[i], i + 105 + (i < 8 ? 1000 : 0));
}

TEST(PtxMemory, VariablesOfModules) {
  Bench bench;
  const Kernel *k = bench.load(R"(
.const .align 4 .f32 table[3] = {0f3F800000, 2.0, 0f40400000};
.global .align 4 .b32 counter = 40;
.global .align 8 .u64 pointer = generic(counter)+0;
.const .align 2 .b16 halves[4] = {1, -2, 0x10};
.global .align 1 .b8 text[6] = {72, 105, 0};
.extern .shared .align 16 .b8 dynamic[];
.visible .entry k(.param .b64 out) {
  .reg .b64 %q<9>; .reg .b32 %r<9>; .reg .f32 %f<4>; .shared .align 4 .b8 fixed[20];
  ld.param.b64 %q1, [out];
  ld.const.f32 %f1, [table+8]; st.global.f32 [%q1], %f1;
  ld.global.u64 %q2, [pointer]; atom.add.u32 %r1, [%q2], 2; ld.global.u32 %r2, [counter]; st.global.u32 [%q1+4], %r2;
  ld.const.s16 %r3, [halves+2]; st.global.u32 [%q1+8], %r3;
  ld.global.u8 %r4, [text+1]; st.global.u32 [%q1+12], %r4;
  mov.u32 %r5, dynamic; st.global.u32 [%q1+16], %r5;
  mov.u32 %r6, fixed; st.shared.u32 [%r6], 3; st.shared.u32 [dynamic+4], 9; ld.shared.u32 %r7, [%r5+4]; st.global.u32 [%q1+20], %r7;
  ret;
})",
                               "k");
  EXPECT_EQ(k->static_shared_bytes, 20u);
  uint64_t out = bench.machine.allocate(24), address = 0, bytes = 0;
  bench.run(k, {1, 1, 1}, {1, 1, 1}, {out}, 16);
  EXPECT_EQ(bench.download<uint32_t>(out, 6), (std::vector<uint32_t>{0x40400000, 42, uint32_t(-2), 105, 32, 9}));
  EXPECT_TRUE(bench.machine.variable(k->module, "counter", address, bytes));
  EXPECT_EQ(bytes, 4u);
  EXPECT_EQ(bench.download<uint32_t>(address, 1)[0], 42u);
  EXPECT_FALSE(bench.machine.variable(k->module, "nothing", address, bytes));
  EXPECT_EQ(bench.machine.allocations(), 1u);
}

TEST(PtxMemory, ConstantsAreNotWritten) {
  Bench bench;
  const Kernel *k = bench.load(
      ".const .align 4 .b32 c = 1;\n.visible .entry k() { .reg .b64 %q; mov.u64 %q, c; cvta.const.u64 %q, %q;\n"
      "st.u32 [%q], 1;\nret; }",
      "k");
  bench.expectsReports = true;
  EXPECT_FALSE(bench.run(k, {1, 1, 1}, {1, 1, 1}, {}));
  bench.expectReport(Fault::out_of_bounds, 3);
}

TEST(PtxMemory, Atomics) {
  Bench bench;
  const Kernel *k = bench.load(R"(
.visible .entry k(.param .b64 m, .param .b64 out) {
  .reg .b64 %q<9>; .reg .b32 %r<30>; .reg .f32 %f<4>; .reg .f64 %d<3>; .shared .align 8 .b32 s[4];
  .reg .pred %p; .reg .b16 %h<3>;
  ld.param.b64 %q1, [m]; ld.param.b64 %q2, [out]; mov.u32 %r1, %tid.x; setp.eq.u32 %p, %r1, 0;
  @%p st.shared.u32 [s], 0; @%p st.shared.u32 [s+4], 50;
  bar.sync 0;
  atom.global.add.u32 %r2, [%q1], 2;
  red.global.max.s32 [%q1+4], %r1;
  red.global.min.u32 [%q1+8], %r1;
  red.global.and.b32 [%q1+12], %r1;
  shl.b32 %r3, 1, %r1;
  red.global.or.b32 [%q1+16], %r3;
  red.global.xor.b32 [%q1+20], %r3;
  atom.global.inc.u32 %r4, [%q1+24], 4;
  atom.global.dec.u32 %r5, [%q1+28], 9;
  red.global.add.f32 [%q1+32], 0f3F000000;
  mov.f64 %d1, 0d3FF8000000000000;
  red.global.add.f64 [%q1+40], %d1;
  red.global.add.u64 [%q1+48], 3;
  mov.b32 %r6, 0x40003c00;
  red.global.add.noftz.f16x2 [%q1+56], %r6;
  red.shared.add.u32 [s], 1;
  atom.shared.exch.b32 %r7, [s+4], %r1;
  atom.acq_rel.gpu.global.cas.b32 %r8, [%q1+60], %r1, 100;
  bar.sync 0;
  ld.shared.u32 %r9, [s];
  mad.wide.u32 %q2, %r1, 4, %q2;
  add.u32 %r2, %r2, %r9;
  st.global.u32 [%q2], %r2;
  ret;
})",
                               "k");
  std::vector<uint32_t> m(16);
  m[2] = 0xffffffff, m[3] = 0xffffffff, m[7] = 3, m[15] = 5;
  uint64_t memory = bench.upload(m), out = bench.machine.allocate(128);
  bench.run(k, {1, 1, 1}, {32, 1, 1}, {memory, out});
  auto got = bench.download<uint32_t>(memory, 16);
  EXPECT_EQ(got[0], 64u);
  EXPECT_EQ(got[1], 31u);
  EXPECT_EQ(got[2], 0u);
  EXPECT_EQ(got[3], 0u);
  EXPECT_EQ(got[4], 0xffffffffu);
  EXPECT_EQ(got[5], 0xffffffffu);
  EXPECT_EQ(got[6], 32u % 5);
  EXPECT_EQ(got[7], 1u); // 3, 2, 1, 0, 9 ... 0, 9 ...: 32 steps
  EXPECT_EQ(fromBits<float>(got[8]), 16.0f);
  EXPECT_EQ(fromBits<double>(got[10] | uint64_t(got[11]) << 32), 48.0);
  EXPECT_EQ(got[12], 96u);
  EXPECT_EQ(got[14], 0x54005000u); // 64, 32
  EXPECT_EQ(got[15], 100u);
  auto old = bench.download<uint32_t>(out, 32);
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(old[i], 2 * i + 32);
}

TEST(PtxMemory, Counts) {
  Bench bench;
  std::string text = R"(
.visible .entry k(.param .b64 a) {
  .reg .b64 %q<9>; .reg .b32 %r<30>; .reg .f32 %f<9>; .shared .align 16 .b32 s[1056];
  ld.param.b64 %q1, [a]; mov.u32 %r1, %tid.x; mov.u32 %r3, s;
  mad.wide.u32 %q2, %r1, 4, %q1;
  ld.global.f32 %f1, [%q2]; //!one
  mad.wide.u32 %q3, %r1, 32, %q1;
  ld.global.f32 %f2, [%q3]; //!strided
  ld.global.f32 %f3, [%q1]; //!same
  mad.lo.u32 %r2, %r1, 4, %r3;
  st.shared.f32 [%r2], %f1; //!row
  mad.lo.u32 %r2, %r1, 128, %r3;
  st.shared.f32 [%r2], %f1; //!column
  mad.lo.u32 %r2, %r1, 132, %r3;
  st.shared.f32 [%r2], %f1; //!padded
  mad.lo.u32 %r2, %r1, 8, %r3;
  st.shared.f32 [%r2], %f1; //!two
  mad.lo.u32 %r2, %r1, 16, %r3;
  st.shared.v4.f32 [%r2], {%f1, %f1, %f1, %f1}; //!vector
  st.global.f32 [%q2], %f1; //!store
  ret;
})";
  const Kernel *k = bench.load(text, "k");
  uint64_t a = bench.upload(std::vector<float>(256, 1.0f));
  bench.run(k, {1, 1, 1}, {32, 1, 1}, {a});
  const Counts &counts = bench.machine.counts().at("k");
  auto global = [&](const char *mark) { return counts.global.at(Bench::lineOf(text, mark)); };
  auto conflicts = [&](const char *mark) { return counts.shared.at(Bench::lineOf(text, mark)).conflicts; };
  EXPECT_EQ(global("one").sectors, 4u);
  EXPECT_EQ(global("one").least, 4u);
  EXPECT_EQ(global("one").bytes_per_lane, 4);
  EXPECT_EQ(global("strided").sectors, 32u);
  EXPECT_EQ(global("strided").least, 4u);
  EXPECT_EQ(global("same").sectors, 1u);
  EXPECT_EQ(conflicts("row"), 0u);
  EXPECT_EQ(conflicts("column"), 31u);
  EXPECT_EQ(conflicts("padded"), 0u);
  EXPECT_EQ(conflicts("two"), 1u);
  EXPECT_EQ(conflicts("vector"), 0u);
  EXPECT_EQ(counts.global_load_bytes, 3 * 128u);
  EXPECT_EQ(counts.global_store_bytes, 128u);
  EXPECT_EQ(counts.launches, 1u);
  EXPECT_EQ(counts.warp_instructions, 20u);
}

} // namespace
} // namespace adze::ptx
