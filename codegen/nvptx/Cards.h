// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cards by name, with the rates that their maker states.
#pragma once
#include "codegen/nvptx/Chip.h"

namespace adze::nvptx {

/// Rates in 10^12 operations a second, dense; a multiplication and an addition are two.
struct Card {
  llvm::StringLiteral name;  ///< as users say it: "rtx4090"
  llvm::StringLiteral title; ///< as NVIDIA does
  llvm::StringLiteral chip;
  int64_t multiprocessors;
  double gigabytesPerSecond;  ///< of its memory
  double f32, f64;            ///< of the scalar units
  double f16Matrix;           ///< of the matrix units, f16 or bf16 with sums in f32
  double i8Matrix, f64Matrix; ///< 0: there are no such units
  llvm::StringLiteral source;
};

llvm::ArrayRef<Card> cards();

/// The card of that name; with an empty one the first that runs code for `chips`. Null, with the reason in `error`, if
/// there is none, or it runs no code for any of the chips.
const Card *findCard(llvm::StringRef name, llvm::ArrayRef<Chip> chips, std::string &error);

/// The best of `chips` for the card: the greatest that is not above its own. Null: there is none.
const Chip *chipFor(const Card &card, llvm::ArrayRef<Chip> chips);

} // namespace adze::nvptx
