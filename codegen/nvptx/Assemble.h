// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NVIDIA's assembler, a program of the CUDA toolkit: from PTX to the code of one chip.
#pragma once
#include "codegen/Target.h"

namespace adze::nvptx {

/// What the assembler says of a kernel; -1: it says nothing.
struct KernelResources {
  std::string name;
  int64_t registers = -1;                    ///< of a thread
  int64_t sharedBytes = -1;                  ///< of a block, beside those that a launch asks for
  int64_t stackBytes = -1;                   ///< of a thread
  int64_t spillStores = -1, spillLoads = -1; ///< bytes, in the code
};

struct Assembled {
  Emitted code; ///< a cubin
  std::vector<KernelResources> kernels;
};

/// The assembler: what the environment's ADZE_PTXAS names, else ptxas by PATH, CUDA_HOME, CUDA_PATH or where the
/// toolkit is installed by default. Empty, with the reason in `why`: there is none.
std::string findAssembler(std::string &why);

/// Assembles `text` for `chip`. The assembler's log is the error if it fails, with the kernel that it is about.
mlir::FailureOr<Assembled> assembleText(llvm::StringRef text, llvm::StringRef chip, mlir::Location loc);

/// What `ptxas -v` says, by kernel, in its order.
std::vector<KernelResources> parseResources(llvm::StringRef log);

/// The entry of `text` in which the line stands that `log` names first; empty if it names none.
llvm::StringRef entryOfError(llvm::StringRef log, llvm::StringRef text);

} // namespace adze::nvptx
