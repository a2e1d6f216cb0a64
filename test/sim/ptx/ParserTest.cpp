// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the machine takes for PTX, and how it says what it does not take. No text makes it crash.
#include "test/sim/ptx/Harness.h"
#include <random>

namespace adze::ptx {
namespace {

std::string logOf(const std::string &text, int sm = 80) {
  Machine machine(Facts{sm});
  std::string log;
  EXPECT_FALSE(machine.load(text, log)) << text;
  return log;
}
std::string logOfBody(const std::string &body) {
  return logOf(header() +
               "\n.visible .entry k() {\n.reg .b32 %r<4>; .reg .b64 %q<4>; .reg .pred %p<3>; .reg .f32 %f<4>;\n" +
               body + "\nret;\n}\n");
}

TEST(PtxParser, UnknownInstructionsAndModifiers) {
  EXPECT_EQ(logOfBody("frobnicate.b32 %r1, %r2;"),
            "line 4: an instruction that this machine does not know: frobnicate.b32");
  EXPECT_EQ(logOfBody("\nadd.fast.s32 %r1, %r2, %r3;"),
            "line 5: add.fast.s32: a modifier that this machine does not know here: .fast");
  EXPECT_NE(logOfBody("ld.weird.global.b32 %r1, [%q1];").find("line 4: ld.weird.global.b32"), std::string::npos);
  EXPECT_NE(logOfBody("mma.sync.aligned.m8n8k4.row.col.f32.f16.f16.f32 {%r1}, {%r1}, {%r1}, {%r1};").find("line 4"),
            std::string::npos);
  EXPECT_NE(logOfBody("wgmma.fence.sync.aligned;").find("does not know"), std::string::npos);
}

TEST(PtxParser, Operands) {
  EXPECT_NE(logOfBody("add.s32 %r1, %r2;").find("takes 3 operands"), std::string::npos);
  EXPECT_NE(logOfBody("add.s32 %r1, %r2, %q1;").find("%q1 is no register of 4 bytes"), std::string::npos);
  EXPECT_NE(logOfBody("add.s32 %r1, %r2, %x;").find("nothing is named %x"), std::string::npos);
  EXPECT_NE(logOfBody("add.s32 %r1, %r2, %r4;").find("nothing is named %r4"), std::string::npos);
  EXPECT_NE(logOfBody("add.f32 %f1, %f2, 1;").find("an integer where"), std::string::npos);
  EXPECT_NE(logOfBody("add.s32 5, %r2, %r1;").find("expected a register"), std::string::npos);
  EXPECT_NE(logOfBody("@%r1 add.s32 %r1, %r2, %r1;").find("no predicate"), std::string::npos);
  EXPECT_NE(logOfBody("bra NOWHERE;").find("no label NOWHERE"), std::string::npos);
  EXPECT_NE(logOfBody("call nothing;").find("call"), std::string::npos);
  EXPECT_NE(logOfBody("A: A: ret;").find("stands twice"), std::string::npos);
  EXPECT_NE(logOfBody(".reg .b32 %r<2>;").find("declared twice"), std::string::npos);
}

TEST(PtxParser, Targets) {
  EXPECT_EQ(logOf(".version 8.0 .target sm_90 .address_size 64", 80), "line 1: text for sm_90 on a machine of sm_80");
  EXPECT_NE(logOf(".version 8.0 .target sm_90a .address_size 64", 100), "");
  EXPECT_NE(logOf(".version 8.0 .target gfx90a .address_size 64").find("target"), std::string::npos);
  EXPECT_NE(logOf(".version 8.0 .target sm_80 .address_size 32").find("64 bits"), std::string::npos);
  EXPECT_NE(logOf("").find("expected .version"), std::string::npos);
  EXPECT_NE(logOf("not PTX at all").find("line 1"), std::string::npos);
}

TEST(PtxParser, Recursion) {
  EXPECT_NE(logOf(header() + ".func f() { call f; ret; }\n.entry k() { call f; ret; }").find("recursion"),
            std::string::npos);
}

TEST(PtxParser, WhatDebuggersReadIsPassedOver) {
  Bench bench;
  std::string text = header() + R"(, debug
.file 1 "a.cu"
.visible .entry k() .minnctapersm 2 .maxntid 64 .pragma "nounroll"; {
  .loc 1 2 3
  .reg .b32 %r<3>; /* a comment
  of two lines */ // and another
  mov.u32 %r1, 0xFFU; mov.u32 %r2, 017; mov.u32 %r1, 0b101;
  .loc 1 4 5, function_name $name, inlined_at 1 2 3
  .pragma "nounroll";
$L__END:
  ret;
}
.section .debug_str { $name: .b8 1, 2, 3 }
)";
  text.replace(text.find(" .address_size 64 ,"), 0, "");
  text.erase(text.find(", debug"), 7);
  const Kernel *k = bench.load(text, "k", false);
  ASSERT_TRUE(k);
  EXPECT_EQ(k->max_threads, 64u);
  EXPECT_TRUE(bench.run(k, {1, 1, 1}, {32, 1, 1}, {}));
}

TEST(PtxParser, DamagedTextIsAnErrorAndNoCrash) {
  const std::string good = header() + R"(
.const .align 4 .f32 table[2] = {1.0, 0f40000000};
.func (.param .b32 r) f(.param .b32 x) { .reg .b32 %a; ld.param.b32 %a, [x]; st.param.b32 [r], %a; ret; }
.visible .entry k(.param .b64 p, .param .align 8 .b8 s[16]) .maxntid 128, 1, 1 {
  .reg .b32 %r<10>; .reg .b64 %q<4>; .reg .pred %p<3>; .reg .f32 %f<4>; .shared .align 16 .b8 m[64];
  ld.param.b64 %q1, [p]; mov.u32 %r1, %tid.x;
LOOP:
  setp.lt.and.s32 %p1|%p2, %r1, 5, !%p2; @!%p1 bra LOOP;
  { .param .b32 a; .param .b32 b; st.param.b32 [a], %r1; call.uni (b), f, (a); ld.param.b32 %r2, [b]; }
T: .branchtargets LOOP, T2;
  brx.idx %r1, T;
T2: mov.b64 %q2, {%r1, %r2}; ld.global.v2.f32 {%f1, %f2}, [%q1+8]; shfl.sync.idx.b32 %r3|%p1, %r1, 0, 31, -1;
  mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {%f1,%f2,%f3,%f3}, {%r1,%r2}, {%r3}, {%f1,%f2,%f3,%f3};
  cp.async.cg.shared.global [m+16], [%q1], 16, %r1; cp.async.wait_group 0; bar.red.popc.u32 %r4, 0, 64, %p1;
  atom.global.cas.b32 %r5, [%q1], 1, 2; ret;
})";
  Facts facts;
  facts.max_warp_instructions = 5000;
  Machine machine(facts);
  const std::vector<uint8_t> many(1 << 16);
  const void *zeros = many.data();
  std::string log;
  ASSERT_TRUE(machine.load(good, log)) << log;
  std::mt19937 random(5);
  const std::string alphabet = "{}()[],;:.@!%$|+-<>=_ \n0129xfrbuS\"\\/*\0\x80";
  for (int i = 0; i < 8000; ++i) {
    std::string text = good;
    for (unsigned n = random() % 3 + 1; n; --n) {
      size_t at = random() % text.size(), length = random() % 12 + 1;
      switch (random() % 4) {
      case 0:
        text.erase(at, length);
        break;
      case 1:
        text.insert(at, 1, alphabet[random() % alphabet.size()]);
        break;
      case 2:
        text[at] = alphabet[random() % alphabet.size()];
        break;
      default:
        text.insert(at, good.substr(random() % good.size(), length));
      }
    }
    if (const Module *module = machine.load(text, log)) {
      if (const Kernel *kernel = machine.find(module, "k")) // and none makes a launch crash
        machine.launch(*kernel, {2, 1, 1}, {48, 1, 1}, 0,
                       std::vector<const void *>(kernel->parameters.size(), zeros).data(), log);
      machine.unload(module);
    } else {
      ASSERT_EQ(log.compare(0, 5, "line "), 0) << log;
    }
  }
}

} // namespace
} // namespace adze::ptx
