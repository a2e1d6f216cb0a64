// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each kind of fault, planted, and found on its line; and the programs next to them that are right.
#include "test/sim/ptx/Harness.h"

namespace adze::ptx {
namespace {

/// Threads' words in three buffers: %a, %b, %c; %t is the thread in the block, %n in the grid; %s its word of shared
/// memory.
std::string kernel(const std::string &body) {
  return R"(
.visible .entry k(.param .b64 a, .param .b64 b, .param .b64 c) {
  .reg .b64 %a, %b, %c, %w, %q<8>; .reg .b32 %t, %n, %s, %r<20>; .reg .pred %p<8>; .reg .f32 %f<8>; .reg .b16 %h<4>;
  .shared .align 16 .b8 words[4096];
  ld.param.b64 %a, [a]; ld.param.b64 %b, [b]; ld.param.b64 %c, [c];
  mov.u32 %t, %tid.x; mov.u32 %r0, %ctaid.x; mov.u32 %r1, %ntid.x; mad.lo.u32 %n, %r0, %r1, %t;
  mul.wide.u32 %w, %n, 4; add.s64 %a, %a, %w; add.s64 %b, %b, %w; add.s64 %c, %c, %w;
  mov.u32 %s, words; mad.lo.u32 %s, %t, 4, %s;
)" + body +
         "\nret;\n}\n";
}

struct Outcome {
  std::vector<Report> reports;
  bool completed;
  std::string error;
};

/// a holds 0, 1, 2 ...; b nothing; c too, and is shorter by one word.
Outcome outcomeOf(const std::string &text, uint32_t blocks = 1, uint32_t threads = 64, uint64_t seed = 1) {
  Facts facts;
  facts.max_warp_instructions = 100000;
  facts.seed = seed;
  Bench bench(facts);
  bench.expectsReports = true;
  std::vector<uint32_t> numbers(blocks * threads);
  for (uint32_t i = 0; i < numbers.size(); ++i)
    numbers[i] = i;
  uint64_t a = bench.upload(numbers), b = bench.machine.allocate(numbers.size() * 4);
  uint64_t c = bench.machine.allocate(numbers.size() * 4 - 4);
  bool completed = bench.run(bench.load(text, "k"), {blocks, 1, 1}, {threads, 1, 1}, {a, b, c});
  return {bench.machine.reports(), completed, bench.error};
}

void expectFault(Fault fault, const std::string &body, uint32_t blocks = 1, uint32_t threads = 64) {
  std::string text = kernel(body);
  for (uint64_t seed : {1, 2, 3}) {
    Outcome outcome = outcomeOf(text, blocks, threads, seed);
    ASSERT_FALSE(outcome.reports.empty()) << body;
    for (const Report &report : outcome.reports) {
      EXPECT_EQ(report.fault, fault) << report.message;
      EXPECT_EQ(report.line, Bench::lineOf(text, "here")) << report.message;
    }
    bool ends =
        fault == Fault::out_of_bounds || fault == Fault::deadlock || fault == Fault::trap || fault == Fault::limit;
    EXPECT_EQ(outcome.completed, !ends);
  }
}

void expectNone(const std::string &body, uint32_t blocks = 1, uint32_t threads = 64) {
  Outcome outcome = outcomeOf(kernel(body), blocks, threads);
  EXPECT_TRUE(outcome.completed) << outcome.error;
  for (const Report &report : outcome.reports)
    ADD_FAILURE() << report.message;
}

TEST(PtxFault, StoreBehindAnAllocation) {
  expectFault(Fault::out_of_bounds, "ld.global.u32 %r2, [%a];\nst.global.u32 [%c], %r2; //!here");
  expectNone("ld.global.u32 %r2, [%a];\nst.global.u32 [%b], %r2;");
}

TEST(PtxFault, LoadBeforeAnAllocation) {
  expectFault(Fault::out_of_bounds, "ld.global.u32 %r2, [%a+-4]; //!here\nst.global.u32 [%b], %r2;");
}

TEST(PtxFault, SharedMemoryEnds) {
  expectFault(Fault::out_of_bounds, "st.shared.u32 [%s+4092], %t; //!here");
  expectNone("st.shared.u32 [%s+3840], %t;");
}

TEST(PtxFault, NullAddress) { expectFault(Fault::out_of_bounds, "mov.u64 %q1, 0;\nld.global.u32 %r2, [%q1]; //!here"); }

TEST(PtxFault, GenericAddressOfNothing) {
  expectFault(Fault::out_of_bounds, "mov.u64 %q1, 4096;\nst.u32 [%q1], %t; //!here");
}

TEST(PtxFault, Misaligned) {
  expectFault(Fault::misaligned, "setp.eq.u32 %p1, %t, 0;\n@%p1 ld.global.v2.u32 {%r2, %r3}, [%a+4]; //!here");
  expectFault(Fault::misaligned, "setp.eq.u32 %p1, %t, 0;\n@%p1 st.shared.u32 [%s+2], %t; //!here");
  expectNone("setp.eq.u32 %p1, %t, 0;\n@%p1 ld.global.v2.u32 {%r2, %r3}, [%a];");
}

TEST(PtxFault, UninitializedMemoryIsStored) {
  expectFault(Fault::uninitialized, "ld.global.u32 %r2, [%b];\nadd.u32 %r2, %r2, 1;\nst.global.u32 [%b], %r2; //!here");
  expectFault(Fault::uninitialized, "ld.shared.u32 %r2, [%s];\nst.global.u32 [%b], %r2; //!here");
  expectFault(Fault::uninitialized,
              "st.shared.u32 [%s], %r9;\nld.shared.u32 %r2, [%s];\nst.global.u32 [%b], %r2; //!here");
  // Loaded, but not used.
  expectNone("ld.global.u32 %r2, [%b];\nmov.u32 %r2, 1;\nst.global.u32 [%b], %r2;");
  expectNone(
      "ld.global.u32 %r2, [%b];\nsetp.lt.u32 %p1, %t, 100;\nselp.b32 %r3, %t, %r2, %p1;\nst.global.u32 [%b], %r3;");
}

TEST(PtxFault, UninitializedMemoryDecides) {
  expectFault(Fault::uninitialized, "ld.global.u32 %r2, [%b];\nsetp.eq.u32 %p1, %r2, 0;\n@%p1 bra END; //!here\nEND:");
  expectFault(Fault::uninitialized,
              "ld.global.u32 %r2, [%b];\nand.b32 %r2, %r2, 0;\ncvt.u64.u32 %q1, %r2;\nadd.s64 %q2, %a, %q1;\n"
              "ld.global.u32 %r3, [%q2]; //!here");
}

TEST(PtxFault, PartOfAWordIsUninitialized) {
  expectFault(Fault::uninitialized, "cvt.u16.u32 %h1, %t;\nst.shared.u16 [%s], %h1;\nld.shared.u32 %r2, [%s];\n"
                                    "st.global.u32 [%b], %r2; //!here");
  expectNone("cvt.u16.u32 %h1, %t;\nst.shared.u16 [%s], %h1;\nst.shared.u16 [%s+2], %h1;\nld.shared.u32 %r2, [%s];\n"
             "st.global.u32 [%b], %r2;");
}

/// Reports of a body on sm_100 that one thread runs: %q1 has a defined low half, %q2 two.
size_t reportsOfPairs(const std::string &body) {
  std::string text = header(100) + kernel("setp.ne.u32 %p1, %t, 0;\n@%p1 ret;\nmov.b64 %q1, {%t, %r9};\n"
                                          "ld.global.b64 %q2, [%a];\n" +
                                          body);
  Bench bench(Facts{120});
  bench.expectsReports = true;
  uint64_t a = bench.upload(std::vector<uint64_t>(32, 0x3f8000003f800000)), b = bench.machine.allocate(256);
  bench.run(bench.load(text, "k"), {1, 1, 1}, {32, 1, 1}, {a, b, b});
  return bench.machine.reports().size();
}

TEST(PtxFault, HalfOfAPairIsUninitialized) {
  const char *low = "\nmov.b64 {%r2, _}, %q3;\nst.global.b32 [%b], %r2;",
             *high = "\nmov.b64 {_, %r2}, %q3;\nst.global.b32 [%b], %r2;", *whole = "\nst.global.b64 [%b], %q3;";
  for (std::string code : {"mov.b64 %q3, %q1;", "add.f32x2 %q3, %q1, %q2;", "mul.rz.f32x2 %q3, %q2, %q1;",
                           "fma.rn.f32x2 %q3, %q2, %q2, %q1;", "fma.rp.ftz.f32x2 %q3, %q1, %q2, %q2;",
                           "selp.b64 %q3, %q2, %q1, %p1;", "st.shared.b64 [%s], %q1;\nld.shared.b64 %q3, [%s];",
                           "st.shared.v2.b64 [%s], {%q2, %q1};\nld.shared.v2.b64 {%q4, %q3}, [%s];",
                           "st.shared.b64 [%s], %q1;\nld.shared.v2.b32 {%r3, %r4}, [%s];\nmov.b64 %q3, {%r3, %r4};"}) {
    EXPECT_EQ(reportsOfPairs(code + low), 0u) << code;
    EXPECT_EQ(reportsOfPairs(code + high), 1u) << code;
    EXPECT_EQ(reportsOfPairs(code + whole), 1u) << code;
  }
  // Other instructions see the whole register.
  EXPECT_EQ(reportsOfPairs(std::string("add.s64 %q3, %q1, 1;") + low), 1u);
  EXPECT_EQ(reportsOfPairs(std::string("mov.b64 %q3, %q1;\nadd.s64 %q3, %q1, 1;") + low), 1u);
  // What is written again is defined.
  EXPECT_EQ(reportsOfPairs(std::string("mov.b64 %q3, %q1;\nmov.b64 %q3, %q2;") + whole), 0u);
  EXPECT_EQ(reportsOfPairs(std::string("mov.b64 %q3, %q1;\nmov.b64 %q3, 7;\nadd.s64 %q3, %q3, 1;") + whole), 0u);
}

const char *exchange = R"(
st.shared.u32 [%s], %t;
BARRIER
xor.b32 %r2, %t, 32; mov.u32 %r3, words; mad.lo.u32 %r3, %r2, 4, %r3;
ld.shared.u32 %r4, [%r3]; //!here
st.global.u32 [%b], %r4;)";

std::string with(std::string text, const std::string &word, const std::string &by) {
  return text.replace(text.find(word), word.size(), by);
}

TEST(PtxFault, MissingBarrier) {
  std::string text = kernel(with(exchange, "BARRIER", ""));
  Outcome outcome = outcomeOf(text);
  ASSERT_FALSE(outcome.reports.empty());
  bool race = false;
  for (const Report &report : outcome.reports) // the warp that runs first reads what nobody has written
    race = race || report.fault == Fault::race;
  EXPECT_TRUE(race);
  expectNone(with(exchange, "BARRIER", "bar.sync 0;"));
}

TEST(PtxFault, MissingSecondBarrier) {
  std::string loop = R"(
mov.u32 %r5, 0;
LOOP:
st.shared.u32 [%s], %t;
bar.sync 0;
xor.b32 %r2, %t, 32; mov.u32 %r3, words; mad.lo.u32 %r3, %r2, 4, %r3;
ld.shared.u32 %r4, [%r3];
BARRIER
add.u32 %r5, %r5, 1;
setp.lt.u32 %p1, %r5, 3;
@%p1 bra LOOP;)";
  for (const Report &report : outcomeOf(kernel(with(loop, "BARRIER", ""))).reports)
    EXPECT_EQ(report.fault, Fault::race) << report.message; // of the store or of the load, whichever comes second
  EXPECT_FALSE(outcomeOf(kernel(with(loop, "BARRIER", ""))).reports.empty());
  expectNone(with(loop, "BARRIER", "bar.sync 0;"));
}

TEST(PtxFault, BlocksWriteTheSameWord) {
  expectFault(Fault::race, "ld.param.b64 %q1, [b];\nsetp.eq.u32 %p1, %t, 0;\n@%p1 st.global.u32 [%q1], %n; //!here", 4);
  expectNone("ld.param.b64 %q1, [a];\nred.global.add.u32 [%q1], 1;", 4);
}

TEST(PtxFault, ABlockReadsWhatAnotherWrites) {
  // Whichever block comes first, one of both accesses is told.
  std::string text = kernel(R"(
    xor.b32 %r2, %r0, 1; mad.lo.u32 %r2, %r2, %r1, %t; mul.wide.u32 %q1, %r2, 4; ld.param.b64 %q2, [a]; add.s64 %q2, %q2, %q1;
    ld.global.u32 %r3, [%q2];
    st.global.u32 [%a], %r3;)");
  Outcome outcome = outcomeOf(text, 2);
  ASSERT_FALSE(outcome.reports.empty());
  EXPECT_EQ(outcome.reports[0].fault, Fault::race);
}

TEST(PtxFault, LanesOfOneStoreDisagree) {
  expectFault(Fault::race, "mov.u32 %r3, words;\nst.shared.u32 [%r3], %t; //!here", 1, 32);
  expectNone("mov.u32 %r3, words;\nst.shared.u32 [%r3], 5;", 1, 32);
}

TEST(PtxFault, WarpsShareAWordOfHalves) {
  // Neighbouring halves of one word, of different warps: no race.
  expectNone(R"(
    cvt.u16.u32 %h1, %t; mov.u32 %r3, words; add.u32 %r3, %r3, 2; mad.lo.u32 %r3, %t, 2, %r3; st.shared.u16 [%r3], %h1;)");
}

TEST(PtxFault, FencesAndAtomicsOrder) {
  // The last block to come reads what all have written.
  std::string text = kernel(R"(
    .shared .align 4 .b32 last;
    ld.param.b64 %q3, [b];
    mul.wide.u32 %q4, %r0, 4; add.s64 %q4, %q3, %q4;
    setp.ne.u32 %p1, %t, 0;
    @%p1 bra WAIT;
    st.global.u32 [%q4], %r0;
    FENCE
    ld.param.b64 %q1, [a];
    atom.global.inc.u32 %r5, [%q1], 1000;
    st.shared.u32 [last], %r5;
    FENCE
  WAIT:
    bar.sync 0;
    ld.shared.u32 %r5, [last];
    setp.ne.u32 %p1, %r5, 3;
    @%p1 bra END;
    setp.gt.u32 %p1, %t, 3;
    @%p1 bra END;
    mul.wide.u32 %q4, %t, 4; add.s64 %q4, %q3, %q4;
    ld.global.u32 %r6, [%q4];
  END:)");
  std::string right = with(with(text, "FENCE", "membar.gl;"), "FENCE", "membar.gl;");
  for (const Report &report : outcomeOf(right, 4).reports)
    ADD_FAILURE() << report.message;
  std::string wrong = with(with(text, "FENCE", ""), "FENCE", "");
  Outcome outcome = outcomeOf(wrong, 4);
  ASSERT_FALSE(outcome.reports.empty());
  EXPECT_EQ(outcome.reports[0].fault, Fault::race);
}

const char *asyncCopy = R"(
mad.lo.u32 %r2, %t, 12, %s; // 16 bytes a thread
ld.param.b64 %q1, [a]; mul.wide.u32 %q2, %t, 16; add.s64 %q1, %q1, %q2;
setp.lt.u32 %p1, %t, 16;
@%p1 cp.async.cg.shared.global [%r2], [%q1], 16;
cp.async.commit_group;
WAIT
bar.sync 0;
ld.shared.u32 %r4, [%s]; //!here
st.global.u32 [%b], %r4;)";

TEST(PtxFault, MissingWait) {
  Outcome outcome = outcomeOf(kernel(with(asyncCopy, "WAIT", "")));
  ASSERT_FALSE(outcome.reports.empty());
  EXPECT_EQ(outcome.reports[0].fault, Fault::missing_wait);
  EXPECT_EQ(outcome.reports[0].line, Bench::lineOf(kernel(with(asyncCopy, "WAIT", "")), "here"));
  EXPECT_EQ(outcomeOf(kernel(with(asyncCopy, "WAIT", "cp.async.wait_group 1;"))).reports[0].fault, Fault::missing_wait);
  expectNone(with(asyncCopy, "WAIT", "cp.async.wait_group 0;"));
  expectNone(with(asyncCopy, "WAIT", "cp.async.wait_all;"));
}

TEST(PtxFault, WaitWithoutABarrier) {
  std::string text = with(with(asyncCopy, "WAIT", "cp.async.wait_all;"), "bar.sync 0;", "");
  Outcome outcome = outcomeOf(kernel(text));
  ASSERT_FALSE(outcome.reports.empty());
  for (const Report &report : outcome.reports)
    EXPECT_TRUE(report.fault == Fault::race || report.fault == Fault::uninitialized) << report.message;
}

TEST(PtxFault, BarrierThatNotAllReach) {
  expectFault(Fault::deadlock, R"(
    setp.ge.u32 %p1, %t, 32;
    @%p1 bra OTHER;
    bar.sync 1; //!here
    bra END;
  OTHER: bar.sync 2;
  END:)");
}

TEST(PtxFault, BarrierInADivergentBranch) {
  Outcome outcome = outcomeOf(kernel(R"(
    setp.ge.u32 %p1, %t, 16;
    @%p1 bra OTHER;
    bar.sync 0;
    bra END;
  OTHER: bar.sync 0;
  END:)"),
                              1, 32);
  EXPECT_TRUE(outcome.completed);
  ASSERT_EQ(outcome.reports.size(), 2u); // both barriers lack half of the warp
  for (const Report &report : outcome.reports)
    EXPECT_EQ(report.fault, Fault::divergence) << report.message;
}

TEST(PtxFault, ShuffleWithoutAllItNames) {
  expectFault(Fault::deadlock, R"(
    setp.ge.u32 %p1, %t, 16;
    @%p1 bra OTHER;
    shfl.sync.idx.b32 %r2, %t, 0, 31, -1; //!here
    bra END;
  OTHER: barrier.sync 0;
  END:)",
              1, 32);
}

TEST(PtxFault, ShuffleByAStranger) {
  expectFault(Fault::divergence, "shfl.sync.idx.b32 %r2, %t, 0, 31, 0xffff; //!here", 1, 32);
}

TEST(PtxFault, MatrixProductOfHalfAWarp) {
  expectFault(Fault::divergence, R"(
    mov.f32 %f1, 0f00000000; mov.u32 %r2, 0;
    mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%f2,%f3,%f4,%f5}, {%r2,%r2}, {%r2}, {%f1,%f1,%f1,%f1}; //!here)",
              1, 16);
}

TEST(PtxFault, WrongLanesOfAMatrixProduct) {
  // One row of A, in the first register of lanes 0 to 3, against ones: a map that takes the row's lanes for a column's
  // is seen.
  auto firstResult = [](const char *holder) {
    std::string code =
        std::string(".reg .b32 x, z; .reg .f32 f, r<4>; mov.u32 z, 0; mov.f32 f, 0f00000000;\n") + holder +
        "\nselp.b32 x, 0x3c003c00, 0, p; .reg .b32 one; mov.u32 one, 0x3c003c00;\n"
        "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {r0, r1, r2, r3}, {x, z}, {one}, {f, f, f, f};\n"
        "mov.b32 %d, r0;";
    std::vector<uint64_t> lanes(32);
    for (uint32_t i = 0; i < 32; ++i)
      lanes[i] = i;
    return fromBits<float>(evaluate({code, "b32", {"b32"}}, {lanes})[0]);
  };
  EXPECT_EQ(firstResult("setp.lt.u32 p, %a, 4;"), 8.0f);
  EXPECT_EQ(firstResult(".reg .b32 y; and.b32 y, %a, 3; setp.eq.u32 p, y, 0;"), 2.0f);
}

TEST(PtxFault, Trap) { expectFault(Fault::trap, "setp.eq.u32 %p1, %t, 7;\n@%p1 trap; //!here"); }

TEST(PtxFault, EndlessLoop) {
  std::string text = kernel("LOOP: bra LOOP;");
  Outcome outcome = outcomeOf(text);
  EXPECT_FALSE(outcome.completed);
  ASSERT_EQ(outcome.reports.size(), 1u);
  EXPECT_EQ(outcome.reports[0].fault, Fault::limit);
}

TEST(PtxFault, EqualRunsGiveEqualReports) {
  std::string text =
      kernel("ld.param.b64 %q1, [b];\nst.global.u32 [%q1], %n;\nld.global.u32 %r2, [%b];\nst.global.u32 [%a], %r2;");
  for (uint64_t seed : {1, 5}) {
    Outcome first = outcomeOf(text, 6, 64, seed), second = outcomeOf(text, 6, 64, seed);
    ASSERT_EQ(first.reports.size(), second.reports.size());
    for (size_t i = 0; i < first.reports.size(); ++i) {
      EXPECT_EQ(first.reports[i].message, second.reports[i].message);
      EXPECT_EQ(first.reports[i].count, second.reports[i].count);
    }
  }
}

TEST(PtxFault, ReportsAreCountedByLine) {
  std::string text =
      kernel("mov.u32 %r5, 0;\nLOOP: ld.global.u32 %r2, [%b];\nst.global.u32 [%a], %r2; //!here\nadd.u32 %r5, "
             "%r5, 1;\nsetp.lt.u32 %p1, %r5, 5;\n@%p1 bra LOOP;");
  Outcome outcome = outcomeOf(text);
  ASSERT_EQ(outcome.reports.size(), 1u);
  EXPECT_EQ(outcome.reports[0].count, 10u); // two warps, five times
  EXPECT_NE(
      outcome.reports[0].message.find("k, line " + std::to_string(Bench::lineOf(text, "here")) + ": st.global.u32: "),
      std::string::npos)
      << outcome.reports[0].message;
}

TEST(PtxFault, LaunchesThatCannotBegin) {
  Bench bench;
  bench.expectsReports = true;
  const Kernel *k = bench.load(
      ".visible .entry k() .maxntid 128, 1, 1 { .shared .b8 s[1024]; .reg .b32 %r; mov.u32 %r, s; ret; }", "k");
  EXPECT_EQ(k->static_shared_bytes, 1024u);
  EXPECT_EQ(k->max_threads, 128u);
  EXPECT_FALSE(bench.run(k, {1, 1, 1}, {256, 1, 1}, {}));
  EXPECT_NE(bench.error.find("256 threads"), std::string::npos) << bench.error;
  EXPECT_FALSE(bench.run(k, {1, 1, 1}, {64, 1, 1}, {}, 99 * 1024));
  EXPECT_FALSE(bench.run(k, {0, 1, 1}, {64, 1, 1}, {}));
  EXPECT_TRUE(bench.run(k, {1, 1, 1}, {64, 1, 1}, {}, 98 * 1024));
  const Kernel *fixed = bench.load(".visible .entry fixed() .reqntid 8, 4, 1 { ret; }", "fixed");
  EXPECT_FALSE(bench.run(fixed, {1, 1, 1}, {32, 1, 1}, {}));
  EXPECT_TRUE(bench.run(fixed, {1, 1, 1}, {8, 4, 1}, {}));
  EXPECT_TRUE(bench.machine.reports().empty());
}

} // namespace
} // namespace adze::ptx
