// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What is done to the linked ELF file before it is an artifact.
#pragma once
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace adze {

/// Fails if the library needs a symbol that runtime/allowed_symbols.txt does not list, or another library.
llvm::Error checkUndefinedSymbols(llvm::StringRef library);

/// Makes the header of the weights' note (codegen/common/WeightsNote.h) that of `bytes` bytes of read-only memory,
/// which are at `offset` of the file (a whole number of pages), and the pointer to the note a pointer to them. `apart`:
/// they are in another file, and only their place in memory is kept.
llvm::Error placeWeights(llvm::MutableArrayRef<char> library, uint64_t offset, uint64_t bytes, bool apart);

} // namespace adze
