// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The chips that PTX is made for: what each can do, and LLVM's machine for it.
#pragma once
#include "codegen/common/gpu/Facts.h"
#include "llvm/Target/TargetMachine.h"
#include <memory>
#include <string>
#include <vector>

namespace adze::nvptx {

struct Chip {
  const char *name; ///< as ptxas and LLVM call it: sm_80
  int capability;   ///< 10 * major + minor
  const char *ptx;  ///< LLVM's feature for the least PTX version that has its instructions: ptx70
  int64_t
      sharedBytes; ///< the most of one block, beyond 48 KiB on demand (CUDA C Programming Guide, Compute Capabilities)
  int64_t multiprocessors; ///< of its largest card
};

/// All chips, the least first.
llvm::ArrayRef<Chip> chips();

/// The chips of "sm_80,sm_90", sorted, each once; "native": sm_80. Empty, and a reason in `error`, if one is unknown.
std::vector<Chip> parseChips(llvm::StringRef text, std::string &error);

/// What kernels for all of these chips may count on.
gpu::Facts factsOf(llvm::ArrayRef<Chip> chips, mlir::MLIRContext &context);

/// LLVM's machine for a chip. Null, and a reason in `error`, if LLVM was built without.
std::unique_ptr<llvm::TargetMachine> createMachine(const Chip &chip, llvm::CodeGenOptLevel level, std::string &error);

} // namespace adze::nvptx
