// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/nvptx/Ptx.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace adze;
using llvm::StringRef;

/// Directives that stand once in a module, before all else (PTX ISA, "PTX Module Directives").
static bool isHeader(StringRef line) {
  return line.starts_with(".version") || line.starts_with(".target") || line.starts_with(".address_size");
}

Emitted adze::nvptx::joinTexts(llvm::ArrayRef<Emitted> texts) {
  Emitted out;
  llvm::raw_svector_ostream os(out);
  for (auto [i, text] : llvm::enumerate(texts))
    for (StringRef line : llvm::split(StringRef(text.data(), text.size()), '\n')) {
      bool skipped = line.empty() || line.starts_with("//") || (i > 0 && isHeader(line));
      if (!skipped)
        os << line << '\n';
    }
  return out;
}
