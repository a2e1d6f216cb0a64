// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How packed weights get into an artifact past the assembler and the linker. The linker makes a program header for a
// note; once linked, the header becomes that of the weights (PT_LOAD) behind the end of the image, and the pointer to
// the note a pointer to them.
#pragma once
#include <cstdint>

namespace adze {

/// An ELF note: a name of 5 bytes ("Adze" and its end, padded to 8) and no description.
struct WeightsNote {
  uint32_t nameBytes = 5, descriptionBytes = 0, type = 1;
  char name[8] = {'A', 'd', 'z', 'e'};
};
constexpr WeightsNote kWeightsNote;
constexpr char kWeightsNoteSection[] = ".note.adze.weights";

} // namespace adze
