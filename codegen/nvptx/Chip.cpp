// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/nvptx/Chip.h"
#include "codegen/nvptx/MatrixTable.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/TargetSelect.h"

using namespace adze::nvptx;
using llvm::StringRef;

static constexpr Chip kChips[] = {
    {"sm_75", 75, "ptx65", 64 * 1024, 72},   {"sm_80", 80, "ptx70", 163 * 1024, 108},
    {"sm_86", 86, "ptx71", 99 * 1024, 84},   {"sm_89", 89, "ptx78", 99 * 1024, 142},
    {"sm_90", 90, "ptx78", 227 * 1024, 132}, {"sm_120", 120, "ptx87", 99 * 1024, 188},
};

llvm::ArrayRef<Chip> adze::nvptx::chips() { return kChips; }

std::vector<Chip> adze::nvptx::parseChips(StringRef text, std::string &error) {
  std::vector<Chip> found;
  for (StringRef word : llvm::split(text == "native" ? "sm_80" : text, ',')) {
    const auto *chip = llvm::find_if(kChips, [&](const Chip &c) { return word == c.name; });
    if (chip == std::end(kChips)) {
      error = "chip '" + word.str() + "' is none of " +
              llvm::join(llvm::map_range(kChips, [](const Chip &c) { return std::string(c.name); }), ", ");
      return {};
    }
    if (llvm::none_of(found, [&](const Chip &c) { return word == c.name; }))
      found.push_back(*chip);
  }
  llvm::sort(found, [](const Chip &a, const Chip &b) { return a.capability < b.capability; });
  return found;
}

adze::gpu::Facts adze::nvptx::factsOf(llvm::ArrayRef<Chip> chips, mlir::MLIRContext &context) {
  gpu::Facts facts;
  facts.sharedBytes = chips.front().sharedBytes;
  facts.multiprocessors = 0;
  for (const Chip &chip : chips) {
    facts.sharedBytes = std::min(facts.sharedBytes, chip.sharedBytes);
    facts.multiprocessors = std::max(facts.multiprocessors, chip.multiprocessors);
  }
  int least = chips.front().capability; // they are sorted
  facts.asyncCopy = least >= 80;
  facts.loadFragment = least >= 75;
  facts.units = matrixUnits(least, context);
  return facts;
}

/// sm_120 takes instructions on pairs of f32 in text only: ptxas makes two of each, and what remains are registers that
/// are bound in pairs, and moves. LLVM has no feature for that, only this option of its own.
static void avoidPairs() {
  auto &options = llvm::cl::getRegisteredOptions();
  if (auto found = options.find("nvptx-no-f32x2"); found != options.end())
    found->second->addOccurrence(0, "nvptx-no-f32x2", "true");
}

std::unique_ptr<llvm::TargetMachine> adze::nvptx::createMachine(const Chip &chip, llvm::CodeGenOptLevel level,
                                                                std::string &error) {
  static const bool initialised = [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
    avoidPairs();
    return true;
  }();
  (void)initialised;
  llvm::Triple triple("nvptx64-nvidia-cuda");
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return nullptr;
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Standard;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      triple, chip.name, std::string("+") + chip.ptx, options, llvm::Reloc::PIC_, std::nullopt, level));
}
