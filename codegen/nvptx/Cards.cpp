// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/nvptx/Cards.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace adze::nvptx;
using llvm::StringRef;

static constexpr Card kCards[] = {
    {"rtx4090", "NVIDIA GeForce RTX 4090", "sm_89", 128, 1008, 82.6, 1.29, 165.2, 660.6, 0,
     "NVIDIA Ada GPU Architecture (whitepaper), appendix A, at the boost clock"},
    {"a100", "NVIDIA A100 40GB", "sm_80", 108, 1555, 19.5, 9.7, 312, 624, 19.5,
     "NVIDIA A100 Tensor Core GPU Architecture (whitepaper), table 1, at the boost clock"},
    {"a100-80gb", "NVIDIA A100 80GB SXM", "sm_80", 108, 2039, 19.5, 9.7, 312, 624, 19.5,
     "NVIDIA A100 Tensor Core GPU (data sheet), A100 80GB SXM"},
    {"h100", "NVIDIA H100 SXM5", "sm_90", 132, 3352, 66.9, 33.5, 989.4, 1978.9, 66.9,
     "NVIDIA H100 Tensor Core GPU Architecture (whitepaper), H100 SXM5, dense, at the boost clock"},
    {"rtx5090", "NVIDIA GeForce RTX 5090", "sm_120", 170, 1792, 104.8, 1.64, 209.5, 838, 0,
     "NVIDIA RTX Blackwell GPU Architecture (whitepaper), appendix A, dense, at the boost clock"},
};

llvm::ArrayRef<Card> adze::nvptx::cards() { return kCards; }

static int capabilityOf(StringRef chip) {
  const Chip *known = llvm::find_if(chips(), [&](const Chip &c) { return chip == c.name; });
  return known == chips().end() ? 0 : known->capability;
}

const Chip *adze::nvptx::chipFor(const Card &card, llvm::ArrayRef<Chip> chips) {
  const Chip *best = nullptr;
  for (const Chip &chip : chips)
    if (chip.capability <= capabilityOf(card.chip) && (!best || chip.capability > best->capability))
      best = &chip;
  return best;
}

const Card *adze::nvptx::findCard(StringRef name, llvm::ArrayRef<Chip> chips, std::string &error) {
  std::string wanted = llvm::join(llvm::map_range(chips, [](const Chip &c) { return std::string(c.name); }), ", ");
  for (const Card &card : kCards)
    if (name.empty() ? chipFor(card, chips) != nullptr : name.equals_insensitive(card.name)) {
      if (chipFor(card, chips))
        return &card;
      error = (card.title + " (" + card.chip + ") runs no code for " + wanted).str();
      return nullptr;
    }
  std::string known = llvm::join(llvm::map_range(kCards, [](const Card &c) { return c.name.str(); }), ", ");
  error = name.empty() ? "none of the cards that are known runs code for " + wanted + ": " + known
                       : "card '" + name.str() + "' is none of " + known;
  return nullptr;
}
