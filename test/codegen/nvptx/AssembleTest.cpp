// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the assembler says, and programs that are waited for.
#include "codegen/nvptx/Assemble.h"
#include "codegen/nvptx/Cards.h"
#include "codegen/nvptx/Child.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"

using namespace adze::nvptx;

TEST(Assemble, resourcesOfEachKernel) {
  auto kernels = parseResources("ptxas info    : 0 bytes gmem\n"
                                "ptxas info    : Compiling entry function 'adze_k0' for 'sm_80'\n"
                                "ptxas info    : Function properties for adze_k0\n"
                                "    8 bytes stack frame, 12 bytes spill stores, 16 bytes spill loads\n"
                                "ptxas info    : Used 255 registers, used 1 barriers, 8 bytes cumulative stack size, "
                                "16384 bytes smem, 380 bytes cmem[0]\n"
                                "ptxas info    : Compiling entry function 'adze_k1' for 'sm_80'\n"
                                "ptxas info    : Function properties for adze_k1\n"
                                "    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads\n"
                                "ptxas info    : Used 10 registers, 380 bytes cmem[0]\n");
  ASSERT_EQ(kernels.size(), 2u);
  EXPECT_EQ(kernels[0].name, "adze_k0");
  EXPECT_EQ(kernels[0].registers, 255);
  EXPECT_EQ(kernels[0].sharedBytes, 16384);
  EXPECT_EQ(kernels[0].stackBytes, 8);
  EXPECT_EQ(kernels[0].spillStores, 12);
  EXPECT_EQ(kernels[0].spillLoads, 16);
  EXPECT_EQ(kernels[1].registers, 10);
  EXPECT_EQ(kernels[1].sharedBytes, 0);
  EXPECT_EQ(kernels[1].spillStores, 0);
  EXPECT_TRUE(parseResources("").empty());
}

TEST(Assemble, theKernelOfAnError) {
  llvm::StringRef text = ".version 7.0\n.visible .entry adze_k0(\n)\n{\n}\n.visible .entry adze_k1(\n)\n{\nbad\n}\n";
  EXPECT_EQ(entryOfError("ptxas k.ptx, line 9; error   : Parsing error near 'bad'", text), "adze_k1");
  EXPECT_EQ(entryOfError("ptxas k.ptx, line 3; error   : ...", text), "adze_k0");
  EXPECT_EQ(entryOfError("ptxas k.ptx, line 1; error   : ...", text), "");
  EXPECT_EQ(entryOfError("ptxas k.ptx, line 100; error   : ...", text), "");
  EXPECT_EQ(entryOfError("ptxas fatal   : out of memory", text), "");
}

TEST(Assemble, programsEndWellBadlyOrTooLate) {
  llvm::SmallString<128> log;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("adze", "log", log));
  auto remove = llvm::make_scope_exit([&] { llvm::sys::fs::remove(log); });
  auto run = [&](const char *code, int milliseconds) {
    return runChild({"/bin/sh", "-c", code}, log.str().str(), std::chrono::milliseconds(milliseconds));
  };
  EXPECT_EQ(run("echo out; echo err >&2", 60000), Ended::Well);
  EXPECT_EQ((*llvm::MemoryBuffer::getFile(log))->getBuffer(), "out\nerr\n");
  EXPECT_EQ(run("exit 3", 60000), Ended::Badly);
  EXPECT_EQ(run("kill -9 $$", 60000), Ended::Badly);
  EXPECT_EQ(run("sleep 60", 50), Ended::TooLate);
  EXPECT_EQ(runChild({"/nothing"}, log.str().str(), std::chrono::seconds(60)), Ended::Badly);
}

TEST(Cards, theFirstThatRunsTheCode) {
  std::string error;
  auto find = [&](llvm::StringRef card, llvm::StringRef names) {
    const Card *found = findCard(card, parseChips(names, error), error);
    return found ? found->name.str() : "";
  };
  EXPECT_EQ(find("", "sm_80"), "rtx4090");
  EXPECT_EQ(find("", "sm_90"), "h100");
  EXPECT_EQ(find("A100", "sm_80,sm_90"), "a100");
  EXPECT_EQ(find("a100", "sm_89"), "");
  EXPECT_EQ(error, "NVIDIA A100 40GB (sm_80) runs no code for sm_89");
  EXPECT_EQ(find("", "sm_120"), "rtx5090");
  EXPECT_EQ(find("v100", "sm_80"), "");
  EXPECT_EQ(error, "card 'v100' is none of rtx4090, a100, a100-80gb, h100, rtx5090");
  for (const Card &card : cards()) {
    const Chip *chip = llvm::find_if(chips(), [&](const Chip &c) { return card.chip == c.name; });
    EXPECT_NE(chip, chips().end()) << card.name.str();
    EXPECT_EQ(chipFor(card, chips()), chip);
    EXPECT_FALSE(card.source.empty());
  }
}
